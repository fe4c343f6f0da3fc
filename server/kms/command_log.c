/* The log shown, and verified: with the passphrase, which gives the log's key and says what the keys expect of the log,
 * or with the log's public key alone. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kms/commands.h"
#include "kms/file.h"
#include "kms/log_show.h"

typedef struct display {
  bool json, movements;
  psd_json out;
  psd_kms_sums sums;
} display;

static bool show(void *user, const psd_kms_record *record, const psd_kms_tail *before, char *why) {
  display *at = user;
  (void)before;
  (void)why;
  psd_kms_sum_record(&at->sums, record);
  if (at->json)
    psd_kms_json_record(&at->out, record);
  else if (at->movements)
    psd_kms_print_movement(record);
  else
    psd_kms_print_record(record);
  return true;
}

bool psd_kms_command_log_key(const char *path, uint8_t point[PSD_POINT], char why[PSD_KMS_WHY_MAX]) {
  char pem[PSD_PEM_MAX];
  ssize_t length = psd_kms_file_read(AT_FDCWD, path, (uint8_t *)pem, sizeof pem);
  if (length >= 0 && psd_point_of_pem(pem, (size_t)length, point))
    return true;
  (void)snprintf(why, PSD_KMS_WHY_MAX, "%.120s: %.60s", path,
                 length < 0 ? strerror(errno) : "is no public key of P-256 as psd-kms export --kind log prints it");
  return false;
}

static int report(const psd_kms_options *options, const psd_kms_sums *sums, const psd_kms_tail *tail) {
  if (options->json || options->movements)
    return PSD_EXIT_DONE;
  psd_kms_print_sums(sums);
  if (options->verify)
    (void)printf("%lu records: chain, signatures and end hold\n", (unsigned long)tail->count);
  return PSD_EXIT_DONE;
}

static void begin_json(display *at) {
  if (!at->json)
    return;
  psd_json_object(&at->out, NULL);
  psd_json_array(&at->out, "records");
}

static void end_json(display *at) {
  if (!at->json)
    return;
  psd_json_end_array(&at->out);
  psd_kms_json_sums(&at->out, &at->sums);
  psd_json_end_object(&at->out);
}

/* Opening the keys has compared them with the log; here every signature is looked at as well. */
static int walk(const psd_kms_options *options, int folder, const uint8_t *point) {
  char why[PSD_KMS_WHY_MAX];
  psd_kms_tail tail;
  display at = {.json = options->json, .movements = options->movements, .out = psd_json_on(stdout)};
  const psd_kms_log_checks scan = {
      .point = options->verify ? point : NULL, .every_signature = true, .record = show, .user = &at};
  if (!psd_kms_folder_current(folder, why))
    return psd_kms_command_refused(why);
  begin_json(&at);
  bool done = psd_kms_log_check(folder, &scan, &tail, why);
  end_json(&at);
  return done ? report(options, &at.sums, &tail) : psd_kms_command_refused(why);
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
  if (options->key_file != NULL && !psd_kms_command_log_key(options->key_file, point, why))
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
