/* The values of options, one by one. */
#include <string.h>

#include "kms/options_internal.h"
#include "psd/spec/amount.h"
#include "psd/spec/calendar.h"
#include "psd/spec/chars.h"

#define DAY 86400U
/* Times of inspection are 4 bytes of seconds. */
#define DAYS_MOST (UINT32_MAX / DAY)

static bool take_path(const char **path, const char *value, unsigned option, char *wrong) {
  *path = value;
  return value[0] != '\0' || psd_kms_options_refuse(wrong, "--%s needs a name", psd_kms_option_name(option));
}

static bool take_rsa(psd_kms_options *options, const char *value, char *wrong) {
  if (strcmp(value, "2048") != 0 && strcmp(value, "3072") != 0)
    return psd_kms_options_refuse(wrong, "--rsa needs 2048 or 3072");
  options->rsa_bits = value[0] == '2' ? 2048U : 3072U;
  return true;
}

static bool take_kind(psd_kms_options *options, const char *value, char *wrong) {
  const psd_kms_kind_row *row = psd_kms_kind_named(value);
  if (row == NULL || row->kept_by == PSD_KMS_KEPT_BY_NONE)
    return psd_kms_options_refuse(wrong, "--kind '%.20s' is none: psd-kms keys lists them", value);
  options->kind = row->kind;
  return true;
}

static bool take_role(psd_kms_options *options, const char *value, char *wrong) {
  options->role = psd_role_named(value);
  return options->role != 0 || psd_kms_options_refuse(wrong, "--role needs meter, manufacturing or registration");
}

static bool take_serial(psd_kms_options *options, const char *value, char *wrong) {
  uint8_t serial[4];
  if (psd_hex_bytes(value, strlen(value), serial, sizeof serial) != sizeof serial)
    return psd_kms_options_refuse(wrong, "a serial number has eight hexadecimal digits, such as 00000001");
  if (options->serial_count == PSD_KMS_SERIALS_MAX)
    return psd_kms_options_refuse(wrong, "too many --serial: at most %u", PSD_KMS_SERIALS_MAX);
  psd_cursor bytes = psd_cursor_over(serial, sizeof serial);
  options->serials[options->serial_count++] = psd_take_u32(&bytes);
  return true;
}

/* A number from 1 to `most`. */
static bool take_number(const char *text, uint64_t most, uint64_t *number) {
  uint64_t value = 0;
  for (const char *at = text; *at != '\0'; at++) {
    if (*at < '0' || *at > '9' || value > UINT32_MAX)
      return false;
    value = value * 10U + (uint64_t)(*at - '0');
  }
  *number = value;
  return value >= 1 && value <= most;
}

static bool take_identifier(psd_kms_options *options, const char *text, char *wrong) {
  uint64_t value;
  if (!take_number(text, UINT32_MAX, &value))
    return psd_kms_options_refuse(wrong, "'%.20s' is no key identifier: psd-kms keys lists them", text);
  options->identifier = (uint32_t)value;
  return true;
}

/* --key of log and tokens is a file, that of others an identifier. */
static bool take_key(psd_kms_options *options, const char *value, unsigned option, char *wrong) {
  return options->command->key_file ? take_path(&options->key_file, value, option, wrong)
                                    : take_identifier(options, value, wrong);
}

static bool take_domain(psd_kms_options *options, const char *value, char *wrong) {
  uint8_t domain;
  if (!psd_token_domain_named(value, &domain))
    return psd_kms_options_refuse(wrong, "--domain needs vendor or postal");
  options->domain = (psd_token_domain)domain;
  return true;
}

static bool take_date(psd_kms_options *options, const char *value, char *wrong) {
  return psd_date_parse(value, &options->date) ||
         psd_kms_options_refuse(wrong, "--date needs a day, such as 2026-11-22");
}

static bool take_days(psd_kms_options *options, const char *value, char *wrong) {
  uint64_t days;
  if (!take_number(value, PSD_KMS_DAYS_MOST, &days))
    return psd_kms_options_refuse(wrong, "--days needs a number from 1 to %u", PSD_KMS_DAYS_MOST);
  options->days = (unsigned)days;
  return true;
}

static bool take_order(psd_kms_options *options, const char *value, char *wrong) {
  options->order_said = psd_token_order_named(value, &options->order);
  return options->order_said || psd_kms_options_refuse(wrong, "--order needs day or meter");
}

static bool take_set(psd_kms_options *options, const char *value, char *wrong) {
  uint64_t set;
  if (!take_number(value, UINT32_MAX, &set))
    return psd_kms_options_refuse(wrong, "'%.20s' is no identifier of a set: psd-kms keys lists those of kind token",
                                  value);
  options->set = (uint32_t)set;
  return true;
}

static bool take_most(psd_kms_options *options, const char *value, char *wrong) {
  return (psd_amount_parse(value, &options->policy.most) && options->policy.most > 0) ||
         psd_kms_options_refuse(wrong,
                                "--most needs an amount in dollars, such as 10000 or 2500.50, and more than zero");
}

static bool take_watchdog(psd_kms_options *options, const char *value, char *wrong) {
  uint64_t days;
  if (!take_number(value, DAYS_MOST, &days))
    return psd_kms_options_refuse(wrong, "--longest-watchdog needs a number of days from 1 to %u", DAYS_MOST);
  options->policy.longest_watchdog = days * DAY;
  return true;
}

static bool take_pair(uint8_t pair[2], const char *value, unsigned option, char *wrong) {
  if (strlen(value) != 2 || !psd_printable(value, 2))
    return psd_kms_options_refuse(wrong, "--%s needs two printable ASCII characters", psd_kms_option_name(option));
  memcpy(pair, value, 2);
  return true;
}

