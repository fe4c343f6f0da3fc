/* What an audit shows beside the ledger (docs/funds.md, "What was cut off"). */
#include <string.h>

#include "datacenter/rules.h"
#include "psd/spec/lifecycle.h"
#include "psd/spec/objects.h"

bool psd_dc_alarming(psd_finding finding) {
  return finding == PSD_FOUND_RESTORED || finding == PSD_FOUND_IMBALANCE;
}

bool psd_dc_ending(psd_finding finding) {
  return finding == PSD_FOUND_CREDITED || finding == PSD_FOUND_CANCELLED || finding == PSD_FOUND_CLOSED;
}

bool psd_dc_recoverable(psd_finding finding) {
  return finding == PSD_FOUND_LOADING || finding == PSD_FOUND_ABANDONED || finding == PSD_FOUND_WITHDRAWING;
}

psd_finding psd_dc_held(const psd_meter_row *row, psd_finding finding) {
  bool held = row->lock == PSD_METER_ALARMED && !psd_dc_alarming(finding) && finding != PSD_FOUND_AGREEMENT;
  return held ? PSD_FOUND_IMBALANCE : finding;
}

/* What never goes down has gone down, or the log is another. */
static bool behind(const psd_audit *last, const psd_audit *audit) {
  return audit->ascending < last->ascending || audit->certificate_ascending < last->certificate_ascending ||
         audit->piece_count < last->piece_count || audit->certificate_count < last->certificate_count ||
         audit->sequence < last->sequence || audit->refill < last->refill || audit->orders < last->orders ||
         audit->time < last->time || audit->log_count < last->log_count ||
         (audit->log_count == last->log_count && memcmp(audit->log_hash, last->log_hash, sizeof audit->log_hash) != 0);
}

bool psd_dc_runs_locked(const psd_meter_row *row, const psd_audit *audit) {
  return row->lock != PSD_METER_FREE && (row->due & PSD_ACTION_DISABLE) == 0 &&
         (PSD_IN_OPERATION & 1U << audit->state) != 0;
}

static bool restored(const psd_meter_row *row, const psd_audit *audit) {
  psd_audit last;
  return audit->sequence < row->sequence || psd_dc_runs_locked(row, audit) ||
         (psd_dc_last_audit(row, &last) && behind(&last, audit));
}

/* The control totals are the ledger's, once the operation's amount is added to the ledger (`in`) or taken from it
 * (`out`). No sum overflows: a book has at most INT64_MAX, and so has `in`. */
static bool agrees(const psd_meter_row *row, const psd_audit *audit, uint64_t in, uint64_t out) {
  const uint64_t told[2] = {audit->control_total, audit->certificate_control_total};
  for (unsigned group = 0; group < 2; group++) {
    bool moved = audit->group == group;
    uint64_t book = (uint64_t)row->control_total[group] + (moved ? in : 0);
    if ((moved && out > book) || told[group] != book - (moved ? out : 0))
      return false;
  }
  return true;
}

/* The card's operation is the one that the server has open. */
static bool same(const psd_op *op, const psd_audit *audit) {
  return audit->sequence == op->sequence && audit->group == (uint64_t)op->group &&
         audit->operation_amount == op->amount;
}

static psd_finding refill(const psd_meter_row *row, const psd_op *op, const psd_audit *audit) {
  if (!same(op, audit))
    return PSD_FOUND_IMBALANCE;
  if (audit->operation == PSD_OPERATION_LOADED)
    return agrees(row, audit, op->amount, 0) ? PSD_FOUND_CREDITED : PSD_FOUND_IMBALANCE;
  if (!agrees(row, audit, 0, 0))
    return PSD_FOUND_IMBALANCE;
  if (audit->operation == PSD_OPERATION_LOADING)
    return PSD_FOUND_LOADING;
  return audit->operation == PSD_OPERATION_LOAD_CANCELLED ? PSD_FOUND_CANCELLED : PSD_FOUND_IMBALANCE;
}

