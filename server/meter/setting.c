#include "meter/setting.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "authority/authority.h"
#include "crypto/evp.h"
#include "crypto/password.h"
#include "psd/spec/amount.h"
#include "psd/spec/chars.h"

#define AT(field) offsetof(psd_meter_settings, field), sizeof(((psd_meter_settings *)0)->field)
#define YEAR 31536000U

const psd_meter_setting psd_meter_known[] = {
    {"config", PSD_METER_TEXT, AT(config), 1, PSD_METER_TEXT_MAX, true},
    {"db", PSD_METER_TEXT, AT(database), 1, PSD_METER_TEXT_MAX, false},
    {"kms", PSD_METER_PATHS, AT(kms), 1, PSD_METER_PATH_MAX, true},
    {"listen", PSD_METER_PATHS, AT(listen), 1, PSD_METER_PATH_MAX, false},
    {"control", PSD_METER_TEXT, AT(control), 1, PSD_METER_PATH_MAX, false},
    {"control-group", PSD_METER_TEXT, AT(control_group), 1, PSD_METER_TEXT_MAX, false},
    {"realm", PSD_METER_TEXT, AT(realm), 1, 32, false},
    {"memory", PSD_METER_NUMBER, AT(memory), PSD_PASSWORD_MEMORY_LEAST, PSD_PASSWORD_MEMORY_MOST, false},
    {"passes", PSD_METER_NUMBER, AT(passes), 1, PSD_PASSWORD_PASSES_MOST, false},
    {"lanes", PSD_METER_NUMBER, AT(lanes), 1, PSD_PASSWORD_LANES_MOST, false},
    {"suites", PSD_METER_SUITES, AT(suites), 0, 0, true},
    {"forward", PSD_METER_YES, AT(forward), 0, 0, true},
    {"no-forward", PSD_METER_NO, AT(forward), 0, 0, true},
    {"sign-on-timeout", PSD_METER_NUMBER, AT(sign_on_timeout), 1, 86400, true},
    {"handshake-timeout", PSD_METER_NUMBER, AT(handshake_timeout), 1, 86400, true},
    {"idle-timeout", PSD_METER_NUMBER, AT(idle_timeout), 1, 86400, true},
    {"kms-timeout", PSD_METER_NUMBER, AT(kms_timeout), 1, 3600, true},
    {"connections", PSD_METER_NUMBER, AT(connections), 1, 1000000, true},
    {"workers", PSD_METER_NUMBER, AT(workers), 1, 64, false},
    {"lock-after", PSD_METER_NUMBER, AT(lock_after), 1, 1000, true},
    {"lock-first", PSD_METER_NUMBER, AT(lock_first), 1, YEAR, true},
    {"lock-most", PSD_METER_NUMBER, AT(lock_most), 1, YEAR, true},
    {"renew-before", PSD_METER_NUMBER, AT(renew_before), 0, 1095, true},
    {"certificate-days", PSD_METER_NUMBER, AT(certificate_days), 1, 1096, true},
    {"vetting", PSD_METER_VETTING, AT(vetting), 0, 0, true},
    {"credit-most", PSD_METER_AMOUNT, AT(credit_most), 0, 0, true},
    {"user-days", PSD_METER_NUMBER, AT(user_days), 1, 1096, true},
    {"credit-days", PSD_METER_NUMBER, AT(credit_days), 1, 1096, true},
    {"revoke-overdue", PSD_METER_NUMBER, AT(revoke_overdue), 0, 3650, true},
    {"revoke-unpaid", PSD_METER_NUMBER, AT(revoke_unpaid), 0, 3650, true},
    {"http", PSD_METER_TEXT, AT(http), 1, PSD_METER_TEXT_MAX, false},
    {"public-url", PSD_METER_TEXT, AT(public_url), 8, PSD_METER_URL_MAX, true},
    {"log-level", PSD_METER_LEVEL, AT(log_level), 0, 0, true},
};
const size_t psd_meter_known_count = sizeof psd_meter_known / sizeof psd_meter_known[0];

_Static_assert(sizeof psd_meter_known / sizeof psd_meter_known[0] <= 64, "a row is a bit of 64");

bool psd_meter_refuse_setting(char words[PSD_METER_WORDS_MAX], const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(words, PSD_METER_WORDS_MAX, format, arguments);
  va_end(arguments);
  return false;
}

