#include "log.h"

#include <string.h>
#include <time.h>

#include "psd/program/json.h"
#include "psd/spec/text.h"

#define LINE 1024U

bool psd_tsa_log_begin(psd_tsa_log *log, FILE *out, bool json) {
  *log = (psd_tsa_log){.out = out, .json = json};
  return pthread_mutex_init(&log->lock, NULL) == 0;
}

void psd_tsa_log_end(psd_tsa_log *log) {
  (void)pthread_mutex_destroy(&log->lock);
}

static uint64_t now(void) {
  return (uint64_t)time(NULL);
}

static psd_json begin_object(const psd_tsa_log *log, const char *event) {
  psd_json json = psd_json_lines_on(log->out);
  psd_json_object(&json, NULL);
  psd_json_number(&json, "time", now());
  psd_json_string(&json, "event", event);
  return json;
}

static void put_line(const psd_tsa_log *log, const psd_text *line) {
  (void)fprintf(log->out, "%s\n", line->at);
}

static void count_answer(psd_tsa_counts *counts, const psd_tsa_event *event) {
  if (!event->granted) {
    counts->refused++;
    counts->failed += event->ours ? 1 : 0;
    return;
  }
  counts->granted++;
  counts->total += event->microseconds;
  if (event->microseconds > counts->slowest)
    counts->slowest = event->microseconds;
  if (event->card >= 1 && event->card <= PSD_TSA_CARDS_MAX)
    counts->by_card[event->card - 1]++;
}

static void say_answer(const psd_tsa_log *log, const psd_tsa_event *event) {
  char memory[LINE];
  psd_text line = psd_text_over(memory, sizeof memory);
  psd_say_time(&line, now());
  if (event->granted)
    psd_say(&line, " granted number %llu", (unsigned long long)event->number);
  else
    psd_say(&line, " refused %s: %s", event->failure, event->words);
  if (event->card != 0)
    psd_say(&line, ", card %u", event->card);
  psd_say(&line, ", %llu ms, %s", (unsigned long long)(event->microseconds / 1000), event->client);
  put_line(log, &line);
}

static void tell_answer(const psd_tsa_log *log, const psd_tsa_event *event) {
  psd_json json = begin_object(log, event->granted ? "granted" : "refused");
  if (event->granted) {
    psd_json_number(&json, "number", event->number);
  } else {
    psd_json_string(&json, "failure", event->failure);
    psd_json_string(&json, "why", event->words);
  }
  if (event->card != 0)
    psd_json_number(&json, "card", event->card);
  psd_json_number(&json, "microseconds", event->microseconds);
  psd_json_string(&json, "client", event->client);
  psd_json_end_object(&json);
}

void psd_tsa_log_answer(psd_tsa_log *log, const psd_tsa_event *event) {
  (void)pthread_mutex_lock(&log->lock);
  count_answer(&log->counts, event);
  if (log->json)
    tell_answer(log, event);
  else
    say_answer(log, event);
  (void)fflush(log->out);
  (void)pthread_mutex_unlock(&log->lock);
}

void psd_tsa_log_other(psd_tsa_log *log, unsigned status, const char *client) {
  char memory[LINE];
  psd_text line = psd_text_over(memory, sizeof memory);
  (void)pthread_mutex_lock(&log->lock);
  log->counts.others++;
  if (log->json) {
    psd_json json = begin_object(log, "other");
    psd_json_number(&json, "status", status);
    psd_json_string(&json, "client", client);
    psd_json_end_object(&json);
  } else {
    psd_say_time(&line, now());
    psd_say(&line, " no query: answered %u, %s", status, client);
    put_line(log, &line);
  }
  (void)fflush(log->out);
  (void)pthread_mutex_unlock(&log->lock);
}

void psd_tsa_log_card(psd_tsa_log *log, unsigned card, const char *event, const char *words) {
  char memory[LINE];
  psd_text line = psd_text_over(memory, sizeof memory);
  (void)pthread_mutex_lock(&log->lock);
  if (log->json) {
    psd_json json = begin_object(log, event);
    psd_json_number(&json, "card", card);
    psd_json_string(&json, "words", words);
    psd_json_end_object(&json);
  } else {
    psd_say_time(&line, now());
    psd_say(&line, " card %u %s: ", card, event);
    psd_say_text(&line, words, strlen(words));
    put_line(log, &line);
  }
  (void)fflush(log->out);
  (void)pthread_mutex_unlock(&log->lock);
}
