/* PSDs as meters: what belongs to funds (money.h). */
#include "store/database.h"
#include "store/money.h"

/* The columns of a device, then: sequence, open_sequence, audited_sequence, orders, due, lock, zip, licence,
 * certificate_until, withdrawn, suspended, the balances of METER and SERVICES, ca_key,
 * rates, rates_refused, and the newest version of rates that is published. */
static psd_db_result take_meter(psd_db *db, psd_sql sql, void *row) {
  psd_meter_row *meter = row;
  meter->sequence = (uint32_t)psd_column_number(db, sql, 8);
  meter->open_sequence = (uint32_t)psd_column_number(db, sql, 9);
  meter->audited_sequence = (uint32_t)psd_column_number(db, sql, 10);
  meter->orders = (uint32_t)psd_column_number(db, sql, 11);
  meter->due = (unsigned)psd_column_number(db, sql, 12);
  meter->lock = (psd_meter_lock_kind)psd_column_number(db, sql, 13);
  meter->zip = (uint32_t)psd_column_number(db, sql, 14);
  meter->licence = (uint32_t)psd_column_number(db, sql, 15);
  meter->certificate_until = (uint64_t)psd_column_number(db, sql, 16);
  meter->withdrawn = psd_column_flag(db, sql, 17);
  meter->account_suspended = psd_column_flag(db, sql, 18);
  meter->control_total[0] = psd_column_number(db, sql, 19);
  meter->control_total[1] = psd_column_number(db, sql, 20);
  meter->ca_key = (uint32_t)psd_column_number(db, sql, 21);
  meter->rates = (uint32_t)psd_column_number(db, sql, 22);
  meter->rates_refused = (uint32_t)psd_column_number(db, sql, 23);
  meter->rates_published = (uint32_t)psd_column_number(db, sql, 24);
  return psd_take_device(db, sql, &meter->device);
}

psd_db_result psd_db_meter_find(psd_db *db, const uint8_t device[8], psd_meter_row *row) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_ABSENT;
  psd_value values[] = {psd_value_number(key)};
  return psd_sql_row(db, PSD_SQL_METER_FIND, values, 1, take_meter, row);
}

psd_db_result psd_db_meter_update(psd_db *db, const psd_meter_row *row) {
  int64_t key = 0;
  if (!psd_device_number(row->device.device, &key))
    return PSD_DB_ABSENT;
  if (row->certificate_until > INT64_MAX)
    return PSD_DB_REFUSED;
  psd_value values[] = {psd_value_number(key),
                        psd_value_number(row->sequence),
                        psd_value_number(row->open_sequence),
                        psd_value_number(row->orders),
                        psd_value_number(row->due),
                        psd_value_number((int64_t)row->lock),
                        psd_value_number(row->zip),
                        psd_value_number(row->licence),
                        psd_value_number((int64_t)row->certificate_until),
                        psd_value_number(row->withdrawn)};
  return psd_sql_change(db, PSD_SQL_METER_UPDATE, values, 10);
}

typedef struct meter_visit {
  psd_db_meter_visitor *visit;
  void *user;
} meter_visit;

static int64_t meter_key(const void *row) {
  int64_t key = 0;
  (void)psd_device_number(((const psd_meter_row *)row)->device.device, &key);
  return key;
}

static bool visit_meter(void *context, const void *row) {
  const meter_visit *visit = context;
  return visit->visit(visit->user, row);
}

psd_db_result psd_db_meter_list(psd_db *db, int64_t account, psd_db_meter_visitor *visit, void *user) {
  psd_listing listing = {account == 0 ? PSD_SQL_METER_LIST : PSD_SQL_METER_LIST_ACCOUNT,
                         sizeof(psd_meter_row),
                         0,
                         take_meter,
                         meter_key,
                         visit_meter};
  psd_value values[] = {psd_value_number(account)};
  meter_visit context = {visit, user};
  return psd_sql_list_of(db, &listing, values, account == 0 ? 0 : 1, &context);
}
