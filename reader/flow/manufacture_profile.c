/* The profile of a manufacture: what is left out is filled in. */
#include "profile.h"

#define DAY 86400U
#define DOLLAR 1000U /* mills */

/* What comes from the key management system and from the blank card. */
#define PROVIDED                                                                                                       \
  (PSD_OBJECT_BIT(PSD_OBJECT_DEVICE_ID) | PSD_OBJECT_BIT(PSD_OBJECT_VENDOR_KEY) |                                      \
   PSD_OBJECT_BIT(PSD_OBJECT_DEVICE_KEY) | PSD_OBJECT_BIT(PSD_OBJECT_CA_KEY) | PSD_OBJECT_BIT(PSD_OBJECT_RATE_KEY) |   \
   PSD_OBJECT_BIT(PSD_OBJECT_VENDOR_TOKEN_KEY) | PSD_OBJECT_BIT(PSD_OBJECT_POSTAL_TOKEN_KEY))

static bool lacks(const psd_profile *profile, psd_object_id object) {
  return !psd_profile_has(profile, object);
}

/* Watchdog periods as in the field in the United States. */
static void fill_in(psd_profile *profile) {
  if (lacks(profile, PSD_OBJECT_FUNDS))
    profile->funds = (psd_funds){.mode = PSD_FUNDS_SEPARATE};
  if (lacks(profile, PSD_OBJECT_LIMITS))
    profile->limits = (psd_limits){.minimum_postage = 0,
                                   .maximum_postage = 100 * DOLLAR,
                                   .maximum_descending = 1000 * DOLLAR,
                                   .minimum_refill = 5 * DOLLAR,
                                   .maximum_refill = 500 * DOLLAR};
  if (lacks(profile, PSD_OBJECT_CLOCK))
    profile->clock_now = true;
  if (lacks(profile, PSD_OBJECT_WATCHDOG))
    profile->watchdog = (psd_watchdog){.warn_after = 90 * DAY, .lock_after = 120 * DAY};
  if (lacks(profile, PSD_OBJECT_PIN_POLICY))
    profile->pin_policy = (psd_pin_policy){.pin_tries = 3, .puk_tries = 10, .minimum_length = 4};
  if (lacks(profile, PSD_OBJECT_SESSION_POLICY))
    profile->session_policy = (psd_session_policy){.suites = PSD_SUITE_P256, .forward = 1};
  profile->objects |= PSD_OBJECT_BIT(PSD_OBJECT_FUNDS) | PSD_OBJECT_BIT(PSD_OBJECT_LIMITS) |
                      PSD_OBJECT_BIT(PSD_OBJECT_CLOCK) | PSD_OBJECT_BIT(PSD_OBJECT_WATCHDOG) |
                      PSD_OBJECT_BIT(PSD_OBJECT_PIN_POLICY) | PSD_OBJECT_BIT(PSD_OBJECT_SESSION_POLICY) |
                      PSD_OBJECT_BIT(PSD_OBJECT_EVIDENCE_POLICY); /* its settings have their defaults */
}

psd_result psd_profile_for_manufacture(const char *path, psd_profile *profile, psd_error *warning, psd_error *error) {
  *profile = psd_profile_blank();
  *warning = (psd_error){.result = PSD_OK};
  psd_profile_reader reader = {.profile = profile, .path = path, .provided = PROVIDED, .partial = true};
  psd_result result = path != NULL ? psd_profile_take_file(&reader, warning, error) : PSD_OK;
  if (result == PSD_OK && profile->replace_keys)
    result = psd_error_set(error, PSD_BAD_INPUT, "%s: new_keys come from the key management system", path);
  if (result == PSD_OK)
    fill_in(profile);
  else
    psd_profile_wipe(profile);
  return result;
}
