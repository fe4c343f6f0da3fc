/* What may be written, and what a value must be. */
#include "iso7816/pin.h"
#include "meter/clock.h"
#include "meter/objects.h"
#include "meter/session.h"
#include "psd/spec/chars.h"
#include "psd/spec/evidence.h"

#include <string.h>

#define SETS_OF_1000 1000U
#define SCHEME_LAST 1U
#define TRIES_MOST 15U

static bool all_zero(const uint8_t *bytes, size_t length) {
  uint8_t any = 0;
  for (size_t i = 0; i < length; i++)
    any |= bytes[i];
  return any == 0;
}

static bool device_id_valid(const psd_device_id *id) {
  return psd_printable(id->vendor, sizeof id->vendor) && psd_printable(id->model, sizeof id->model);
}

bool psd_funds_valid(const psd_funds *funds) {
  return funds->mode <= PSD_FUNDS_ACCOUNT && (funds->mode == PSD_FUNDS_ACCOUNT) == (funds->credit_limit > 0);
}

/* An indicium has three bytes for the postage and four for the descending register. */
static bool limits_valid(const psd_limits *limits) {
  return limits->minimum_postage <= limits->maximum_postage && limits->minimum_refill <= limits->maximum_refill &&
         limits->maximum_refill <= limits->maximum_descending && limits->maximum_postage > 0 &&
         limits->maximum_postage <= PSD_POSTAGE_MOST && limits->maximum_descending <= PSD_DESCENDING_MOST;
}

bool psd_watchdog_valid(const psd_watchdog *watchdog) {
  return watchdog->warn_after > 0 && watchdog->warn_after <= watchdog->lock_after;
}

static bool pin_policy_valid(const psd_pin_policy *policy) {
  return policy->pin_tries >= 1 && policy->pin_tries <= TRIES_MOST && policy->puk_tries >= 1 &&
         policy->puk_tries <= TRIES_MOST && policy->minimum_length >= PSD_PIN_MIN &&
         policy->minimum_length <= PSD_PIN_MAX;
}

/* Profiles this card knows, at least one of them; local time at most a day away from UTC. */
static bool evidence_policy_valid(const psd_evidence_policy *policy) {
  uint64_t known = 0;
  for (uint64_t profile = 0; profile < 8; profile++)
    if (psd_profile_of(profile) != NULL)
      known |= UINT64_C(1) << profile;
  return psd_country(policy->country) && policy->profiles != 0 && (policy->profiles & ~known) == 0 &&
         policy->ahead <= PSD_DATE_AHEAD_MOST && policy->offset <= 2U * PSD_OFFSET_UTC;
}

/* Suites this card knows, at least one of them. */
static bool policy_valid(const psd_session_policy *policy) {
  uint64_t known = 0;
  for (size_t i = 0; i < psd_suite_count; i++)
    if (psd_session_suite_of(psd_suites[i].suite) != NULL)
      known |= psd_suites[i].suite;
  return policy->suites != 0 && (policy->suites & ~known) == 0 && policy->forward <= 1;
}

bool psd_rsa_key_parse(psd_cursor value, psd_rsa_key *head, psd_rsa_public *key) {
  memset(key, 0, sizeof *key);
  if (!psd_take_message(&value, PSD_MESSAGE_RSA_KEY, head) || value.left > sizeof key->modulus)
    return false;
  key->exponent = (uint32_t)head->exponent;
  key->modulus_length = value.left;
  psd_take_into(&value, key->modulus, value.left);
  return psd_rsa_public_valid(key);
}

static bool opaque_valid(const psd_object *object, psd_cursor value) {
  psd_rsa_key head;
  psd_rsa_public key;
  return object->id != PSD_OBJECT_VENDOR_RSA_KEY || psd_rsa_key_parse(value, &head, &key);
}

