#include "cli.h"
#include "psd/spec/chars.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MOST 86400U
#define COUNT_MOST 1000000U

/* What getopt returns for an option: its number, beyond all characters. */
#define FIRST 256
#define PSD_CLI_OPTION(NAME, name, argument, line) {name, argument, NULL, FIRST + PSD_NUMBER_##NAME},
static const struct option long_options[] = {
#include "options.def"
    {NULL, 0, NULL, 0},
};

const char *psd_cli_option_name(uint64_t set) {
  for (size_t i = 0; i < PSD_OPTION_COUNT; i++)
    if ((set >> i & 1U) != 0)
      return long_options[i].name;
  return "?";
}

int psd_cli_usage(const psd_cli *cli, const char *format, ...) {
  va_list arguments;
  fputs("psd: ", stderr);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  if (cli->verb != NULL)
    fprintf(stderr, "; see psd %s --help\n", cli->verb->name);
  else
    fputs("; see psd --help\n", stderr);
  return PSD_EXIT_USAGE;
}

bool psd_cli_number(const char *words, unsigned least, unsigned most, unsigned *number) {
  char *end = NULL;
  if (words[0] < '0' || words[0] > '9' || strlen(words) > 9)
    return false;
  unsigned long value = strtoul(words, &end, 10);
  *number = (unsigned)value;
  return *end == '\0' && value >= least && value <= most;
}

static int take_number(psd_cli *cli, const char *name, unsigned least, unsigned most, unsigned *number) {
  if (psd_cli_number(optarg, least, most, number))
    return PSD_EXIT_DONE;
  return psd_cli_usage(cli, "--%s is a whole number from %u to %u", name, least, most);
}

static int take_serial(psd_cli *cli, const char *name, uint32_t *serial) {
  uint8_t bytes[4];
  if (psd_hex_bytes(optarg, strlen(optarg), bytes, sizeof bytes) != sizeof bytes)
    return psd_cli_usage(cli, "--%s has 8 hexadecimal digits", name);
  psd_cursor cursor = psd_cursor_over(bytes, sizeof bytes);
  *serial = psd_take_u32(&cursor);
  return PSD_EXIT_DONE;
}

static int take_suites(psd_cli *cli, const char *name, bool one, unsigned *suites) {
  *suites = psd_suites_in(optarg);
  if (*suites == 0 || (one && psd_suite_of(*suites) == NULL))
    return psd_cli_usage(cli, "--%s is %s p256, rsa and shared", name,
                         one ? "one of" : "a list, with commas between them, of");
  return PSD_EXIT_DONE;
}

static int take_scheme(psd_cli *cli) {
  static const char *const schemes[] = {"unique", "thousand"};
  for (unsigned i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
    if (strcmp(optarg, schemes[i]) == 0) {
      cli->scheme = i;
      return PSD_EXIT_DONE;
    }
  }
  return psd_cli_usage(cli, "--scheme is unique or thousand");
}

static int take_group(psd_cli *cli) {
  cli->certificate = strcmp(optarg, "certificate") == 0;
  if (!cli->certificate && strcmp(optarg, "postage") != 0)
    return psd_cli_usage(cli, "--group is postage or certificate");
  return PSD_EXIT_DONE;
}

