/* The archive of a folder: as old as its log, while that is locked. */
#include <errno.h>
#include <string.h>

#include "kms/vault_internal.h"

static bool take_record(void *user, const psd_kms_record *record, const psd_kms_tail *before, char *why) {
  const char *flaw;
  (void)before;
  return psd_kms_archive_take(user, record, &flaw) || psd_kms_refuse(why, "there is no memory left");
}

static bool catch_up(psd_kms *kms, char *why) {
  uint32_t changes = psd_kms_archive_changes(kms->archive);
  const psd_kms_log_checks checks = {
      .point = psd_keyring_active(kms->ring, PSD_KMS_LOG)->point, .record = take_record, .user = kms->archive};
  if (!psd_kms_log_refresh(&kms->log))
    return psd_kms_refuse(why, "the log is damaged");
  bool done = psd_kms_log_follow(&kms->log, &checks, &kms->seen, why);
  kms->keys_due = kms->keys_due || psd_kms_archive_changes(kms->archive) != changes;
  if (!done || (kms->keys_due && !psd_kms_reload(kms, why)))
    return false;
  kms->keys_due = false;
  return true;
}

const psd_kms_archive *psd_kms_archive_begin(psd_kms *kms, char why[PSD_KMS_WHY_MAX]) {
  if (!psd_kms_log_lock(&kms->log)) {
    (void)psd_kms_refuse(why, "cannot lock the log: %s", strerror(errno));
    return NULL;
  }
  if (catch_up(kms, why))
    return kms->archive;
  psd_kms_log_unlock(&kms->log);
  return NULL;
}

void psd_kms_archive_end(psd_kms *kms) {
  psd_kms_log_unlock(&kms->log);
}

uint32_t psd_kms_next_record(const psd_kms *kms) {
  return kms->log.tail.count;
}