/* Places of the options that are the name of a file, folder, socket or group. */
static const struct path_option {
  unsigned option;
  size_t place;
} paths[] = {
    {PSD_KMS_OPTION_DIR, offsetof(psd_kms_options, dir)},
    {PSD_KMS_OPTION_PASSPHRASE, offsetof(psd_kms_options, passphrase_file)},
    {PSD_KMS_OPTION_NEW_PASSPHRASE, offsetof(psd_kms_options, new_passphrase_file)},
    {PSD_KMS_OPTION_LISTEN, offsetof(psd_kms_options, listen)},
    {PSD_KMS_OPTION_GROUP, offsetof(psd_kms_options, group)},
    {PSD_KMS_OPTION_OUT, offsetof(psd_kms_options, out)},
    {PSD_KMS_OPTION_OUT_DIR, offsetof(psd_kms_options, out_dir)},
    {PSD_KMS_OPTION_REVOKED, offsetof(psd_kms_options, revoked)},
};

/* Takes an option without a value; false for others. */
static bool take_flag(psd_kms_options *options, unsigned option) {
  switch (option) {
  case PSD_KMS_OPTION_JSON:
    options->json = true;
    return true;
  case PSD_KMS_OPTION_MOVEMENTS:
    options->movements = true;
    return true;
  case PSD_KMS_OPTION_VERIFY:
    options->verify = true;
    return true;
  case PSD_KMS_OPTION_QUIET:
    options->quiet = true;
    return true;
  case PSD_KMS_OPTION_CLASSIC:
    options->classic = true;
    return true;
  case PSD_KMS_OPTION_NO_SECCOMP:
    options->no_seccomp = true;
    return true;
  default:
    return false;
  }
}

static bool take_value(psd_kms_options *options, unsigned option, const char *value, char *wrong) {
  switch (option) {
  case PSD_KMS_OPTION_KEY:
    return take_key(options, value, option, wrong);
  case PSD_KMS_OPTION_DOMAIN:
    return take_domain(options, value, wrong);
  case PSD_KMS_OPTION_DATE:
    return take_date(options, value, wrong);
  case PSD_KMS_OPTION_DAYS:
    return take_days(options, value, wrong);
  case PSD_KMS_OPTION_ORDER:
    return take_order(options, value, wrong);
  case PSD_KMS_OPTION_SET:
    return take_set(options, value, wrong);
  case PSD_KMS_OPTION_RSA:
    return take_rsa(options, value, wrong);
  case PSD_KMS_OPTION_KIND:
    return take_kind(options, value, wrong);
  case PSD_KMS_OPTION_ROLE:
    return take_role(options, value, wrong);
  case PSD_KMS_OPTION_SERIAL:
    return take_serial(options, value, wrong);
  case PSD_KMS_OPTION_VENDOR:
    return take_pair(options->vendor, value, option, wrong);
  case PSD_KMS_OPTION_MODEL:
    return take_pair(options->model, value, option, wrong);
  case PSD_KMS_OPTION_MOST:
    return take_most(options, value, wrong);
  case PSD_KMS_OPTION_LONGEST_WATCHDOG:
  default:
    return take_watchdog(options, value, wrong);
  }
}

bool psd_kms_option_take(psd_kms_options *options, unsigned option, const char *value, char *wrong) {
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
    if (paths[i].option == option)
      return take_path((const char **)(void *)((char *)options + paths[i].place), value, option, wrong);
  return take_flag(options, option) || take_value(options, option, value, wrong);
}

static const struct token_verb {
  const char *name;
  psd_kms_token_verb verb;
  bool device;
} token_verbs[] = {
    {"list", PSD_KMS_TOKENS_LIST, false},    {"show", PSD_KMS_TOKENS_SHOW, true},
    {"retire", PSD_KMS_TOKENS_RETIRE, true}, {"compromise", PSD_KMS_TOKENS_COMPROMISE, true},
    {"clear", PSD_KMS_TOKENS_CLEAR, true},   {"audit", PSD_KMS_TOKENS_AUDIT, false},
};

/* The verb of tokens, and the PSD it is about. */
static bool take_verb(psd_kms_options *options, int count, char **words, char *wrong) {
  for (size_t i = 0; i < sizeof token_verbs / sizeof token_verbs[0]; i++) {
    if (count < 1 || strcmp(token_verbs[i].name, words[0]) != 0)
      continue;
    options->verb = token_verbs[i].verb;
    if (count != (token_verbs[i].device ? 2 : 1))
      return psd_kms_options_refuse(
          wrong, token_verbs[i].device ? "tokens %s needs the serial number of a PSD" : "tokens %s needs nothing else",
          words[0]);
    return !token_verbs[i].device || take_serial(options, words[1], wrong);
  }
  return psd_kms_options_refuse(wrong, "tokens needs list, show, retire, compromise, clear or audit (see --help)");
}

bool psd_kms_options_words(psd_kms_options *options, int count, char **words, char *wrong) {
  switch (options->command->words) {
  case PSD_KMS_WORDS_KEY:
    if (count != 1)
      return psd_kms_options_refuse(wrong, "%s needs one key identifier", options->command->name);
    return take_identifier(options, words[0], wrong);
  case PSD_KMS_WORDS_TOKENS:
    return take_verb(options, count, words, wrong);
  case PSD_KMS_WORDS_NONE:
  default:
    return count == 0 || psd_kms_options_refuse(wrong, "unexpected '%.40s' (see --help)", words[0]);
  }
}
