/* The life of a PSD's token key, as its records tell it: generated, active, installed, registered, obsolete or
 * compromised (docs/kms.md, "Token keys"). */
#include <string.h>

#include "kms/archive_internal.h"

/* The state of the set that a record names; PSD_KMS_STATE_NONE if there is none. */
static psd_kms_state set_state(const psd_kms_archive *archive, const psd_kms_record *record) {
  if (record->key == 0 || record->key > archive->key_count || archive->keys[record->key].kind != PSD_KMS_TOKEN)
    return PSD_KMS_STATE_NONE;
  return archive->keys[record->key].state;
}

static void enter(psd_kms_token *token, const psd_kms_record *record) {
  if (record->from != record->to)
    token->changed = record->time;
  token->state = (psd_kms_state)record->to;
}

static const char *take_first(psd_kms_archive *archive, const psd_kms_record *record, const psd_kms_device *device,
                              bool *full) {
  psd_kms_token token = {.device = *device, .set = (uint32_t)record->key, .made = record->time};
  if (record->from != PSD_KMS_STATE_GENERATED || record->to != PSD_KMS_STATE_ACTIVE)
    return "a token key was handed out that was never made";
  psd_kms_token_details(record->sequence, &token);
  enter(&token, record);
  *full = !psd_kms_archive_add(archive, &token);
  return NULL;
}

/* Made, then handed out; and handed out again, perhaps with another order or length. */
static const char *take_made(psd_kms_archive *archive, const psd_kms_record *record, const psd_kms_device *device,
                             psd_kms_token *token, bool *full) {
  if (set_state(archive, record) != PSD_KMS_STATE_ACTIVE)
    return "a token key was made of a set that was not active";
  if (token == NULL)
    return take_first(archive, record, device, full);
  if (record->from != token->state || record->to != PSD_KMS_STATE_INSTALLED ||
      (token->state != PSD_KMS_STATE_ACTIVE && token->state != PSD_KMS_STATE_INSTALLED))
    return "a token key was handed out in a state in which none is";
  psd_kms_token_details(record->sequence, token);
  token->handed_out++;
  enter(token, record);
  return NULL;
}

static bool held(const psd_kms_token *token) {
  return token->state == PSD_KMS_STATE_INSTALLED || token->state == PSD_KMS_STATE_REGISTERED;
}

static const char *take_registered(const psd_kms_archive *archive, const psd_kms_record *record, psd_kms_token *token) {
  if (!held(token))
    return "a token key was registered that was not installed";
  if (!psd_kms_state_of(set_state(archive, record))->opens)
    return "a token key was registered of a set that was not accepted any more";
  if (record->from != token->state || record->to != PSD_KMS_STATE_REGISTERED)
    return "a token key changed its state in a way that there is not";
  token->licence = (uint32_t)record->sequence;
  enter(token, record);
  return NULL;
}

static const char *take_end(const psd_kms_record *record, psd_kms_token *token, psd_kms_state state) {
  if (record->from != token->state || record->to != state || !psd_kms_may_move(token->state, state))
    return "a token key changed its state in a way that there is not";
  enter(token, record);
  return NULL;
}

/* Neither a wrong token nor another chance changes the state. */
static const char *take_failure(const psd_kms_record *record, psd_kms_token *token) {
  if (record->from != token->state || record->to != token->state || !held(token))
    return "a registration token was compared for a key that was not installed";
  if (record->event == PSD_KMS_EVENT_TOKEN_CLEARED)
    token->failures = 0;
  else if (token->failures >= PSD_KMS_REGISTRATION_TRIES)
    return "more registration tokens were compared than are";
  else
    token->failures++;
  return NULL;
}

const char *psd_kms_archive_token_record(psd_kms_archive *archive, const psd_kms_record *record, bool *full) {
  psd_kms_device device = psd_kms_device_of(record->vendor, record->model, record->serial);
  psd_kms_token *token = psd_kms_archive_find(archive, &device, record->key);
  if (record->kind != PSD_KMS_METER || set_state(archive, record) == PSD_KMS_STATE_NONE)
    return "a token key of a set that was never made";
  if (record->event == PSD_KMS_EVENT_TOKEN_MADE)
    return take_made(archive, record, &device, token, full);
  if (token == NULL)
    return "a token key that was never made";
  switch (record->event) {
  case PSD_KMS_EVENT_TOKEN_REGISTERED:
    return take_registered(archive, record, token);
  case PSD_KMS_EVENT_TOKEN_OBSOLETE:
    return take_end(record, token, PSD_KMS_STATE_OBSOLETE);
  case PSD_KMS_EVENT_TOKEN_COMPROMISED:
    return take_end(record, token, PSD_KMS_STATE_COMPROMISED);
  default:
    return take_failure(record, token);
  }
}
