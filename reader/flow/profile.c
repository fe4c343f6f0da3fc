#include "profile.h"

#include "psd/reader/session.h"
#include "psd/spec/amount.h"
#include "psd/spec/chars.h"
#include "psd/spec/evidence.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400U
#define AMOUNT_MOST PSD_AMOUNT_MOST
/* Watchdog periods are 4 bytes of seconds. */
#define DAYS_MOST (UINT32_MAX / DAY)

/* clang-format off */
#define ROW(name, kind, field, object, needed, least, most)                                                            \
  {name, PSD_SETTING_##kind, offsetof(psd_profile, field), PSD_OBJECT_##object, needed, least, most}
const psd_setting_row psd_setting_rows[] = {
  ROW("vendor", TWO_LETTERS, device_id.vendor, DEVICE_ID, true, 0, 0),
  ROW("model", TWO_LETTERS, device_id.model, DEVICE_ID, true, 0, 0),
  ROW("serial", SERIAL, device_id.serial, DEVICE_ID, true, 0, 0),
  ROW("funds", FUNDS, funds.mode, FUNDS, true, 0, 0),
  ROW("credit_limit", AMOUNT, funds.credit_limit, FUNDS, false, 1, AMOUNT_MOST),
  ROW("minimum_postage", AMOUNT, limits.minimum_postage, LIMITS, false, 0, AMOUNT_MOST),
  ROW("maximum_postage", AMOUNT, limits.maximum_postage, LIMITS, true, 1, AMOUNT_MOST),
  ROW("maximum_descending", AMOUNT, limits.maximum_descending, LIMITS, true, 1, AMOUNT_MOST),
  ROW("minimum_refill", AMOUNT, limits.minimum_refill, LIMITS, false, 0, AMOUNT_MOST),
  ROW("maximum_refill", AMOUNT, limits.maximum_refill, LIMITS, true, 1, AMOUNT_MOST),
  ROW("clock", TIME, clock.now, CLOCK, true, 0, 0),
  ROW("warn_days", DAYS, watchdog.warn_after, WATCHDOG, true, 1, DAYS_MOST),
  ROW("lock_days", DAYS, watchdog.lock_after, WATCHDOG, true, 1, DAYS_MOST),
  ROW("pin_tries", NUMBER, pin_policy.pin_tries, PIN_POLICY, true, 1, 15),
  ROW("puk_tries", NUMBER, pin_policy.puk_tries, PIN_POLICY, true, 1, 15),
  ROW("minimum_pin", NUMBER, pin_policy.minimum_length, PIN_POLICY, true, 4, 16),
  ROW("pin", SECRET, pin, USER_PIN, true, 0, 0),
  ROW("puk", SECRET, puk, USER_PUK, true, 0, 0),
  ROW("vendor_key", POINT, vendor_key.point, VENDOR_KEY, true, 0, 0),
  ROW("vendor_key_id", NUMBER, vendor_key.identifier, VENDOR_KEY, false, 0, UINT32_MAX),
  ROW("device_key", KEY, device_key.key, DEVICE_KEY, true, 0, 0),
  ROW("device_key_scheme", SCHEME, device_key.scheme, DEVICE_KEY, false, 0, 0),
  ROW("device_key_pointer", NUMBER, device_key.pointer, DEVICE_KEY, false, 0, 999),
  ROW("vendor_token_key", KEY, vendor_token_key.key, VENDOR_TOKEN_KEY, true, 0, 0),
  ROW("vendor_token_pointer", NUMBER, vendor_token_key.pointer, VENDOR_TOKEN_KEY, true, 0, 999),
  ROW("vendor_token_digits", NUMBER, vendor_token_key.digits, VENDOR_TOKEN_KEY, false, PSD_TOKEN_DIGITS_LEAST,
      PSD_TOKEN_DIGITS_MOST),
  ROW("vendor_token_set", NUMBER, vendor_token_key.set, VENDOR_TOKEN_KEY, false, 1, UINT32_MAX),
  ROW("vendor_token_order", ORDER, vendor_token_key.order, VENDOR_TOKEN_KEY, false, 0, 0),
  ROW("postal_token_key", KEY, postal_token_key.key, POSTAL_TOKEN_KEY, true, 0, 0),
  ROW("postal_token_pointer", NUMBER, postal_token_key.pointer, POSTAL_TOKEN_KEY, true, 0, 999),
  ROW("postal_token_digits", NUMBER, postal_token_key.digits, POSTAL_TOKEN_KEY, false, PSD_TOKEN_DIGITS_LEAST,
      PSD_TOKEN_DIGITS_MOST),
  ROW("postal_token_set", NUMBER, postal_token_key.set, POSTAL_TOKEN_KEY, false, 1, UINT32_MAX),
  ROW("postal_token_order", ORDER, postal_token_key.order, POSTAL_TOKEN_KEY, false, 0, 0),
  ROW("ca_key", POINT, ca_key.point, CA_KEY, true, 0, 0),
  ROW("ca_key_id", NUMBER, ca_key.identifier, CA_KEY, false, 0, UINT32_MAX),
  ROW("rate_key", POINT, rate_key.point, RATE_KEY, true, 0, 0),
  ROW("rate_key_id", NUMBER, rate_key.identifier, RATE_KEY, false, 0, UINT32_MAX),
  ROW("suites", SUITES, session_policy.suites, SESSION_POLICY, true, 0, 0),
  ROW("forward_secrecy", YES_NO, session_policy.forward, SESSION_POLICY, false, 0, 0),
  ROW("evidence_country", TWO_LETTERS, evidence_policy.country, EVIDENCE_POLICY, false, 0, 0),
  ROW("evidence_profiles", PROFILES, evidence_policy.profiles, EVIDENCE_POLICY, false, 0, 0),
  ROW("evidence_ahead", NUMBER, evidence_policy.ahead, EVIDENCE_POLICY, false, 0, PSD_DATE_AHEAD_MOST),
  ROW("evidence_offset", OFFSET, evidence_policy.offset, EVIDENCE_POLICY, false, 0, 0),
  ROW("import", YES_NO, certificate_policy.import, CERTIFICATE_POLICY, false, 0, 0),
  ROW("new_keys", KEYS, new_keys, COUNT, false, 0, 0),
};
/* clang-format on */
const size_t psd_setting_row_count = sizeof psd_setting_rows / sizeof psd_setting_rows[0];

void psd_profile_put_number(psd_profile *profile, const psd_setting_row *row, uint64_t number) {
  memcpy((uint8_t *)profile + row->offset, &number, sizeof number);
}

/* `number` in the row's range, times `unit`. */
static psd_result take_number(psd_profile *profile, const psd_setting_row *row, const psd_setting *setting,
                              uint64_t unit, psd_error *error) {
  uint64_t number;
  if (!psd_decimal(setting->value, row->least, row->most, &number))
    return psd_setting_wrong(setting, error, "%s is a number from %llu to %llu", row->name,
                             (unsigned long long)row->least, (unsigned long long)row->most);
  psd_profile_put_number(profile, row, number * unit);
  return PSD_OK;
}

static psd_result take_amount(psd_profile *profile, const psd_setting_row *row, const psd_setting *setting,
                              psd_error *error) {
  uint64_t mills;
  if (!psd_amount_parse(setting->value, &mills) || mills < row->least)
    return psd_setting_wrong(setting, error, "%s is an amount in dollars, such as 1250 or 0.005%s", row->name,
                             row->least > 0 ? ", and more than zero" : "");
  psd_profile_put_number(profile, row, mills);
  return PSD_OK;
}

static psd_result take_letters(psd_profile *profile, const psd_setting_row *row, const psd_setting *setting,
                               psd_error *error) {
  const char *text = setting->value;
  if (strlen(text) != 2 || !psd_printable(text, 2))
    return psd_setting_wrong(setting, error, "%s has two printable characters", row->name);
  memcpy((uint8_t *)profile + row->offset, text, 2);
  return PSD_OK;
}

static psd_result take_serial(psd_profile *profile, const psd_setting_row *row, const psd_setting *setting,
                              psd_error *error) {
  uint8_t bytes[4];
  if (psd_hex_bytes(setting->value, strlen(setting->value), bytes, sizeof bytes) != sizeof bytes)
    return psd_setting_wrong(setting, error, "%s has 8 hexadecimal digits", row->name);
  psd_cursor cursor = psd_cursor_over(bytes, sizeof bytes);
  psd_profile_put_number(profile, row, psd_take_u32(&cursor));
  return PSD_OK;
}

/* One of several words; its place in the list is the value. */
static psd_result take_word(psd_profile *profile, const psd_setting_row *row, const psd_setting *setting,
                            const char *const *words, size_t count, psd_error *error) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(words[i], setting->value) == 0) {
      psd_profile_put_number(profile, row, i);
      return PSD_OK;
    }
  }
  return psd_setting_wrong(setting, error, "%s is one of %s, %s%s%s", row->name, words[0], words[1],
                           count > 2 ? ", " : "", count > 2 ? words[2] : "");
}

