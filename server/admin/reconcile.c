/* psd-server reconcile: ledger, registers and what was seen on mail, beside each other (US 5,280,531). */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "admin/kms_log.h"
#include "admin/meter.h"
#include "psd/program/progress.h"

typedef struct reconciliation {
  psd_admin *admin;
  psd_json *json; /* NULL for words */
  psd_db_result result;
  psd_progress progress;
  psd_admin_kms_log log; /* empty without --kms-log */
  uint64_t now, looked_at, wrong, open;
} reconciliation;

static bool is_alarmed(const psd_dc_line *line) {
  return line->meter->lock == PSD_METER_ALARMED;
}

static bool is_wrong(const psd_dc_line *line) {
  return !line->balanced || is_alarmed(line) || line->oversold || line->contradicted || line->copied;
}

/* "3 d", "20 min" */
static void say_age(char words[24], uint64_t seconds) {
  static const struct {
    uint64_t seconds;
    const char *unit;
  } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
  size_t i = 0;
  while (i < 3 && seconds < units[i].seconds)
    i++;
  (void)snprintf(words, 24, "%" PRIu64 " %s", seconds / units[i].seconds, units[i].unit);
}

static uint64_t age_of(const reconciliation *at, const psd_op *op) {
  return at->now > op->time ? at->now - op->time : 0;
}

/* What is wrong with a meter, the worst first. */
static void words_of_verdict(const psd_dc_line *line) {
  const struct {
    bool wrong;
    const char *words;
  } rows[] = {{!line->balanced, "registers and ledger differ"},
              {is_alarmed(line), "alarm"},
              {line->oversold, "more seen than sold"},
              {line->contradicted, "pieces that contradict"},
              {line->copied, "copies"}};
  const char *between = "";
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (!rows[i].wrong)
      continue;
    printf("%s%s", between, rows[i].words);
    between = ", ";
  }
}

static void line_of(const reconciliation *at, const psd_dc_line *line, const psd_op *op) {
  char device[PSD_ADMIN_DEVICE_WORDS], ledger[PSD_ADMIN_MONEY], audited[PSD_AMOUNT_WORDS] = "-";
  char sold[PSD_AMOUNT_WORDS] = "-", seen[PSD_AMOUNT_WORDS], age[24], amount[PSD_AMOUNT_WORDS];
  if (line->audited) {
    (void)psd_amount_words(audited, line->audit.control_total);
    (void)psd_amount_words(sold, line->audit.ascending);
  }
  printf("%-14s %13s %13s %13s %13s %8" PRIu64 " %6" PRIu64 " %6" PRIu64 " ",
         psd_admin_device_words(line->meter->device.device, device),
         psd_admin_money(line->meter->control_total[PSD_GROUP_POSTAGE], ledger), audited, sold,
         psd_amount_words(seen, line->seen.amount), line->seen.pieces, line->seen.copies, line->seen.contradictions);
  words_of_verdict(line);
  if (op != NULL) {
    say_age(age, age_of(at, op));
    printf("%soperation %" PRIu32 " of %s %s for %s", is_wrong(line) ? "; " : "", op->sequence,
           psd_amount_words(amount, op->amount), psd_admin_op_state(op->state), age);
  }
  puts(op == NULL && !is_wrong(line) ? "ok" : "");
}

static void json_of(const reconciliation *at, const psd_dc_line *line, const psd_op *op) {
  psd_json *json = at->json;
  char device[PSD_ADMIN_DEVICE_WORDS];
  psd_json_object(json, NULL);
  psd_json_string(json, "psd", psd_admin_device_words(line->meter->device.device, device));
  psd_json_bool(json, "wrong", is_wrong(line));
  psd_json_bool(json, "balanced", line->balanced);
  psd_json_bool(json, "alarm", is_alarmed(line));
  psd_json_bool(json, "oversold", line->oversold);
  psd_json_bool(json, "contradicted", line->contradicted);
  psd_json_bool(json, "copied", line->copied);
  psd_json_signed(json, "ledger", line->meter->control_total[PSD_GROUP_POSTAGE]);
  psd_json_signed(json, "ledger_certificates", line->meter->control_total[PSD_GROUP_CERTIFICATE]);
  if (line->audited) {
    psd_json_number(json, "control_total", line->audit.control_total);
    psd_json_number(json, "ascending", line->audit.ascending);
    psd_json_number(json, "piece_count", line->audit.piece_count);
    psd_json_number(json, "inspected_seconds", line->meter->device.inspected);
  }
  psd_json_number(json, "seen", line->seen.amount);
  psd_json_number(json, "pieces", line->seen.pieces);
  psd_json_number(json, "copies", line->seen.copies);
  psd_json_number(json, "contradictions", line->seen.contradictions);
  if (op != NULL) {
    psd_json_object(json, "open");
    psd_json_number(json, "sequence", op->sequence);
    psd_json_string(json, "state", psd_admin_op_state(op->state));
    psd_json_number(json, "amount", op->amount);
    psd_json_number(json, "age_seconds", age_of(at, op));
    psd_json_end_object(json);
  }
  psd_json_end_object(json);
}

static bool take_meter(void *context, const psd_dc_line *line) {
  reconciliation *at = context;
  bool wrong = is_wrong(line);
  psd_op op;
  bool open = line->meter->open_sequence != 0;
  psd_progress_show(&at->progress, ++at->looked_at);
  if (open)
    at->result = psd_db_op_find(at->admin->db, line->meter->device.device, line->meter->open_sequence, &op);
  if (at->result != PSD_DB_DONE)
    return false;
  at->wrong += wrong ? 1 : 0;
  if (!wrong && !open && (at->admin->given & PSD_ADMIN_ALL) == 0)
    return true;
  psd_progress_end(&at->progress);
  if (at->json != NULL)
    json_of(at, line, open ? &op : NULL);
  else
    line_of(at, line, open ? &op : NULL);
  return true;
}

