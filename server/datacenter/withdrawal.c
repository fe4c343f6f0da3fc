/* Withdrawals: the card has debited already, so the account gets the amount, once. */
#include "datacenter/rules.h"
#include "psd/spec/objects.h"

static psd_db_result credit(psd_db *db, psd_meter_row *row, const psd_op *op) {
  const psd_movement movement = psd_dc_movement_of(op, PSD_MOVE_WITHDRAW, psd_dc_group_book(op->device, op->group),
                                                   (psd_book){PSD_BOOK_ACCOUNT, op->account}, op->time);
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
static psd_db_result repeated(psd_db *db, psd_meter_row *row, const psd_op *wanted, psd_signal *signal,
                              uint64_t *available) {
  psd_op op;
  psd_db_result result = psd_db_op_find(db, row->device.device, wanted->sequence, &op);
  if (result == PSD_DB_ABSENT || (result == PSD_DB_DONE && !psd_dc_same_request(&op, wanted)))
    return psd_dc_contradiction(db, row, PSD_ALARM_CONFLICT, wanted->time,
                                "another withdrawal with a number that was used", signal);
  return result == PSD_DB_DONE ? psd_dc_available(db, op.account, available) : result;
}

/* What the card may have left, by the ledger and by its last audit: all there is, and of that what was spent. In
 * current-account mode there are no funds, and the book is what was charged. */
static void bounds(const psd_meter_row *row, psd_group group, uint64_t *total, uint64_t *spent) {
  psd_audit last;
  bool audited = psd_dc_last_audit(row, &last);
  bool funds = !audited || last.mode != PSD_FUNDS_ACCOUNT;
  *total = funds ? (uint64_t)row->control_total[group] : 0;
  *spent = !audited || !funds ? 0 : group == PSD_GROUP_POSTAGE ? last.ascending : last.certificate_ascending;
}

/* A new number. */
static psd_db_result consider(psd_db *db, psd_meter_row *row, const psd_op *op, uint64_t control_total,
                              psd_signal *signal, uint64_t *available) {
  uint64_t total = 0, spent = 0;
  bounds(row, op->group, &total, &spent);
  if (row->open_sequence != 0)
    return psd_dc_contradiction(db, row, PSD_ALARM_CONFLICT, op->time, "a withdrawal while a refill is not finished",
                                signal);
  if (op->amount > total || control_total != total - op->amount || control_total < spent ||
      (op->amount == 0 && !op->final))
    return psd_dc_contradiction(db, row, PSD_ALARM_BALANCE, op->time,
                                "a withdrawal's control total is not the ledger's", signal);
  psd_db_result result = credit(db, row, op);
  return result == PSD_DB_DONE ? psd_dc_available(db, op->account, available) : result;
}

psd_db_result psd_dc_withdrawn(psd_db *db, const psd_funds_request *parsed, const uint8_t *request, size_t length,
                               uint64_t time, psd_signal *signal, uint64_t *available) {
  psd_meter_row row;
  *signal = PSD_SIGNAL_STATE;
  *available = 0;
  if (parsed->operation != PSD_OPERATION_WITHDRAWING || parsed->group > PSD_GROUP_CERTIFICATE ||
      parsed->sequence == 0 || length > PSD_FUNDS_REQUEST_MAX)
    return PSD_DB_DONE;
  psd_db_result result = PSD_DC_SIGNER(db, parsed, &row, signal);
  if (result == PSD_DB_DONE && row.device.account == 0)
    *signal = PSD_SIGNAL_STATE;
  if (result != PSD_DB_DONE || *signal != PSD_SIGNAL_NONE)
    return result;
  const psd_op op = psd_dc_begun(&row, parsed, request, length, PSD_OP_CREDITED, time);
  return op.sequence <= row.sequence ? repeated(db, &row, &op, signal, available)
                                     : consider(db, &row, &op, parsed->control_total, signal, available);
}

psd_db_result psd_dc_closed(psd_db *db, const psd_funds_receipt *parsed, const uint8_t *receipt, size_t length,
                            uint64_t time, psd_signal *signal) {
  psd_meter_row row;
  psd_op op;
  psd_db_result result = PSD_DC_SIGNER(db, parsed, &row, signal);
  if (result != PSD_DB_DONE || *signal != PSD_SIGNAL_NONE)
    return result;
  result = psd_db_op_find(db, row.device.device, (uint32_t)parsed->sequence, &op);
  if (result != PSD_DB_DONE && result != PSD_DB_ABSENT)
    return result;
  if (result == PSD_DB_ABSENT || parsed->operation != PSD_OPERATION_WITHDRAWN || parsed->group != (uint64_t)op.group ||
      parsed->amount != op.amount || (op.state != PSD_OP_CREDITED && op.state != PSD_OP_CLOSED))
    return psd_dc_contradiction(db, &row, PSD_ALARM_RECEIPT, time, "a receipt for what was never withdrawn", signal);
  return op.state == PSD_OP_CLOSED ? PSD_DB_DONE : psd_dc_finish(db, &row, &op, PSD_OP_CLOSED, time, receipt, length);
}
