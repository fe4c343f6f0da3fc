/* Every meter's ledger beside its last audit, and beside what was seen on mail (US 5,280,531). */
#include "datacenter/rules.h"
#include "psd/spec/objects.h"

typedef struct reconciling {
  psd_db *db;
  psd_dc_line_visitor *visit;
  void *user;
  psd_dc_totals *totals;
  psd_db_result result;
} reconciling;

static psd_db_result balance_of(psd_db *db, psd_dc_line *line) {
  psd_op room, *op = NULL;
  int64_t expected[2] = {0, 0};
  const psd_meter_row *row = line->meter;
  line->balanced = true;
  /* Nobody's; or out of service for good, written off perhaps: its registers are nobody's money. */
  if (!line->audited || row->device.account == 0 || (row->withdrawn && row->device.revoked))
    return PSD_DB_DONE;
  psd_db_result result = psd_dc_open_op(db, line->meter, &room, &op);
  if (result != PSD_DB_DONE)
    return result;
  result = psd_dc_expected(db, line->meter, op, &line->audit, expected);
  line->balanced = result == PSD_DB_DONE && line->audit.sequence >= line->meter->audited_sequence &&
                   expected[0] == line->meter->control_total[0] && expected[1] == line->meter->control_total[1];
  return result == PSD_DB_REFUSED ? PSD_DB_DONE : result;
}

/* Mail that was seen after the last audit may be beyond its registers, but never beyond all that the PSD ever had. Each
 * piece counts once. */
static bool beyond(const psd_dc_line *line) {
  const psd_evidence_sum *seen = &line->seen;
  bool account = line->audited && line->audit.mode == PSD_FUNDS_ACCOUNT;
  uint64_t most = account ? line->audit.credit_limit : (uint64_t)line->meter->control_total[0];
  if (seen->amount > most || seen->highest_ascending > most)
    return true;
  return line->audited && seen->pieces > 0 && seen->highest_piece <= line->audit.piece_count &&
         (seen->amount > line->audit.ascending || seen->highest_ascending > line->audit.ascending);
}

/* What was accepted is told of again only when more is seen. */
static void judge(psd_dc_line *line) {
  const psd_evidence_sum *seen = &line->seen;
  line->oversold = beyond(line) &&
                   (seen->amount > seen->accepted.amount || seen->highest_ascending > seen->accepted.highest_ascending);
  line->contradicted = seen->contradictions > seen->accepted.contradictions;
  line->copied = seen->copies > seen->accepted.copies;
}

static bool visit_meter(void *user, const psd_meter_row *row) {
  reconciling *all = user;
  psd_dc_line line = {.meter = row};
  line.audited = psd_dc_last_audit(row, &line.audit);
  if (!line.audited)
    line.audit = (psd_audit){.type = 0};
  all->result = balance_of(all->db, &line);
  if (all->result == PSD_DB_DONE)
    all->result = psd_db_evidence_sum(all->db, row->device.device, &line.seen);
  if (all->result != PSD_DB_DONE)
    return false;
  judge(&line);
  all->totals->meter_count++;
  all->totals->unbalanced += !line.balanced;
  all->totals->oversold += line.oversold;
  return all->visit == NULL || all->visit(all->user, &line);
}

static bool count_op(void *user, const psd_op *op) {
  (void)op;
  ++*(uint64_t *)user;
  return true;
}

static bool count_alarm(void *user, const psd_alarm *alarm) {
  (void)alarm;
  ++*(uint64_t *)user;
  return true;
}

static psd_db_result sum_books(psd_db *db, psd_dc_totals *totals) {
  const struct {
    psd_book_kind kind;
    int64_t *sum;
  } sums[] = {{PSD_BOOK_BANK, &totals->bank},         {PSD_BOOK_ACCOUNT, &totals->accounts},
              {PSD_BOOK_RESERVED, &totals->reserved}, {PSD_BOOK_METER, &totals->meters},
              {PSD_BOOK_SERVICES, &totals->services}, {PSD_BOOK_DEBT, &totals->debt},
              {PSD_BOOK_PAYEE, &totals->payees}};
  psd_db_result result = psd_db_ledger_sum(db, &totals->sum, &totals->movements);
  for (size_t i = 0; result == PSD_DB_DONE && i < sizeof sums / sizeof sums[0]; i++) {
    uint64_t books = 0;
    result = psd_db_book_sum(db, sums[i].kind, sums[i].sum, &books);
  }
  return result;
}

psd_db_result psd_dc_reconcile(psd_db *db, psd_dc_line_visitor *visit, void *user, psd_dc_totals *totals) {
  reconciling all = {.db = db, .visit = visit, .user = user, .totals = totals, .result = PSD_DB_DONE};
  *totals = (psd_dc_totals){.sum = 0};
  psd_db_result result = sum_books(db, totals);
  if (result == PSD_DB_DONE)
    result = psd_db_op_open_list(db, count_op, &totals->open_operations);
  if (result == PSD_DB_DONE)
    result = psd_db_alarm_list(db, NULL, false, count_alarm, &totals->alarms);
  if (result == PSD_DB_DONE)
    result = psd_db_meter_list(db, 0, visit_meter, &all);
  return result == PSD_DB_DONE ? all.result : result;
}
