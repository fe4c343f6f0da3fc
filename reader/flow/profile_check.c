/* Whether a profile is whole and fits together: the card would refuse it too, but could not say why. */
#include "profile.h"

#include <string.h>

bool psd_profile_has(const psd_profile *profile, psd_object_id object) {
  return (profile->objects & PSD_OBJECT_BIT(object)) != 0;
}

static bool given(const psd_profile_reader *reader, const char *name) {
  for (size_t i = 0; i < psd_setting_row_count; i++)
    if (strcmp(psd_setting_rows[i].name, name) == 0)
      return (reader->given & (UINT64_C(1) << i)) != 0;
  return false;
}

static psd_result missing_parts(const psd_profile_reader *reader, psd_error *error) {
  for (size_t i = 0; i < psd_setting_row_count; i++) {
    const psd_setting_row *row = &psd_setting_rows[i];
    bool wanted = row->needed && psd_profile_has(reader->profile, row->object);
    if (wanted && (reader->given & (UINT64_C(1) << i)) == 0)
      return psd_error_set(error, PSD_BAD_INPUT, "%s lacks %s, which belongs to %s", reader->path, row->name,
                           psd_objects[row->object].words);
  }
  return PSD_OK;
}

static const char *setting_of(psd_object_id object) {
  for (size_t i = 0; i < psd_setting_row_count; i++)
    if (psd_setting_rows[i].object == object)
      return psd_setting_rows[i].name;
  return psd_objects[object].words;
}

/* What the card needs to leave MANUFACTURED. Its identity it has from birth. */
static psd_result missing_objects(const psd_profile_reader *reader, psd_error *error) {
  for (size_t i = 0; i < psd_mandatory_count; i++) {
    psd_object_id object = psd_mandatory[i];
    if (object != PSD_OBJECT_DEVICE_ID && !psd_profile_has(reader->profile, object))
      return psd_error_set(error, PSD_BAD_INPUT, "%s lacks %s: no meter works without %s", reader->path,
                           setting_of(object), psd_objects[object].words);
  }
  return PSD_OK;
}

static const char *money_wrong(const psd_profile_reader *reader) {
  const psd_profile *profile = reader->profile;
  const psd_limits *limits = &profile->limits;
  bool account = profile->funds.mode == PSD_FUNDS_ACCOUNT;
  if (psd_profile_has(profile, PSD_OBJECT_FUNDS) && account != given(reader, "credit_limit"))
    return "credit_limit goes with funds = current-account, and only with it";
  if (!psd_profile_has(profile, PSD_OBJECT_LIMITS))
    return NULL;
  if (limits->minimum_postage > limits->maximum_postage)
    return "minimum_postage is above maximum_postage";
  if (limits->minimum_refill > limits->maximum_refill)
    return "minimum_refill is above maximum_refill";
  if (limits->maximum_refill > limits->maximum_descending)
    return "maximum_refill is above maximum_descending";
  return NULL;
}

static const char *secrets_wrong(const psd_profile_reader *reader) {
  const psd_profile *profile = reader->profile;
  bool policy = psd_profile_has(profile, PSD_OBJECT_PIN_POLICY);
  uint64_t least = policy ? profile->pin_policy.minimum_length : 0;
  if (psd_profile_has(profile, PSD_OBJECT_USER_PIN) && profile->pin.length < least)
    return "pin is shorter than minimum_pin";
  if (psd_profile_has(profile, PSD_OBJECT_USER_PUK) && profile->puk.length < least)
    return "puk is shorter than minimum_pin";
  if (psd_profile_has(profile, PSD_OBJECT_DEVICE_KEY) &&
      (profile->device_key.scheme == 1) != given(reader, "device_key_pointer"))
    return "device_key_pointer goes with device_key_scheme = 1000-key, and only with it";
  return NULL;
}

psd_result psd_profile_check(const psd_profile_reader *reader, psd_error *error) {
  const psd_profile *profile = reader->profile;
  psd_result result = missing_parts(reader, error);
  if (result == PSD_OK && profile->objects != 0 && !reader->partial)
    result = missing_objects(reader, error);
  if (result != PSD_OK)
    return result;
  const char *wrong = money_wrong(reader);
  if (wrong == NULL)
    wrong = secrets_wrong(reader);
  if (wrong == NULL && psd_profile_has(profile, PSD_OBJECT_WATCHDOG) &&
      profile->watchdog.warn_after > profile->watchdog.lock_after)
    wrong = "warn_days is above lock_days";
  if (wrong == NULL && profile->objects == 0 && !profile->replace_keys && !reader->partial)
    wrong = "it sets nothing";
  return wrong == NULL ? PSD_OK : psd_error_set(error, PSD_BAD_INPUT, "%s: %s", reader->path, wrong);
}
