/* Which records a log may have, and after which: the transitions of keys.def, looked at one by one. */
#include <string.h>

#include "kms/archive_internal.h"

static const char *take_generated(psd_kms_archive *archive, const psd_kms_record *record) {
  const psd_kms_kind_row *row = psd_kms_kind_of((unsigned)record->kind);
  if (row == NULL || row->kept_by == PSD_KMS_KEPT_BY_NONE)
    return "a key was made of a kind that none has";
  if (record->key != archive->key_count + 1U || record->key > PSD_KMS_KEYS_MAX)
    return "a key was made with an identifier that was not the next";
  if (record->from != PSD_KMS_STATE_NONE || record->to != PSD_KMS_STATE_GENERATED)
    return "a key was made in a state that no new key has";
  archive->keys[++archive->key_count] = (psd_kms_known_key){row->kind, PSD_KMS_STATE_GENERATED};
  return NULL;
}

/* The key that a record names, if it was made and is of that kind. */
static psd_kms_known_key *key_of(psd_kms_archive *archive, const psd_kms_record *record, unsigned kind) {
  if (record->key == 0 || record->key > archive->key_count || archive->keys[record->key].kind != kind)
    return NULL;
  return &archive->keys[record->key];
}

static const char *take_moved(psd_kms_archive *archive, const psd_kms_record *record) {
  psd_kms_known_key *key = key_of(archive, record, (unsigned)record->kind);
  if (key == NULL)
    return "a key changed its state that was never made";
  if (key->state != record->from || !psd_kms_may_move(key->state, (psd_kms_state)record->to))
    return "a key changed its state in a way that there is not";
  key->state = (psd_kms_state)record->to;
  return NULL;
}

static const char *take_rates(psd_kms_archive *archive, const psd_kms_record *record) {
  psd_kms_rates_row *country = psd_kms_archive_country(archive, record->vendor);
  const psd_kms_known_key *key = key_of(archive, record, PSD_KMS_RATE);
  if (country == NULL || key == NULL || !psd_kms_state_of(key->state)->issues)
    return "a rate table was signed with a key that was not active, or for no country";
  bool same = record->sequence == country->version && psd_secret_equal(record->digest, country->digest, PSD_HASH);
  if (!same && record->sequence <= country->version)
    return "a rate table was signed whose version is not above the one before";
  country->version = (uint32_t)record->sequence;
  memcpy(country->digest, record->digest, sizeof country->digest);
  return NULL;
}

/* What is made with a key that is still accepted. */
static const char *use_of(psd_kms_archive *archive, const psd_kms_record *record, unsigned kind) {
  const psd_kms_known_key *key = key_of(archive, record, kind);
  return key != NULL && psd_kms_state_of(key->state)->opens ? NULL : "a key was used that was not accepted any more";
}

static const char *take(psd_kms_archive *archive, const psd_kms_record *record, bool *full) {
  switch (record->event) {
  case PSD_KMS_EVENT_GENERATED:
    return take_generated(archive, record);
  case PSD_KMS_EVENT_MOVED:
    return take_moved(archive, record);
  case PSD_KMS_EVENT_MANUFACTURED:
  case PSD_KMS_EVENT_ENDORSED:
    return psd_kms_may_move((psd_kms_state)record->from, (psd_kms_state)record->to)
               ? NULL
               : "the key of a PSD changed its state in a way that there is not";
  case PSD_KMS_EVENT_TOKEN_MADE:
  case PSD_KMS_EVENT_TOKEN_REGISTERED:
  case PSD_KMS_EVENT_TOKEN_OBSOLETE:
  case PSD_KMS_EVENT_TOKEN_COMPROMISED:
  case PSD_KMS_EVENT_TOKEN_REFUSED:
  case PSD_KMS_EVENT_TOKEN_CLEARED:
    return psd_kms_archive_token_record(archive, record, full);
  case PSD_KMS_EVENT_RATES_SIGNED:
    return take_rates(archive, record);
  case PSD_KMS_EVENT_DAY_EXPORTED:
    return use_of(archive, record, PSD_KMS_TOKEN);
  case PSD_KMS_EVENT_REVOKED:
  case PSD_KMS_EVENT_CERTIFIED:
  case PSD_KMS_EVENT_ISSUED:
  case PSD_KMS_EVENT_REVOCATION:
  case PSD_KMS_EVENT_RESPONDER:
    return use_of(archive, record, PSD_KMS_CA);
  case PSD_KMS_EVENT_CREDITED:
    return use_of(archive, record, PSD_KMS_CREDITOR);
  case PSD_KMS_EVENT_AUTHORITY:
    return use_of(archive, record, (unsigned)record->kind);
  default:
    return psd_kms_event_of((unsigned)record->event) != NULL ? NULL : "an event that is none";
  }
}

bool psd_kms_archive_take(psd_kms_archive *archive, const psd_kms_record *record, const char **flaw) {
  bool full = false;
  const psd_kms_event_row *row = psd_kms_event_of((unsigned)record->event);
  *flaw = take(archive, record, &full);
  archive->flaws += *flaw != NULL ? 1U : 0U;
  archive->changes += row != NULL && row->changes ? 1U : 0U;
  return !full;
}
