#include "kms/log_show.h"

#include <stdio.h>

#include "kms/log_detail.h"
#include "psd/spec/amount.h"
#include "psd/spec/commands.h"
#include "psd/spec/text.h"

#define LINE_MAX_BYTES 256U

static const char *event_name(uint64_t event) {
  const psd_kms_event_row *row = psd_kms_event_of((unsigned)event);
  return row != NULL ? row->name : "?";
}

static const char *kind_name(uint64_t kind) {
  const psd_kms_kind_row *row = psd_kms_kind_of((unsigned)kind);
  return row != NULL ? row->name : "";
}

static const char *state_name(uint64_t state) {
  const psd_kms_state_row *row = psd_kms_state_of((unsigned)state);
  return row != NULL ? row->name : "";
}

static bool about_device(const psd_kms_record *record) {
  return record->event != PSD_KMS_EVENT_RATES_SIGNED &&
         (record->vendor[0] != ' ' || record->model[0] != ' ' || record->serial != 0);
}

static bool is_command(const psd_kms_record *record) {
  return record->event == PSD_KMS_EVENT_COMMANDED;
}

/* The name of the command whose INS and P1 stand in place of a key. */
static const char *command_name(const psd_kms_record *record) {
  const psd_command *command = psd_command_of(PSD_CLASS_GP, (uint8_t)(record->key >> 8));
  return command != NULL ? command->name : "?";
}

static bool is_movement(const psd_kms_record *record) {
  return record->event == PSD_KMS_EVENT_AUTHORIZED || record->event == PSD_KMS_EVENT_WITHDRAWN;
}

/* A line of credit is no money in a PSD: it is in no sum. */
static bool has_amount(const psd_kms_record *record) {
  return is_movement(record) || record->event == PSD_KMS_EVENT_CREDITED;
}

static void add(psd_kms_sum *sum, uint64_t amount) {
  sum->count++;
  sum->amount = amount <= UINT64_MAX - sum->amount ? sum->amount + amount : UINT64_MAX;
}

void psd_kms_sum_record(psd_kms_sums *sums, const psd_kms_record *record) {
  if (record->event == PSD_KMS_EVENT_AUTHORIZED)
    add(&sums->authorized, record->amount);
  else if (record->event == PSD_KMS_EVENT_WITHDRAWN)
    add(&sums->withdrawn, record->amount);
}

static void say_key(psd_text *text, const psd_kms_record *record) {
  if (is_command(record))
    psd_say(text, " %s, P1 %lu", command_name(record), (unsigned long)(record->key & 0xFF));
  else if (record->key != 0)
    psd_say(text, " %lu", (unsigned long)record->key);
}

static void say_device(psd_text *text, const psd_kms_record *record) {
  psd_say(text, ", PSD ");
  psd_say_text(text, record->vendor, sizeof record->vendor);
  psd_say_text(text, record->model, sizeof record->model);
  psd_say(text, " %08lX", (unsigned long)record->serial);
}

void psd_kms_print_record(const psd_kms_record *record) {
  char line[LINE_MAX_BYTES];
  psd_text text = psd_text_over(line, sizeof line);
  psd_say(&text, "%6lu  ", (unsigned long)record->index);
  psd_say_time(&text, record->time);
  psd_say(&text, "  %s", event_name(record->event));
  if (record->kind != 0)
    psd_say(&text, " %s", kind_name(record->kind));
  say_key(&text, record);
  if (record->from != record->to)
    psd_say(&text, "%s%s -> %s", record->from != 0 ? " " : "", state_name(record->from), state_name(record->to));
  if (about_device(record))
    say_device(&text, record);
  psd_kms_say_detail(&text, record);
  if (has_amount(record)) {
    psd_say(&text, ", ");
    psd_say_amount(&text, record->amount);
  }
  (void)puts(line);
}

void psd_kms_print_movement(const psd_kms_record *record) {
  char line[LINE_MAX_BYTES];
  psd_text text = psd_text_over(line, sizeof line);
  if (!is_movement(record))
    return;
  psd_say_text(&text, record->vendor, sizeof record->vendor);
  psd_say(&text, " ");
  psd_say_text(&text, record->model, sizeof record->model);
  psd_say(&text, " %08lX,%lu,%s,", (unsigned long)record->serial, (unsigned long)record->sequence,
          event_name(record->event));
  psd_say_amount(&text, record->amount);
  (void)puts(line);
}

static void print_sum(const char *name, const psd_kms_sum *sum) {
  char amount[PSD_AMOUNT_WORDS];
  (void)printf("%s in all: %s%s, in %llu\n", name, sum->amount == UINT64_MAX ? "more than " : "",
               psd_amount_words(amount, sum->amount), (unsigned long long)sum->count);
}

void psd_kms_print_sums(const psd_kms_sums *sums) {
  if (sums->authorized.count != 0)
    print_sum("authorized", &sums->authorized);
  if (sums->withdrawn.count != 0)
    print_sum("withdrawn", &sums->withdrawn);
}

static void json_key(psd_json *out, const psd_kms_record *record) {
  if (is_command(record)) {
    psd_json_string(out, "command", command_name(record));
    psd_json_number(out, "p1", record->key & 0xFF);
  } else if (record->key != 0) {
    psd_json_number(out, "key", record->key);
  }
}

static void json_device(psd_json *out, const psd_kms_record *record) {
  char serial[16];
  (void)snprintf(serial, sizeof serial, "%08lX", (unsigned long)record->serial);
  psd_json_text(out, "vendor", record->vendor, sizeof record->vendor);
  psd_json_text(out, "model", record->model, sizeof record->model);
  psd_json_string(out, "serial", serial);
}

/* As psd(1) shows amounts: a string of dollars, and a number of mills beside it. */
static void json_amount(psd_json *out, const char *name, const char *mills, uint64_t amount) {
  char words[PSD_AMOUNT_WORDS];
  psd_json_string(out, name, psd_amount_words(words, amount));
  psd_json_number(out, mills, amount);
}

void psd_kms_json_record(psd_json *out, const psd_kms_record *record) {
  psd_json_object(out, NULL);
  psd_json_number(out, "index", record->index);
  psd_json_number(out, "time", record->time);
  psd_json_string(out, "event", event_name(record->event));
  if (record->kind != 0)
    psd_json_string(out, "kind", kind_name(record->kind));
  json_key(out, record);
  if (record->from != 0)
    psd_json_string(out, "from", state_name(record->from));
  if (record->to != 0)
    psd_json_string(out, "to", state_name(record->to));
  if (about_device(record))
    json_device(out, record);
  psd_kms_json_detail(out, record);
  if (has_amount(record))
    json_amount(out, "amount", "amount_mills", record->amount);
  psd_json_end_object(out);
}

void psd_kms_json_sums(psd_json *out, const psd_kms_sums *sums) {
  psd_json_number(out, "authorizations", sums->authorized.count);
  json_amount(out, "authorized", "authorized_mills", sums->authorized.amount);
  psd_json_number(out, "withdrawals", sums->withdrawn.count);
  json_amount(out, "withdrawn", "withdrawn_mills", sums->withdrawn.amount);
}
