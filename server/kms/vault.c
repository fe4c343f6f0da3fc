#include "kms/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kms/file.h"
#include "kms/log_entry.h"
#include "kms/vault_internal.h"

bool psd_kms_refuse(char why[PSD_KMS_WHY_MAX], const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(why, PSD_KMS_WHY_MAX, format, arguments);
  va_end(arguments);
  return false;
}

const psd_keyring *psd_kms_keys(const psd_kms *kms) {
  return kms->ring;
}

int psd_kms_folder(const psd_kms *kms) {
  return kms->folder;
}

const psd_pair *psd_kms_log_pair(const psd_keyring *ring) {
  const psd_kms_key *key = psd_keyring_active(ring, PSD_KMS_LOG);
  return key != NULL ? key->pair : NULL;
}

static bool check_form(const uint8_t *data, size_t length, char *why) {
  return !psd_kms_seal_older(data, length) ||
         psd_kms_refuse(why, "these keys and their log are of an earlier psd-kms, which this one does not read: make "
                             "new ones in another folder with psd-kms init");
}

bool psd_kms_folder_current(int folder, char why[PSD_KMS_WHY_MAX]) {
  uint8_t head[PSD_SIZE_KMS_SEAL];
  int file = psd_kms_file_open(folder, PSD_KMS_KEYS_FILE, O_RDONLY);
  /* Without keys there is nothing to tell it by: a copy of the log alone. */
  bool older = file >= 0 && psd_kms_read_all(file, head, sizeof head, 0) && !check_form(head, sizeof head, why);
  if (file >= 0)
    (void)close(file);
  return !older;
}

static psd_keyring *open_ring(psd_kms *kms, const uint8_t *data, size_t length, const uint8_t *store_key,
                              psd_part passphrase, char *why) {
  if (!check_form(data, length, why))
    return NULL;
  psd_keyring *ring = psd_keyring_new();
  if (ring == NULL || !psd_kms_seal_head(data, length, &kms->seal)) {
    psd_keyring_free(ring);
    (void)psd_kms_refuse(why, "the file 'keys' is not one of psd-kms, or damaged: restore it from a copy");
    return NULL;
  }
  if (store_key != NULL)
    memcpy(ring->store_key, store_key, sizeof ring->store_key);
  else if (!psd_kms_open_key(passphrase, &kms->seal, ring->store_key)) {
    psd_keyring_free(ring);
    (void)psd_kms_refuse(why, "the passphrase is wrong, or the file 'keys' is damaged");
    return NULL;
  }
  if (!psd_kms_open_keys(data, length, ring->store_key, ring, &kms->anchor) || psd_kms_log_pair(ring) == NULL) {
    psd_keyring_free(ring);
    (void)psd_kms_refuse(why, "the file 'keys' is damaged: restore it from a copy");
    return NULL;
  }
  return ring;
}

psd_keyring *psd_kms_read_keys(psd_kms *kms, const uint8_t *store_key, psd_part passphrase, char why[PSD_KMS_WHY_MAX]) {
  uint8_t *data = malloc(PSD_KMS_SEALED_MAX);
  ssize_t length = data != NULL ? psd_kms_file_read(kms->folder, PSD_KMS_KEYS_FILE, data, PSD_KMS_SEALED_MAX) : -1;
  psd_keyring *ring = NULL;
  if (length < 0)
    (void)psd_kms_refuse(why, "cannot read the file 'keys': %s", strerror(errno));
  else
    ring = open_ring(kms, data, (size_t)length, store_key, passphrase, why);
  free(data);
  return ring;
}

/* What is compared while the log is read: the change the keys were written with must be in it, and none after it. */
typedef struct settling {
  const psd_kms_anchor *anchor;
  psd_kms_archive *archive;
  size_t found; /* records of that change, in their order */
} settling;

static bool settle_record(void *user, const psd_kms_record *record, const psd_kms_tail *before, char *why) {
  settling *at = user;
  const psd_kms_anchor *anchor = at->anchor;
  const char *flaw;
  if (!psd_kms_archive_take(at->archive, record, &flaw))
    return psd_kms_refuse(why, "there is no memory left");
  if (before->count == anchor->count && memcmp(before->hash, anchor->hash, PSD_HASH) != 0)
    return psd_kms_refuse(why, "keys and log do not belong together");
  if (before->count < anchor->count)
    return true;
  if (at->found < anchor->record_count && psd_kms_same_event(record, &anchor->records[at->found])) {
    at->found++;
    return true;
  }
  const psd_kms_event_row *row = psd_kms_event_of((unsigned)record->event);
  if (row != NULL && row->changes)
    return psd_kms_refuse(why, "the file 'keys' is older than record %lu of the log: restore the newest copy",
                          (unsigned long)before->count);
  return true;
}