/* K_pred has 32 bytes, K_meter the first 16. */
static bool token_key_valid(const psd_token_key *key) {
  size_t used = key->order == PSD_TOKEN_BY_METER ? PSD_TOKEN_KEY_SIZE : sizeof key->key;
  return key->pointer < PSD_TOKEN_KEYS && key->digits >= PSD_TOKEN_DIGITS_LEAST &&
         key->digits <= PSD_TOKEN_DIGITS_MOST && key->order < PSD_TOKEN_ORDERS && !all_zero(key->key, used) &&
         all_zero(key->key + used, sizeof key->key - used);
}

static bool key_valid(const psd_object *object, psd_cursor value) {
  union {
    psd_vendor_key vendor;
    psd_public_key public_key;
    psd_device_key device;
    psd_token_key token;
    psd_shared_key shared;
  } key;
  bool valid = false;
  if (!psd_parse_message(value.at, value.left, (psd_message_id)object->format, &key))
    valid = false;
  else if (object->format == PSD_FORMAT_VENDOR_KEY)
    valid = psd_p256_check(key.vendor.point);
  else if (object->format == PSD_FORMAT_PUBLIC_KEY)
    valid = psd_p256_check(key.public_key.point);
  else if (object->format == PSD_FORMAT_DEVICE_KEY)
    valid = key.device.scheme <= SCHEME_LAST && key.device.pointer < SETS_OF_1000 &&
            !all_zero(key.device.key, sizeof key.device.key);
  else if (object->format == PSD_FORMAT_SHARED_KEY)
    valid = !all_zero(key.shared.key, sizeof key.shared.key);
  else if (object->format == PSD_FORMAT_TOKEN_KEY)
    valid = token_key_valid(&key.token);
  psd_wipe(&key, sizeof key);
  return valid;
}

/* The rules come before the values that they rule. */
static const uint64_t values_under_policy = UINT64_C(1) << PSD_OBJECT_USER_PIN | UINT64_C(1) << PSD_OBJECT_USER_PUK;

uint16_t psd_object_set(const psd_card *card, const psd_object *object, psd_cursor value, psd_core *next) {
  bool ok = false;
  psd_clock clock;
  uint64_t inspected = next->watchdog.inspected;
  switch (object->format) {
  case PSD_FORMAT_FUNDS:
    ok = psd_parse_message(value.at, value.left, PSD_MESSAGE_FUNDS, &next->funds) && psd_funds_valid(&next->funds);
    break;
  case PSD_FORMAT_LIMITS:
    ok = psd_parse_message(value.at, value.left, PSD_MESSAGE_LIMITS, &next->limits) && limits_valid(&next->limits);
    break;
  case PSD_FORMAT_WATCHDOG:
    ok = psd_parse_message(value.at, value.left, PSD_MESSAGE_WATCHDOG, &next->watchdog) &&
         psd_watchdog_valid(&next->watchdog);
    next->watchdog.inspected = inspected; /* only an inspection sets it */
    break;
  case PSD_FORMAT_PIN_POLICY:
    if ((next->head.written & values_under_policy) != 0)
      return PSD_SW_CONDITIONS;
    ok = psd_parse_message(value.at, value.left, PSD_MESSAGE_PIN_POLICY, &next->pins) && pin_policy_valid(&next->pins);
    break;
  case PSD_FORMAT_CLOCK:
    ok = psd_parse_message(value.at, value.left, PSD_MESSAGE_CLOCK, &clock) && clock.set == 1 &&
         psd_clock_set(card, next, clock.now);
    break;
  default:
    break;
  }
  return ok ? PSD_SW_OK : PSD_SW_WRONG_DATA;
}

static uint16_t write_pin(psd_card *card, const psd_object *object, psd_cursor value, psd_object_change *change) {
  bool is_pin = object->id == PSD_OBJECT_USER_PIN;
  const psd_pin_policy *policy = &change->change.next.pins;
  uint8_t *encoded = is_pin ? change->pin : change->puk;
  psd_pin pin;
  if (!psd_pin_parse(value.at, value.left, &pin) || pin.length < policy->minimum_length)
    return PSD_SW_WRONG_DATA;
  if (!psd_pin_make(card, &pin, is_pin ? policy->pin_tries : policy->puk_tries, encoded))
    return PSD_SW_EXECUTION_ERROR;
  psd_change_put(&change->change, is_pin ? PSD_RECORD_PIN : PSD_RECORD_PUK, encoded, PSD_SIZE_PIN_RECORD);
  return PSD_SW_OK;
}