/* Options that are a text, and where it goes. */
static const struct {
  int number;
  size_t offset;
} texts[] = {
    {PSD_NUMBER_LISTEN, offsetof(psd_cli, listen)},
    {PSD_NUMBER_READER, offsetof(psd_cli, reader)},
    {PSD_NUMBER_CARD, offsetof(psd_cli, card)},
    {PSD_NUMBER_KEYS, offsetof(psd_cli, keys)},
    {PSD_NUMBER_PROFILE, offsetof(psd_cli, profile)},
    {PSD_NUMBER_PIN_FILE, offsetof(psd_cli, pin_file)},
    {PSD_NUMBER_ATR, offsetof(psd_cli, atr)},
    {PSD_NUMBER_SERVER, offsetof(psd_cli, server)},
    {PSD_NUMBER_USER, offsetof(psd_cli, user)},
    {PSD_NUMBER_PASSWORD_FILE, offsetof(psd_cli, password_file)},
    {PSD_NUMBER_KMS, offsetof(psd_cli, kms)},
    {PSD_NUMBER_POSTAL_KMS, offsetof(psd_cli, postal_kms)},
    {PSD_NUMBER_STATE_DIR, offsetof(psd_cli, state_dir)},
    {PSD_NUMBER_OUTPUT, offsetof(psd_cli, output)},
    {PSD_NUMBER_RAW, offsetof(psd_cli, raw)},
    {PSD_NUMBER_PLACE, offsetof(psd_cli, place)},
    {PSD_NUMBER_SENDER, offsetof(psd_cli, sender)},
    {PSD_NUMBER_ADDRESSEE, offsetof(psd_cli, addressee)},
    {PSD_NUMBER_TO, offsetof(psd_cli, to)},
    {PSD_NUMBER_SUBJECT, offsetof(psd_cli, subject)},
    {PSD_NUMBER_PURPOSE, offsetof(psd_cli, purpose)},
    {PSD_NUMBER_RECEIVER, offsetof(psd_cli, receiver)},
    {PSD_NUMBER_ROOT, offsetof(psd_cli, root)},
    {PSD_NUMBER_CA, offsetof(psd_cli, ca)},
    {PSD_NUMBER_CRL, offsetof(psd_cli, crl)},
};

static void take_text(psd_cli *cli, int number) {
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (texts[i].number == number)
      memcpy((char *)cli + texts[i].offset, &optarg, sizeof optarg);
}

/* Of most verbs the last one counts. */
static int take_place(psd_cli *cli, bool socket) {
  if (cli->place_count == PSD_CLI_PLACES)
    return psd_cli_usage(cli, "more than %u cards are named", PSD_CLI_PLACES);
  cli->places[cli->place_count++] = (psd_cli_place){socket, optarg};
  return PSD_EXIT_DONE;
}

static int take_option(psd_cli *cli, int number) {
  int status = PSD_EXIT_DONE;
  cli->given |= UINT64_C(1) << number;
  take_text(cli, number);
  if (psd_cli_take_piece(cli, number, optarg, &status) || psd_cli_take_service(cli, number, optarg, &status))
    return status;
  switch (number) {
  case PSD_NUMBER_READER:
  case PSD_NUMBER_CARD:
    return take_place(cli, number == PSD_NUMBER_CARD);
  case PSD_NUMBER_JSON:
    cli->json = true;
    break;
  case PSD_NUMBER_COUNT:
    return take_number(cli, "count", 1, COUNT_MOST, &cli->count);
  case PSD_NUMBER_WAIT:
    return take_number(cli, "wait", 0, WAIT_MOST, &cli->wait_ms);
  case PSD_NUMBER_SUITE:
    return take_suites(cli, "suite", true, &cli->suite);
  case PSD_NUMBER_SUITES:
    return take_suites(cli, "suites", false, &cli->suites);
  case PSD_NUMBER_SCHEME:
    return take_scheme(cli);
  case PSD_NUMBER_GROUP:
    return take_group(cli);
  case PSD_NUMBER_SERIAL:
    return take_serial(cli, "serial", &cli->serial);
  case PSD_NUMBER_FIRST_SERIAL:
    return take_serial(cli, "first-serial", &cli->first_serial);
  default:
    break;
  }
  return PSD_EXIT_DONE;
}

static const psd_verb *verb_called(const char *name) {
  for (size_t i = 0; i < psd_verb_count; i++)
    if (strcmp(psd_verbs[i].name, name) == 0)
      return &psd_verbs[i];
  return NULL;
}

/* What the environment says where the command line does not; empty is as good as not there. */
static void take_variable(const char *name, const char **text) {
  const char *value = getenv(name);
  if (*text == NULL && value != NULL && value[0] != '\0')
    *text = value;
}

void psd_cli_needs_trust(psd_cli *cli) {
  take_variable("PSD_ROOT", &cli->root);
  take_variable("PSD_CA", &cli->ca);
  take_variable("PSD_CRL", &cli->crl);
}

