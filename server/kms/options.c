#include "kms/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "psd/spec/amount.h"
#include "psd/spec/chars.h"

#define DAY 86400U
/* Times of inspection are 4 bytes of seconds. */
#define DAYS_MOST (UINT32_MAX / DAY)

const char *const psd_kms_help =
    "usage: psd-kms init --dir DIR [--rsa 2048|3072]\n"
    "       psd-kms run --dir DIR --listen PATH [--group GROUP] [--role meter|manufacturing] [--quiet]\n"
    "                   [--most AMOUNT] [--longest-watchdog DAYS] [--no-seccomp] [--classic]\n"
    "       psd-kms keys --dir DIR [--json]\n"
    "       psd-kms rotate --dir DIR [--kind KIND] [--rsa 2048|3072]\n"
    "       psd-kms register|retire|compromise --dir DIR ID\n"
    "       psd-kms export --dir DIR [--kind KIND] [--json]\n"
    "       psd-kms ca --dir DIR [--key ID]\n"
    "       psd-kms transport --dir DIR --serial HEX8 [--vendor AA] [--model BB] --out FILE\n"
    "       psd-kms transport --dir DIR --serial HEX8... [--vendor AA] [--model BB] --out-dir DIR\n"
    "       psd-kms log --dir DIR [--verify] [--json | --movements] [--key FILE]\n"
    "       psd-kms passphrase --dir DIR [--new-passphrase-file FILE]\n"
    "       psd-kms --help | --version\n"
    "\n"
    "init        makes the keys, sealed under a passphrase, and the log\n"
    "run         serves at a Unix socket until SIGTERM or SIGINT, in role meter unless told otherwise; SIGHUP reads\n"
    "            the keys anew; --group lets a group connect, not only the same user; --classic serves suite classic\n"
    "            as well, which is of 1997 and as weak; --most is the largest refill it authorizes (10000.00),\n"
    "            --longest-watchdog the longest time without an inspection after which a PSD locks (180 days)\n"
    "keys        lists the keys and their states\n"
    "rotate      makes a new key of a kind (vendor, rsa, kms, shared, set, ca, rate); the old one stays for what holds "
    "it\n"
    "register    notes that every holder of an installed key is on record\n"
    "retire      ends the use of an installed or registered key and destroys its secret\n"
    "compromise  the same at once, in any state; an active key is replaced\n"
    "export      prints the public key of a kind (vendor, rsa, log, ca, rate) as PEM\n"
    "ca          prints the certificate of the certificate authority as PEM; --key of an earlier one\n"
    "transport   writes the transport keys of new cards, for psd-card init --transport-keys\n"
    "log         prints the log of keys and authorizations, and their sums; --movements the authorizations alone, for\n"
    "            psd-server reconcile --kms-log; --verify checks chain, signatures and end, with the keys' passphrase "
    "or\n"
    "            with the log's public key (--key FILE, as export --kind log prints it)\n"
    "passphrase  seals the keys under another passphrase\n"
    "\n"
    "The passphrase comes from --passphrase-file FILE, else from the file psd-kms-passphrase in "
    "$CREDENTIALS_DIRECTORY,\n"
    "else from the terminal.\n"
    "\n"
    "Exit status: 0 done; 1 refused; 2 usage.\n";

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
    {"help", no_argument, NULL, PSD_KMS_OPTION_HELP},
    {NULL, 0, NULL, 0},
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static bool
refuse(char wrong[PSD_KMS_WRONG_MAX], const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(wrong, PSD_KMS_WRONG_MAX, format, arguments);
  va_end(arguments);
  return false;
}

static const char *name_of(unsigned option) {
  for (size_t i = 0; known[i].name != NULL; i++)
    if (known[i].val == (int)option)
      return known[i].name;
  return "";
}

static bool take_path(const char **path, const char *value, unsigned option, char *wrong) {
  *path = value;
  return value[0] != '\0' || refuse(wrong, "--%s needs a name", name_of(option));
}

static bool take_rsa(psd_kms_options *options, const char *value, char *wrong) {
  if (strcmp(value, "2048") != 0 && strcmp(value, "3072") != 0)
    return refuse(wrong, "--rsa needs 2048 or 3072");
  options->rsa_bits = value[0] == '2' ? 2048U : 3072U;
  return true;
}

static bool take_kind(psd_kms_options *options, const char *value, char *wrong) {
  const psd_kms_kind_row *row = psd_kms_kind_named(value);
  if (row == NULL || row->kind == PSD_KMS_DEVICE)
    return refuse(wrong, "--kind '%.20s' is none: psd-kms keys lists them", value);
  options->kind = row->kind;
  return true;
}

static bool take_role(psd_kms_options *options, const char *value, char *wrong) {
  options->role = psd_role_named(value);
  return options->role != 0 || refuse(wrong, "--role needs meter or manufacturing");
}

static bool take_serial(psd_kms_options *options, const char *value, char *wrong) {
  uint8_t serial[4];
  if (psd_hex_bytes(value, strlen(value), serial, sizeof serial) != sizeof serial)
    return refuse(wrong, "--serial needs eight hexadecimal digits, such as 00000001");
  if (options->serial_count == PSD_KMS_SERIALS_MAX)
    return refuse(wrong, "too many --serial: at most %u", PSD_KMS_SERIALS_MAX);
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
    return refuse(wrong, "'%.20s' is no key identifier: psd-kms keys lists them", text);
  options->identifier = (uint32_t)value;
  return true;
}

