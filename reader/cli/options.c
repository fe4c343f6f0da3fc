#include "cli.h"
#include "psd/spec/chars.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MOST 86400U
#define COUNT_MOST 1000000U

static const struct option long_options[] = {
    {"reader", required_argument, NULL, PSD_OPTION_READER},
    {"card", required_argument, NULL, PSD_OPTION_CARD},
    {"wait", required_argument, NULL, PSD_OPTION_WAIT},
    {"json", no_argument, NULL, PSD_OPTION_JSON},
    {"keys", required_argument, NULL, PSD_OPTION_KEYS},
    {"profile", required_argument, NULL, PSD_OPTION_PROFILE},
    {"pin-file", required_argument, NULL, PSD_OPTION_PIN_FILE},
    {"count", required_argument, NULL, PSD_OPTION_COUNT},
    {"atr", required_argument, NULL, PSD_OPTION_ATR},
    {"server", required_argument, NULL, PSD_OPTION_SERVER},
    {"user", required_argument, NULL, PSD_OPTION_USER},
    {"password-file", required_argument, NULL, PSD_OPTION_PASSWORD_FILE},
    {"suite", required_argument, NULL, PSD_OPTION_SUITE},
    {"kms", required_argument, NULL, PSD_OPTION_KMS},
    {"scheme", required_argument, NULL, PSD_OPTION_SCHEME},
    {"suites", required_argument, NULL, PSD_OPTION_SUITES},
    {"key-pair", no_argument, NULL, PSD_OPTION_KEY_PAIR},
    {"serial", required_argument, NULL, PSD_OPTION_SERIAL},
    {"state-dir", required_argument, NULL, PSD_OPTION_STATE_DIR},
    {"first-serial", required_argument, NULL, PSD_OPTION_FIRST_SERIAL},
    {"group", required_argument, NULL, PSD_OPTION_GROUP},
    {"all", no_argument, NULL, PSD_OPTION_ALL},
    {"yes", no_argument, NULL, PSD_OPTION_YES},
    {"help", no_argument, NULL, PSD_OPTION_HELP},
    {"version", no_argument, NULL, PSD_OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static const char *option_name(unsigned option) {
  for (size_t i = 0; long_options[i].name != NULL; i++)
    if ((unsigned)long_options[i].val == option)
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

/* A whole number from 0 to `most`; -1 for anything else. */
static long number_of(const char *text, unsigned most) {
  char *end = NULL;
  if (text[0] < '0' || text[0] > '9' || strlen(text) > 9)
    return -1;
  unsigned long number = strtoul(text, &end, 10);
  return *end != '\0' || number > most ? -1 : (long)number;
}

static int take_number(psd_cli *cli, const char *name, unsigned least, unsigned most, unsigned *number) {
  long value = number_of(optarg, most);
  if (value < (long)least)
    return psd_cli_usage(cli, "--%s is a whole number from %u to %u", name, least, most);
  *number = (unsigned)value;
  return PSD_EXIT_DONE;
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

/* Where the text of an option goes; NULL for those that are more than a text. */
static const char **text_of(psd_cli *cli, int option) {
  switch (option) {
  case PSD_OPTION_READER:
    return &cli->reader;
  case PSD_OPTION_CARD:
    return &cli->card;
  case PSD_OPTION_KEYS:
    return &cli->keys;
  case PSD_OPTION_PROFILE:
    return &cli->profile;
  case PSD_OPTION_PIN_FILE:
    return &cli->pin_file;
  case PSD_OPTION_ATR:
    return &cli->atr;
  case PSD_OPTION_SERVER:
    return &cli->server;
  case PSD_OPTION_USER:
    return &cli->user;
  case PSD_OPTION_PASSWORD_FILE:
    return &cli->password_file;
  case PSD_OPTION_KMS:
    return &cli->kms;
  case PSD_OPTION_STATE_DIR:
    return &cli->state_dir;
  default:
    return NULL;
  }
}

static int take_option(psd_cli *cli, int option) {
  const char **text = text_of(cli, option);
  cli->given |= (unsigned)option;
  if (text != NULL)
    *text = optarg;
  switch (option) {
  case PSD_OPTION_JSON:
    cli->json = true;
    break;
  case PSD_OPTION_COUNT:
    return take_number(cli, "count", 1, COUNT_MOST, &cli->count);
  case PSD_OPTION_WAIT:
    return take_number(cli, "wait", 0, WAIT_MOST, &cli->wait_ms);
  case PSD_OPTION_SUITE:
    return take_suites(cli, "suite", true, &cli->suite);
  case PSD_OPTION_SUITES:
    return take_suites(cli, "suites", false, &cli->suites);
  case PSD_OPTION_SCHEME:
    return take_scheme(cli);
  case PSD_OPTION_GROUP:
    return take_group(cli);
  case PSD_OPTION_SERIAL:
    return take_serial(cli, "serial", &cli->serial);
  case PSD_OPTION_FIRST_SERIAL:
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
static void take_environment(psd_cli *cli) {
  const struct {
    const char *name;
    const char **text;
  } variables[] = {{"PSD_SERVER", &cli->server}, {"PSD_USER", &cli->user}, {"PSD_PASSWORD_FILE", &cli->password_file}};
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
    const char *value = getenv(variables[i].name);
    if (*variables[i].text == NULL && value != NULL && value[0] != '\0')
      *variables[i].text = value;
  }
}

/* Whether verb, options and arguments go together. */
static int check(psd_cli *cli) {
  if (cli->verb == NULL)
    return psd_cli_usage(cli, "a command is missing");
  unsigned foreign = cli->given & ~(cli->verb->options | PSD_OPTION_HELP | PSD_OPTION_VERSION);
  if (foreign != 0)
    return psd_cli_usage(cli, "%s takes no --%s", cli->verb->name, option_name(foreign & (~foreign + 1)));
  if ((cli->given & PSD_OPTION_READER) != 0 && (cli->given & PSD_OPTION_CARD) != 0)
    return psd_cli_usage(cli, "--reader and --card exclude each other");
  if ((cli->given & PSD_OPTION_WAIT) != 0 && (cli->given & PSD_OPTION_CARD) != 0)
    return psd_cli_usage(cli, "--wait is for readers, not for --card");
  if (cli->argc < cli->verb->least)
    return psd_cli_usage(cli, "%s needs an argument: psd %s %s", cli->verb->name, cli->verb->name, cli->verb->synopsis);
  if (cli->argc > cli->verb->most && (cli->verb->options & PSD_OPTION_PIN_FILE) != 0)
    return psd_cli_usage(cli, "a PIN or PUK is never taken from the command line");
  if (cli->argc > cli->verb->most)
    return psd_cli_usage(cli, "that is an argument too many: psd %s %s", cli->verb->name, cli->verb->synopsis);
  if ((cli->verb->options & PSD_OPTION_USER) == 0)
    return PSD_EXIT_DONE;
  take_environment(cli);
  if (cli->server == NULL || cli->user == NULL)
    return psd_cli_usage(cli, "%s needs --server and --user, or PSD_SERVER and PSD_USER", cli->verb->name);
  return PSD_EXIT_DONE;
}

int psd_cli_parse(psd_cli *cli, int argc, char **argv) {
  *cli = (psd_cli){0};
  optind = 0; /* getopt begins anew */
  opterr = 0;
  int option;
  /* _only: getopt passes by a whole `-5.00` then, which is to be named, and not the word before it. */
  while ((option = getopt_long_only(argc, argv, ":", long_options, NULL)) != -1) {
    if (option == ':')
      return psd_cli_usage(cli, "%s needs a value", argv[optind - 1]);
    if (option == '?')
      return psd_cli_usage(cli, "there is no option %s", argv[optind - 1]);
    int taken = take_option(cli, option);
    if (taken != PSD_EXIT_DONE)
      return taken;
  }
  cli->wait_ms *= 1000U;
  if (optind < argc) {
    cli->verb = verb_called(argv[optind]);
    if (cli->verb == NULL)
      return psd_cli_usage(cli, "there is no command %s", argv[optind]);
    cli->argc = argc - optind - 1;
    cli->argv = argv + optind + 1;
  }
  if ((cli->given & (PSD_OPTION_HELP | PSD_OPTION_VERSION)) != 0)
    return PSD_EXIT_DONE;
  return check(cli);
}