static void totals_json(const reconciliation *at, const psd_dc_totals *totals, bool right) {
  psd_json *json = at->json;
  psd_json_object(json, "books");
  psd_json_signed(json, "bank", totals->bank);
  psd_json_signed(json, "accounts", totals->accounts);
  psd_json_signed(json, "reserved", totals->reserved);
  psd_json_signed(json, "meters", totals->meters);
  psd_json_signed(json, "certificates", totals->services);
  psd_json_signed(json, "debt", totals->debt);
  psd_json_signed(json, "payees", totals->payees);
  psd_json_signed(json, "sum", totals->sum);
  psd_json_end_object(json);
  psd_json_number(json, "movements", totals->movements);
  psd_json_number(json, "meter_count", totals->meter_count);
  psd_json_number(json, "open_operations", totals->open_operations);
  psd_json_number(json, "alarms", totals->alarms);
  psd_json_number(json, "unbalanced", totals->unbalanced);
  psd_json_number(json, "oversold", totals->oversold);
  psd_json_number(json, "wrong", at->wrong);
  psd_json_bool(json, "right", right);
}

static void totals_words(const reconciliation *at, const psd_dc_totals *totals, bool right) {
  const struct {
    const char *name;
    int64_t amount;
  } books[] = {{"bank", totals->bank},
               {"accounts", totals->accounts},
               {"reserved", totals->reserved},
               {"meters", totals->meters},
               {"certificates", totals->services},
               {"debt", totals->debt},
               {"payees", totals->payees},
               {"sum", totals->sum}};
  char words[PSD_ADMIN_MONEY];
  puts("");
  for (size_t i = 0; i < sizeof books / sizeof books[0]; i++)
    printf("%-14s %20s\n", books[i].name, psd_admin_money(books[i].amount, words));
  printf("\n%" PRIu64 " movements, %" PRIu64 " meters, %" PRIu64 " open operations, %" PRIu64 " alarms, %" PRIu64
         " out of balance, %" PRIu64 " oversold\n",
         totals->movements, totals->meter_count, totals->open_operations, totals->alarms, totals->unbalanced,
         totals->oversold);
  if (totals->sum != 0)
    puts("WRONG: the sum of all books is not zero");
  if (at->wrong != 0)
    printf("WRONG: %" PRIu64 " meter%s\n", at->wrong, at->wrong == 1 ? "" : "s");
  if (at->log.wrong != 0)
    printf("WRONG: %" PRIu64 " authorization%s\n", at->log.wrong, at->log.wrong == 1 ? "" : "s");
  if (right)
    puts("all agrees");
}

static psd_db_result compare(reconciliation *at, psd_dc_totals *totals) {
  uint64_t total = 0;
  psd_db_result result = psd_admin_count_meters(at->admin, &total);
  at->progress = psd_progress_begin("meters", total);
  if (result == PSD_DB_DONE)
    result = psd_dc_reconcile(at->admin->db, take_meter, at, totals);
  psd_progress_end(&at->progress);
  if (result == PSD_DB_DONE)
    result = at->result;
  return result == PSD_DB_DONE ? psd_admin_kms_log_compare(at->admin->db, &at->log) : result;
}

/* All that is compared is of one moment. */
static psd_db_result compare_at_once(reconciliation *at, psd_dc_totals *totals) {
  psd_db_result result = psd_db_begin(at->admin->db, false);
  if (result == PSD_DB_DONE)
    result = compare(at, totals);
  psd_db_rollback(at->admin->db);
  return result;
}

static int report(reconciliation *at) {
  psd_dc_totals totals = {.sum = 0};
  if (at->json != NULL) {
    psd_json_object(at->json, NULL);
    psd_json_array(at->json, "meters");
  } else {
    puts("PSD                   LEDGER       AUDITED          SOLD          SEEN   PIECES COPIES CONTRA");
  }
  psd_db_result result = compare_at_once(at, &totals);
  bool right = result == PSD_DB_DONE && totals.sum == 0 && at->wrong == 0 && totals.alarms == 0 && at->log.wrong == 0;
  if (at->json != NULL)
    psd_json_end_array(at->json);
  if (result == PSD_DB_DONE && at->admin->kms_log != NULL)
    psd_admin_kms_log_show(&at->log, at->json);
  if (at->json != NULL && result == PSD_DB_DONE)
    totals_json(at, &totals, right);
  else if (result == PSD_DB_DONE)
    totals_words(at, &totals, right);
  if (at->json != NULL)
    psd_json_end_object(at->json);
  if (result != PSD_DB_DONE)
    return psd_admin_failed(at->admin, result, "operation", "");
  return right ? PSD_EXIT_DONE : PSD_EXIT_REFUSED;
}

int psd_admin_reconcile(psd_admin *admin) {
  psd_json json = psd_json_on(stdout);
  reconciliation at = {.admin = admin, .json = admin->json ? &json : NULL, .now = (uint64_t)time(NULL)};
  int status = admin->kms_log != NULL ? psd_admin_kms_log_read(admin->kms_log, &at.log) : PSD_EXIT_DONE;
  if (status == PSD_EXIT_DONE)
    status = psd_admin_open(admin, false);
  if (status == PSD_EXIT_DONE)
    status = report(&at);
  psd_admin_kms_log_free(&at.log);
  return status;
}