/* The account was credited: the ledger is without the amount already. */
static psd_finding withdrawal(const psd_meter_row *row, const psd_op *op, const psd_audit *audit) {
  if (!same(op, audit) || !agrees(row, audit, 0, 0))
    return PSD_FOUND_IMBALANCE;
  if (audit->operation == PSD_OPERATION_WITHDRAWING)
    return PSD_FOUND_WITHDRAWING;
  return audit->operation == PSD_OPERATION_WITHDRAWN ? PSD_FOUND_CLOSED : PSD_FOUND_IMBALANCE;
}

/* The server has finished number row->sequence, and a card that has not was put back. Of a number above it only a
 * refill that was not credited, and a withdrawal that was not authorized, can be news. */
static psd_finding nothing_open(const psd_meter_row *row, const psd_audit *audit) {
  bool news = audit->sequence > row->sequence;
  switch (audit->operation) {
  case PSD_OPERATION_LOADING:
    if (!news)
      return PSD_FOUND_RESTORED;
    return agrees(row, audit, 0, 0) ? PSD_FOUND_ABANDONED : PSD_FOUND_IMBALANCE;
  case PSD_OPERATION_WITHDRAWING:
    if (!news)
      return PSD_FOUND_RESTORED;
    return agrees(row, audit, 0, audit->operation_amount) ? PSD_FOUND_WITHDRAWING : PSD_FOUND_IMBALANCE;
  case PSD_OPERATION_NONE:
  case PSD_OPERATION_LOADED:
  case PSD_OPERATION_WITHDRAWN:
    return !news && agrees(row, audit, 0, 0) ? PSD_FOUND_AGREEMENT : PSD_FOUND_IMBALANCE;
  case PSD_OPERATION_LOAD_CANCELLED:
    return agrees(row, audit, 0, 0) ? PSD_FOUND_AGREEMENT : PSD_FOUND_IMBALANCE;
  default:
    return PSD_FOUND_IMBALANCE;
  }
}

/* Nobody spends more than he ever had. What was spent and is withdrawn all the same would be had twice. */
static bool overspent(const psd_audit *audit) {
  return audit->mode != PSD_FUNDS_ACCOUNT &&
         (audit->ascending > audit->control_total || audit->certificate_ascending > audit->certificate_control_total);
}

static psd_finding operation(const psd_meter_row *row, const psd_op *op, const psd_audit *audit) {
  if (audit->group > PSD_GROUP_CERTIFICATE || overspent(audit))
    return PSD_FOUND_IMBALANCE;
  if (op == NULL)
    return nothing_open(row, audit);
  return op->state == PSD_OP_CREDITED ? withdrawal(row, op, audit) : refill(row, op, audit);
}

/* Ascending registers alone: what they have more than was charged is charged now, and what else there is the next audit
 * finds. All that such a meter begins is the end of its service, an operation of nothing. */
static psd_finding current_account(const psd_meter_row *row, const psd_op *op, const psd_audit *audit) {
  uint64_t charged = (uint64_t)row->control_total[0];
  uint64_t spent = audit->ascending + audit->certificate_ascending;
  if (row->control_total[1] != 0 || spent < audit->ascending || spent > PSD_DC_MOST || audit->control_total != 0 ||
      audit->certificate_control_total != 0 || audit->operation_amount != 0)
    return PSD_FOUND_IMBALANCE;
  if (spent < charged)
    return PSD_FOUND_RESTORED;
  if (spent > charged)
    return PSD_FOUND_CHARGE;
  psd_meter_row without = *row;
  without.control_total[0] = 0; /* no funds: the card's control total is that, whatever was charged */
  return operation(&without, op, audit);
}

psd_finding psd_dc_examine(const psd_meter_row *row, const psd_op *op, const psd_audit *audit) {
  if (row->device.account == 0)
    return PSD_FOUND_AGREEMENT; /* nobody's: it has no ledger */
  if (psd_dc_other_mode(row, audit))
    return PSD_FOUND_IMBALANCE;
  if (restored(row, audit))
    return PSD_FOUND_RESTORED;
  if (audit->mode == PSD_FUNDS_ACCOUNT)
    return current_account(row, op, audit);
  return operation(row, op, audit);
}
