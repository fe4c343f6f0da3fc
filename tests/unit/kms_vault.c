/* Keys and log in their folder: changes, changes that were cut off or killed, several processes. */
#include "kms_folder.h"

#include "kms/certificate.h"
#include "kms/vault_internal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void made_and_changed(void) {
  uint32_t count;
  begin();
  const psd_kms_birth birth = {.cost = COST, .now = BENCH_NOW};
  CU_ASSERT(!psd_kms_create(folder, right, &birth, why)); /* never overwritten */
  CU_ASSERT_PTR_NULL(psd_kms_open(folder, wrong, why));
  psd_kms *kms = must_open();
  CU_ASSERT(psd_kms_replace_key(kms, PSD_KMS_VENDOR, 0, BENCH_NOW + 1, why));
  CU_ASSERT_EQUAL(psd_keyring_active(psd_kms_keys(kms), PSD_KMS_VENDOR)->identifier, 14);
  CU_ASSERT_PTR_NOT_NULL(psd_keyring_opening(psd_kms_keys(kms), PSD_KMS_VENDOR, 1));
  CU_ASSERT(!psd_kms_set_state(kms, 14, PSD_KMS_STATE_OBSOLETE, BENCH_NOW, why)); /* active */
  CU_ASSERT(!psd_kms_set_state(kms, 99, PSD_KMS_STATE_OBSOLETE, BENCH_NOW, why));
  CU_ASSERT(!psd_kms_set_state(kms, 9, PSD_KMS_STATE_COMPROMISED, BENCH_NOW, why)); /* the log's own */
  CU_ASSERT(!psd_kms_replace_key(kms, PSD_KMS_LOG, 0, BENCH_NOW, why));
  CU_ASSERT(psd_kms_set_state(kms, 1, PSD_KMS_STATE_OBSOLETE, BENCH_NOW + 2, why));
  CU_ASSERT_PTR_NULL(psd_keyring_opening(psd_kms_keys(kms), PSD_KMS_VENDOR, 1));
  CU_ASSERT(psd_kms_set_state(kms, 14, PSD_KMS_STATE_COMPROMISED, BENCH_NOW + 3, why));
  CU_ASSERT_EQUAL(psd_keyring_active(psd_kms_keys(kms), PSD_KMS_VENDOR)->identifier, 15);
  psd_kms_close(kms);
  CU_ASSERT(verifies(&count));
  CU_ASSERT_EQUAL(count, 26 + 3 + 1 + 3);
  end();
}

/* A folder that was made before there were root and creditor serves on, and gets them when somebody says so. */
static void without_a_root(void) {
  static const psd_kms_kind kinds[] = {PSD_KMS_ROOT, PSD_KMS_CREDITOR};
  const psd_kms_events none = {.count = 0};
  uint8_t der[PSD_X509_MAX];
  size_t length;
  begin();
  psd_kms *kms = must_open();
  while (psd_keyring_active(kms->ring, PSD_KMS_CREDITOR) != NULL || psd_keyring_active(kms->ring, PSD_KMS_ROOT) != NULL)
    psd_keyring_destroy(&kms->ring->keys[--kms->ring->count]);
  CU_ASSERT_EQUAL(kms->ring->count, 11);
  CU_ASSERT(psd_kms_log_lock(&kms->log) && psd_kms_commit(kms, kms->ring, &none, why));
  psd_kms_log_unlock(&kms->log);
  psd_kms_close(kms);
  kms = must_open();
  CU_ASSERT_EQUAL(psd_kms_keys(kms)->count, 11);
  const psd_kms_key *ca = psd_keyring_active(psd_kms_keys(kms), PSD_KMS_CA);
  CU_ASSERT(!psd_kms_authority_certificate(psd_kms_keys(kms), ca, der, &length));
  for (size_t i = 0; i < PSD_CHECK_COUNT(kinds); i++) {
    CU_ASSERT(psd_kms_replace_key(kms, kinds[i], 0, BENCH_NOW + 9, why));
    CU_ASSERT_PTR_NOT_NULL(psd_keyring_active(psd_kms_keys(kms), kinds[i]));
  }
  ca = psd_keyring_active(psd_kms_keys(kms), PSD_KMS_CA);
  CU_ASSERT_EQUAL(ca->identifier, 7);
  CU_ASSERT(psd_kms_authority_certificate(psd_kms_keys(kms), ca, der, &length));
  psd_kms_close(kms);
  end();
}

