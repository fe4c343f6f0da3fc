#include "store/certificates.h"

#include "store/database.h"

psd_db_result psd_db_certificate_add(psd_db *db, const psd_certificate_row *row) {
  int64_t device = 0;
  if (!psd_device_number(row->device, &device) || row->length > sizeof row->der || row->from > INT64_MAX ||
      row->until > INT64_MAX || row->revoked > INT64_MAX)
    return PSD_DB_REFUSED;
  psd_value values[] = {psd_value_number(row->number),           psd_value_number(device),
                        psd_value_number((int64_t)row->from),    psd_value_number((int64_t)row->until),
                        psd_value_number((int64_t)row->revoked), psd_value_number((int64_t)row->reason),
                        psd_value_bytes(row->der, row->length)};
  psd_db_result result = psd_sql_change(db, PSD_SQL_CERTIFICATE_ADD, values, 7);
  return result == PSD_DB_ABSENT ? PSD_DB_EXISTS : result;
}

psd_db_result psd_db_certificate_revoke(psd_db *db, const uint8_t device[8], psd_revocation reason, uint64_t time) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_DONE; /* nobody's: none */
  if (time > INT64_MAX)
    return PSD_DB_REFUSED;
  psd_value values[] = {psd_value_number(key), psd_value_number((int64_t)reason), psd_value_number((int64_t)time)};
  return psd_sql_run(db, PSD_SQL_CERTIFICATE_REVOKE, values, 3, NULL);
}

psd_db_result psd_db_certificate_release(psd_db *db, const uint8_t device[8]) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_DONE;
  psd_value values[] = {psd_value_number(key)};
  return psd_sql_run(db, PSD_SQL_CERTIFICATE_RELEASE, values, 1, NULL);
}

/* number, device, valid_from, valid_until, revoked, reason, der */
static psd_db_result take_certificate(psd_db *db, psd_sql sql, void *row) {
  psd_certificate_row *certificate = row;
  certificate->number = (uint32_t)psd_column_number(db, sql, 0);
  psd_device_of(psd_column_number(db, sql, 1), certificate->device);
  certificate->from = (uint64_t)psd_column_number(db, sql, 2);
  certificate->until = (uint64_t)psd_column_number(db, sql, 3);
  certificate->revoked = (uint64_t)psd_column_number(db, sql, 4);
  certificate->reason = (psd_revocation)psd_column_number(db, sql, 5);
  return psd_column_block(db, sql, 6, certificate->der, sizeof certificate->der, &certificate->length);
}

typedef struct certificate_visit {
  psd_db_certificate_visitor *visit;
  void *user;
} certificate_visit;

static int64_t certificate_key(const void *row) {
  return ((const psd_certificate_row *)row)->number;
}

static bool visit_certificate(void *context, const void *row) {
  const certificate_visit *visit = context;
  return visit->visit(visit->user, row);
}

psd_db_result psd_db_certificate_list(psd_db *db, bool revoked, psd_db_certificate_visitor *visit, void *user) {
  psd_listing listing = {revoked ? PSD_SQL_CERTIFICATE_REVOKED : PSD_SQL_CERTIFICATE_LIST,
                         sizeof(psd_certificate_row),
                         0,
                         take_certificate,
                         certificate_key,
                         visit_certificate};
  certificate_visit context = {visit, user};
  return psd_sql_list(db, &listing, &context);
}

psd_db_result psd_db_certificate_count(psd_db *db, uint64_t *count) {
  int64_t found = 0;
  psd_db_result result = psd_sql_row(db, PSD_SQL_CERTIFICATE_COUNT, NULL, 0, psd_take_number, &found);
  *count = (uint64_t)found;
  return result;
}