/* --key of ca is an identifier, that of log a file. */
static bool take_key(psd_kms_options *options, const char *value, unsigned option, char *wrong) {
  return strcmp(options->command->name, "ca") == 0 ? take_identifier(options, value, wrong)
                                                   : take_path(&options->key_file, value, option, wrong);
}

static bool take_most(psd_kms_options *options, const char *value, char *wrong) {
  return (psd_amount_parse(value, &options->policy.most) && options->policy.most > 0) ||
         refuse(wrong, "--most needs an amount in dollars, such as 10000 or 2500.50, and more than zero");
}

static bool take_watchdog(psd_kms_options *options, const char *value, char *wrong) {
  uint64_t days;
  if (!take_number(value, DAYS_MOST, &days))
    return refuse(wrong, "--longest-watchdog needs a number of days from 1 to %u", DAYS_MOST);
  options->policy.longest_watchdog = days * DAY;
  return true;
}

static bool take_pair(uint8_t pair[2], const char *value, unsigned option, char *wrong) {
  if (strlen(value) != 2 || !psd_printable(value, 2))
    return refuse(wrong, "--%s needs two printable ASCII characters", name_of(option));
  memcpy(pair, value, 2);
  return true;
}

static bool take(psd_kms_options *options, unsigned option, const char *value, char *wrong) {
  switch (option) {
  case PSD_KMS_OPTION_DIR:
    return take_path(&options->dir, value, option, wrong);
  case PSD_KMS_OPTION_PASSPHRASE:
    return take_path(&options->passphrase_file, value, option, wrong);
  case PSD_KMS_OPTION_NEW_PASSPHRASE:
    return take_path(&options->new_passphrase_file, value, option, wrong);
  case PSD_KMS_OPTION_LISTEN:
    return take_path(&options->listen, value, option, wrong);
  case PSD_KMS_OPTION_GROUP:
    return take_path(&options->group, value, option, wrong);
  case PSD_KMS_OPTION_KEY:
    return take_key(options, value, option, wrong);
  case PSD_KMS_OPTION_OUT:
    return take_path(&options->out, value, option, wrong);
  case PSD_KMS_OPTION_OUT_DIR:
    return take_path(&options->out_dir, value, option, wrong);
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
  case PSD_KMS_OPTION_JSON:
    options->json = true;
    return true;
  case PSD_KMS_OPTION_MOVEMENTS:
    options->movements = true;
    return true;
  case PSD_KMS_OPTION_VERIFY:
    options->verify = true;
    return true;
  case PSD_KMS_OPTION_MOST:
    return take_most(options, value, wrong);
  case PSD_KMS_OPTION_LONGEST_WATCHDOG:
    return take_watchdog(options, value, wrong);
  case PSD_KMS_OPTION_QUIET:
    options->quiet = true;
    return true;
  case PSD_KMS_OPTION_CLASSIC:
    options->classic = true;
    return true;
  default:
    options->no_seccomp = true;
    return true;
  }
}

static bool check_together(const psd_kms_options *options, unsigned seen, char *wrong) {
  unsigned missing = options->command->needs & ~seen;
  for (unsigned option = 1; option < PSD_KMS_OPTION_HELP; option++)
    if ((missing >> option & 1U) != 0)
      return refuse(wrong, "--%s is missing (see --help)", name_of(option));
  if (options->json && options->movements)
    return refuse(wrong, "say either --json or --movements");
  bool one = options->out != NULL, several = options->out_dir != NULL;
  if (options->serial_count > 0 && one == several)
    return refuse(wrong, "say either --out FILE or --out-dir DIR");
  if (one && options->serial_count > 1)
    return refuse(wrong, "--out is for one card: say --out-dir DIR");
  if (strcmp(options->command->name, "rotate") == 0 && (options->kind == PSD_KMS_RSA) != (options->rsa_bits != 0))
    return refuse(wrong, "--kind rsa and --rsa BITS go together");
  return true;
}

static bool parse_rest(int argc, char **argv, psd_kms_options *options, char *wrong) {
  unsigned seen = 0;
  int option;
  opterr = 0;
  optind = 1;
  while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    if (option == '?')
      return refuse(wrong, "'%.40s' is unknown or lacks its value (see --help)", argv[optind - 1]);
    if (option == PSD_KMS_OPTION_HELP) {
      options->help = true;
      return true;
    }
    if ((options->command->takes >> option & 1U) == 0)
      return refuse(wrong, "--%s is not for %s (see --help)", name_of((unsigned)option), options->command->name);
    if ((seen >> option & 1U) != 0 && option != PSD_KMS_OPTION_SERIAL)
      return refuse(wrong, "--%s is there twice", name_of((unsigned)option));
    seen |= 1U << option;
    if (!take(options, (unsigned)option, optarg, wrong))
      return false;
  }
  int left = argc - optind;
  if (options->command->identifier && (left != 1 || !take_identifier(options, argv[optind], wrong)))
    return left == 1 ? false : refuse(wrong, "%s needs one key identifier", options->command->name);
  if (!options->command->identifier && left != 0)
    return refuse(wrong, "unexpected '%.40s' (see --help)", argv[optind]);
  return check_together(options, seen, wrong);
}

bool psd_kms_options_parse(int argc, char **argv, psd_kms_options *options, char wrong[PSD_KMS_WRONG_MAX]) {
  *options = (psd_kms_options){.role = PSD_ROLE_METER,
                               .kind = PSD_KMS_VENDOR,
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
    return refuse(wrong, "say init, run, keys, rotate, register, retire, compromise, export, ca, transport, log or "
                         "passphrase (see --help)");
  return parse_rest(argc - 1, argv + 1, options, wrong);
}
