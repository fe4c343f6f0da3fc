/* What a card knows of itself that a piece of mail depends on. */
#include "evidence.h"
#include "psd/spec/calendar.h"
#include "psd/spec/status.h"

/* An object the card may do without; then `value` stays as it is. */
static psd_result look_for(psd_host *host, psd_object_id object, void *value, psd_result before) {
  if (before != PSD_OK)
    return before;
  psd_result result = psd_host_get_object(host, object, value);
  return result == PSD_REFUSED && psd_host_status(host) == PSD_SW_REFERENCE_NOT_FOUND ? PSD_OK : result;
}

psd_result psd_host_meter_look(psd_host *host, psd_host_meter *meter) {
  *meter = (psd_host_meter){.policy = PSD_EVIDENCE_POLICY_DEFAULT};
  const struct {
    psd_object_id object;
    void *value;
  } objects[] = {
      {PSD_OBJECT_DEVICE_ID, &meter->device}, {PSD_OBJECT_LIFE_CYCLE, &meter->life},
      {PSD_OBJECT_FUNDS, &meter->funds},      {PSD_OBJECT_POSTAGE_REGISTERS, &meter->registers},
      {PSD_OBJECT_LIMITS, &meter->limits},    {PSD_OBJECT_CLOCK, &meter->clock},
      {PSD_OBJECT_LICENCE, &meter->licence},  {PSD_OBJECT_EVIDENCE_POLICY, &meter->policy},
      {PSD_OBJECT_KEY_STATUS, &meter->keys},  {PSD_OBJECT_CERTIFICATE_REGISTERS, &meter->certificate},
  };
  psd_result result = PSD_OK;
  for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
    result = look_for(host, objects[i].object, objects[i].value, result);
  if (result == PSD_OK && meter->clock.set != 0)
    meter->today = psd_local_date(meter->clock.now, meter->policy.offset);
  return result;
}

uint64_t psd_host_meter_available(const psd_host_meter *meter) {
  if (meter->funds.mode != PSD_FUNDS_ACCOUNT)
    return meter->registers.descending;
  /* One credit is for both groups. */
  uint64_t limit = meter->funds.credit_limit, used = meter->registers.ascending, more = meter->certificate.ascending;
  limit = limit > used ? limit - used : 0;
  return limit > more ? limit - more : 0;
}

bool psd_host_meter_has_key(const psd_host_meter *meter, psd_object_id key) {
  for (size_t i = 0; i < psd_key_count; i++)
    if (psd_keys[i].object == key)
      return (meter->keys.loaded >> i & 1U) != 0;
  return false;
}

psd_object_id psd_profile_key(uint64_t profile) {
  switch (profile) {
  case PSD_PROFILE_DSA:
    return PSD_OBJECT_DSA_KEY;
  case PSD_PROFILE_COMPACT:
    return PSD_OBJECT_POSTAL_TOKEN_KEY;
  default:
    return PSD_OBJECT_DEVICE_PUBLIC;
  }
}

psd_profile_id psd_host_meter_profile(const psd_host_meter *meter) {
  static const psd_profile_id best_first[] = {PSD_PROFILE_P256, PSD_PROFILE_DSA, PSD_PROFILE_COMPACT};
  for (size_t i = 0; i < sizeof best_first / sizeof best_first[0]; i++)
    if ((meter->policy.profiles >> best_first[i] & 1U) != 0 &&
        psd_host_meter_has_key(meter, psd_profile_key(best_first[i])))
      return best_first[i];
  return PSD_PROFILE_P256;
}