int psd_cli_needs_server(psd_cli *cli) {
  take_variable("PSD_SERVER", &cli->server);
  take_variable("PSD_USER", &cli->user);
  take_variable("PSD_PASSWORD_FILE", &cli->password_file);
  if (cli->server == NULL || cli->user == NULL)
    return psd_cli_usage(cli, "%s needs --server and --user, or PSD_SERVER and PSD_USER", cli->verb->name);
  return PSD_EXIT_DONE;
}

/* Whether verb, options and arguments go together. */
static int check(psd_cli *cli) {
  if (cli->verb == NULL)
    return psd_cli_usage(cli, "a command is missing");
  uint64_t foreign = cli->given & ~(cli->verb->options | PSD_OPTION(HELP) | PSD_OPTION(VERSION));
  if (foreign != 0)
    return psd_cli_usage(cli, "%s takes no --%s", cli->verb->name, psd_cli_option_name(foreign));
  bool several = (cli->verb->options & PSD_OPTION(LISTEN)) != 0;
  if (!several && (cli->given & PSD_OPTION(READER)) != 0 && (cli->given & PSD_OPTION(CARD)) != 0)
    return psd_cli_usage(cli, "--reader and --card exclude each other");
  if ((cli->given & PSD_OPTION(WAIT)) != 0 && (cli->given & PSD_OPTION(CARD)) != 0)
    return psd_cli_usage(cli, "--wait is for readers, not for --card");
  if (cli->argc < cli->verb->least)
    return psd_cli_usage(cli, "%s needs an argument: psd %s %s", cli->verb->name, cli->verb->name, cli->verb->synopsis);
  if (cli->argc > cli->verb->most && (cli->verb->options & PSD_OPTION(PIN_FILE)) != 0)
    return psd_cli_usage(cli, "a PIN or PUK is never taken from the command line");
  if (cli->argc > cli->verb->most)
    return psd_cli_usage(cli, "that is an argument too many: psd %s %s", cli->verb->name, cli->verb->synopsis);
  int status = psd_cli_check_destination(cli);
  if (status != PSD_EXIT_DONE)
    return status;
  /* rates, which has a PIN too, signs on only for some of what it does, and asks for the server then. */
  bool always = (cli->verb->options & (PSD_OPTION(USER) | PSD_OPTION(PIN_FILE))) == PSD_OPTION(USER);
  return always ? psd_cli_needs_server(cli) : PSD_EXIT_DONE;
}

/* The first word that is a command, to name its help; what the command is, is seen behind the options. */
static const psd_verb *verb_among(int argc, char **argv) {
  const psd_verb *verb = NULL;
  for (int i = 1; i < argc && verb == NULL; i++)
    verb = verb_called(argv[i]);
  return verb;
}

int psd_cli_parse(psd_cli *cli, int argc, char **argv) {
  *cli = (psd_cli){.verb = verb_among(argc, argv)};
  optind = 0; /* getopt begins anew */
  opterr = 0;
  int option;
  /* _only: getopt passes by a whole `-5.00` then, which is to be named, and not the word before it. */
  while ((option = getopt_long_only(argc, argv, ":o:", long_options, NULL)) != -1) {
    if (option == ':')
      return psd_cli_usage(cli, "%s needs a value", argv[optind - 1]);
    if (option == '?')
      return psd_cli_usage(cli, "there is no option %s", argv[optind - 1]);
    int taken = take_option(cli, option == 'o' ? PSD_NUMBER_OUTPUT : option - FIRST);
    if (taken != PSD_EXIT_DONE)
      return taken;
  }
  cli->wait_ms *= 1000U;
  cli->verb = NULL;
  if (optind < argc) {
    cli->verb = verb_called(argv[optind]);
    if (cli->verb == NULL)
      return psd_cli_usage(cli, "there is no command %s", argv[optind]);
    cli->argc = argc - optind - 1;
    cli->argv = argv + optind + 1;
  }
  if ((cli->given & (PSD_OPTION(HELP) | PSD_OPTION(VERSION))) != 0)
    return PSD_EXIT_DONE;
  return check(cli);
}
