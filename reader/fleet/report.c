#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "psd/program/json.h"
#include "psd/spec/amount.h"
#include "psd/spec/text.h"

static const struct {
  unsigned permille;
  const char *name;
} percentiles[] = {{500, "p50"}, {900, "p90"}, {990, "p99"}};
#define PERCENTILES (sizeof percentiles / sizeof percentiles[0])

/* Handshakes, or refills, in ten seconds. */
static uint64_t tenths_a_second(const psd_fleet_outcome *outcome, const psd_tally *tally) {
  return outcome->microseconds == 0 ? 0 : tally->done * 10000000U / outcome->microseconds;
}

static const char *suite_name(const psd_fleet_options *options) {
  const psd_suite_row *row = psd_suite_of(options->suite);
  return row != NULL ? row->name : "best";
}

/* Who refused, as in the JSON of psd audit; a failure of the connection is nobody's. */
static const char *refuser(const psd_refusal *refusal) {
  static const char *const names[] = {[PSD_BY_HOST] = "host", [PSD_BY_CARD] = "card", [PSD_BY_SERVER] = "server"};
  return refusal->error.result == PSD_REFUSED || refusal->error.result == PSD_BAD_ANSWER ? names[refusal->who]
                                                                                         : "connection";
}

static void say_reason(const psd_tally_reason *reason) {
  char memory[4 * PSD_ERROR_WORDS]; /* one byte may become four */
  psd_text text = psd_text_over(memory, sizeof memory);
  psd_say_text(&text, reason->first.error.words, strlen(reason->first.error.words));
  printf("  %8" PRIu64 "  %s\n", reason->count, memory);
}

static void say_latency(const psd_tally *tally) {
  fputs("latency, ms:", stdout);
  for (size_t i = 0; i < PERCENTILES; i++) {
    uint64_t value = psd_tally_percentile(tally, percentiles[i].permille);
    printf("  %s %" PRIu64 ".%02" PRIu64, percentiles[i].name, value / 1000U, value % 1000U / 10U);
  }
  printf("  max %" PRIu64 ".%02" PRIu64 "\n", tally->longest / 1000U, tally->longest % 1000U / 10U);
}

static void say_refills(const psd_fleet_outcome *outcome) {
  char amount[PSD_AMOUNT_WORDS];
  uint64_t rate = tenths_a_second(outcome, outcome->refills);
  printf("%" PRIu64 " refills of %s: %" PRIu64 ".%" PRIu64 " a second, %" PRIu64 " failed\n", outcome->refills->done,
         psd_amount_words(amount, outcome->options->refill), rate / 10U, rate % 10U, outcome->refills->failed);
  if (outcome->refills->done != 0)
    say_latency(outcome->refills);
}

static void report_words(const psd_fleet_outcome *outcome) {
  const psd_tally *tally = outcome->tally;
  uint64_t rate = tenths_a_second(outcome, tally), tenths = outcome->microseconds / 100000U;
  printf("%" PRIu64 " handshakes in %" PRIu64 ".%" PRIu64 " s: %" PRIu64 ".%" PRIu64 " a second\n", tally->done,
         tenths / 10U, tenths % 10U, rate / 10U, rate % 10U);
  printf("%zu cards, %zu %s connections at once, suite %s\n", outcome->cards, outcome->connections,
         outcome->options->keep ? "kept" : "fresh", suite_name(outcome->options));
  if (tally->done != 0)
    say_latency(tally);
  if (outcome->options->refill != 0)
    say_refills(outcome);
  if (tally->failed == 0)
    return;
  printf("%" PRIu64 " failed:\n", tally->failed);
  for (size_t i = 0; i < PSD_TALLY_REASONS && tally->reasons[i].count != 0; i++)
    say_reason(&tally->reasons[i]);
  if (tally->others != 0)
    printf("  %8" PRIu64 "  for other reasons\n", tally->others);
}

static void report_reason(psd_json *json, const psd_tally_reason *reason) {
  psd_json_object(json, NULL);
  psd_json_string(json, "by", refuser(&reason->first));
  psd_json_number(json, "step", reason->first.step);
  psd_json_number(json, "signal", reason->first.signal);
  psd_json_string(json, "words", reason->first.error.words);
  psd_json_number(json, "count", reason->count);
  psd_json_end_object(json);
}

static void report_latency(psd_json *json, const psd_tally *tally) {
  psd_json_object(json, "latency_microseconds");
  for (size_t i = 0; i < PERCENTILES; i++)
    psd_json_number(json, percentiles[i].name, psd_tally_percentile(tally, percentiles[i].permille));
  psd_json_number(json, "max", tally->longest);
  psd_json_end_object(json);
}

static void report_refills(psd_json *json, const psd_fleet_outcome *outcome) {
  char amount[PSD_AMOUNT_WORDS];
  psd_json_object(json, "refills");
  psd_json_string(json, "amount", psd_amount_words(amount, outcome->options->refill));
  psd_json_number(json, "amount_mills", outcome->options->refill);
  psd_json_number(json, "done", outcome->refills->done);
  psd_json_number(json, "failed", outcome->refills->failed);
  psd_json_number(json, "refills_in_10_seconds", tenths_a_second(outcome, outcome->refills));
  report_latency(json, outcome->refills);
  psd_json_end_object(json);
}

static void report_json(const psd_fleet_outcome *outcome) {
  const psd_tally *tally = outcome->tally;
  psd_json json = psd_json_on(stdout);
  psd_json_object(&json, NULL);
  psd_json_number(&json, "handshakes", tally->done);
  psd_json_number(&json, "failed", tally->failed);
  psd_json_number(&json, "microseconds", outcome->microseconds);
  psd_json_number(&json, "handshakes_in_10_seconds", tenths_a_second(outcome, tally));
  psd_json_number(&json, "cards", outcome->cards);
  psd_json_number(&json, "connections", outcome->connections);
  psd_json_bool(&json, "kept", outcome->options->keep);
  psd_json_string(&json, "suite", suite_name(outcome->options));
  report_latency(&json, tally);
  if (outcome->options->refill != 0)
    report_refills(&json, outcome);
  psd_json_array(&json, "errors");
  for (size_t i = 0; i < PSD_TALLY_REASONS && tally->reasons[i].count != 0; i++)
    report_reason(&json, &tally->reasons[i]);
  psd_json_end_array(&json);
  psd_json_number(&json, "other_errors", tally->others);
  psd_json_end_object(&json);
}

void psd_fleet_report(const psd_fleet_outcome *outcome) {
  if (outcome->options->json)
    report_json(outcome);
  else
    report_words(outcome);
}

/* A terminal's width is not asked for: the lines are short. */
static bool shown(void) {
  return isatty(STDERR_FILENO) == 1;
}

void psd_fleet_show_cards(size_t count, size_t of) {
  if (shown())
    fprintf(stderr, "\r\033[K%zu of %zu cards are on", count, of);
}

void psd_fleet_show_progress(uint64_t microseconds, uint64_t finished, uint64_t refused) {
  if (!shown())
    return;
  uint64_t rate = microseconds == 0 ? 0 : finished * 1000000U / microseconds;
  fprintf(stderr, "\r\033[K%" PRIu64 " s  %" PRIu64 " handshakes  %" PRIu64 " a second  %" PRIu64 " failed",
          microseconds / 1000000U, finished, rate, refused);
}

void psd_fleet_show_nothing(void) {
  if (shown())
    fputs("\r\033[K", stderr);
}
