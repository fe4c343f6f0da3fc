/* Operations of PSDs with funds (money.h). */
#include <string.h>

#include "store/database.h"
#include "store/money.h"

static bool sensible(const psd_op *op) {
  return op->amount <= INT64_MAX && op->time <= INT64_MAX && op->changed <= INT64_MAX &&
         op->request_length <= sizeof op->request && op->receipt_length <= sizeof op->receipt;
}

/* No bytes have an address too: without one it would be NULL. */
static psd_value block(const uint8_t *data, size_t length) {
  return psd_value_bytes(length > 0 ? (const void *)data : "", length);
}

psd_db_result psd_db_op_add(psd_db *db, const psd_op *op) {
  int64_t device = 0;
  if (!psd_device_number(op->device, &device) || !sensible(op))
    return PSD_DB_REFUSED;
  psd_value values[] = {psd_value_number(device),
                        psd_value_number(op->sequence),
                        psd_value_number((int64_t)op->state),
                        psd_value_number((int64_t)op->group),
                        psd_value_number(op->final),
                        psd_value_number((int64_t)op->amount),
                        psd_value_number(op->account),
                        psd_value_number((int64_t)op->time),
                        psd_value_number((int64_t)op->changed),
                        block(op->request, op->request_length),
                        block(op->receipt, op->receipt_length)};
  psd_db_result result = psd_sql_change(db, PSD_SQL_OPERATION_ADD, values, 11);
  return result == PSD_DB_ABSENT ? PSD_DB_EXISTS : result;
}

/* device, sequence, state, register_group, final, amount, account, begun, changed, request, receipt */
static psd_db_result take_op(psd_db *db, psd_sql sql, void *row) {
  psd_op *op = row;
  memset(op, 0, sizeof *op);
  psd_device_of(psd_column_number(db, sql, 0), op->device);
  op->sequence = (uint32_t)psd_column_number(db, sql, 1);
  op->state = (psd_op_state)psd_column_number(db, sql, 2);
  op->group = (psd_group)psd_column_number(db, sql, 3);
  op->final = psd_column_flag(db, sql, 4);
  op->amount = (uint64_t)psd_column_number(db, sql, 5);
  op->account = psd_column_number(db, sql, 6);
  op->time = (uint64_t)psd_column_number(db, sql, 7);
  op->changed = (uint64_t)psd_column_number(db, sql, 8);
  psd_db_result result = psd_column_block(db, sql, 9, op->request, sizeof op->request, &op->request_length);
  if (result == PSD_DB_DONE)
    result = psd_column_block(db, sql, 10, op->receipt, sizeof op->receipt, &op->receipt_length);
  return result;
}

psd_db_result psd_db_op_find(psd_db *db, const uint8_t device[8], uint32_t sequence, psd_op *op) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_ABSENT;
  psd_value values[] = {psd_value_number(key), psd_value_number(sequence)};
  return psd_sql_row(db, PSD_SQL_OPERATION_FIND, values, 2, take_op, op);
}

psd_db_result psd_db_op_change(psd_db *db, const uint8_t device[8], uint32_t sequence, psd_op_state from,
                               psd_op_state to, uint64_t time, const uint8_t *receipt, size_t length) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_ABSENT;
  if (time > INT64_MAX || length > PSD_FUNDS_RECEIPT_MAX)
    return PSD_DB_REFUSED;
  psd_value values[] = {psd_value_number(key),         psd_value_number(sequence),      psd_value_number((int64_t)from),
                        psd_value_number((int64_t)to), psd_value_number((int64_t)time), block(receipt, length)};
  return psd_sql_change(db, PSD_SQL_OPERATION_CHANGE, values, 6);
}

typedef struct op_visit {
  psd_db_op_visitor *visit;
  void *user;
} op_visit;

static int64_t op_key(const void *row) {
  int64_t key = 0;
  (void)psd_device_number(((const psd_op *)row)->device, &key);
  return key;
}

static bool visit_op(void *context, const void *row) {
  const op_visit *visit = context;
  return visit->visit(visit->user, row);
}

psd_db_result psd_db_op_open_list(psd_db *db, psd_db_op_visitor *visit, void *user) {
  static const psd_listing listing = {PSD_SQL_OPERATION_OPEN_LIST, sizeof(psd_op), 0, take_op, op_key, visit_op};
  op_visit context = {visit, user};
  return psd_sql_list(db, &listing, &context);
}

static int64_t op_number(const void *row) {
  return ((const psd_op *)row)->sequence;
}

psd_db_result psd_db_op_list(psd_db *db, const uint8_t device[8], psd_db_op_visitor *visit, void *user) {
  static const psd_listing listing = {
      PSD_SQL_OPERATION_LIST, sizeof(psd_op), (int64_t)UINT32_MAX + 1, take_op, op_number, visit_op};
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_DONE; /* nobody's: none */
  psd_value values[] = {psd_value_number(key)};
  op_visit context = {visit, user};
  return psd_sql_list_of(db, &listing, values, 1, &context);
}

static psd_db_result take_moved(psd_db *db, psd_sql sql, void *row) {
  int64_t *moved = row;
  moved[0] = psd_column_number(db, sql, 0);
  moved[1] = psd_column_number(db, sql, 1);
  return PSD_DB_DONE;
}

psd_db_result psd_db_op_moved(psd_db *db, const uint8_t device[8], uint32_t sequence, int64_t moved[2]) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_ABSENT;
  psd_value values[] = {psd_value_number(key), psd_value_number(sequence)};
  return psd_sql_row(db, PSD_SQL_OPERATION_MOVED, values, 2, take_moved, moved);
}

psd_db_result psd_db_op_reserved(psd_db *db, int64_t account, uint64_t *amount) {
  int64_t found = 0;
  psd_value values[] = {psd_value_number(account)};
  psd_db_result result = psd_sql_row(db, PSD_SQL_OPERATION_RESERVED, values, 1, psd_take_number, &found);
  *amount = (uint64_t)found;
  return result;
}
