#include "options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "psd/spec/amount.h"
#include "psd/spec/session.h"

#define DURATION 10U /* seconds, when nothing else says how much */
#define TIMEOUT 30U

enum option_value {
  SERVER = 1,
  STATE_DIR,
  CARDS,
  RATE,
  CONNECTIONS,
  DURATION_OPTION,
  HANDSHAKES,
  USER,
  PASSWORD_FILE,
  FRESH,
  KEEP,
  SUITE,
  REGISTER,
  REFILL,
  TIMEOUT_OPTION,
  JSON,
  HELP,
  VERSION
};

static const struct option long_options[] = {
    {"server", required_argument, NULL, SERVER},
    {"state-dir", required_argument, NULL, STATE_DIR},
    {"cards", required_argument, NULL, CARDS},
    {"rate", required_argument, NULL, RATE},
    {"connections", required_argument, NULL, CONNECTIONS},
    {"duration", required_argument, NULL, DURATION_OPTION},
    {"handshakes", required_argument, NULL, HANDSHAKES},
    {"user", required_argument, NULL, USER},
    {"password-file", required_argument, NULL, PASSWORD_FILE},
    {"fresh", no_argument, NULL, FRESH},
    {"keep", no_argument, NULL, KEEP},
    {"suite", required_argument, NULL, SUITE},
    {"register", no_argument, NULL, REGISTER},
    {"refill", required_argument, NULL, REFILL},
    {"timeout", required_argument, NULL, TIMEOUT_OPTION},
    {"json", no_argument, NULL, JSON},
    {"help", no_argument, NULL, HELP},
    {"version", no_argument, NULL, VERSION},
    {NULL, 0, NULL, 0},
};

/* Options that are a whole number: where it goes, and what it may be. */
static const struct {
  int option;
  size_t offset;
  unsigned least, most;
} numbers[] = {
    {CARDS, offsetof(psd_fleet_options, cards), 1, 100000},
    {CONNECTIONS, offsetof(psd_fleet_options, connections), 1, 1024},
    {RATE, offsetof(psd_fleet_options, rate), 0, 1000000},
    {DURATION_OPTION, offsetof(psd_fleet_options, duration), 1, 86400},
    {HANDSHAKES, offsetof(psd_fleet_options, handshakes), 1, 999999999},
    {TIMEOUT_OPTION, offsetof(psd_fleet_options, timeout), 1, 3600},
};

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
static int
usage(const char *format, ...) {
  va_list arguments;
  fputs("psd-fleet: ", stderr);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputs("; see psd-fleet --help\n", stderr);
  return PSD_EXIT_USAGE;
}

void psd_fleet_help(void) {
  fputs("usage: psd-fleet --server HOST:PORT --state-dir DIR --user NAME --password-file FILE [OPTION]...\n\n"
        "Signs many PSDs on to a meter server, with real cards in this process, and tells how fast it was.\n\n"
        "  --server HOST:PORT    the meter server\n"
        "  --state-dir DIR       the folder with the cards' state files (psd manufacture --count N)\n"
        "  --user NAME           who signs on\n"
        "  --password-file FILE  the password is its first line; - is standard input\n"
        "  --cards N             the first N cards of the folder; otherwise all\n"
        "  --connections C       so many at once, each a thread; otherwise 8, or as many as there are cards\n"
        "  --rate R              so many handshakes a second; 0, as it is without it: as many as can be\n"
        "  --duration S          for so many seconds; 10 unless --handshakes says when it ends\n"
        "  --handshakes N        until so many were made\n"
        "  --fresh               a new connection for each handshake: so it is without --keep\n"
        "  --keep                connections are kept\n"
        "  --suite SUITE         p256, rsa or shared; otherwise the best that server and card have\n"
        "  --register            registers each PSD to the user in its session\n"
        "  --refill AMOUNT       refills each PSD with AMOUNT in its session, such as 5.00\n"
        "  --timeout S           so long an answer may take (30)\n"
        "  --json                JSON for machines\n"
        "  --help, --version\n\n"
        "Ctrl-C ends it early, with the summary of what was done.\n\n"
        "exit status: 0 all went well, 1 some were refused, 2 usage, 3 server out of reach\n",
        stdout);
}