static psd_result take_time(psd_profile *profile, const psd_setting_row *row, const psd_setting *setting,
                            psd_error *error) {
  uint64_t seconds = 0;
  profile->clock_now = strcmp(setting->value, "now") == 0;
  if (!profile->clock_now && !psd_time_from_text(setting->value, &seconds))
    return psd_setting_wrong(setting, error, "%s is `now` or a time such as 2026-11-21T17:45:00Z", row->name);
  psd_profile_put_number(profile, row, seconds);
  return PSD_OK;
}

static psd_result take_secret(psd_profile *profile, const psd_setting_row *row, const psd_setting *setting,
                              psd_error *error) {
  psd_secret secret = {.length = strlen(setting->value)};
  if (secret.length < 4 || secret.length > sizeof secret.bytes)
    return psd_setting_wrong(setting, error, "%s has 4 to 16 characters", row->name);
  if (!psd_printable(setting->value, secret.length))
    return psd_setting_wrong(setting, error, "%s has printable ASCII characters only", row->name);
  memcpy(secret.bytes, setting->value, secret.length);
  memcpy((uint8_t *)profile + row->offset, &secret, sizeof secret);
  OPENSSL_cleanse(&secret, sizeof secret);
  return PSD_OK;
}

static psd_result take_key(psd_profile *profile, const psd_setting_row *row, const psd_setting *setting,
                           psd_error *error) {
  if (psd_hex_bytes(setting->value, strlen(setting->value), (uint8_t *)profile + row->offset, 32) != 32)
    return psd_setting_wrong(setting, error, "%s has 64 hexadecimal digits", row->name);
  return PSD_OK;
}