/* Checks keys against log, and appends what a change that was cut off still owes it. */
static bool settle(psd_kms *kms, char *why) {
  psd_kms_tail tail;
  settling at = {.anchor = &kms->anchor, .archive = kms->archive};
  const psd_kms_key *key = psd_keyring_active(kms->ring, PSD_KMS_LOG);
  psd_kms_log_checks scan = {.point = key->point, .locked = true, .record = settle_record, .user = &at};
  scan.headless = kms->anchor.count + (uint32_t)kms->anchor.record_count;
  if (!psd_kms_log_refresh(&kms->log))
    return psd_kms_refuse(why, "the log is damaged");
  if (!psd_kms_log_check(kms->folder, &scan, &tail, why))
    return false;
  kms->seen = tail;
  if (tail.count < kms->anchor.count)
    return psd_kms_refuse(why, "records are missing at the end of the log");
  if (tail.count == kms->anchor.count && memcmp(tail.hash, kms->anchor.hash, PSD_HASH) != 0)
    return psd_kms_refuse(why, "keys and log do not belong together");
  size_t owed = kms->anchor.record_count - at.found;
  return owed == 0 || psd_kms_log_append(&kms->log, key->pair, kms->anchor.records + at.found, owed) ||
         psd_kms_refuse(why, "cannot write to the log: %s", strerror(errno));
}

static bool open_log(psd_kms *kms, char *why) {
  if (!psd_kms_log_open(&kms->log, kms->folder, false) || !psd_kms_log_lock(&kms->log))
    return psd_kms_refuse(why, "cannot open the log: %s", strerror(errno));
  /* Once more: another process may have changed the keys since they were read, and their log. */
  bool settled = psd_kms_reload(kms, why) && settle(kms, why);
  psd_kms_log_unlock(&kms->log);
  return settled;
}

static bool open_folder(psd_kms *kms, const char *path, char *why) {
  kms->folder = psd_kms_folder_open(path);
  if (kms->folder >= 0)
    return true;
  if (errno == EPERM)
    return psd_kms_refuse(why, "%s: others may read or write it: chmod 700 it", path);
  return psd_kms_refuse(why, "%s: %s%s", path, strerror(errno), errno == ENOENT ? ": psd-kms init makes one" : "");
}

psd_kms *psd_kms_open(const char *path, psd_part passphrase, char why[PSD_KMS_WHY_MAX]) {
  psd_kms *kms = calloc(1, sizeof *kms);
  if (kms == NULL) {
    (void)psd_kms_refuse(why, "there is no memory left");
    return NULL;
  }
  kms->folder = -1;
  kms->log.file = -1;
  kms->archive = psd_kms_archive_new();
  if (kms->archive == NULL)
    (void)psd_kms_refuse(why, "there is no memory left");
  else if (open_folder(kms, path, why))
    kms->ring = psd_kms_read_keys(kms, NULL, passphrase, why);
  if (kms->ring != NULL && open_log(kms, why))
    return kms;
  psd_kms_close(kms);
  return NULL;
}

void psd_kms_close(psd_kms *kms) {
  if (kms == NULL)
    return;
  psd_keyring_free(kms->ring);
  psd_kms_archive_free(kms->archive);
  psd_kms_log_close(&kms->log);
  if (kms->folder >= 0)
    (void)close(kms->folder);
  free(kms);
}

bool psd_kms_reload(psd_kms *kms, char why[PSD_KMS_WHY_MAX]) {
  psd_keyring *ring = psd_kms_read_keys(kms, kms->ring->store_key, (psd_part){NULL, 0}, why);
  if (ring == NULL)
    return false;
  if (ring->generation < kms->ring->generation) {
    psd_keyring_free(ring);
    return psd_kms_refuse(why, "the file 'keys' is older than the keys in use");
  }
  psd_keyring_free(kms->ring);
  psd_keyring_lock(ring);
  kms->ring = ring;
  return true;
}

bool psd_kms_record_events(psd_kms *kms, psd_kms_events *events) {
  psd_kms_record records[PSD_KMS_EVENTS_MAX];
  if (events->count == 0)
    return true;
  for (size_t i = 0; i < events->count; i++)
    records[i] = psd_kms_record_of(&events->list[i]);
  if (!psd_kms_log_lock(&kms->log))
    return false;
  bool done = psd_kms_log_refresh(&kms->log) &&
              psd_kms_log_append(&kms->log, psd_kms_log_pair(kms->ring), records, events->count);
  psd_kms_log_unlock(&kms->log);
  if (done)
    events->count = 0;
  return done;
}
