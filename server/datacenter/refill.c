/* Refills: reserved on S1, settled on S3, given back on a receipt that says so. */
#include "datacenter/rules.h"

/* A number that was used: the very same request is the same reservation, unless it was given back. A number without an
 * operation was burned by the card. */
static psd_db_result repeated(psd_db *db, psd_meter_row *row, const psd_op *wanted, psd_signal *signal,
                              uint64_t *available) {
  psd_op op;
  psd_db_result result = psd_db_op_find(db, row->device.device, wanted->sequence, &op);
  if (result == PSD_DB_DONE && !psd_dc_same_request(&op, wanted))
    return psd_dc_contradiction(db, row, PSD_ALARM_CONFLICT, wanted->time,
                                "another request with a number that was used", signal);
  if (result != PSD_DB_DONE && result != PSD_DB_ABSENT)
    return result;
  if (result == PSD_DB_ABSENT || (op.state != PSD_OP_RESERVED && op.state != PSD_OP_SETTLED)) {
    *signal = PSD_SIGNAL_STATE;
    return PSD_DB_DONE;
  }
  return psd_dc_available(db, op.account, available);
}

/* Why nothing is reserved for this meter, whatever the ledger says. */
static psd_signal refusal(const psd_meter_row *row, uint64_t amount) {
  if (row->device.account == 0 || row->device.revoked || row->withdrawn)
    return PSD_SIGNAL_STATE;
  if (row->lock != PSD_METER_FREE)
    return PSD_SIGNAL_LOCKED;
  if (row->account_suspended)
    return PSD_SIGNAL_SUSPENDED;
  return amount == 0 || amount > PSD_DC_MOST ? PSD_SIGNAL_LIMIT : PSD_SIGNAL_NONE;
}

static psd_db_result reserve(psd_db *db, psd_meter_row *row, const psd_op *op, psd_signal *signal) {
  const psd_movement movement = psd_dc_movement_of(op, PSD_MOVE_RESERVE, (psd_book){PSD_BOOK_ACCOUNT, op->account},
                                                   psd_book_of_device(PSD_BOOK_RESERVED, op->device), op->time);
  psd_db_result result = psd_dc_note(db, row, op->sequence);
  if (result == PSD_DB_DONE)
    result = psd_db_move(db, &movement);
  if (result == PSD_DB_ABSENT) {
    *signal = PSD_SIGNAL_FUNDS; /* nothing was written but empty books */
    return PSD_DB_DONE;
  }
  if (result == PSD_DB_DONE)
    result = psd_db_op_add(db, op);
  row->open_sequence = op->sequence;
  if (result == PSD_DB_DONE)
    result = psd_db_meter_update(db, row);
  return result == PSD_DB_EXISTS ? PSD_DB_REFUSED : result;
}

/* A new number. */
static psd_db_result consider(psd_db *db, psd_meter_row *row, const psd_op *op, uint64_t control_total,
                              psd_signal *signal, uint64_t *available) {
  *signal = refusal(row, op->amount);
  if (*signal != PSD_SIGNAL_NONE)
    return PSD_DB_DONE;
  if (row->open_sequence != 0)
    return psd_dc_contradiction(db, row, PSD_ALARM_CONFLICT, op->time, "a new refill while another is not finished",
                                signal);
  if (control_total != (uint64_t)row->control_total[op->group])
    return psd_dc_contradiction(db, row, PSD_ALARM_BALANCE, op->time, "a refill's control total is not the ledger's",
                                signal);
  psd_db_result result = reserve(db, row, op, signal);
  return result == PSD_DB_DONE ? psd_dc_available(db, op->account, available) : result;
}

psd_db_result psd_dc_reserve(psd_db *db, const psd_funds_request *parsed, const uint8_t *request, size_t length,
                             uint64_t time, psd_signal *signal, uint64_t *available) {
  psd_meter_row row;
  *signal = PSD_SIGNAL_STATE;
  *available = 0;
  if (parsed->operation != PSD_OPERATION_LOADING || parsed->group > PSD_GROUP_CERTIFICATE || parsed->sequence == 0 ||
      length > PSD_FUNDS_REQUEST_MAX)
    return PSD_DB_DONE;
  psd_db_result result = PSD_DC_SIGNER(db, parsed, &row, signal);
  if (result != PSD_DB_DONE || *signal != PSD_SIGNAL_NONE)
    return result;
  psd_op op = psd_dc_begun(&row, parsed, request, length, PSD_OP_RESERVED, time);
  op.final = false; /* a refill ends nothing, whatever the byte says */
  return op.sequence <= row.sequence ? repeated(db, &row, &op, signal, available)
                                     : consider(db, &row, &op, parsed->control_total, signal, available);
}

