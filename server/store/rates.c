#include "store/rates.h"

#include "store/database.h"

psd_db_result psd_db_rates_add(psd_db *db, const psd_published_rates *row) {
  if (row->length > sizeof row->bytes || row->published > INT64_MAX)
    return PSD_DB_REFUSED;
  psd_value values[] = {psd_value_number(row->version),
                        psd_value_text(row->country),
                        psd_value_number(row->effective),
                        psd_value_number(row->expiry),
                        psd_value_number((int64_t)row->published),
                        psd_value_bytes(row->bytes, row->length)};
  psd_db_result result = psd_sql_change(db, PSD_SQL_RATES_ADD, values, 6);
  return result == PSD_DB_ABSENT ? PSD_DB_EXISTS : result;
}

/* version, country, effective, expiry, published, signed */
static psd_db_result take_rates(psd_db *db, psd_sql sql, void *row) {
  psd_published_rates *rates = row;
  rates->version = (uint32_t)psd_column_number(db, sql, 0);
  rates->effective = (uint32_t)psd_column_number(db, sql, 2);
  rates->expiry = (uint32_t)psd_column_number(db, sql, 3);
  rates->published = (uint64_t)psd_column_number(db, sql, 4);
  psd_db_result result = psd_column_text(db, sql, 1, rates->country, sizeof rates->country);
  return result != PSD_DB_DONE ? result
                               : psd_column_block(db, sql, 5, rates->bytes, sizeof rates->bytes, &rates->length);
}

psd_db_result psd_db_rates_find(psd_db *db, uint32_t version, psd_published_rates *row) {
  psd_value values[] = {psd_value_number(version)};
  return psd_sql_row(db, PSD_SQL_RATES_FIND, values, 1, take_rates, row);
}

psd_db_result psd_db_rates_newest(psd_db *db, uint32_t *version) {
  int64_t found = 0;
  psd_db_result result = psd_sql_row(db, PSD_SQL_RATES_NEWEST, NULL, 0, psd_take_number, &found);
  *version = (uint32_t)found;
  return result;
}

psd_db_result psd_db_rates_current(psd_db *db, uint32_t date, psd_published_rates *row) {
  psd_value values[] = {psd_value_number(date)};
  return psd_sql_row(db, PSD_SQL_RATES_CURRENT, values, 1, take_rates, row);
}

psd_db_result psd_db_rates_next(psd_db *db, uint32_t date, uint32_t version, psd_published_rates *row) {
  psd_value values[] = {psd_value_number(date), psd_value_number(version)};
  return psd_sql_row(db, PSD_SQL_RATES_NEXT, values, 2, take_rates, row);
}

typedef struct rates_visit {
  psd_db_rates_visitor *rates;
  void *user;
} rates_visit;

static int64_t rates_key(const void *row) {
  return ((const psd_published_rates *)row)->version;
}

static bool visit_rates(void *context, const void *row) {
  const rates_visit *visit = context;
  return visit->rates(visit->user, row);
}

psd_db_result psd_db_rates_list(psd_db *db, psd_db_rates_visitor *visit, void *user) {
  static const psd_listing listing = {PSD_SQL_RATES_LIST, sizeof(psd_published_rates), 0, take_rates, rates_key,
                                      visit_rates};
  rates_visit context = {.rates = visit, .user = user};
  return psd_sql_list(db, &listing, &context);
}

static psd_db_result note(psd_db *db, psd_sql sql, const uint8_t device[8], uint32_t version) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_DONE;
  psd_value values[] = {psd_value_number(key), psd_value_number(version)};
  return psd_sql_run(db, sql, values, 2, NULL);
}

psd_db_result psd_db_rates_delivered(psd_db *db, const uint8_t device[8], uint32_t version) {
  return note(db, PSD_SQL_RATES_DELIVERED, device, version);
}

psd_db_result psd_db_rates_refused(psd_db *db, const uint8_t device[8], uint32_t version) {
  return note(db, PSD_SQL_RATES_REFUSED, device, version);
}

psd_db_result psd_db_rates_holders(psd_db *db, uint32_t version, uint64_t *devices) {
  int64_t found = 0;
  psd_value values[] = {psd_value_number(version)};
  psd_db_result result = psd_sql_row(db, PSD_SQL_RATES_HOLDERS, values, 1, psd_take_number, &found);
  *devices = (uint64_t)found;
  return result;
}
