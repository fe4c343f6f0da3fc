/* The archive audited: the log read from its beginning, every signature, and every record as keys.def allows it after
 * those before. With the passphrase, or with the log's public key alone, as an auditor has it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kms/commands.h"
#include "kms/file.h"
#include "psd/program/json.h"

typedef struct audit {
  bool json;
  psd_json out;
  psd_kms_archive *archive;
} audit;

static void show_flaw(audit *at, uint64_t index, const char *flaw) {
  if (!at->json) {
    (void)printf("record %llu: %s\n", (unsigned long long)index, flaw);
    return;
  }
  psd_json_object(&at->out, NULL);
  psd_json_number(&at->out, "record", index);
  psd_json_string(&at->out, "why", flaw);
  psd_json_end_object(&at->out);
}

static bool look(void *user, const psd_kms_record *record, const psd_kms_tail *before, char *why) {
  audit *at = user;
  const char *flaw;
  (void)before;
  if (!psd_kms_archive_take(at->archive, record, &flaw)) {
    (void)snprintf(why, PSD_KMS_WHY_MAX, "there is no memory left");
    return false;
  }
  if (flaw != NULL)
    show_flaw(at, record->index, flaw);
  return true;
}

/* How many token keys are in each state. */
static void count_states(const psd_kms_archive *archive, uint64_t counts[PSD_KMS_STATE_COMPROMISED + 1]) {
  for (size_t i = 0; i < psd_kms_archive_count(archive); i++)
    counts[psd_kms_archive_at(archive, i)->state]++;
}

static void report(audit *at, const psd_kms_tail *tail) {
  uint64_t counts[PSD_KMS_STATE_COMPROMISED + 1] = {0};
  uint32_t flaws = psd_kms_archive_flaws(at->archive);
  count_states(at->archive, counts);
  for (unsigned state = PSD_KMS_STATE_ACTIVE; state <= PSD_KMS_STATE_COMPROMISED; state++) {
    const char *name = psd_kms_state_of(state)->name;
    if (at->json)
      psd_json_number(&at->out, name, counts[state]);
    else if (counts[state] != 0)
      (void)printf("token keys %s: %llu\n", name, (unsigned long long)counts[state]);
  }
  if (at->json) {
    psd_json_number(&at->out, "records", tail->count);
    psd_json_bool(&at->out, "legal", flaws == 0);
  } else {
    (void)printf("%lu records: chain, signatures and end hold; %lu of them tell what may not be\n",
                 (unsigned long)tail->count, (unsigned long)flaws);
  }
}

static int look_at_all(audit *at, int folder, const uint8_t *point) {
  char why[PSD_KMS_WHY_MAX];
  psd_kms_tail tail;
  const psd_kms_log_checks checks = {.point = point, .every_signature = true, .record = look, .user = at};
  if (!psd_kms_folder_current(folder, why))
    return psd_kms_command_refused(why);
  if (at->json) {
    psd_json_object(&at->out, NULL);
    psd_json_array(&at->out, "flaws");
  }
  bool done = psd_kms_log_check(folder, &checks, &tail, why);
  if (at->json)
    psd_json_end_array(&at->out);
  if (done)
    report(at, &tail);
  if (at->json)
    psd_json_end_object(&at->out);
  if (!done)
    return psd_kms_command_refused(why);
  return psd_kms_archive_flaws(at->archive) == 0
             ? PSD_EXIT_DONE
             : psd_kms_command_refused("the log has records that no psd-kms writes: who has its key is not it alone");
}

static int with_key(const psd_kms_options *options, audit *at) {
  char why[PSD_KMS_WHY_MAX];
  uint8_t point[PSD_POINT];
  if (!psd_kms_command_log_key(options->key_file, point, why))
    return psd_kms_command_refused(why);
  int folder = psd_kms_folder_open(options->dir);
  if (folder < 0) {
    (void)snprintf(why, sizeof why, "%.120s: %.60s", options->dir, strerror(errno));
    return psd_kms_command_refused(why);
  }
  int status = look_at_all(at, folder, point);
  (void)close(folder);
  return status;
}

static int with_passphrase(const psd_kms_options *options, audit *at) {
  psd_kms *kms = psd_kms_command_open(options);
  if (kms == NULL)
    return PSD_EXIT_REFUSED;
  int status = look_at_all(at, psd_kms_folder(kms), psd_keyring_active(psd_kms_keys(kms), PSD_KMS_LOG)->point);
  psd_kms_close(kms);
  return status;
}

int psd_kms_command_audit(const psd_kms_options *options) {
  audit at = {.json = options->json, .out = psd_json_on(stdout), .archive = psd_kms_archive_new()};
  if (at.archive == NULL)
    return psd_kms_command_refused("there is no memory left");
  int status = options->key_file != NULL ? with_key(options, &at) : with_passphrase(options, &at);
  psd_kms_archive_free(at.archive);
  return status;
}
