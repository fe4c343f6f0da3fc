/* psd-server credit list, show, payees. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "admin/ca.h"

static const char *state_of(const psd_credit_row *line) {
  if (line->blocked)
    return "blocked";
  if (line->revoked != 0)
    return "revoked";
  if (line->length != 0)
    return (uint64_t)time(NULL) > line->until ? "over" : "issued";
  return psd_authority_status_row((uint64_t)line->status)->name;
}

static void json_of(psd_json *json, const psd_credit_row *line) {
  char device[PSD_ADMIN_DEVICE_WORDS];
  psd_json_number(json, "id", (uint64_t)line->id);
  psd_json_string(json, "psd", psd_admin_device_words(line->device, device));
  psd_json_string(json, "state", state_of(line));
  psd_json_string(json, "name", line->name);
  psd_json_number(json, "holder", line->holder);
  psd_json_number(json, "asked", line->asked);
  psd_json_number(json, "amount", line->amount);
  psd_json_number(json, "settled", line->settled);
  psd_json_number(json, "certificate", line->certificate);
  psd_admin_json_time(json, "time", "time_seconds", line->time);
  psd_admin_json_time(json, "from", "from_seconds", line->from);
  psd_admin_json_time(json, "until", "until_seconds", line->until);
  psd_admin_json_time(json, "revoked", "revoked_seconds", line->revoked);
  psd_json_string(json, "use", line->use);
  psd_json_string(json, "why", line->why);
}

typedef struct credit_show {
  const psd_admin *admin;
  psd_json *json;
} credit_show;

static bool show_line(void *context, const psd_credit_row *line) {
  const credit_show *at = context;
  char device[PSD_ADMIN_DEVICE_WORDS], asked[PSD_AMOUNT_WORDS], amount[PSD_AMOUNT_WORDS], settled[PSD_AMOUNT_WORDS];
  if (at->admin->json) {
    psd_json_object(at->json, NULL);
    json_of(at->json, line);
    psd_json_end_object(at->json);
    return true;
  }
  printf("%6" PRId64 " %-14s %-8s %12s %12s %12s ", line->id, psd_admin_device_words(line->device, device),
         state_of(line), psd_amount_words(asked, line->asked), psd_amount_words(amount, line->amount),
         psd_amount_words(settled, line->settled));
  psd_admin_cell(line->name, line->use[0] != '\0' ? 24 : 0);
  psd_admin_cell(line->use, 0);
  puts("");
  return true;
}

static psd_db_result list_lines(psd_admin *admin, psd_json *json) {
  credit_show at = {admin, json};
  return psd_credit_list(admin->db, false, show_line, &at);
}

int psd_admin_credit_list(psd_admin *admin) {
  return psd_admin_list(admin, "    ID PSD            STATE           ASKED      GRANTED      SETTLED HOLDER",
                        "application", list_lines);
}

static bool show_payment(void *context, const psd_credit_payment *payment) {
  const credit_show *at = context;
  char amount[PSD_AMOUNT_WORDS], remaining[PSD_AMOUNT_WORDS], time[PSD_ADMIN_TIME_WORDS];
  if (at->admin->json) {
    psd_json_object(at->json, NULL);
    psd_json_number(at->json, "sequence", payment->sequence);
    psd_json_number(at->json, "amount", payment->amount);
    psd_json_number(at->json, "remaining", payment->remaining);
    psd_admin_json_time(at->json, "made", "made_seconds", payment->made);
    psd_admin_json_time(at->json, "settled", "settled_seconds", payment->time);
    psd_json_string(at->json, "payee", payment->payee);
    psd_json_end_object(at->json);
    return true;
  }
  printf("%10" PRIu32 " %12s %12s %-23s ", payment->sequence, psd_amount_words(amount, payment->amount),
         psd_amount_words(remaining, payment->remaining), psd_admin_time(payment->time, time));
  psd_admin_cell(payment->payee, 0);
  puts("");
  return true;
}

static void words_of(const psd_credit_row *line) {
  char words[PSD_ADMIN_DEVICE_WORDS + PSD_ADMIN_TIME_WORDS + PSD_AMOUNT_WORDS];
  psd_admin_line("PSD", psd_admin_device_words(line->device, words));
  psd_admin_line("holder", line->name);
  psd_admin_line("state", state_of(line));
  psd_admin_line("asked for", psd_amount_words(words, line->asked));
  psd_admin_line("granted", psd_amount_words(words, line->amount));
  psd_admin_line("settled", psd_amount_words(words, line->settled));
  if (line->use[0] != '\0')
    psd_admin_line("for", line->use);
  if (line->why[0] != '\0')
    psd_admin_line("why", line->why);
  psd_admin_line("asked", psd_admin_time(line->time, words));
  if (line->length != 0)
    psd_admin_line("valid until", psd_admin_time(line->until, words));
  puts("\n    NUMBER       AMOUNT    REMAINING SETTLED                 PAYEE");
}

static psd_db_result show(psd_admin *admin, psd_json *json, uint64_t id) {
  credit_show at = {admin, json};
  psd_credit_row line;
  psd_db_result result = psd_credit_get(admin->db, (int64_t)id, &line);
  if (result != PSD_DB_DONE)
    return result;
  if (!admin->json) {
    words_of(&line);
    return psd_credit_payments(admin->db, line.id, show_payment, &at);
  }
  psd_json_object(json, NULL);
  json_of(json, &line);
  psd_json_array(json, "payments");
  result = psd_credit_payments(admin->db, line.id, show_payment, &at);
  psd_json_end_array(json);
  psd_json_end_object(json);
  return result;
}

int psd_admin_credit_show(psd_admin *admin) {
  psd_json json = psd_json_on(stdout);
  uint64_t id = 0;
  int status = psd_admin_open_number(admin, INT64_MAX, &id);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = show(admin, &json, id);
  return result == PSD_DB_DONE ? PSD_EXIT_DONE : psd_admin_failed(admin, result, "application", admin->argv[0]);
}

static bool show_payee(void *context, const psd_credit_payee *payee) {
  const credit_show *at = context;
  char words[PSD_AMOUNT_WORDS];
  if (at->admin->json) {
    psd_json_object(at->json, NULL);
    psd_json_string(at->json, "payee", payee->name);
    psd_json_number(at->json, "balance", payee->balance);
    psd_json_end_object(at->json);
    return true;
  }
  printf("%13s ", psd_amount_words(words, payee->balance));
  psd_admin_cell(payee->name, 0);
  puts("");
  return true;
}

static psd_db_result list_payees(psd_admin *admin, psd_json *json) {
  credit_show at = {admin, json};
  return psd_credit_payees(admin->db, show_payee, &at);
}

int psd_admin_credit_payees(psd_admin *admin) {
  return psd_admin_list(admin, "      BALANCE PAYEE", "payee", list_payees);
}