/* A process that serves has the store key: it takes on new keys after the passphrase was changed. */
static void reloaded(void) {
  begin();
  psd_kms *serving = must_open(), *other = must_open();
  CU_ASSERT(psd_kms_set_passphrase(other, wrong, COST, BENCH_NOW, why));
  CU_ASSERT(psd_kms_replace_key(other, PSD_KMS_VENDOR, 0, BENCH_NOW, why));
  CU_ASSERT_PTR_NULL(psd_kms_open(folder, right, why));
  CU_ASSERT(psd_kms_reload(serving, why));
  CU_ASSERT_EQUAL(psd_keyring_active(psd_kms_keys(serving), PSD_KMS_VENDOR)->identifier, 14);
  psd_kms_close(other);
  other = psd_kms_open(folder, wrong, why);
  CU_ASSERT_PTR_NOT_NULL(other);
  psd_kms_close(other);
  psd_kms_close(serving);
  end();
}

/* Killed at any point of a change: after the keys were written, and inside the append. */
static void cut_off(void) {
  static uint8_t log[BYTES_MAX], after[BYTES_MAX], head[BYTES_MAX];
  uint32_t count;
  begin();
  size_t log_length = load("log", log), head_length = load("log.head", head);
  psd_kms *kms = must_open();
  CU_ASSERT(psd_kms_replace_key(kms, PSD_KMS_VENDOR, 0, BENCH_NOW + 1, why));
  psd_kms_close(kms);
  size_t after_length = load("log", after);
  CU_ASSERT_EQUAL_FATAL(after_length, log_length + 3 * PSD_KMS_ENTRY);
  for (size_t length = log_length; length <= after_length; length += 31) {
    store("log", after, length);
    store("log.head", head, head_length);
    CU_ASSERT(verifies(&count));
    CU_ASSERT_EQUAL(count, 26 + 3);
  }
  /* Before the keys took the place of the old ones. */
  store("keys.new", log, 100);
  store("log.head.new", log, 10);
  kms = must_open();
  CU_ASSERT(psd_kms_replace_key(kms, PSD_KMS_VENDOR, 0, BENCH_NOW + 2, why));
  psd_kms_close(kms);
  CU_ASSERT(verifies(&count));
  CU_ASSERT_EQUAL(count, 26 + 6);
  end();
}

/* init that was killed before its log had a head begins anew, or goes on. */
static void cut_off_at_birth(void) {
  static uint8_t log[BYTES_MAX];
  uint32_t count;
  begin();
  size_t length = load("log", log);
  for (size_t left = 0; left <= length; left += 100) {
    store("log", log, left);
    drop("log.head");
    CU_ASSERT(verifies(&count));
    CU_ASSERT_EQUAL(count, 26);
  }
  drop("keys");
  const psd_kms_birth birth = {.cost = COST, .now = BENCH_NOW};
  CU_ASSERT(!psd_kms_create(folder, right, &birth, why)); /* a log without keys */
  store("log", log, 0);
  CU_ASSERT(psd_kms_create(folder, right, &birth, why));
  end();
}

#define KILLS 30

/* Rotates until it is killed, and tells of each rotation that is done. */
static void rotate_on(int told) {
  psd_kms *kms = psd_kms_open(folder, right, why);
  if (kms == NULL || write(told, "", 1) != 1)
    _exit(1);
  while (psd_kms_replace_key(kms, PSD_KMS_RATE, 0, BENCH_NOW, why))
    (void)!write(told, "", 1);
  _exit(1);
}

/* Lets another process rotate, waits for so many words of it, turns on the spot for a while, and kills it; returns how
 * many rotations it has told of. */
static uint32_t kill_rotation(unsigned words, unsigned spin) {
  char word;
  int ends[2], status;
  CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
  pid_t child = fork();
  CU_ASSERT_FATAL(child >= 0);
  if (child == 0)
    rotate_on(ends[1]);
  (void)close(ends[1]);
  for (unsigned i = 0; i < words; i++)
    CU_ASSERT_EQUAL(read(ends[0], &word, 1), 1);
  for (volatile unsigned i = 0; i < spin; i++) {
  }
  CU_ASSERT_EQUAL(kill(child, SIGKILL), 0);
  CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
  CU_ASSERT(WIFSIGNALED(status));
  uint32_t told = words - 1U;
  while (read(ends[0], &word, 1) == 1)
    told++;
  (void)close(ends[0]);
  return told;
}

