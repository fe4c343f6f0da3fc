/* Changes of the keys: made, moved, sealed anew. The keys are written first, together with the records that the log
 * will have of it: if the power fails between the two, the next start appends them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kms/file.h"
#include "kms/log_entry.h"
#include "kms/vault_internal.h"

static bool write_keys(psd_kms *kms, const psd_keyring *ring, const psd_kms_anchor *anchor) {
  uint8_t *data = malloc(PSD_KMS_SEALED_MAX);
  psd_buffer out = psd_buffer_over(data, data != NULL ? PSD_KMS_SEALED_MAX : 0);
  bool done = data != NULL && psd_kms_seal_keys(&kms->seal, ring->store_key, ring, anchor, &out) &&
              psd_kms_file_replace(kms->folder, PSD_KMS_KEYS_FILE, data, out.length, true);
  free(data);
  return done;
}

bool psd_kms_commit(psd_kms *kms, psd_keyring *ring, const psd_kms_events *events, char why[PSD_KMS_WHY_MAX]) {
  psd_kms_anchor *anchor = &kms->anchor;
  anchor->count = kms->log.tail.count;
  memcpy(anchor->hash, kms->log.tail.hash, sizeof anchor->hash);
  anchor->record_count = events->count;
  for (size_t i = 0; i < events->count; i++)
    anchor->records[i] = psd_kms_record_of(&events->list[i]);
  ring->generation++;
  if (!write_keys(kms, ring, anchor))
    return psd_kms_refuse(why, "cannot write the keys: %s", strerror(errno));
  return psd_kms_log_append(&kms->log, psd_kms_log_pair(ring), anchor->records, anchor->record_count) ||
         psd_kms_refuse(why, "the keys are changed, but the log cannot be written: %s", strerror(errno));
}

static bool note_key(psd_kms_events *events, psd_kms_event_id id, const psd_kms_key *key, psd_kms_state from,
                     uint64_t now) {
  const psd_kms_event event = {
      .event = id, .time = now, .kind = key->kind, .key = key->identifier, .from = from, .to = key->state};
  return psd_kms_note(events, &event);
}

static bool move_key(psd_kms_key *key, psd_kms_state state, uint64_t now, psd_kms_events *events) {
  psd_kms_state from = key->state;
  return psd_keyring_move(key, state, now) && note_key(events, PSD_KMS_EVENT_MOVED, key, from, now);
}

/* Makes a key and has it active. */
static bool make_key(psd_keyring *ring, psd_kms_kind kind, unsigned rsa_bits, uint64_t now, psd_kms_events *events) {
  psd_kms_key *key = psd_keyring_make(ring, kind, rsa_bits, now);
  return key != NULL && note_key(events, PSD_KMS_EVENT_GENERATED, key, PSD_KMS_STATE_NONE, now) &&
         move_key(key, PSD_KMS_STATE_ACTIVE, now, events);
}

static bool make_keys(psd_keyring *ring, const psd_kms_birth *birth, psd_kms_events *events) {
  for (size_t i = 0; i < psd_kms_kind_count; i++) {
    const psd_kms_kind_row *row = psd_kms_kind_at(i);
    if (psd_kms_kind_kept(row, ring->domain) && (row->form != PSD_KMS_FORM_RSA || birth->rsa_bits != 0) &&
        !make_key(ring, row->kind, birth->rsa_bits, birth->now, events))
      return false;
  }
  return true;
}

static bool fill(psd_kms *kms, psd_part passphrase, const psd_kms_birth *birth, char *why) {
  psd_kms_events events = {.count = 0};
  kms->ring = psd_keyring_new();
  if (kms->ring != NULL && birth->domain != 0)
    kms->ring->domain = birth->domain;
  if (kms->ring == NULL || !psd_random(kms->ring->store_key, sizeof kms->ring->store_key) ||
      !psd_kms_seal_key(passphrase, birth->cost, kms->ring->store_key, &kms->seal) ||
      !make_keys(kms->ring, birth, &events))
    return psd_kms_refuse(why, "the keys cannot be made");
  if (!psd_kms_log_open(&kms->log, kms->folder, true) || !psd_kms_log_lock(&kms->log))
    return psd_kms_refuse(why, "cannot make the log: %s", strerror(errno));
  bool done = psd_kms_log_refresh(&kms->log) || psd_kms_refuse(why, "the log is damaged");
  if (done && kms->log.tail.count != 0)
    done = psd_kms_refuse(why, "there is a log without keys: move it away first");
  done = done && psd_kms_commit(kms, kms->ring, &events, why);
  psd_kms_log_unlock(&kms->log);
  return done;
}