/* A path as the profile means it: from its own folder. The caller frees it. */
static char *beside(const char *profile_path, const char *path) {
  const char *slash = strrchr(profile_path, '/');
  size_t folder = path[0] == '/' || slash == NULL ? 0 : (size_t)(slash - profile_path) + 1;
  size_t length = strlen(path);
  char *joined = malloc(folder + length + 1);
  if (joined != NULL) {
    memcpy(joined, profile_path, folder);
    memcpy(joined + folder, path, length + 1);
  }
  return joined;
}

static psd_result take_point(const psd_profile_reader *reader, const psd_setting_row *row, const psd_setting *setting,
                             psd_error *error) {
  uint8_t *point = (uint8_t *)reader->profile + row->offset;
  if (psd_point_from_hex(setting->value, point))
    return PSD_OK;
  char *path = beside(reader->path, setting->value);
  bool read = path != NULL && psd_point_from_pem(path, point);
  free(path);
  if (!read)
    return psd_setting_wrong(setting, error,
                             "%s is a P-256 public key: 130 hexadecimal digits (04, x, y) or the path of a file with "
                             "one (BEGIN PUBLIC KEY)",
                             row->name);
  return PSD_OK;
}

static psd_result take_keys(psd_profile_reader *reader, const psd_setting *setting, psd_error *error) {
  char *path = beside(reader->path, setting->value);
  if (path == NULL)
    return psd_error_set(error, PSD_SYSTEM, "out of memory");
  psd_error warning;
  psd_result result = psd_host_keys_read(path, &reader->profile->new_keys, &warning, error);
  free(path);
  reader->profile->replace_keys = result == PSD_OK;
  if (result == PSD_OK && warning.words[0] != '\0')
    *reader->warning = warning;
  return result;
}

