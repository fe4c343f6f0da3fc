/* The authority's own certificates. The key management system signs them anew whenever it is asked: what is signed in
 * them says whether it is the same one. */
#include <openssl/x509.h>
#include <string.h>

#include "authority/desk.h"

/* SHA-256 of TBSCertificate (RFC 5280, 4.1.1.1); false if it is no certificate. */
static bool hash_unsigned(const psd_ca_authority *authority, uint8_t hash[32]) {
  const uint8_t *at = authority->der;
  X509 *certificate = d2i_X509(NULL, &at, (long)authority->length);
  uint8_t *body = NULL;
  int length = certificate != NULL ? i2d_re_X509_tbs(certificate, &body) : -1;
  bool whole = length > 0 && at == authority->der + authority->length;
  bool done = whole && psd_hash(&(psd_part){body, (size_t)length}, 1, hash);
  OPENSSL_free(body);
  X509_free(certificate);
  return done;
}

psd_db_result psd_ca_authority_add(psd_db *db, const psd_ca_authority *authority) {
  uint8_t hash[32];
  if (authority->length == 0 || authority->length > sizeof authority->der || authority->time > INT64_MAX ||
      !hash_unsigned(authority, hash))
    return PSD_DB_REFUSED;
  psd_value values[] = {psd_value_bytes(hash, sizeof hash), psd_value_number((int64_t)authority->kind),
                        psd_value_number((int64_t)authority->time), psd_value_bytes(authority->der, authority->length)};
  psd_db_result result = psd_sql_change(db, PSD_SQL_AUTHORITY_ADD, values, 4);
  return result == PSD_DB_ABSENT ? PSD_DB_EXISTS : result;
}

typedef struct authority_row {
  int64_t number;
  psd_ca_authority authority;
} authority_row;

static psd_db_result take_authority(psd_db *db, psd_sql sql, void *row) {
  authority_row *at = row;
  psd_ca_authority *authority = &at->authority;
  memset(at, 0, sizeof *at);
  at->number = psd_column_number(db, sql, 0);
  authority->kind = (psd_ca_kind)psd_column_number(db, sql, 1);
  authority->time = (uint64_t)psd_column_number(db, sql, 2);
  return psd_column_block(db, sql, 3, authority->der, sizeof authority->der, &authority->length);
}

typedef struct authority_visit {
  psd_ca_authority_visitor *visit;
  void *user;
} authority_visit;

static int64_t authority_key(const void *row) {
  return ((const authority_row *)row)->number;
}

static bool visit_authority(void *context, const void *row) {
  const authority_visit *visit = context;
  return visit->visit(visit->user, &((const authority_row *)row)->authority);
}

psd_db_result psd_ca_authority_list(psd_db *db, psd_ca_authority_visitor *visit, void *user) {
  static const psd_listing listing = {PSD_SQL_AUTHORITY_LIST, sizeof(authority_row), 0,
                                      take_authority,         authority_key,         visit_authority};
  authority_visit context = {visit, user};
  return psd_sql_list(db, &listing, &context);
}
