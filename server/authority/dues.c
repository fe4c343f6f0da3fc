/* Revocations that were not paid for (620): collected at a refill, or else the service ends. */
#include "authority/desk.h"
#include "psd/spec/objects.h"

typedef struct due_row {
  uint32_t number;
  uint64_t due;
} due_row;

static psd_db_result take_due(psd_db *db, psd_sql sql, void *row) {
  *(due_row *)row = (due_row){(uint32_t)psd_column_number(db, sql, 0), (uint64_t)psd_column_number(db, sql, 1)};
  return PSD_DB_DONE;
}

/* The card takes what is due from the refill before anything else can be bought. What is left in the register is left
 * when all was paid; of an empty one it is only sure that the whole refill went. */
psd_db_result psd_ca_collected(psd_db *db, const uint8_t device[8], uint64_t amount, uint64_t descending) {
  int64_t key = 0;
  uint64_t left = descending > 0 ? UINT64_MAX : amount;
  if (!psd_device_number(device, &key))
    return PSD_DB_DONE;
  psd_value whose[] = {psd_value_number(key)};
  while (left > 0) {
    due_row row = {0, 0};
    psd_db_result result = psd_sql_row(db, PSD_SQL_DUE_OLDEST, whose, 1, take_due, &row);
    if (result != PSD_DB_DONE)
      return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
    uint64_t paid = row.due < left ? row.due : left;
    psd_value values[] = {psd_value_number(row.number), psd_value_number((int64_t)(row.due - paid))};
    result = psd_desk_change(db, PSD_SQL_DUE_SET, values, 2);
    if (result != PSD_DB_DONE)
      return result;
    left -= paid;
  }
  return PSD_DB_DONE;
}

typedef struct sweep {
  psd_db *db;
  uint64_t overdue, unpaid, time, count;
  psd_db_result result;
} sweep;

static uint64_t later(uint64_t time, uint64_t by) {
  return by > UINT64_MAX - time ? UINT64_MAX : time + by;
}

/* Its inspection is due when it locks itself, by the times that it told at the last one; and never was one is due. */
static psd_db_result is_overdue(const sweep *at, const uint8_t device[8], bool *overdue) {
  psd_device_row row;
  psd_audit audit;
  psd_db_result result = psd_db_device_find(at->db, device, &row);
  if (result != PSD_DB_DONE)
    return result;
  bool told = row.inspected != 0 && psd_parse_message(row.audit, sizeof row.audit, PSD_MESSAGE_AUDIT, &audit);
  uint64_t due = told ? later(row.inspected, audit.lock_after) : 0;
  *overdue = later(due, at->overdue) < at->time;
  return PSD_DB_DONE;
}

static psd_db_result owes(const sweep *at, int64_t device, bool *owing) {
  uint64_t since = 0;
  psd_value values[] = {psd_value_number(device)};
  psd_db_result result = psd_desk_number(at->db, PSD_SQL_DUE_SINCE, values, 1, &since);
  *owing = since != 0 && later(since, at->unpaid) < at->time;
  return result;
}

static bool sweep_device(void *context, const void *row) {
  sweep *at = context;
  uint8_t device[8];
  bool overdue = false, owing = false;
  uint64_t count = 0;
  psd_device_of(*(const int64_t *)row, device);
  at->result = is_overdue(at, device, &overdue);
  if (at->result == PSD_DB_DONE)
    at->result = owes(at, *(const int64_t *)row, &owing);
  if (at->result == PSD_DB_DONE && (overdue || owing))
    at->result = psd_ca_revoke_device(at->db, device, PSD_REASON_PRIVILEGE_WITHDRAWN,
                                      overdue ? PSD_CA_TIMEOUT : PSD_CA_UNPAID, at->time, &count);
  at->count += count;
  return at->result == PSD_DB_DONE;
}

static int64_t device_key(const void *row) {
  return *(const int64_t *)row;
}

psd_db_result psd_ca_sweep(psd_db *db, uint64_t overdue, uint64_t unpaid, uint64_t time, uint64_t *count) {
  static const psd_listing listing = {PSD_SQL_CERTIFIED_DEVICES, sizeof(int64_t), 0,
                                      psd_take_number,           device_key,      sweep_device};
  sweep at = {.db = db, .overdue = overdue, .unpaid = unpaid, .time = time, .result = PSD_DB_DONE};
  *count = 0;
  if (time == 0 || time > INT64_MAX)
    return PSD_DB_REFUSED;
  psd_value values[] = {psd_value_number((int64_t)time)};
  psd_db_result result = psd_sql_list_of(db, &listing, values, 1, &at);
  *count = at.count;
  return result == PSD_DB_DONE ? at.result : result;
}
