/* What went wrong with meters (money.h). */
#include <string.h>

#include "psd/spec/chars.h"
#include "store/database.h"
#include "store/money.h"

psd_db_result psd_db_alarm_add(psd_db *db, const psd_alarm *alarm) {
  int64_t device = 0;
  size_t length = strnlen(alarm->words, sizeof alarm->words);
  if (!psd_device_number(alarm->device, &device) || alarm->time > INT64_MAX || length == sizeof alarm->words ||
      !psd_printable(alarm->words, length))
    return PSD_DB_REFUSED;
  psd_value values[] = {psd_value_number(device), psd_value_number((int64_t)alarm->time),
                        psd_value_number((int64_t)alarm->reason), psd_value_text(alarm->words)};
  psd_db_result result = psd_sql_change(db, PSD_SQL_ALARM_ADD, values, 4);
  return result == PSD_DB_ABSENT ? PSD_DB_EXISTS : result;
}

psd_db_result psd_db_alarm_clear(psd_db *db, const uint8_t device[8]) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_ABSENT;
  psd_value values[] = {psd_value_number(key)};
  return psd_sql_run(db, PSD_SQL_ALARM_CLEAR, values, 1, NULL);
}

/* id, device, time, reason, cleared, words */
static psd_db_result take_alarm(psd_db *db, psd_sql sql, void *row) {
  psd_alarm *alarm = row;
  memset(alarm, 0, sizeof *alarm);
  alarm->id = psd_column_number(db, sql, 0);
  psd_device_of(psd_column_number(db, sql, 1), alarm->device);
  alarm->time = (uint64_t)psd_column_number(db, sql, 2);
  alarm->reason = (psd_alarm_reason)psd_column_number(db, sql, 3);
  alarm->cleared = psd_column_flag(db, sql, 4);
  size_t length = 0; /* may be empty, for which SQLite has no address */
  return psd_column_block(db, sql, 5, alarm->words, sizeof alarm->words - 1, &length);
}

typedef struct alarm_visit {
  psd_db_alarm_visitor *visit;
  void *user;
} alarm_visit;

static int64_t alarm_key(const void *row) {
  return ((const psd_alarm *)row)->id;
}

static bool visit_alarm(void *context, const void *row) {
  const alarm_visit *visit = context;
  return visit->visit(visit->user, row);
}

psd_db_result psd_db_alarm_list(psd_db *db, const uint8_t *device, bool all, psd_db_alarm_visitor *visit, void *user) {
  static const psd_listing listing = {PSD_SQL_ALARM_LIST, sizeof(psd_alarm), 0, take_alarm, alarm_key, visit_alarm};
  int64_t key = 0;
  if (device != NULL && !psd_device_number(device, &key))
    return PSD_DB_DONE; /* nobody's: none */
  psd_value values[] = {psd_value_number(key), psd_value_number(all)};
  alarm_visit context = {visit, user};
  return psd_sql_list_of(db, &listing, values, 2, &context);
}
