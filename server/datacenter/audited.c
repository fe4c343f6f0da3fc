/* A completed audit: what was cut off is decided by it. */
#include <stdio.h>
#include <string.h>

#include "authority/authority.h"
#include "datacenter/rules.h"
#include "psd/spec/objects.h"

static psd_db_result charge(psd_db *db, psd_meter_row *row, const psd_audit *audit, uint64_t time) {
  psd_book meter = psd_book_of_device(PSD_BOOK_METER, row->device.device);
  uint64_t spent = audit->ascending + audit->certificate_ascending;
  psd_movement movement = {.kind = PSD_MOVE_CHARGE,
                           .time = time,
                           .amount = spent - (uint64_t)row->control_total[0],
                           .from = {PSD_BOOK_DEBT, row->device.account},
                           .to = meter};
  memcpy(movement.device, row->device.device, sizeof movement.device);
  psd_db_result result = psd_db_book_open(db, meter, 0);
  if (result == PSD_DB_DONE)
    result = psd_dc_must_move(db, &movement);
  if (result == PSD_DB_DONE)
    row->control_total[0] = (int64_t)spent;
  return result;
}

static psd_db_result restored(psd_db *db, psd_meter_row *row, const psd_audit *audit, uint64_t time) {
  char words[sizeof((psd_alarm *)0)->words];
  (void)snprintf(words, sizeof words, "put back: operation %lu of %lu, %lu pieces, %lu log records",
                 (unsigned long)audit->sequence, (unsigned long)row->sequence, (unsigned long)audit->piece_count,
                 (unsigned long)audit->log_count);
  bool runs = psd_dc_runs_locked(row, audit);
  psd_db_result result = psd_dc_alarm(db, row, PSD_ALARM_RESTORED, time, words);
  if (result != PSD_DB_DONE || !runs || (row->due & PSD_ACTION_DISABLE) != 0)
    return result;
  /* The alarm is not its first: it is locked once more. */
  result = psd_dc_put_order(db, row, PSD_ACTION_DISABLE, NULL, 0, time);
  return result == PSD_DB_DONE ? psd_db_meter_update(db, row) : result;
}

static psd_db_result unbalanced(psd_db *db, psd_meter_row *row, const psd_audit *audit, uint64_t time) {
  char words[sizeof((psd_alarm *)0)->words];
  if (psd_dc_other_mode(row, audit))
    return psd_dc_alarm(db, row, PSD_ALARM_BALANCE, time, "registers of another mode than at the last audit");
  (void)snprintf(words, sizeof words, "control totals %llu, %llu mills; in the ledger %lld, %lld; operation %lu",
                 (unsigned long long)audit->control_total, (unsigned long long)audit->certificate_control_total,
                 (long long)row->control_total[0], (long long)row->control_total[1], (unsigned long)audit->sequence);
  return psd_dc_alarm(db, row, PSD_ALARM_BALANCE, time, words);
}

/* A cancelled refill that the server never heard of: its number is gone. */
static psd_db_result agreed(psd_db *db, psd_meter_row *row, const psd_audit *audit) {
  if (row->device.account == 0 || audit->sequence <= row->sequence)
    return PSD_DB_DONE;
  psd_db_result result = psd_dc_note(db, row, (uint32_t)audit->sequence);
  return result == PSD_DB_DONE ? psd_db_meter_update(db, row) : result;
}

static psd_db_result credited(psd_db *db, psd_meter_row *row, psd_op *op, const psd_audit *audit, uint64_t time) {
  psd_db_result result = psd_dc_finish(db, row, op, PSD_OP_SETTLED, time, NULL, 0);
  return result == PSD_DB_DONE
             ? psd_dc_collected(db, op, audit->mode,
                                op->group == PSD_GROUP_POSTAGE ? audit->descending : audit->certificate_descending)
             : result;
}

/* Current account: no refills, but a higher credit limit, out of which the card takes what was due. */
static psd_db_result raised(psd_db *db, const psd_meter_row *row, const psd_audit *audit) {
  psd_audit last;
  uint64_t spent = audit->ascending + audit->certificate_ascending;
  if (audit->mode != PSD_FUNDS_ACCOUNT || spent < audit->ascending || !psd_dc_last_audit(row, &last) ||
      last.mode != PSD_FUNDS_ACCOUNT || audit->credit_limit <= last.credit_limit)
    return PSD_DB_DONE;
  return psd_ca_collected(db, row->device.device, audit->credit_limit - last.credit_limit,
                          audit->credit_limit > spent ? audit->credit_limit - spent : 0);
}

static psd_db_result apply(psd_db *db, psd_meter_row *row, psd_op *op, const psd_audit *audit, uint64_t time,
                           psd_finding finding) {
  switch (finding) {
  case PSD_FOUND_CREDITED:
    return credited(db, row, op, audit, time);
  case PSD_FOUND_CANCELLED:
    return psd_dc_finish(db, row, op, PSD_OP_RELEASED, time, NULL, 0);
  case PSD_FOUND_CLOSED:
    return psd_dc_finish(db, row, op, PSD_OP_CLOSED, time, NULL, 0);
  case PSD_FOUND_CHARGE:
    return charge(db, row, audit, time);
  case PSD_FOUND_RESTORED:
    return restored(db, row, audit, time);
  case PSD_FOUND_IMBALANCE:
    return unbalanced(db, row, audit, time);
  case PSD_FOUND_AGREEMENT:
    return agreed(db, row, audit);
  case PSD_FOUND_LOADING:
  case PSD_FOUND_ABANDONED:
  case PSD_FOUND_WITHDRAWING:
  default:
    return PSD_DB_DONE; /* the session goes on with it */
  }
}

/* Until somebody has looked, nothing is moved; a new alarm is written all the same. */
static psd_db_result decide(psd_db *db, psd_meter_row *row, const psd_audit *audit, uint64_t time,
                            psd_finding *finding) {
  psd_op room, *op = NULL;
  psd_db_result result = psd_dc_open_op(db, row, &room, &op);
  if (result != PSD_DB_DONE)
    return result;
  psd_finding shown = psd_dc_examine(row, op, audit);
  *finding = psd_dc_held(row, shown);
  return *finding == shown ? apply(db, row, op, audit, time, shown) : PSD_DB_DONE;
}

psd_db_result psd_dc_audited(psd_db *db, const uint8_t audit[PSD_SIZE_AUDIT], uint64_t time, psd_finding *finding,
                             psd_meter_row *row) {
  psd_audit said;
  uint8_t device[8];
  if (!psd_parse_message(audit, PSD_SIZE_AUDIT, PSD_MESSAGE_AUDIT, &said))
    return PSD_DB_REFUSED;
  PSD_DC_DEVICE(&said, device);
  psd_db_result result = psd_db_meter_find(db, device, row);
  if (result == PSD_DB_DONE)
    result = decide(db, row, &said, time, finding);
  /* What is of another mode is not compared with, or the next one would agree with it. */
  if (result != PSD_DB_DONE || psd_dc_other_mode(row, &said))
    return result;
  if (!psd_dc_alarming(*finding))
    result = raised(db, row, &said);
  if (result == PSD_DB_DONE)
    result = psd_db_device_audited(db, device, audit, time);
  if (result != PSD_DB_DONE)
    return result;
  memcpy(row->device.audit, audit, sizeof row->device.audit);
  row->device.inspected = time;
  row->device.vendor_key = (uint32_t)said.vendor_key;
  row->audited_sequence = row->sequence;
  return PSD_DB_DONE;
}
