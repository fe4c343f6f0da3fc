/* What is revoked, for lists and for OCSP. */
#include "authority/desk.h"

static psd_db_result take_entry(psd_db *db, psd_sql sql, void *row) {
  *(psd_ca_entry *)row = (psd_ca_entry){.number = (uint32_t)psd_column_number(db, sql, 0),
                                        .revoked = (uint64_t)psd_column_number(db, sql, 1),
                                        .reason = (psd_reason)psd_column_number(db, sql, 2)};
  return PSD_DB_DONE;
}

typedef struct entry_visit {
  psd_ca_entry_visitor *visit;
  void *user;
} entry_visit;

static int64_t entry_key(const void *row) {
  return ((const psd_ca_entry *)row)->number;
}

static bool visit_entry(void *context, const void *row) {
  const entry_visit *visit = context;
  return visit->visit(visit->user, row);
}

psd_db_result psd_ca_revoked_list(psd_db *db, uint64_t time, psd_ca_entry_visitor *visit, void *user) {
  static const psd_listing listing = {
      PSD_SQL_REVOKED_ENTRIES, sizeof(psd_ca_entry), 0, take_entry, entry_key, visit_entry};
  psd_value values[] = {psd_value_number(time > INT64_MAX ? INT64_MAX : (int64_t)time)};
  entry_visit context = {visit, user};
  return psd_sql_list_of(db, &listing, values, 1, &context);
}

psd_db_result psd_ca_status(psd_db *db, uint32_t number, psd_ca_entry *entry) {
  psd_value values[] = {psd_value_number(number)};
  return psd_sql_row(db, PSD_SQL_REVOKED_ENTRY, values, 1, take_entry, entry);
}

psd_db_result psd_ca_list_number(psd_db *db, uint64_t *number) {
  return psd_desk_number(db, PSD_SQL_LIST_NUMBER, NULL, 0, number);
}
