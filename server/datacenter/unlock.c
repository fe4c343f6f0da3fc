/* Somebody has looked: the meter goes on, with the ledger's figures or with the card's. */
#include "datacenter/rules.h"

/* The open operation may still end as the card says. */
static bool can_end(const psd_op *op, const psd_audit *audit) {
  bool refill = op->state == PSD_OP_RESERVED;
  return audit->sequence < op->sequence ||
         (audit->sequence == op->sequence && audit->group == (uint64_t)op->group &&
          audit->operation_amount == op->amount &&
          (refill ? audit->operation >= PSD_OPERATION_LOADING && audit->operation <= PSD_OPERATION_LOAD_CANCELLED
                  : audit->operation == PSD_OPERATION_WITHDRAWING || audit->operation == PSD_OPERATION_WITHDRAWN));
}

/* The card's word about its last operation is taken: what the server has open and the card denies is given back, and
 * a number that is finished is known. */
static psd_db_result take_operation(psd_db *db, psd_meter_row *row, psd_op **op, const psd_audit *audit,
                                    uint64_t time) {
  psd_db_result result = PSD_DB_DONE;
  if (*op != NULL && !can_end(*op, audit)) {
    psd_op_state state = (*op)->state == PSD_OP_RESERVED ? PSD_OP_RELEASED : PSD_OP_CLOSED;
    result = psd_dc_finish(db, row, *op, state, time, NULL, 0);
    *op = NULL;
  }
  bool finished = audit->operation == PSD_OPERATION_LOADED || audit->operation == PSD_OPERATION_LOAD_CANCELLED ||
                  audit->operation == PSD_OPERATION_WITHDRAWN;
  if (result == PSD_DB_DONE && finished && audit->sequence > row->sequence)
    result = psd_dc_note(db, row, (uint32_t)audit->sequence);
  return result;
}

static psd_db_result reconcile(psd_db *db, psd_meter_row *row, const psd_audit *audit, bool accept, uint64_t time) {
  psd_op room, *op = NULL;
  int64_t expected[2] = {0, 0};
  if (audit->sequence < row->audited_sequence)
    return PSD_DB_REFUSED;
  psd_db_result result = psd_dc_open_op(db, row, &room, &op);
  if (result == PSD_DB_DONE && accept)
    result = take_operation(db, row, &op, audit, time);
  if (result == PSD_DB_DONE)
    result = psd_dc_expected(db, row, op, audit, expected);
  for (psd_group group = PSD_GROUP_POSTAGE; result == PSD_DB_DONE && group <= PSD_GROUP_CERTIFICATE; group++)
    if (accept)
      result = psd_dc_adjust(db, row, group, expected[group], time, "adjustment");
    else if (expected[group] != row->control_total[group])
      result = PSD_DB_REFUSED;
  return result;
}

psd_db_result psd_dc_unlock(psd_db *db, const uint8_t device[8], bool accept, uint64_t time) {
  psd_meter_row row;
  psd_audit audit;
  psd_db_result result = psd_db_meter_find(db, device, &row);
  if (result == PSD_DB_DONE && row.device.account != 0 && psd_dc_last_audit(&row, &audit))
    result = reconcile(db, &row, &audit, accept, time);
  if (result == PSD_DB_DONE)
    result = psd_db_alarm_clear(db, device);
  if (result == PSD_DB_DONE)
    result = psd_dc_drop_order(db, &row, PSD_ACTION_DISABLE);
  if (result == PSD_DB_DONE)
    result = psd_dc_put_order(db, &row, PSD_ACTION_ENABLE, NULL, 0, time);
  row.lock = PSD_METER_FREE;
  if (result == PSD_DB_DONE)
    result = psd_dc_let_go(db, &row);
  return result == PSD_DB_DONE ? psd_db_meter_update(db, &row) : result;
}
