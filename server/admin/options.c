/* The command line: options, verb, arguments, and whether they go together. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/command.h"
#include "crypto/password.h"
#include "psd/spec/chars.h"

#define AT(field) offsetof(psd_admin, field)
#define ZIP_MOST 999999999U             /* nine digits */
#define DAYS_MOST (UINT32_MAX / 86400U) /* WATCHDOG has seconds in 4 bytes */
#define REFERENCE_MOST 64U

const psd_admin_option_row psd_admin_options[] = {
    {PSD_ADMIN_DB, "db", PSD_ADMIN_TEXT, AT(url), 0, 0, "URL", "sqlite:FILE, or postgresql://..."},
    {PSD_ADMIN_KMS, "kms", PSD_ADMIN_TEXT, AT(kms), 0, 0, "PATH",
     "socket of the key management system: it has the key to names, and signs rates"},
    {PSD_ADMIN_JSON, "json", PSD_ADMIN_FLAG, 0, 0, 0, "", "JSON for machines; amounts are mills, 1/10 cent"},
    {PSD_ADMIN_ACCOUNT, "account", PSD_ADMIN_TEXT, AT(account), 0, 0, "NUMBER", "the account"},
    {PSD_ADMIN_PASSWORD_FILE, "password-file", PSD_ADMIN_TEXT, AT(password_file), 0, 0, "FILE",
     "the password is its first line; - is standard input"},
    {PSD_ADMIN_REALM, "realm", PSD_ADMIN_TEXT, AT(realm), 0, 0, "NAME",
     "the realm of the meter server (\"" PSD_PASSWORD_REALM "\")"},
    {PSD_ADMIN_MEMORY, "memory", PSD_ADMIN_NUMBER, AT(memory), PSD_PASSWORD_MEMORY_LEAST, PSD_PASSWORD_MEMORY_MOST,
     "KIB", "the meter server's Argon2id (" PSD_PASSWORD_DEFAULTS "): memory,"},
    {PSD_ADMIN_PASSES, "passes", PSD_ADMIN_NUMBER, AT(passes), 1, PSD_PASSWORD_PASSES_MOST, "N", "passes"},
    {PSD_ADMIN_LANES, "lanes", PSD_ADMIN_NUMBER, AT(lanes), 1, PSD_PASSWORD_LANES_MOST, "N", "and lanes"},
    {PSD_ADMIN_ZIP, "zip", PSD_ADMIN_NUMBER, AT(zip), 1, ZIP_MOST, "ZIP", "licensing ZIP"},
    {PSD_ADMIN_LICENCE, "licence", PSD_ADMIN_NUMBER, AT(licence), 1, UINT32_MAX, "N", "licence number"},
    {PSD_ADMIN_CREDIT, "credit", PSD_ADMIN_AMOUNT, AT(credit), 0, 0, "AMOUNT", "how far its balance may go below zero"},
    {PSD_ADMIN_REFERENCE, "reference", PSD_ADMIN_TEXT, AT(reference), 0, 0, "TEXT",
     "of the payment: the same one is not taken twice"},
    {PSD_ADMIN_SINCE, "since", PSD_ADMIN_DATE, AT(since), 0, 0, "DATE", "from that day on (UTC), as 2026-11-21"},
    {PSD_ADMIN_ACCEPT, "accept", PSD_ADMIN_FLAG, 0, 0, 0, "",
     "takes the registers for right that do not agree with the ledger"},
    {PSD_ADMIN_MINIMUM_POSTAGE, "minimum-postage", PSD_ADMIN_AMOUNT, AT(limits.minimum_postage), 0, 0, "AMOUNT",
     "least postage a piece"},
    {PSD_ADMIN_MAXIMUM_POSTAGE, "maximum-postage", PSD_ADMIN_AMOUNT, AT(limits.maximum_postage), 0, 0, "AMOUNT",
     "most postage a piece"},
    {PSD_ADMIN_MAXIMUM_DESCENDING, "maximum-descending", PSD_ADMIN_AMOUNT, AT(limits.maximum_descending), 0, 0,
     "AMOUNT", "most funds in the meter"},
    {PSD_ADMIN_MINIMUM_REFILL, "minimum-refill", PSD_ADMIN_AMOUNT, AT(limits.minimum_refill), 0, 0, "AMOUNT",
     "least refill"},
    {PSD_ADMIN_MAXIMUM_REFILL, "maximum-refill", PSD_ADMIN_AMOUNT, AT(limits.maximum_refill), 0, 0, "AMOUNT",
     "most refill"},
    {PSD_ADMIN_WARN, "warn", PSD_ADMIN_NUMBER, AT(warn), 1, DAYS_MOST, "DAYS",
     "days without an audit after which the meter warns"},
    {PSD_ADMIN_LOCK, "lock", PSD_ADMIN_NUMBER, AT(lock), 1, DAYS_MOST, "DAYS", "and after which it locks"},
    {PSD_ADMIN_ALL, "all", PSD_ADMIN_FLAG, 0, 0, 0, "", "every meter; every request"},
    {PSD_ADMIN_SKIP_BAD, "skip-bad", PSD_ADMIN_FLAG, 0, 0, 0, "", "takes the good lines of a file that has bad ones"},
    {PSD_ADMIN_KMS_LOG, "kms-log", PSD_ADMIN_TEXT, AT(kms_log), 0, 0, "FILE",
     "what psd-kms log --movements has printed; - is standard input"},
    {PSD_ADMIN_RATE_KEY, "rate-key", PSD_ADMIN_TEXT, AT(rate_key), 0, 0, "FILE",
     "public key of kind rate, as psd-kms export prints it: the signature is checked with it"},
    {PSD_ADMIN_CSV, "csv", PSD_ADMIN_FLAG, 0, 0, 0, "", "serial,time,reason a line, as psd-kms crl reads it"},
    {PSD_ADMIN_REASON, "reason", PSD_ADMIN_TEXT, AT(reason), 0, 0, "WORDS",
     "why; of a revocation unspecified, key-compromise, affiliation-changed, superseded, cessation, "
     "privilege-withdrawn"},
    {PSD_ADMIN_OVERDUE, "overdue", PSD_ADMIN_NUMBER, AT(overdue), 0, DAYS_MOST, "DAYS",
     "days that the inspection of a meter is overdue"},
    {PSD_ADMIN_UNPAID, "unpaid", PSD_ADMIN_NUMBER, AT(unpaid), 0, DAYS_MOST, "DAYS",
     "days that a payment for a revocation is due"},
    {PSD_ADMIN_HELP, "help", PSD_ADMIN_FLAG, 0, 0, 0, "", "this"},
    {PSD_ADMIN_VERSION, "version", PSD_ADMIN_FLAG, 0, 0, 0, "", "the version"},
};
#define OPTIONS (sizeof psd_admin_options / sizeof psd_admin_options[0])
const size_t psd_admin_option_count = OPTIONS;

