/* Withdrawals: the card has debited already, so the account gets the amount, once. */
#include <string.h>

#include "datacenter/rules.h"

static psd_op new_op(const psd_meter_row *row, const psd_funds_request *parsed, const uint8_t *request, size_t length,
                     uint64_t time) {
  psd_op op = {.sequence = (uint32_t)parsed->sequence,
               .state = PSD_OP_CREDITED,
               .group = (psd_group)parsed->group,
               .final = parsed->final != 0,
               .amount = parsed->amount,
               .account = row->device.account,
               .time = time,
               .changed = time,
               .request_length = length};
  memcpy(op.device, row->device.device, sizeof op.device);
  memcpy(op.request, request, length);
  return op;
}

static psd_db_result credit(psd_db *db, psd_meter_row *row, const psd_op *op) {
  psd_movement movement = {.kind = PSD_MOVE_WITHDRAW,
                           .time = op->time,
                           .amount = op->amount,
                           .from = psd_dc_group_book(op->device, op->group),
                           .to = {PSD_BOOK_ACCOUNT, op->account},
                           .sequence = op->sequence};
  memcpy(movement.device, op->device, sizeof movement.device);
  psd_db_result result = psd_dc_note(db, row, op->sequence);
  if (result == PSD_DB_DONE && op->amount > 0)
    result = psd_dc_must_move(db, &movement);
  if (result == PSD_DB_DONE)
    result = psd_db_op_add(db, op);
  row->open_sequence = op->sequence;
  if (result == PSD_DB_DONE)
    result = psd_db_meter_update(db, row);
  return result == PSD_DB_EXISTS ? PSD_DB_REFUSED : result;
}

/* A number that was used: the very same request was credited already. */
static psd_db_result repeated(psd_db *db, psd_meter_row *row, const psd_funds_request *parsed, const uint8_t *request,
                              size_t length, uint64_t time, psd_signal *signal, uint64_t *available) {
  psd_op op;
  psd_db_result result = psd_db_op_find(db, row->device.device, (uint32_t)parsed->sequence, &op);
  if (result == PSD_DB_ABSENT || (result == PSD_DB_DONE && !psd_dc_same_request(&op, request, length)))
    return psd_dc_contradiction(db, row, PSD_ALARM_CONFLICT, time, "another withdrawal with a number that was used",
                                signal);
  return result == PSD_DB_DONE ? psd_dc_available(db, op.account, available) : result;
}

static psd_db_result consider(psd_db *db, psd_meter_row *row, const psd_funds_request *parsed, const uint8_t *request,
                              size_t length, uint64_t time, psd_signal *signal, uint64_t *available) {
  uint64_t total = (uint64_t)row->control_total[parsed->group];
  if (row->open_sequence != 0)
    return psd_dc_contradiction(db, row, PSD_ALARM_CONFLICT, time, "a withdrawal while a refill is not finished",
                                signal);
  if (parsed->amount > total || parsed->control_total != total - parsed->amount ||
      (parsed->amount == 0 && parsed->final == 0))
    return psd_dc_contradiction(db, row, PSD_ALARM_BALANCE, time, "a withdrawal's control total is not the ledger's",
                                signal);
  psd_op op = new_op(row, parsed, request, length, time);
  psd_db_result result = credit(db, row, &op);
  return result == PSD_DB_DONE ? psd_dc_available(db, op.account, available) : result;
}

psd_db_result psd_dc_withdrawn(psd_db *db, const psd_funds_request *parsed, const uint8_t *request, size_t length,
                               uint64_t time, psd_signal *signal, uint64_t *available) {
  uint8_t device[8];
  psd_meter_row row;
  *signal = PSD_SIGNAL_STATE;
  *available = 0;
  if (parsed->operation != PSD_OPERATION_WITHDRAWING || parsed->group > PSD_GROUP_CERTIFICATE ||
      parsed->sequence == 0 || length > PSD_FUNDS_REQUEST_MAX)
    return PSD_DB_DONE;
  PSD_DC_DEVICE(parsed, device);
  psd_db_result result = psd_db_meter_find(db, device, &row);
  if (result == PSD_DB_ABSENT || (result == PSD_DB_DONE && row.device.account == 0))
    return PSD_DB_DONE;
  if (result != PSD_DB_DONE)
    return result;
  *signal = PSD_SIGNAL_NONE;
  if (parsed->sequence <= row.sequence)
    return repeated(db, &row, parsed, request, length, time, signal, available);
  return consider(db, &row, parsed, request, length, time, signal, available);
}

psd_db_result psd_dc_closed(psd_db *db, const psd_funds_receipt *parsed, const uint8_t *receipt, size_t length,
                            uint64_t time, psd_signal *signal) {
  uint8_t device[8];
  psd_meter_row row;
  psd_op op;
  *signal = PSD_SIGNAL_STATE;
  PSD_DC_DEVICE(parsed, device);
  psd_db_result result = psd_db_meter_find(db, device, &row);
  if (result != PSD_DB_DONE)
    return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
  *signal = PSD_SIGNAL_NONE;
  result = psd_db_op_find(db, device, (uint32_t)parsed->sequence, &op);
  if (result != PSD_DB_DONE && result != PSD_DB_ABSENT)
    return result;
  if (result == PSD_DB_ABSENT || parsed->operation != PSD_OPERATION_WITHDRAWN || parsed->group != (uint64_t)op.group ||
      parsed->amount != op.amount || (op.state != PSD_OP_CREDITED && op.state != PSD_OP_CLOSED))
    return psd_dc_contradiction(db, &row, PSD_ALARM_RECEIPT, time, "a receipt for what was never withdrawn", signal);
  return op.state == PSD_OP_CLOSED ? PSD_DB_DONE : psd_dc_finish(db, &row, &op, PSD_OP_CLOSED, time, receipt, length);
}
