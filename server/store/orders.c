/* The provider's orders that wait for a PSD (money.h). */
#include <string.h>

#include "store/database.h"
#include "store/money.h"

/* device, action, content */
static bool values_of(const psd_order_row *order, psd_value values[3]) {
  int64_t device = 0;
  if (!psd_device_number(order->device, &device) || order->length > sizeof order->content)
    return false;
  values[0] = psd_value_number(device);
  values[1] = psd_value_number(order->action);
  values[2] = psd_value_bytes(order->content, order->length);
  return true;
}

psd_db_result psd_db_order_put(psd_db *db, const psd_order_row *order) {
  psd_value values[4];
  if (!values_of(order, values) || order->time > INT64_MAX)
    return PSD_DB_REFUSED;
  values[3] = psd_value_number((int64_t)order->time);
  psd_db_result result = psd_sql_change(db, PSD_SQL_ORDER_DUE, values, 2);
  return result != PSD_DB_DONE ? result : psd_sql_run(db, PSD_SQL_ORDER_PUT, values, 4, NULL);
}

/* device, action, content, time */
static psd_db_result take_order(psd_db *db, psd_sql sql, void *row) {
  psd_order_row *order = row;
  memset(order, 0, sizeof *order);
  psd_device_of(psd_column_number(db, sql, 0), order->device);
  order->action = (unsigned)psd_column_number(db, sql, 1);
  order->time = (uint64_t)psd_column_number(db, sql, 3);
  return psd_column_block(db, sql, 2, order->content, sizeof order->content, &order->length);
}

psd_db_result psd_db_order_next(psd_db *db, const uint8_t device[8], unsigned among, psd_order_row *order) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_ABSENT;
  psd_value values[] = {psd_value_number(key), psd_value_number(among)};
  return psd_sql_row(db, PSD_SQL_ORDER_NEXT, values, 2, take_order, order);
}

psd_db_result psd_db_order_done(psd_db *db, const psd_order_row *order) {
  psd_value values[3];
  if (!values_of(order, values))
    return PSD_DB_ABSENT;
  psd_db_result result = psd_sql_change(db, PSD_SQL_ORDER_DONE, values, 3);
  return result != PSD_DB_DONE ? result : psd_sql_change(db, PSD_SQL_ORDER_UNDUE, values, 2);
}

psd_db_result psd_db_certificate_number(psd_db *db, uint32_t *number) {
  int64_t found = 0;
  psd_db_result result = psd_sql_row(db, PSD_SQL_CERTIFICATE_NUMBER, NULL, 0, psd_take_number, &found);
  *number = (uint32_t)found;
  return result;
}