static const psd_admin_option_row *option_of(unsigned bit) {
  const psd_admin_option_row *row = psd_admin_options;
  while (row->bit != bit)
    row++;
  return row;
}

/* The name of the lowest of several. */
static const char *first_name(unsigned bits) {
  return option_of(bits & (~bits + 1))->name;
}

int psd_admin_usage(const psd_admin *admin, const char *format, ...) {
  va_list arguments;
  fputs("psd-server: ", stderr);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  if (admin->verb != NULL)
    fprintf(stderr, "; see psd-server %s --help\n", admin->verb->group);
  else
    fputs("; see psd-server --help\n", stderr);
  return PSD_EXIT_USAGE;
}

static int take_number(psd_admin *admin, const psd_admin_option_row *row, uint32_t *number) {
  char *end = NULL;
  size_t length = strlen(optarg);
  unsigned long long value = strtoull(optarg, &end, 10);
  if (length == 0 || length > 10 || optarg[0] < '0' || optarg[0] > '9' || *end != '\0' || value < row->least ||
      value > row->most)
    return psd_admin_usage(admin, "--%s is a whole number from %llu to %llu", row->name, (unsigned long long)row->least,
                           (unsigned long long)row->most);
  *number = (uint32_t)value;
  return PSD_EXIT_DONE;
}

static int take_text(psd_admin *admin, const psd_admin_option_row *row) {
  uint8_t padded[32];
  size_t length = strlen(optarg);
  if (row->bit == PSD_ADMIN_DB && !psd_db_url_valid(optarg))
    return psd_admin_usage(admin, "--db is sqlite:FILE or postgresql://...");
  if (row->bit == PSD_ADMIN_REALM && !psd_password_realm(optarg, padded))
    return psd_admin_usage(admin, "--realm has 1 to 32 printable ASCII characters");
  if (row->bit == PSD_ADMIN_REASON && !psd_admin_reason_valid(optarg))
    return psd_admin_usage(admin, "--reason has 1 to 128 bytes of text");
  if (row->bit == PSD_ADMIN_REFERENCE && (length == 0 || length > REFERENCE_MOST || !psd_printable(optarg, length)))
    return psd_admin_usage(admin, "--reference has 1 to %u printable ASCII characters", REFERENCE_MOST);
  return PSD_EXIT_DONE;
}

static int take_option(psd_admin *admin, const psd_admin_option_row *row) {
  void *at = (char *)admin + row->offset;
  admin->given |= row->bit;
  switch (row->kind) {
  case PSD_ADMIN_TEXT:
    *(const char **)at = optarg;
    return take_text(admin, row);
  case PSD_ADMIN_NUMBER:
    return take_number(admin, row, at);
  case PSD_ADMIN_AMOUNT:
    return psd_admin_amount(optarg, at)
               ? PSD_EXIT_DONE
               : psd_admin_usage(admin, "--%s is an amount, as 50 or 50.00 or 0.125, of at most a billion", row->name);
  case PSD_ADMIN_DATE:
    return psd_admin_date(optarg, at) ? PSD_EXIT_DONE
                                      : psd_admin_usage(admin, "--%s is a day, as 2026-11-21", row->name);
  default:
    return PSD_EXIT_DONE;
  }
}

