#include "kms/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kms/options_internal.h"

static const struct option known[] = {
    {"dir", required_argument, NULL, PSD_KMS_OPTION_DIR},
    {"passphrase-file", required_argument, NULL, PSD_KMS_OPTION_PASSPHRASE},
    {"new-passphrase-file", required_argument, NULL, PSD_KMS_OPTION_NEW_PASSPHRASE},
    {"rsa", required_argument, NULL, PSD_KMS_OPTION_RSA},
    {"listen", required_argument, NULL, PSD_KMS_OPTION_LISTEN},
    {"group", required_argument, NULL, PSD_KMS_OPTION_GROUP},
    {"role", required_argument, NULL, PSD_KMS_OPTION_ROLE},
    {"json", no_argument, NULL, PSD_KMS_OPTION_JSON},
    {"movements", no_argument, NULL, PSD_KMS_OPTION_MOVEMENTS},
    {"verify", no_argument, NULL, PSD_KMS_OPTION_VERIFY},
    {"key", required_argument, NULL, PSD_KMS_OPTION_KEY},
    {"kind", required_argument, NULL, PSD_KMS_OPTION_KIND},
    {"serial", required_argument, NULL, PSD_KMS_OPTION_SERIAL},
    {"vendor", required_argument, NULL, PSD_KMS_OPTION_VENDOR},
    {"model", required_argument, NULL, PSD_KMS_OPTION_MODEL},
    {"out", required_argument, NULL, PSD_KMS_OPTION_OUT},
    {"out-dir", required_argument, NULL, PSD_KMS_OPTION_OUT_DIR},
    {"most", required_argument, NULL, PSD_KMS_OPTION_MOST},
    {"longest-watchdog", required_argument, NULL, PSD_KMS_OPTION_LONGEST_WATCHDOG},
    {"quiet", no_argument, NULL, PSD_KMS_OPTION_QUIET},
    {"no-seccomp", no_argument, NULL, PSD_KMS_OPTION_NO_SECCOMP},
    {"classic", no_argument, NULL, PSD_KMS_OPTION_CLASSIC},
    {"domain", required_argument, NULL, PSD_KMS_OPTION_DOMAIN},
    {"date", required_argument, NULL, PSD_KMS_OPTION_DATE},
    {"days", required_argument, NULL, PSD_KMS_OPTION_DAYS},
    {"order", required_argument, NULL, PSD_KMS_OPTION_ORDER},
    {"set", required_argument, NULL, PSD_KMS_OPTION_SET},
    {"revoked", required_argument, NULL, PSD_KMS_OPTION_REVOKED},
    {"help", no_argument, NULL, PSD_KMS_OPTION_HELP},
    {NULL, 0, NULL, 0},
};

bool psd_kms_options_refuse(char wrong[PSD_KMS_WRONG_MAX], const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(wrong, PSD_KMS_WRONG_MAX, format, arguments);
  va_end(arguments);
  return false;
}

const char *psd_kms_option_name(unsigned option) {
  for (size_t i = 0; known[i].name != NULL; i++)
    if (known[i].val == (int)option)
      return known[i].name;
  return "";
}

static bool check_together(const psd_kms_options *options, unsigned seen, char *wrong) {
  unsigned missing = options->command->needs & ~seen;
  for (unsigned option = 1; option < PSD_KMS_OPTION_HELP; option++)
    if ((missing >> option & 1U) != 0)
      return psd_kms_options_refuse(wrong, "--%s is missing (see --help)", psd_kms_option_name(option));
  if (options->key_file != NULL && options->verb != PSD_KMS_TOKENS_NONE && options->verb != PSD_KMS_TOKENS_AUDIT)
    return psd_kms_options_refuse(wrong, "--key is for tokens audit");
  if (options->json && options->movements)
    return psd_kms_options_refuse(wrong, "say either --json or --movements");
  bool one = options->out != NULL, several = options->out_dir != NULL;
  if (strcmp(options->command->name, "transport") == 0 && one == several)
    return psd_kms_options_refuse(wrong, "say either --out FILE or --out-dir DIR");
  if (one && options->serial_count > 1)
    return psd_kms_options_refuse(wrong, "--out is for one card: say --out-dir DIR");
  if (strcmp(options->command->name, "rotate") == 0 && (options->kind == PSD_KMS_RSA) != (options->rsa_bits != 0))
    return psd_kms_options_refuse(wrong, "--kind rsa and --rsa BITS go together");
  return true;
}

static bool parse_rest(int argc, char **argv, psd_kms_options *options, char *wrong) {
  unsigned seen = 0;
  int option;
  opterr = 0;
  optind = 1;
  while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    if (option == '?')
      return psd_kms_options_refuse(wrong, "'%.40s' is unknown or lacks its value (see --help)", argv[optind - 1]);
    if (option == PSD_KMS_OPTION_HELP) {
      options->help = true;
      return true;
    }
    if ((options->command->takes >> option & 1U) == 0)
      return psd_kms_options_refuse(wrong, "--%s is not for %s (see --help)", psd_kms_option_name((unsigned)option),
                                    options->command->name);
    if ((seen >> option & 1U) != 0 && option != PSD_KMS_OPTION_SERIAL)
      return psd_kms_options_refuse(wrong, "--%s is there twice", psd_kms_option_name((unsigned)option));
    seen |= 1U << option;
    if (!psd_kms_option_take(options, (unsigned)option, optarg, wrong))
      return false;
  }
  if (!psd_kms_options_words(options, argc - optind, argv + optind, wrong))
    return false;
  return check_together(options, seen, wrong);
}

bool psd_kms_options_parse(int argc, char **argv, psd_kms_options *options, char wrong[PSD_KMS_WRONG_MAX]) {
  *options = (psd_kms_options){.role = PSD_ROLE_METER,
                               .kind = PSD_KMS_VENDOR,
                               .domain = PSD_TOKENS_VENDOR,
                               .vendor = {'P', 'S'},
                               .model = {'D', '1'},
                               .policy = psd_kms_policy_default};
  const char *name = argc > 1 ? argv[1] : "";
  options->help = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0;
  options->version = strcmp(name, "--version") == 0;
  if (options->help || options->version)
    return true;
  for (size_t i = 0; i < psd_kms_command_count; i++)
    if (strcmp(psd_kms_commands[i].name, name) == 0)
      options->command = &psd_kms_commands[i];
  if (options->command == NULL)
    return psd_kms_options_refuse(
        wrong, "say init, run, keys, rotate, register, retire, compromise, export, ca, crl, transport, "
               "tokens, day, log or passphrase (see --help)");
  return parse_rest(argc - 1, argv + 1, options, wrong);
}