/* A whole number of at most nine digits. */
static bool number_of(const char *text, unsigned least, unsigned most, unsigned *number) {
  size_t length = strlen(text);
  if (length == 0 || length > 9 || strspn(text, "0123456789") != length)
    return false;
  unsigned long value = strtoul(text, NULL, 10);
  *number = (unsigned)value;
  return value >= least && value <= most;
}

static int take_number(psd_fleet_options *options, int option, const char *name) {
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    unsigned number = 0;
    if (numbers[i].option != option)
      continue;
    if (!number_of(optarg, numbers[i].least, numbers[i].most, &number))
      return usage("--%s is a whole number from %u to %u", name, numbers[i].least, numbers[i].most);
    memcpy((char *)options + numbers[i].offset, &number, sizeof number);
  }
  return PSD_EXIT_DONE;
}

static int take_suite(psd_fleet_options *options) {
  const psd_suite_row *row = psd_suite_named(optarg);
  if (row == NULL)
    return usage("there is no suite %s: p256, rsa or shared", optarg);
  options->suite = row->suite;
  return PSD_EXIT_DONE;
}

static int take_refill(psd_fleet_options *options) {
  if (psd_amount_parse(optarg, &options->refill) && options->refill > 0)
    return PSD_EXIT_DONE;
  return usage("--refill is above zero, in dollars with up to three decimals, such as 5.00");
}

static int take(psd_fleet_options *options, int option, const char *name) {
  switch (option) {
  case SERVER:
    options->server = optarg;
    break;
  case STATE_DIR:
    options->state_dir = optarg;
    break;
  case USER:
    options->user = optarg;
    break;
  case PASSWORD_FILE:
    options->password_file = optarg;
    break;
  case SUITE:
    return take_suite(options);
  case REFILL:
    return take_refill(options);
  case KEEP:
    options->keep = true;
    break;
  case REGISTER:
    options->binds = true;
    break;
  case JSON:
    options->json = true;
    break;
  case HELP:
    options->help = true;
    break;
  case VERSION:
    options->version = true;
    break;
  default:
    return take_number(options, option, name);
  }
  return PSD_EXIT_DONE;
}

static int check(const psd_fleet_options *options) {
  if (options->server == NULL)
    return usage("--server is missing");
  if (options->state_dir == NULL)
    return usage("--state-dir is missing");
  if (options->user == NULL || options->password_file == NULL)
    return usage("--user and --password-file are missing");
  if (strlen(options->user) == 0 || strlen(options->user) > sizeof((psd_user *)0)->name)
    return usage("a user name has 1 to %zu bytes", sizeof((psd_user *)0)->name);
  if (options->cards != 0 && options->connections > options->cards)
    return usage("a card has one session at a time: --connections may not exceed --cards");
  return PSD_EXIT_DONE;
}

int psd_fleet_parse(psd_fleet_options *options, int argc, char **argv) {
  *options = (psd_fleet_options){.timeout = TIMEOUT};
  bool fresh = false;
  optind = 0; /* getopt begins anew */
  opterr = 0;
  int option, at = 0;
  /* _only: getopt passes by a whole `-5.00` then, which is to be named, and not the word before it. */
  while ((option = getopt_long_only(argc, argv, ":", long_options, &at)) != -1) {
    if (option == ':')
      return usage("%s needs a value", argv[optind - 1]);
    if (option == '?')
      return usage("there is no option %s", argv[optind - 1]);
    fresh = fresh || option == FRESH;
    int taken = take(options, option, long_options[at].name);
    if (taken != PSD_EXIT_DONE)
      return taken;
  }
  if (options->help || options->version)
    return PSD_EXIT_DONE;
  if (optind < argc)
    return usage("%s is not expected", argv[optind]);
  if (fresh && options->keep)
    return usage("--fresh and --keep exclude each other");
  if (options->duration == 0 && options->handshakes == 0)
    options->duration = DURATION;
  return check(options);
}
