#include "info.h"
#include "psd/spec/text.h"
#include "session.h"
#include "show.h"

#include <inttypes.h>

#define MINUTE UINT64_C(60)
#define HOUR (60U * MINUTE)
#define DAY (24U * HOUR)

/* "in 83 days", "in 5 hours", "3 days ago". */
static void say_distance(psd_text *text, uint64_t from, uint64_t to) {
  uint64_t distance = to > from ? to - from : from - to;
  uint64_t unit = distance >= 2U * DAY ? DAY : distance >= 2U * HOUR ? HOUR : MINUTE;
  const char *before = to > from ? "in " : "", *behind = to > from ? "" : " ago";
  psd_say(text, "%s%" PRIu64 " %s%s", before, distance / unit,
          unit == DAY    ? "days"
          : unit == HOUR ? "hours"
                         : "minutes",
          behind);
}

static void print_time(const char *what, uint64_t now, uint64_t time, const char *advice) {
  char words[160];
  psd_text text = psd_text_over(words, sizeof words);
  psd_say_time(&text, time);
  psd_say(&text, ", ");
  say_distance(&text, now, time);
  psd_say(&text, "%s", advice);
  printf("  %-42s %s\n", what, words);
}

psd_result psd_info_inspection(psd_cli *cli, psd_json *json) {
  psd_clock clock;
  psd_watchdog watchdog;
  psd_result result = psd_host_get_object(cli->host, PSD_OBJECT_CLOCK, &clock);
  if (result == PSD_OK)
    result = psd_host_get_object(cli->host, PSD_OBJECT_WATCHDOG, &watchdog);
  if (psd_info_absent(cli, result))
    return PSD_OK;
  if (result != PSD_OK || clock.set == 0 || watchdog.lock_after == 0)
    return result;
  uint64_t due = psd_show_due(&watchdog), lock = psd_show_lock(&watchdog);
  if (cli->json) {
    psd_json_object(json, "next_inspection");
    psd_show_time(json, "due", due);
    psd_show_time(json, "locks", lock);
    psd_json_bool(json, "warning", clock.now >= due);
    psd_json_bool(json, "overdue", clock.now >= lock);
    psd_json_end_object(json);
    return PSD_OK;
  }
  puts("next inspection");
  print_time("due", clock.now, due, clock.now >= due ? ": psd audit does it" : "");
  print_time("without it the meter locks", clock.now, lock, clock.now >= lock ? ": psd audit opens it" : "");
  return PSD_OK;
}

static bool open_one(const psd_operation *last) {
  return last->operation == PSD_OPERATION_LOADING || last->operation == PSD_OPERATION_WITHDRAWING;
}

static void write_operation(psd_json *json, const psd_operation *last, const psd_operation_row *row) {
  psd_json_object(json, "operation");
  psd_json_string(json, "operation", row->name);
  psd_json_bool(json, "pending", open_one(last));
  psd_json_string(json, "group", last->group == PSD_GROUP_CERTIFICATE ? "certificate" : "postage");
  psd_json_bool(json, "final", last->final != 0);
  psd_json_number(json, "sequence", last->sequence);
  psd_show_amount(json, "amount", last->amount);
  psd_json_end_object(json);
}

psd_result psd_info_operation(psd_cli *cli, psd_json *json) {
  psd_operation last;
  char words[PSD_CLI_OPERATION_WORDS];
  psd_result result = psd_host_get_object(cli->host, PSD_OBJECT_OPERATION, &last);
  if (psd_info_absent(cli, result))
    return PSD_OK;
  if (result != PSD_OK)
    return result;
  const psd_operation_row *row = psd_operation_of((unsigned)last.operation);
  if (row == NULL)
    return psd_host_fail(cli->host, PSD_BAD_ANSWER, "the card's last operation with funds is none there is");
  if (cli->json)
    write_operation(json, &last, row);
  else if (open_one(&last))
    printf("not finished: the %s; psd recover finishes or cancels it\n",
           psd_cli_operation((unsigned)last.operation, last.amount, last.sequence, words));
  return PSD_OK;
}
