/* Alarms: what does not agree locks the meter until somebody has looked. */
#include <stdio.h>
#include <string.h>

#include "authority/authority.h"
#include "datacenter/rules.h"

psd_db_result psd_dc_put_order(psd_db *db, psd_meter_row *row, unsigned action, const void *content, size_t length,
                               uint64_t time) {
  psd_order_row order = {.action = action, .length = length, .time = time};
  if (length > sizeof order.content)
    return PSD_DB_REFUSED;
  memcpy(order.device, row->device.device, sizeof order.device);
  if (length > 0)
    memcpy(order.content, content, length);
  row->due |= action;
  return psd_db_order_put(db, &order);
}

psd_db_result psd_dc_drop_order(psd_db *db, psd_meter_row *row, unsigned action) {
  psd_order_row order = {.action = action};
  memcpy(order.device, row->device.device, sizeof order.device);
  row->due &= ~action;
  psd_db_result result = psd_db_order_done(db, &order);
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

psd_db_result psd_dc_alarm(psd_db *db, psd_meter_row *row, psd_alarm_reason reason, uint64_t time, const char *words) {
  psd_alarm alarm = {.time = time, .reason = reason};
  memcpy(alarm.device, row->device.device, sizeof alarm.device);
  (void)snprintf(alarm.words, sizeof alarm.words, "%s", words);
  psd_db_result result = psd_db_alarm_add(db, &alarm);
  if ((result != PSD_DB_DONE && result != PSD_DB_EXISTS) || row->lock == PSD_METER_ALARMED)
    return result == PSD_DB_EXISTS ? PSD_DB_DONE : result;
  row->lock = PSD_METER_ALARMED;
  result = psd_ca_revoke_device(db, row->device.device, PSD_REASON_HOLD, PSD_CA_INSPECTION, time, NULL);
  if (result == PSD_DB_DONE)
    result = psd_dc_drop_order(db, row, PSD_ACTION_ENABLE);
  if (result == PSD_DB_DONE)
    result = psd_dc_put_order(db, row, PSD_ACTION_DISABLE, NULL, 0, time);
  return result == PSD_DB_DONE ? psd_db_meter_update(db, row) : result;
}

psd_db_result psd_dc_distrust(psd_db *db, const uint8_t device[8], const char *words, uint64_t time) {
  psd_meter_row row;
  psd_db_result result = psd_db_meter_find(db, device, &row);
  return result == PSD_DB_DONE ? psd_dc_alarm(db, &row, PSD_ALARM_RECEIPT, time, words) : result;
}

psd_db_result psd_dc_contradiction(psd_db *db, psd_meter_row *row, psd_alarm_reason reason, uint64_t time,
                                   const char *words, psd_signal *signal) {
  *signal = PSD_SIGNAL_BALANCE;
  return psd_dc_alarm(db, row, reason, time, words);
}