const psd_meter_setting *psd_meter_setting_named(const char *name, size_t length) {
  for (size_t i = 0; i < psd_meter_known_count; i++)
    if (strlen(psd_meter_known[i].name) == length && strncmp(psd_meter_known[i].name, name, length) == 0)
      return &psd_meter_known[i];
  return NULL;
}

uint64_t psd_meter_setting_bit(const psd_meter_setting *row) {
  return UINT64_C(1) << (row - psd_meter_known);
}

static bool take_number(const psd_meter_setting *row, uint64_t *number, const char *value, char *words) {
  char *end = NULL;
  errno = 0;
  unsigned long long taken = strtoull(value, &end, 10);
  if (!isdigit((unsigned char)value[0]) || errno != 0 || *end != '\0' || taken < row->least || taken > row->most)
    return psd_meter_refuse_setting(words, "%s needs a number from %llu to %llu", row->name,
                                    (unsigned long long)row->least, (unsigned long long)row->most);
  *number = taken;
  return true;
}

/* A list of suites, of which this server was built with each. */
static bool take_suites(uint64_t *suites, const char *value, char *words) {
  unsigned named = psd_suites_in(value);
  bool built = named != 0;
  for (size_t i = 0; i < psd_suite_count; i++)
    built = built && ((named & psd_suites[i].suite) == 0 || psd_cipher_of(psd_suites[i].suite) != NULL);
  if (!built)
    return psd_meter_refuse_setting(words, "suites needs a list of p256, rsa%s, joined by commas",
                                    PSD_CLASSIC ? ", shared and classic" : " and shared");
  *suites = named;
  return true;
}

static bool take_text(const psd_meter_setting *row, char *text, const char *value, char *words) {
  size_t length = strlen(value);
  if (length < row->least || length > row->most || !psd_printable(value, length))
    return psd_meter_refuse_setting(words, "%s needs %llu to %llu printable characters", row->name,
                                    (unsigned long long)row->least, (unsigned long long)row->most);
  memcpy(text, value, length + 1);
  return true;
}

static bool take_path(const psd_meter_setting *row, psd_meter_paths *paths, const char *value, char *words) {
  if (paths->count == PSD_METER_KMS_MAX)
    return psd_meter_refuse_setting(words, "%s is there more than %u times", row->name, PSD_METER_KMS_MAX);
  if (!take_text(row, paths->at[paths->count], value, words))
    return false;
  paths->count++;
  return true;
}

static bool take_choice(const psd_meter_setting *row, uint64_t *choice, const char *value, char *words) {
  bool yes = strcmp(value, "yes") == 0;
  if (!yes && strcmp(value, "no") != 0)
    return psd_meter_refuse_setting(words, "%s needs yes or no", row->name);
  *choice = yes == (row->kind == PSD_METER_YES);
  return true;
}

static bool take_level(uint64_t *number, const char *value, char *words) {
  psd_meter_level level;
  if (!psd_meter_level_named(value, &level))
    return psd_meter_refuse_setting(words, "log-level needs error, warning, info or debug");
  *number = level;
  return true;
}

static bool take_vetting(uint64_t *vetting, const char *value, char *words) {
  bool by_user = strcmp(value, "user") == 0;
  if (!by_user && strcmp(value, "operator") != 0)
    return psd_meter_refuse_setting(words, "vetting needs operator or user");
  *vetting = by_user ? PSD_CA_BY_USER : PSD_CA_BY_OPERATOR;
  return true;
}

static bool take_amount(const psd_meter_setting *row, uint64_t *mills, const char *value, char *words) {
  return psd_amount_parse(value, mills) ||
         psd_meter_refuse_setting(words, "%s needs an amount, such as 500.00", row->name);
}

bool psd_meter_setting_take(psd_meter_settings *settings, const psd_meter_setting *row, const char *value,
                            char words[PSD_METER_WORDS_MAX]) {
  void *at = (char *)settings + row->offset;
  switch (row->kind) {
  case PSD_METER_TEXT:
    return take_text(row, at, value, words);
  case PSD_METER_PATHS:
    return take_path(row, at, value, words);
  case PSD_METER_NUMBER:
    return take_number(row, at, value, words);
  case PSD_METER_SUITES:
    return take_suites(at, value, words);
  case PSD_METER_LEVEL:
    return take_level(at, value, words);
  case PSD_METER_VETTING:
    return take_vetting(at, value, words);
  case PSD_METER_AMOUNT:
    return take_amount(row, at, value, words);
  default:
    return take_choice(row, at, value, words);
  }
}
