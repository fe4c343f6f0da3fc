/* Certificates of users, postmarks and agents, as they lie in the database. */
#include <string.h>

#include "authority/desk.h"

psd_db_result psd_desk_take_certificate(psd_db *db, psd_sql sql, void *row) {
  psd_ca_certificate *certificate = row;
  memset(certificate, 0, sizeof *certificate);
  certificate->number = (uint32_t)psd_column_number(db, sql, 0);
  psd_device_of(psd_column_number(db, sql, 1), certificate->device);
  certificate->slot = (uint8_t)psd_column_number(db, sql, 2);
  certificate->purpose = (uint8_t)psd_column_number(db, sql, 3);
  certificate->from = (uint64_t)psd_column_number(db, sql, 4);
  certificate->until = (uint64_t)psd_column_number(db, sql, 5);
  certificate->revoked = (uint64_t)psd_column_number(db, sql, 6);
  certificate->reason = (psd_reason)psd_column_number(db, sql, 7);
  certificate->by = (psd_ca_by)psd_column_number(db, sql, 8);
  certificate->command = (uint32_t)psd_column_number(db, sql, 9);
  certificate->refused = (uint64_t)psd_column_number(db, sql, 10);
  certificate->confirmed = (uint64_t)psd_column_number(db, sql, 11);
  certificate->paid = (psd_confirmed)psd_column_number(db, sql, 12);
  certificate->due = (uint64_t)psd_column_number(db, sql, 13);
  psd_db_result result = psd_desk_words(db, sql, 14, certificate->name, sizeof certificate->name);
  return result != PSD_DB_DONE
             ? result
             : psd_column_block(db, sql, 15, certificate->der, sizeof certificate->der, &certificate->length);
}

psd_db_result psd_ca_certificate_get(psd_db *db, uint32_t number, psd_ca_certificate *certificate) {
  psd_value values[] = {psd_value_number(number)};
  return psd_sql_row(db, PSD_SQL_USER_CERTIFICATE_GET, values, 1, psd_desk_take_certificate, certificate);
}

typedef struct certificate_visit {
  psd_ca_certificate_visitor *visit;
  void *user;
} certificate_visit;

static int64_t certificate_key(const void *row) {
  return ((const psd_ca_certificate *)row)->number;
}

static bool visit_certificate(void *context, const void *row) {
  const certificate_visit *visit = context;
  return visit->visit(visit->user, row);
}

psd_db_result psd_ca_certificate_list(psd_db *db, const uint8_t *device, bool revoked_only,
                                      psd_ca_certificate_visitor *visit, void *user) {
  static const psd_listing listing = {PSD_SQL_USER_CERTIFICATE_LIST,
                                      sizeof(psd_ca_certificate),
                                      0,
                                      psd_desk_take_certificate,
                                      certificate_key,
                                      visit_certificate};
  int64_t key = 0;
  if (device != NULL && !psd_device_number(device, &key))
    return PSD_DB_DONE; /* nobody's: none */
  psd_value values[] = {psd_value_number(key), psd_value_number(revoked_only)};
  certificate_visit context = {visit, user};
  return psd_sql_list_of(db, &listing, values, 2, &context);
}
