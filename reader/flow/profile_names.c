/* Settings of a profile that are names, or lists of them, and what local time is ahead of UTC. */
#include "profile.h"
#include "psd/reader/session.h"
#include "psd/spec/evidence.h"

static psd_result take_suites(psd_profile *profile, const psd_setting_row *row, const psd_setting *setting,
                              psd_error *error) {
  unsigned suites = psd_suites_in(setting->value);
  if (suites == 0)
    return psd_setting_wrong(setting, error, "%s are names with commas between them, such as p256,rsa,shared",
                             row->name);
  psd_profile_put_number(profile, row, suites);
  return PSD_OK;
}

/* Names with commas between them. */
static psd_result take_profiles(psd_profile *profile, const psd_setting_row *row, const psd_setting *setting,
                                psd_error *error) {
  uint64_t profiles = psd_profiles_in(setting->value);
  if (profiles == 0)
    return psd_setting_wrong(setting, error, "%s are names with commas between them, such as p256,compact", row->name);
  psd_profile_put_number(profile, row, profiles);
  return PSD_OK;
}

static psd_result take_order(psd_profile *profile, const psd_setting_row *row, const psd_setting *setting,
                             psd_error *error) {
  uint8_t order;
  if (!psd_token_order_named(setting->value, &order))
    return psd_setting_wrong(setting, error, "%s is day or meter", row->name);
  psd_profile_put_number(profile, row, order);
  return PSD_OK;
}

static psd_result take_offset(psd_profile *profile, const psd_setting_row *row, const psd_setting *setting,
                              psd_error *error) {
  uint64_t offset;
  if (!psd_offset_from_text(setting->value, &offset))
    return psd_setting_wrong(setting, error, "%s is what local time is ahead of UTC, such as -05:00 or +01:00",
                             row->name);
  psd_profile_put_number(profile, row, offset);
  return PSD_OK;
}

psd_result psd_profile_take_names(psd_profile *profile, const psd_setting_row *row, const psd_setting *setting,
                                  psd_error *error) {
  switch (row->kind) {
  case PSD_SETTING_SUITES:
    return take_suites(profile, row, setting, error);
  case PSD_SETTING_PROFILES:
    return take_profiles(profile, row, setting, error);
  case PSD_SETTING_ORDER:
    return take_order(profile, row, setting, error);
  default:
    return take_offset(profile, row, setting, error);
  }
}