static bool stored_value_valid(const psd_object *object, psd_cursor value) {
  psd_device_id identity;
  psd_licence licence;
  psd_session_policy policy;
  psd_evidence_policy evidence;
  psd_certificate_policy certificates;
  switch (object->format) {
  case PSD_FORMAT_DEVICE_ID:
    return psd_parse_message(value.at, value.left, PSD_MESSAGE_DEVICE_ID, &identity) && device_id_valid(&identity);
  case PSD_FORMAT_LICENCE:
    return psd_parse_message(value.at, value.left, PSD_MESSAGE_LICENCE, &licence);
  case PSD_FORMAT_UTF8:
    return psd_utf8_clean(value.at, value.left);
  case PSD_FORMAT_SESSION_POLICY:
    return psd_parse_message(value.at, value.left, PSD_MESSAGE_SESSION_POLICY, &policy) && policy_valid(&policy);
  case PSD_FORMAT_EVIDENCE_POLICY:
    return psd_parse_message(value.at, value.left, PSD_MESSAGE_EVIDENCE_POLICY, &evidence) &&
           evidence_policy_valid(&evidence);
  case PSD_FORMAT_CERTIFICATE_POLICY:
    return psd_parse_message(value.at, value.left, PSD_MESSAGE_CERTIFICATE_POLICY, &certificates) &&
           certificates.import <= 1;
  case PSD_FORMAT_OPAQUE:
    return opaque_valid(object, value);
  default:
    return key_valid(object, value);
  }
}

static bool in_core(const psd_object *object) {
  return object->format == PSD_FORMAT_FUNDS || object->format == PSD_FORMAT_LIMITS ||
         object->format == PSD_FORMAT_WATCHDOG || object->format == PSD_FORMAT_PIN_POLICY ||
         object->format == PSD_FORMAT_CLOCK;
}

uint16_t psd_object_write(psd_card *card, const psd_request *request, const psd_object *object, psd_cursor value,
                          psd_object_change *change) {
  uint64_t bit = UINT64_C(1) << object->id;
  if ((object->write & request->granted) == 0)
    return PSD_SW_SECURITY_STATUS;
  if ((object->write_states & PSD_STATE_BIT(psd_card_state(card))) == 0)
    return PSD_SW_CONDITIONS;
  /* The DSA key was signed for the identity that was there. */
  if (object->id == PSD_OBJECT_DEVICE_ID && psd_record_kept(card, PSD_RECORD_DSA))
    return PSD_SW_CONDITIONS;
  /* A secret may not cross in clear: the level must have C-ENC. */
  if (object->read == PSD_NEVER && (card->scp.level & PSD_SCP_CENC) == 0)
    return PSD_SW_SECURITY_STATUS;
  if (value.left < object->least || value.left > object->most || (change->seen & bit) != 0)
    return PSD_SW_WRONG_DATA;
  uint16_t status = PSD_SW_OK;
  if (object->id == PSD_OBJECT_USER_PIN || object->id == PSD_OBJECT_USER_PUK)
    status = write_pin(card, object, value, change);
  else if (in_core(object))
    status = psd_object_set(card, object, value, &change->change.next);
  else if (!stored_value_valid(object, value))
    status = PSD_SW_WRONG_DATA;
  else
    psd_change_put(&change->change, (uint16_t)(PSD_RECORD_OBJECT + object->id),
                   value.at == NULL ? "" : (const void *)value.at, value.left);
  if (status != PSD_SW_OK)
    return status;
  change->seen |= bit;
  change->change.next.head.written |= bit;
  psd_change_core(&change->change);
  return PSD_SW_OK;
}

uint16_t psd_object_commit(psd_card *card, psd_object_change *change) {
  uint16_t status = psd_change_commit(&change->change, card);
  if ((change->seen & UINT64_C(1) << PSD_OBJECT_USER_PIN) != 0)
    psd_pin_forget(card);
  return status;
}