static bool check_empty(int folder, const char *path, char *why) {
  struct stat status;
  return fstatat(folder, PSD_KMS_KEYS_FILE, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
         psd_kms_refuse(why, "%s has keys already, and keys are never overwritten: choose another folder", path);
}

bool psd_kms_may_create(const char *path, char why[PSD_KMS_WHY_MAX]) {
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return true;
  bool empty = check_empty(folder, path, why);
  (void)close(folder);
  return empty;
}

bool psd_kms_create(const char *path, psd_part passphrase, const psd_kms_birth *birth, char why[PSD_KMS_WHY_MAX]) {
  psd_kms *kms = calloc(1, sizeof *kms);
  if (kms == NULL)
    return psd_kms_refuse(why, "there is no memory left");
  kms->log.file = -1;
  kms->folder = psd_kms_folder_make(path);
  bool done = kms->folder >= 0 ||
              psd_kms_refuse(why, "%s: %s", path,
                             errno == EPERM ? "others may read or write it: chmod 700 it" : strerror(errno));
  done = done && check_empty(kms->folder, path, why) && fill(kms, passphrase, birth, why);
  psd_kms_close(kms);
  return done;
}

/* Locks the log and reads the keys once more: another process may have changed them. */
static bool begin(psd_kms *kms, char *why) {
  if (!psd_kms_log_lock(&kms->log))
    return psd_kms_refuse(why, "cannot lock the log: %s", strerror(errno));
  if ((psd_kms_log_refresh(&kms->log) || psd_kms_refuse(why, "the log is damaged")) && psd_kms_reload(kms, why))
    return true;
  psd_kms_log_unlock(&kms->log);
  return false;
}

/* Ends a change. What failed before anything was written is forgotten: the keys in memory are those on the disk. */
static bool end(psd_kms *kms, bool done, const psd_kms_events *events, char *why) {
  char later[PSD_KMS_WHY_MAX];
  done = done && psd_kms_commit(kms, kms->ring, events, why);
  if (!done) {
    kms->ring->generation = 0;
    (void)psd_kms_reload(kms, later);
  }
  psd_kms_log_unlock(&kms->log);
  return done;
}

static bool replace(psd_kms *kms, psd_kms_kind kind, unsigned rsa_bits, uint64_t now, psd_kms_events *events,
                    char *why) {
  const psd_kms_key *active = psd_keyring_active(kms->ring, kind);
  psd_kms_key *old = active != NULL ? psd_keyring_find(kms->ring, active->identifier) : NULL;
  if (old != NULL && !move_key(old, PSD_KMS_STATE_INSTALLED, now, events))
    return psd_kms_refuse(why, "key %lu cannot be replaced", (unsigned long)old->identifier);
  return make_key(kms->ring, kind, rsa_bits, now, events) ||
         psd_kms_refuse(why, "the new key cannot be made: there are %u keys already, or no randomness",
                        (unsigned)kms->ring->count);
}

bool psd_kms_replace_key(psd_kms *kms, psd_kms_kind kind, unsigned rsa_bits, uint64_t now, char why[PSD_KMS_WHY_MAX]) {
  psd_kms_events events = {.count = 0};
  const psd_kms_kind_row *row = psd_kms_kind_of(kind);
  if (!row->rotates)
    return psd_kms_refuse(why, "a key of kind %s cannot be replaced", row->name);
  if (!psd_kms_kind_kept(row, kms->ring->domain))
    return psd_kms_refuse(why, "a key management system of the %s domain has no keys of kind %s",
                          psd_token_domain_name(kms->ring->domain), row->name);
  return begin(kms, why) && end(kms, replace(kms, kind, rsa_bits, now, &events, why), &events, why);
}

static bool change_state(psd_kms *kms, uint32_t identifier, psd_kms_state state, uint64_t now, psd_kms_events *events,
                         char *why) {
  const char *name = psd_kms_state_of(state)->name;
  psd_kms_key *key = psd_keyring_find(kms->ring, identifier);
  if (key == NULL)
    return psd_kms_refuse(why, "there is no key %lu: psd-kms keys lists them", (unsigned long)identifier);
  psd_kms_state from = key->state;
  const psd_kms_kind_row *row = psd_kms_kind_of(key->kind);
  if (!row->rotates)
    return psd_kms_refuse(why, "key %lu, of kind %s, cannot be replaced, so it stays", (unsigned long)identifier,
                          row->name);
  unsigned bits = key->rsa != NULL ? psd_rsa_bits(key->rsa) : 0;
  if (!move_key(key, state, now, events))
    return psd_kms_refuse(why, "key %lu is %s and cannot become %s%s", (unsigned long)identifier,
                          psd_kms_state_of(from)->name, name,
                          from == PSD_KMS_STATE_ACTIVE ? ": psd-kms rotate first" : "");
  return from != PSD_KMS_STATE_ACTIVE || replace(kms, key->kind, bits, now, events, why);
}

bool psd_kms_set_state(psd_kms *kms, uint32_t identifier, psd_kms_state state, uint64_t now,
                       char why[PSD_KMS_WHY_MAX]) {
  psd_kms_events events = {.count = 0};
  return begin(kms, why) && end(kms, change_state(kms, identifier, state, now, &events, why), &events, why);
}

bool psd_kms_set_passphrase(psd_kms *kms, psd_part passphrase, unsigned cost, uint64_t now, char why[PSD_KMS_WHY_MAX]) {
  psd_kms_events events = {.count = 0};
  const psd_kms_event event = {.event = PSD_KMS_EVENT_PASSPHRASE, .time = now};
  if (!begin(kms, why))
    return false;
  bool done = psd_kms_note(&events, &event) && psd_kms_seal_key(passphrase, cost, kms->ring->store_key, &kms->seal);
  if (!done)
    (void)psd_kms_refuse(why, "the keys cannot be sealed");
  return end(kms, done, &events, why);
}

const char *psd_kms_passphrase_flaw(psd_part passphrase) {
  if (passphrase.length < PSD_KMS_PASSPHRASE_MIN)
    return "it needs at least 8 bytes";
  return passphrase.length <= PSD_KMS_PASSPHRASE_MAX ? NULL : "it has more than 1024 bytes";
}
