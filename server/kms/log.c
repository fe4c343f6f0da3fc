#include "kms/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kms/file.h"
#include "kms/log_entry.h"

bool psd_kms_log_open(psd_kms_log *log, int folder, bool make) {
  *log = (psd_kms_log){.folder = folder};
  log->file = psd_kms_file_open(folder, PSD_KMS_LOG_FILE, O_RDWR | (make ? O_CREAT : 0));
  return log->file >= 0;
}

void psd_kms_log_close(psd_kms_log *log) {
  if (log->file >= 0)
    (void)close(log->file);
  log->file = -1;
}

bool psd_kms_log_lock(psd_kms_log *log) {
  int locked;
  do
    locked = flock(log->file, LOCK_EX);
  while (locked != 0 && errno == EINTR);
  return locked == 0;
}

void psd_kms_log_unlock(psd_kms_log *log) {
  (void)flock(log->file, LOCK_UN);
}

static bool read_tail(psd_kms_log *log, uint32_t count) {
  uint8_t entry[PSD_KMS_ENTRY];
  psd_kms_record record;
  log->tail = (psd_kms_tail){.count = count};
  return count == 0 || (psd_kms_read_all(log->file, entry, sizeof entry, (off_t)(count - 1U) * PSD_KMS_ENTRY) &&
                        psd_parse_message(entry, PSD_SIZE_KMS_RECORD, PSD_MESSAGE_KMS_RECORD, &record) &&
                        record.index == count - 1U && psd_kms_entry_hash(entry, log->tail.hash));
}

bool psd_kms_log_refresh(psd_kms_log *log) {
  struct stat status;
  if (fstat(log->file, &status) != 0 || status.st_size / PSD_KMS_ENTRY > UINT32_MAX)
    return false;
  uint32_t count = (uint32_t)(status.st_size / PSD_KMS_ENTRY);
  /* Fewer than before: not by an append of ours. */
  if (count < log->tail.count)
    return false;
  if (status.st_size % PSD_KMS_ENTRY != 0 && ftruncate(log->file, (off_t)count * PSD_KMS_ENTRY) != 0)
    return false;
  return (count == log->tail.count && count != 0) || read_tail(log, count);
}

static bool write_head(const psd_kms_log *log, const psd_pair *key) {
  uint8_t bytes[PSD_SIZE_KMS_HEAD + PSD_KMS_SIGNATURE];
  return psd_kms_head_make(&log->tail, key, bytes) &&
         /* The one before says less, and nothing false: there is no need to wait for the folder. */
         psd_kms_file_replace(log->folder, PSD_KMS_HEAD_FILE, bytes, sizeof bytes, false);
}

bool psd_kms_log_append(psd_kms_log *log, const psd_pair *key, psd_kms_record *records, size_t count) {
  psd_kms_tail tail = log->tail;
  uint8_t *entries = count <= PSD_KMS_EVENTS_MAX ? malloc(count * PSD_KMS_ENTRY + 1U) : NULL;
  bool done = entries != NULL;
  for (size_t i = 0; i < count && done; i++)
    done = psd_kms_entry_make(&tail, key, &records[i], entries + i * PSD_KMS_ENTRY);
  done = done && psd_kms_write_all(log->file, entries, count * PSD_KMS_ENTRY, (off_t)log->tail.count * PSD_KMS_ENTRY) &&
         fdatasync(log->file) == 0;
  free(entries);
  if (!done) {
    /* What was written in part is no record yet; nobody has been told of it. */
    (void)!ftruncate(log->file, (off_t)log->tail.count * PSD_KMS_ENTRY);
    return false;
  }
  log->tail = tail;
  return write_head(log, key);
}
