#include "kms_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kms/file.h"

char folder[64];
const psd_part right = {"correct horse", 13}, wrong = {"correct house", 13};
char why[PSD_KMS_WHY_MAX];

void path_of(char path[128], const char *name) {
  (void)snprintf(path, 128, "%s/%s", folder, name);
}

size_t load(const char *name, uint8_t *bytes) {
  char path[128];
  path_of(path, name);
  ssize_t length = psd_kms_file_read(AT_FDCWD, path, bytes, BYTES_MAX);
  CU_ASSERT_FATAL(length >= 0);
  return (size_t)length;
}

void store(const char *name, const uint8_t *bytes, size_t length) {
  char path[128];
  path_of(path, name);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  CU_ASSERT_FATAL(file >= 0 && psd_kms_write_all(file, bytes, length, 0));
  (void)close(file);
}

void drop(const char *name) {
  char path[128];
  path_of(path, name);
  (void)unlink(path);
}

void begin(void) {
  const psd_kms_birth birth = {.cost = COST, .now = BENCH_NOW};
  (void)snprintf(folder, sizeof folder, "/tmp/psd-kms-test-XXXXXX");
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
  CU_ASSERT_FATAL(psd_kms_create(folder, right, &birth, why));
}

void end(void) {
  static const char *const names[] = {"keys", "keys.new", "log", "log.head", "log.head.new"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    drop(names[i]);
  CU_ASSERT_EQUAL(rmdir(folder), 0);
}

bool opens(void) {
  psd_kms *kms = psd_kms_open(folder, right, why);
  psd_kms_close(kms);
  return kms != NULL;
}

bool verifies(uint32_t *count) {
  psd_kms_tail tail = {.count = 0};
  psd_kms *kms = psd_kms_open(folder, right, why);
  bool done = kms != NULL;
  if (done) {
    const psd_kms_log_checks scan = {.point = psd_keyring_active(psd_kms_keys(kms), PSD_KMS_LOG)->point,
                                     .every_signature = true};
    done = psd_kms_log_check(psd_kms_folder(kms), &scan, &tail, why);
  }
  psd_kms_close(kms);
  if (count != NULL)
    *count = tail.count;
  return done;
}

psd_kms *must_open(void) {
  psd_kms *kms = psd_kms_open(folder, right, why);
  CU_ASSERT_PTR_NOT_NULL_FATAL(kms);
  return kms;
}

void append(psd_kms *kms, unsigned count) {
  psd_kms_events events = {.count = 0};
  const psd_kms_event event = {.event = PSD_KMS_EVENT_STARTED, .time = BENCH_NOW};
  for (unsigned i = 0; i < count; i++)
    CU_ASSERT(psd_kms_note(&events, &event));
  CU_ASSERT(psd_kms_record_events(kms, &events));
  CU_ASSERT_EQUAL(events.count, 0);
}