/* The receipt speaks of this operation. */
static bool receipt_of(const psd_op *op, const psd_funds_receipt *parsed) {
  return parsed->group == (uint64_t)op->group && parsed->amount == op->amount;
}

/* What the registers are for was told at the last audit: there is one before every refill. */
static psd_db_result collect(psd_db *db, const psd_meter_row *row, const psd_op *op, uint64_t descending) {
  psd_audit audit;
  return psd_dc_last_audit(row, &audit) ? psd_dc_collected(db, op, audit.mode, descending) : PSD_DB_DONE;
}

/* A receipt about an operation that the server has. `row` and `op` are found; no signal is wrong as it stands. */
static psd_db_result end_refill(psd_db *db, psd_meter_row *row, psd_op *op, const psd_funds_receipt *parsed,
                                psd_op_state state, const uint8_t *receipt, size_t length, uint64_t time,
                                psd_signal *signal, uint64_t *available) {
  uint64_t total = op->group <= PSD_GROUP_CERTIFICATE ? (uint64_t)row->control_total[op->group] : 0;
  if (state == PSD_OP_SETTLED)
    total += op->amount;
  psd_db_result result = PSD_DB_DONE;
  if (!receipt_of(op, parsed) || (op->state != state && op->state != PSD_OP_RESERVED) ||
      (op->state == PSD_OP_RESERVED && parsed->control_total != total))
    return psd_dc_contradiction(db, row, PSD_ALARM_RECEIPT, time, "a receipt that contradicts the ledger", signal);
  bool news = op->state == PSD_OP_RESERVED;
  if (news)
    result = psd_dc_finish(db, row, op, state, time, receipt, length);
  if (result == PSD_DB_DONE && news && state == PSD_OP_SETTLED)
    result = collect(db, row, op, parsed->descending);
  return result == PSD_DB_DONE ? psd_dc_available(db, op->account, available) : result;
}

psd_db_result psd_dc_settle(psd_db *db, const psd_funds_receipt *parsed, const uint8_t *receipt, size_t length,
                            uint64_t time, psd_signal *signal, uint64_t *available) {
  psd_meter_row row;
  psd_op op;
  *available = 0;
  psd_db_result result = PSD_DC_SIGNER(db, parsed, &row, signal);
  if (result != PSD_DB_DONE || *signal != PSD_SIGNAL_NONE)
    return result;
  result = psd_db_op_find(db, row.device.device, (uint32_t)parsed->sequence, &op);
  if (result == PSD_DB_ABSENT || parsed->operation != PSD_OPERATION_LOADED)
    return psd_dc_contradiction(db, &row, PSD_ALARM_RECEIPT, time, "a receipt for what was never reserved", signal);
  if (result != PSD_DB_DONE)
    return result;
  return end_refill(db, &row, &op, parsed, PSD_OP_SETTLED, receipt, length, time, signal, available);
}

/* Nothing was reserved: the number is gone all the same. */
static psd_db_result burn(psd_db *db, psd_meter_row *row, uint64_t sequence) {
  if (sequence <= row->sequence || row->device.account == 0)
    return PSD_DB_DONE;
  psd_db_result result = psd_dc_note(db, row, (uint32_t)sequence);
  return result == PSD_DB_DONE ? psd_db_meter_update(db, row) : result;
}

psd_db_result psd_dc_release(psd_db *db, const psd_funds_receipt *parsed, const uint8_t *receipt, size_t length,
                             uint64_t time, psd_signal *signal, uint64_t *available) {
  psd_meter_row row;
  psd_op op;
  *signal = PSD_SIGNAL_STATE;
  *available = 0;
  if (parsed->operation != PSD_OPERATION_LOAD_CANCELLED)
    return PSD_DB_DONE;
  psd_db_result result = PSD_DC_SIGNER(db, parsed, &row, signal);
  if (result != PSD_DB_DONE || *signal != PSD_SIGNAL_NONE)
    return result;
  result = psd_db_op_find(db, row.device.device, (uint32_t)parsed->sequence, &op);
  if (result == PSD_DB_ABSENT)
    result = burn(db, &row, parsed->sequence);
  else if (result == PSD_DB_DONE)
    return end_refill(db, &row, &op, parsed, PSD_OP_RELEASED, receipt, length, time, signal, available);
  if (result != PSD_DB_DONE || row.device.account == 0)
    return result;
  return psd_dc_available(db, row.device.account, available);
}