static psd_result take_value(psd_profile_reader *reader, const psd_setting_row *row, const psd_setting *setting,
                             psd_error *error) {
  static const char *const schemes[] = {"unique", "1000-key"};
  static const char *const answers[] = {"no", "yes"};
  switch (row->kind) {
  case PSD_SETTING_TWO_LETTERS:
    return take_letters(reader->profile, row, setting, error);
  case PSD_SETTING_SERIAL:
    return take_serial(reader->profile, row, setting, error);
  case PSD_SETTING_NUMBER:
    return take_number(reader->profile, row, setting, 1, error);
  case PSD_SETTING_AMOUNT:
    return take_amount(reader->profile, row, setting, error);
  case PSD_SETTING_DAYS:
    return take_number(reader->profile, row, setting, DAY, error);
  case PSD_SETTING_FUNDS:
    return take_word(reader->profile, row, setting, psd_funds_modes, PSD_FUNDS_MODE_COUNT, error);
  case PSD_SETTING_TIME:
    return take_time(reader->profile, row, setting, error);
  case PSD_SETTING_SECRET:
    return take_secret(reader->profile, row, setting, error);
  case PSD_SETTING_SCHEME:
    return take_word(reader->profile, row, setting, schemes, 2, error);
  case PSD_SETTING_KEY:
    return take_key(reader->profile, row, setting, error);
  case PSD_SETTING_POINT:
    return take_point(reader, row, setting, error);
  case PSD_SETTING_KEYS:
    return take_keys(reader, setting, error);
  case PSD_SETTING_SUITES:
  case PSD_SETTING_ORDER:
  case PSD_SETTING_PROFILES:
  case PSD_SETTING_OFFSET:
    return psd_profile_take_names(reader->profile, row, setting, error);
  case PSD_SETTING_YES_NO:
    return take_word(reader->profile, row, setting, answers, 2, error);
  }
  return psd_setting_wrong(setting, error, "%s cannot be set", row->name);
}

psd_result psd_profile_take(void *context, const psd_setting *setting, psd_error *error) {
  psd_profile_reader *reader = context;
  for (size_t i = 0; i < psd_setting_row_count; i++) {
    const psd_setting_row *row = &psd_setting_rows[i];
    if (strcmp(row->name, setting->name) != 0)
      continue;
    uint64_t bit = UINT64_C(1) << i;
    if ((reader->given & bit) != 0)
      return psd_setting_wrong(setting, error, "%s is given twice", row->name);
    reader->given |= bit;
    if (row->object != PSD_OBJECT_COUNT && (reader->provided & PSD_OBJECT_BIT(row->object)) != 0)
      return psd_setting_wrong(setting, error, "%s comes from the key management system or the card itself", row->name);
    if (row->object != PSD_OBJECT_COUNT)
      reader->profile->objects |= PSD_OBJECT_BIT(row->object);
    return take_value(reader, row, setting, error);
  }
  return psd_setting_wrong(setting, error, "no setting has this name: psd(1) lists them");
}

void psd_profile_wipe(psd_profile *profile) {
  OPENSSL_cleanse(profile, sizeof *profile);
}

psd_profile psd_profile_blank(void) {
  return (psd_profile){
      .vendor_token_key = {.set = 1, .digits = PSD_TOKEN_DIGITS},
      .postal_token_key = {.set = 1, .digits = PSD_TOKEN_DIGITS},
      .evidence_policy = PSD_EVIDENCE_POLICY_DEFAULT,
      .vendor_key.identifier = 1,
      .ca_key.identifier = 1,
      .rate_key.identifier = 1,
      .clock.set = 1,
      .session_policy.forward = 1,
  };
}

psd_result psd_profile_take_file(psd_profile_reader *reader, psd_error *warning, psd_error *error) {
  psd_error of_keys = {.result = PSD_OK};
  reader->warning = &of_keys;
  psd_result result = psd_settings_read(reader->path, psd_profile_take, reader, warning, error);
  if (result == PSD_OK)
    result = psd_profile_check(reader, error);
  if (warning->words[0] == '\0')
    *warning = of_keys;
  reader->warning = NULL;
  if (result != PSD_OK)
    psd_profile_wipe(reader->profile);
  return result;
}

psd_result psd_profile_read(const char *path, psd_profile *profile, psd_error *warning, psd_error *error) {
  *profile = psd_profile_blank();
  psd_profile_reader reader = {.profile = profile, .path = path};
  return psd_profile_take_file(&reader, warning, error);
}