/* What was told is there, what was not is there whole or not at all, and the log has all of it. */
static void killed_rotations(void) {
  uint32_t count, before = 13;
  uint16_t random;
  begin();
  for (unsigned round = 0; round < KILLS; round++) {
    CU_ASSERT(psd_random(&random, sizeof random));
    uint32_t told = kill_rotation(1U + random % 3U, (unsigned)random * 64U);
    psd_kms *kms = must_open();
    uint32_t keys = (uint32_t)psd_kms_keys(kms)->count;
    CU_ASSERT(keys >= before + told && keys <= before + told + 1U);
    CU_ASSERT_EQUAL(psd_keyring_active(psd_kms_keys(kms), PSD_KMS_RATE)->identifier, keys == 13 ? 8 : keys);
    psd_kms_close(kms);
    CU_ASSERT(verifies(&count));
    CU_ASSERT_EQUAL(count, 26 + 3 * (keys - 13));
    before = keys;
  }
  end();
}

#define WRITERS 4
#define ROUNDS 20

static int write_events(void) {
  psd_kms *kms = psd_kms_open(folder, right, why);
  psd_kms_events events = {.count = 0};
  const psd_kms_event event = {.event = PSD_KMS_EVENT_COLUMN, .time = BENCH_NOW};
  bool done = kms != NULL;
  for (unsigned i = 0; i < ROUNDS && done; i++)
    done = psd_kms_note(&events, &event) && psd_kms_note(&events, &event) && psd_kms_record_events(kms, &events);
  done = done && psd_kms_replace_key(kms, PSD_KMS_CA, 0, BENCH_NOW, why);
  psd_kms_close(kms);
  return done ? 0 : 1;
}

static void several_writers(void) {
  uint32_t count;
  begin();
  pid_t children[WRITERS];
  for (size_t i = 0; i < WRITERS; i++) {
    children[i] = fork();
    CU_ASSERT_FATAL(children[i] >= 0);
    if (children[i] == 0)
      _exit(write_events());
  }
  for (size_t i = 0; i < WRITERS; i++) {
    int status = -1;
    CU_ASSERT_EQUAL(waitpid(children[i], &status, 0), children[i]);
    CU_ASSERT_EQUAL(status, 0);
  }
  CU_ASSERT(verifies(&count));
  CU_ASSERT_EQUAL(count, 26 + WRITERS * (2 * ROUNDS + 3));
  psd_kms *kms = must_open();
  CU_ASSERT_EQUAL(psd_kms_keys(kms)->count, 13 + WRITERS);
  psd_kms_close(kms);
  end();
}

static void strangers(void) {
  begin();
  CU_ASSERT_EQUAL(chmod(folder, 0750), 0);
  CU_ASSERT(!opens());
  CU_ASSERT_EQUAL(chmod(folder, 0700), 0);
  char path[128], aside[128];
  path_of(path, "keys");
  path_of(aside, "keys.new");
  CU_ASSERT_EQUAL(rename(path, aside), 0);
  CU_ASSERT_EQUAL(symlink("keys.new", path), 0);
  CU_ASSERT(!opens()); /* no link is followed */
  CU_ASSERT_EQUAL(rename(aside, path), 0);
  struct stat status;
  CU_ASSERT_EQUAL(stat(path, &status), 0);
  CU_ASSERT_EQUAL(status.st_mode & 0777U, 0600);
  CU_ASSERT(opens());
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a folder without a root", without_a_root},
      {"keys are made, replaced, retired, compromised", made_and_changed},
      {"a serving process takes new keys on, whatever the passphrase", reloaded},
      {"a change that was cut off is ended", cut_off},
      {"a birth that was cut off is ended", cut_off_at_birth},
      {"rotations killed at any moment", killed_rotations},
      {"several processes append at once", several_writers},
      {"folders others may read, and links, are refused", strangers},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms vault", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
