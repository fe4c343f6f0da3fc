/* The log shown, and verified: with the passphrase, which gives the log's key and says what the keys expect of the log,
 * or with the log's public key alone. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kms/commands.h"
#include "kms/file.h"
#include "psd/program/json.h"
#include "psd/spec/text.h"

#define LINE_MAX_BYTES 256U

typedef struct display {
  bool json;
  psd_json out;
} display;

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
  return record->vendor[0] != ' ' || record->model[0] != ' ' || record->serial != 0;
}

static void show_json(psd_json *out, const psd_kms_record *record) {
  char device[16];
  psd_json_object(out, NULL);
  psd_json_number(out, "index", record->index);
  psd_json_number(out, "time", record->time);
  psd_json_string(out, "event", event_name(record->event));
  if (record->kind != 0)
    psd_json_string(out, "kind", kind_name(record->kind));
  if (record->key != 0)
    psd_json_number(out, "key", record->key);
  if (record->from != 0)
    psd_json_string(out, "from", state_name(record->from));
  if (record->to != 0)
    psd_json_string(out, "to", state_name(record->to));
  if (about_device(record)) {
    (void)snprintf(device, sizeof device, "%08lX", (unsigned long)record->serial);
    psd_json_text(out, "vendor", record->vendor, sizeof record->vendor);
    psd_json_text(out, "model", record->model, sizeof record->model);
    psd_json_string(out, "serial", device);
  }
  psd_json_end_object(out);
}

static void show_words(const psd_kms_record *record) {
  char line[LINE_MAX_BYTES];
  psd_text text = psd_text_over(line, sizeof line);
  psd_say(&text, "%6lu  ", (unsigned long)record->index);
  psd_say_time(&text, record->time);
  psd_say(&text, "  %s", event_name(record->event));
  if (record->kind != 0)
    psd_say(&text, " %s", kind_name(record->kind));
  if (record->key != 0)
    psd_say(&text, " %lu", (unsigned long)record->key);
  if (record->from != record->to)
    psd_say(&text, "%s%s -> %s", record->from != 0 ? " " : "", state_name(record->from), state_name(record->to));
  if (about_device(record)) {
    psd_say(&text, ", PSD ");
    psd_say_text(&text, record->vendor, sizeof record->vendor);
    psd_say_text(&text, record->model, sizeof record->model);
    psd_say(&text, " %08lX", (unsigned long)record->serial);
  }
  (void)puts(line);
}

static bool show(void *user, const psd_kms_record *record, const psd_kms_tail *before, char *why) {
  display *at = user;
  (void)before;
  (void)why;
  if (at->json)
    show_json(&at->out, record);
  else
    show_words(record);
  return true;
}

static bool key_of_file(const char *path, uint8_t point[PSD_POINT], char *why) {
  char pem[PSD_PEM_MAX];
  ssize_t length = psd_kms_file_read(AT_FDCWD, path, (uint8_t *)pem, sizeof pem);
  if (length >= 0 && psd_point_of_pem(pem, (size_t)length, point))
    return true;
  (void)snprintf(why, PSD_KMS_WHY_MAX, "%.120s: %.60s", path,
                 length < 0 ? strerror(errno) : "is no public key of P-256 as psd-kms export --kind log prints it");
  return false;
}

static int report(const psd_kms_options *options, const psd_kms_tail *tail) {
  if (options->verify && !options->json)
    (void)printf("%lu records: chain, signatures and end hold\n", (unsigned long)tail->count);
  return PSD_EXIT_DONE;
}

/* Opening the keys has compared them with the log; here every signature is looked at as well. */
static int walk(const psd_kms_options *options, int folder, const uint8_t *point) {
  char why[PSD_KMS_WHY_MAX];
  psd_kms_tail tail;
  display at = {.json = options->json, .out = psd_json_on(stdout)};
  const psd_kms_log_checks scan = {
      .point = options->verify ? point : NULL, .every_signature = true, .record = show, .user = &at};
  if (at.json)
    psd_json_array(&at.out, NULL);
  bool done = psd_kms_log_check(folder, &scan, &tail, why);
  if (at.json)
    psd_json_end_array(&at.out);
  return done ? report(options, &tail) : psd_kms_command_refused(why);
}

static int with_passphrase(const psd_kms_options *options) {
  psd_kms *kms = psd_kms_command_open(options);
  if (kms == NULL)
    return PSD_EXIT_REFUSED;
  int status = walk(options, psd_kms_folder(kms), psd_keyring_active(psd_kms_keys(kms), PSD_KMS_LOG)->point);
  psd_kms_close(kms);
  return status;
}

int psd_kms_command_log(const psd_kms_options *options) {
  char why[PSD_KMS_WHY_MAX];
  uint8_t point[PSD_POINT] = {0};
  if (options->verify && options->key_file == NULL)
    return with_passphrase(options);
  if (options->key_file != NULL && !key_of_file(options->key_file, point, why))
    return psd_kms_command_refused(why);
  int folder = psd_kms_folder_open(options->dir);
  if (folder < 0) {
    (void)snprintf(why, sizeof why, "%.120s: %.60s", options->dir, strerror(errno));
    return psd_kms_command_refused(why);
  }
  int status = walk(options, folder, point);
  (void)close(folder);
  return status;
}
