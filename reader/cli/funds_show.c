#include "funds.h"

#include "info.h"
#include "psd/spec/amount.h"
#include "psd/spec/text.h"
#include "show.h"

#include <inttypes.h>

static bool is_withdrawal(unsigned operation) {
  return operation == PSD_OPERATION_WITHDRAWING || operation == PSD_OPERATION_WITHDRAWN;
}

const char *psd_cli_operation(unsigned operation, uint64_t amount, uint64_t sequence,
                              char words[PSD_CLI_OPERATION_WORDS]) {
  psd_text text = psd_text_over(words, PSD_CLI_OPERATION_WORDS);
  psd_say(&text, "%s of ", is_withdrawal(operation) ? "withdrawal" : "refill");
  psd_say_amount(&text, amount);
  psd_say(&text, " (number %" PRIu64 ")", sequence);
  return words;
}

static const char *operation_of(const psd_funds_result *result, char words[PSD_CLI_OPERATION_WORDS]) {
  return psd_cli_operation((unsigned)result->operation, result->amount, result->sequence, words);
}

static void write_result(psd_json *json, const char *key, const psd_funds_result *result) {
  psd_json_object(json, key);
  psd_json_string(json, "operation", psd_operation_of((unsigned)result->operation)->name);
  psd_json_string(json, "group", result->group == PSD_GROUP_CERTIFICATE ? "certificate" : "postage");
  psd_json_number(json, "sequence", result->sequence);
  psd_show_amount(json, "amount", result->amount);
  psd_show_amount(json, "ascending", result->ascending);
  psd_show_amount(json, "descending", result->descending);
  psd_show_amount(json, "control_total", result->control_total);
  psd_show_amount(json, "available", result->available);
  psd_json_end_object(json);
}

static void print_amount(const char *what, uint64_t mills) {
  char words[PSD_AMOUNT_WORDS];
  printf("  %-20s %s\n", what, psd_amount_words(words, mills));
}

static void print_result(const psd_funds_result *result) {
  print_amount("ascending register", result->ascending);
  print_amount("descending register", result->descending);
  print_amount("control total", result->control_total);
  print_amount("the account has left", result->available);
}

static void show_recovered(psd_meeting *meeting) {
  const psd_funds_result *recovered = &meeting->recovered;
  char words[PSD_CLI_OPERATION_WORDS];
  if (meeting->cli->json) {
    write_result(&meeting->json, "recovered", recovered);
    return;
  }
  printf("The %s, which was cut off, is %s.\n", operation_of(recovered, words),
         recovered->operation == PSD_OPERATION_LOAD_CANCELLED ? "cancelled: nothing was credited, and the account has "
                                                                "its money"
                                                              : "finished now");
}

/* What was wanted had been begun by an earlier session: it is done, once. */
static void show_repeated(psd_meeting *meeting) {
  const psd_funds_result *recovered = &meeting->recovered;
  char words[PSD_AMOUNT_WORDS];
  bool withdrawal = is_withdrawal((unsigned)recovered->operation);
  if (meeting->cli->json) {
    psd_json_bool(&meeting->json, "repeated", true);
    return;
  }
  print_result(recovered);
  if ((meeting->cli->given & PSD_OPTION(ALL)) != 0)
    puts("The meter is out of service.");
  else
    printf("Nothing more was %s: the same command again %s another %s.\n", withdrawal ? "withdrawn" : "bought",
           withdrawal ? "withdraws" : "buys", psd_amount_words(words, recovered->amount));
}

static void print_moved(const psd_meeting *meeting, const psd_funds_result *moved) {
  char words[PSD_AMOUNT_WORDS];
  printf("%s %s%s (number %" PRIu64 ")\n", psd_amount_words(words, moved->amount),
         is_withdrawal((unsigned)moved->operation) ? "withdrawn" : "credited",
         moved->group == PSD_GROUP_CERTIFICATE ? ", certificate registers" : "", moved->sequence);
  print_result(moved);
  if ((meeting->cli->given & PSD_OPTION(ALL)) != 0 && moved->group == PSD_GROUP_POSTAGE)
    puts("The meter is out of service.");
}

static void show_moves(psd_meeting *meeting) {
  if (meeting->cli->json)
    psd_json_array(&meeting->json, "moved");
  for (size_t i = 0; i < meeting->moves; i++) {
    if (meeting->cli->json)
      write_result(&meeting->json, NULL, &meeting->moved[i]);
    else
      print_moved(meeting, &meeting->moved[i]);
  }
  if (meeting->cli->json)
    psd_json_end_array(&meeting->json);
}

void psd_show_money(psd_meeting *meeting) {
  if (meeting->recovered.operation != PSD_OPERATION_NONE)
    show_recovered(meeting);
  if (meeting->errand->money)
    show_moves(meeting);
}

psd_result psd_show_repeated(psd_meeting *meeting) {
  if (meeting->repeated)
    show_repeated(meeting);
  else if (meeting->cli->json)
    psd_json_bool(&meeting->json, "repeated", false);
  return PSD_OK;
}

/* Who asks what came of a refill whose answer was lost has to see that it was done, or was never begun. */
static psd_result show_last(psd_meeting *meeting) {
  psd_operation last;
  char words[PSD_CLI_OPERATION_WORDS];
  if (meeting->cli->json)
    return psd_info_operation(meeting->cli, &meeting->json);
  psd_result result = psd_host_get_object(meeting->cli->host, PSD_OBJECT_OPERATION, &last);
  const psd_operation_row *row = result == PSD_OK ? psd_operation_of((unsigned)last.operation) : NULL;
  if (row != NULL && last.operation != PSD_OPERATION_NONE)
    printf("The last was the %s: %s.\n", psd_cli_operation((unsigned)last.operation, last.amount, last.sequence, words),
           row->name);
  return result;
}

psd_result psd_show_nothing_left(psd_meeting *meeting) {
  if (meeting->recovered.operation != PSD_OPERATION_NONE) {
    if (!meeting->cli->json)
      print_result(&meeting->recovered);
    return PSD_OK;
  }
  if (meeting->cli->json)
    psd_json_string(&meeting->json, "done", "nothing was left behind");
  else
    puts("Nothing was left behind.");
  return show_last(meeting);
}
