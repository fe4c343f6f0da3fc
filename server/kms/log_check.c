/* Reading the log from its beginning: everything that must hold, and where it first does not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kms/file.h"
#include "kms/log_entry.h"

typedef struct walk {
  const psd_kms_log_checks *checks;
  psd_kms_tail *tail;
  psd_kms_tail head; /* of the signed head; count 0 without one */
  char *why;
} walk;

static bool say(char *why, const char *words) {
  (void)snprintf(why, PSD_KMS_WHY_MAX, "%s", words);
  return false;
}

static bool say_at(const walk *at, const char *words) {
  (void)snprintf(at->why, PSD_KMS_WHY_MAX, "record %lu of the log %s", (unsigned long)at->tail->count, words);
  return false;
}

static bool take_entry(walk *at, const uint8_t entry[PSD_KMS_ENTRY]) {
  psd_kms_record record;
  bool late = at->tail->count >= at->head.count;
  if (!psd_parse_message(entry, PSD_SIZE_KMS_RECORD, PSD_MESSAGE_KMS_RECORD, &record) ||
      record.index != at->tail->count)
    return say_at(at, "bears another number: records were removed or put in");
  if (memcmp(record.previous, at->tail->hash, PSD_HASH) != 0)
    return say_at(at, "does not follow from the one before: one of them was altered");
  if (at->checks->point != NULL && (late || at->checks->every_signature) &&
      !psd_kms_entry_signed(at->checks->point, entry))
    return say_at(at, "was not signed with the log's key");
  if (at->checks->record != NULL && !at->checks->record(at->checks->user, &record, at->tail, at->why))
    return false;
  at->tail->count++;
  if (!psd_kms_entry_hash(entry, at->tail->hash))
    return say_at(at, "cannot be hashed");
  if (at->tail->count == at->head.count && memcmp(at->tail->hash, at->head.hash, PSD_HASH) != 0)
    return say(at->why, "the log is not the one its head was signed for");
  return true;
}

static bool take_entries(walk *at, int file, off_t size) {
  uint8_t entry[PSD_KMS_ENTRY];
  FILE *stream = fdopen(dup(file), "rb");
  if (stream == NULL)
    return say(at->why, "the log cannot be read");
  bool done = true;
  for (off_t left = size / (off_t)PSD_KMS_ENTRY; left > 0 && done; left--)
    done = fread(entry, sizeof entry, 1, stream) == 1 ? take_entry(at, entry) : say_at(at, "cannot be read");
  (void)fclose(stream);
  if (done && size % (off_t)PSD_KMS_ENTRY != 0)
    return say_at(at, "is cut off");
  if (done && at->tail->count < at->head.count)
    return say(at->why, "records are missing at the end of the log");
  if (done && at->checks->point != NULL && at->head.count == 0 && at->tail->count > at->checks->headless)
    return say(at->why, "the log's head is missing");
  return done;
}

static bool take_head(walk *at, int folder) {
  uint8_t bytes[PSD_SIZE_KMS_HEAD + PSD_KMS_SIGNATURE];
  if (at->checks->point == NULL)
    return true;
  ssize_t length = psd_kms_file_read(folder, PSD_KMS_HEAD_FILE, bytes, sizeof bytes);
  if (length < 0 && errno == ENOENT)
    return true;
  return (length >= 0 && psd_kms_head_open(at->checks->point, bytes, (size_t)length, &at->head)) ||
         say(at->why, "the log's head was not signed with the log's key");
}

bool psd_kms_log_check(int folder, const psd_kms_log_checks *checks, psd_kms_tail *tail, char why[PSD_KMS_WHY_MAX]) {
  struct stat status;
  walk at = {.checks = checks, .tail = tail, .why = why};
  *tail = (psd_kms_tail){.count = 0};
  int file = psd_kms_file_open(folder, PSD_KMS_LOG_FILE, O_RDONLY);
  if (file < 0)
    return say(why, "the log cannot be opened");
  /* Nobody appends between the look at the head and the look at the end. */
  bool done = (checks->locked || flock(file, LOCK_SH) == 0) && fstat(file, &status) == 0
                  ? take_head(&at, folder)
                  : say(why, "the log cannot be read");
  done = done && take_entries(&at, file, status.st_size);
  (void)close(file);
  return done;
}

bool psd_kms_log_follow(const psd_kms_log *log, const psd_kms_log_checks *checks, psd_kms_tail *seen,
                        char why[PSD_KMS_WHY_MAX]) {
  uint8_t entry[PSD_KMS_ENTRY];
  walk at = {.checks = checks, .tail = seen, .why = why};
  bool done = log->tail.count >= seen->count || say(why, "records are missing at the end of the log");
  while (done && seen->count < log->tail.count)
    done = psd_kms_read_all(log->file, entry, sizeof entry, (off_t)seen->count * (off_t)PSD_KMS_ENTRY)
               ? take_entry(&at, entry)
               : say_at(&at, "cannot be read");
  return done;
}