/* The verb that the words begin with; `words` gets how many of them it is. */
static const psd_admin_verb *verb_called(char **words, int count, int *taken) {
  for (size_t i = 0; i < psd_admin_verb_count; i++) {
    const psd_admin_verb *verb = &psd_admin_verbs[i];
    *taken = verb->name[0] == '\0' ? 1 : 2;
    if (count >= *taken && strcmp(words[0], verb->group) == 0 && (*taken == 1 || strcmp(words[1], verb->name) == 0))
      return verb;
  }
  return NULL;
}

static bool is_group(const char *word) {
  for (size_t i = 0; i < psd_admin_verb_count; i++)
    if (strcmp(psd_admin_verbs[i].group, word) == 0)
      return true;
  return false;
}

/* Whether verb, options and arguments go together. */
static int check(psd_admin *admin) {
  const psd_admin_verb *verb = admin->verb;
  if (verb == NULL)
    return psd_admin_usage(admin, "a command is missing");
  const char *between = verb->name[0] == '\0' ? "" : " ";
  unsigned foreign = admin->given & ~(verb->options | PSD_ADMIN_KMS), missing = verb->needed & ~admin->given;
  if (foreign != 0)
    return psd_admin_usage(admin, "%s%s%s takes no --%s", verb->group, between, verb->name, first_name(foreign));
  if (missing != 0)
    return psd_admin_usage(admin, "%s%s%s needs --%s", verb->group, between, verb->name, first_name(missing));
  if (admin->argc < verb->least)
    return psd_admin_usage(admin, "an argument is missing: psd-server %s%s%s %s", verb->group, between, verb->name,
                           verb->synopsis);
  if (admin->argc > verb->most)
    return psd_admin_usage(admin, "that is an argument too many: psd-server %s%s%s %s", verb->group, between,
                           verb->name, verb->synopsis);
  return PSD_EXIT_DONE;
}

static int take_words(psd_admin *admin, char **words, int count) {
  int taken = 0;
  if (count == 0)
    return PSD_EXIT_DONE;
  admin->verb = verb_called(words, count, &taken);
  admin->argc = admin->verb == NULL ? count : count - taken;
  admin->argv = admin->verb == NULL ? words : words + taken;
  if (admin->verb != NULL || (is_group(words[0]) && (admin->given & PSD_ADMIN_HELP) != 0))
    return PSD_EXIT_DONE;
  if (is_group(words[0]) && count == 1)
    return psd_admin_usage(admin, "%s what", words[0]);
  return psd_admin_usage(admin, "there is no command %s%s%s", words[0], is_group(words[0]) ? " " : "",
                         is_group(words[0]) ? words[1] : "");
}

/* The table in getopt's form; `val` is the row, counted from 1. */
static void list_options(struct option list[OPTIONS + 1]) {
  memset(list, 0, (OPTIONS + 1) * sizeof list[0]);
  for (size_t i = 0; i < OPTIONS; i++) {
    const psd_admin_option_row *row = &psd_admin_options[i];
    list[i].name = row->name;
    list[i].has_arg = row->kind == PSD_ADMIN_FLAG ? no_argument : required_argument;
    list[i].val = (int)i + 1;
  }
}

int psd_admin_parse(psd_admin *admin, int argc, char **argv) {
  struct option list[OPTIONS + 1];
  *admin = (psd_admin){.realm = PSD_PASSWORD_REALM,
                       .reference = "",
                       .memory = PSD_PASSWORD_MEMORY,
                       .passes = PSD_PASSWORD_PASSES,
                       .lanes = PSD_PASSWORD_LANES};
  list_options(list);
  optind = 0; /* getopt begins anew */
  opterr = 0;
  int option;
  /* _only: getopt passes by a whole `-5.00` then, which is to be named, and not the word before it. */
  while ((option = getopt_long_only(argc, argv, ":", list, NULL)) != -1) {
    if (option == ':')
      return psd_admin_usage(admin, "%s needs a value", argv[optind - 1]);
    if (option == '?')
      return psd_admin_usage(admin, "there is no option %s", argv[optind - 1]);
    int taken = take_option(admin, &psd_admin_options[option - 1]);
    if (taken != PSD_EXIT_DONE)
      return taken;
  }
  admin->json = (admin->given & PSD_ADMIN_JSON) != 0;
  int status = take_words(admin, argv + optind, argc - optind);
  if (status != PSD_EXIT_DONE || (admin->given & (PSD_ADMIN_HELP | PSD_ADMIN_VERSION)) != 0)
    return status;
  return check(admin);
}
