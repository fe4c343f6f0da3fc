#include "emulator/options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "psd/spec/chars.h"
#include "psd/spec/cursor.h"

const char *const psd_options_help =
    "usage: psd-card init --state FILE --serial HEX8 [--vendor AA] [--model BB] [--transport-keys FILE]\n"
    "       psd-card run --state FILE [--state FILE]... [--vpcd HOST:PORT | --listen PATH | --listen HOST:PORT]\n"
    "                    [--trace] [--no-sync]\n"
    "       psd-card --help | --version\n"
    "\n"
    "init makes a blank card:\n"
    "  --state FILE           what the card remembers; must not exist yet\n"
    "  --serial HEX8          serial number, eight hexadecimal digits\n"
    "  --vendor AA            two characters (default PS)\n"
    "  --model BB             two characters (default D1)\n"
    "  --transport-keys FILE  the keys of its first secure channel; without it they are made at random and written\n"
    "                         to the file of --state with .keys behind its name\n"
    "\n"
    "run inserts cards and leaves them there until SIGTERM or SIGINT:\n"
    "  --state FILE           the card; more than one is allowed\n"
    "  --vpcd HOST:PORT       into the virtual reader of pcscd (default localhost:35963); the next card uses PORT + 1\n"
    "  --listen HOST:PORT     waits for a reader there; the next card uses PORT + 1; without HOST, on loopback\n"
    "  --listen PATH          waits at a Unix socket; the next card uses PATH.1\n"
    "  --trace                prints every command and answer in words, on standard error; secrets are left out\n"
    "  --no-sync              does not wait for the disk: a power cut may lose what the card has confirmed\n"
    "\n"
    "Exit status: 0 done; 1 refused; 2 usage; 3 cannot reach.\n";

enum option_id {
  ID_STATE = 1,
  ID_SERIAL,
  ID_VENDOR,
  ID_MODEL,
  ID_KEYS,
  ID_VPCD,
  ID_LISTEN,
  ID_TRACE,
  ID_NO_SYNC,
  ID_HELP
};
#define BIT(id) (1U << (id))
#define INIT_TAKES (BIT(ID_STATE) | BIT(ID_SERIAL) | BIT(ID_VENDOR) | BIT(ID_MODEL) | BIT(ID_KEYS))
#define RUN_TAKES (BIT(ID_STATE) | BIT(ID_VPCD) | BIT(ID_LISTEN) | BIT(ID_TRACE) | BIT(ID_NO_SYNC))

static const struct option known[] = {
    {"state", required_argument, NULL, ID_STATE},
    {"serial", required_argument, NULL, ID_SERIAL},
    {"vendor", required_argument, NULL, ID_VENDOR},
    {"model", required_argument, NULL, ID_MODEL},
    {"transport-keys", required_argument, NULL, ID_KEYS},
    {"vpcd", required_argument, NULL, ID_VPCD},
    {"listen", required_argument, NULL, ID_LISTEN},
    {"trace", no_argument, NULL, ID_TRACE},
    {"no-sync", no_argument, NULL, ID_NO_SYNC},
    {"help", no_argument, NULL, ID_HELP},
    {NULL, 0, NULL, 0},
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static bool
refuse(char wrong[PSD_OPTIONS_WRONG_MAX], const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(wrong, PSD_OPTIONS_WRONG_MAX, format, arguments);
  va_end(arguments);
  return false;
}

static bool take_state(psd_options *options, const char *value, char *wrong) {
  unsigned most = options->verb == PSD_CARD_VERB_INIT ? 1U : PSD_OPTIONS_CARDS_MAX;
  if (options->state_count == most)
    return refuse(wrong, "too many --state: at most %u here", most);
  if (value[0] == '\0')
    return refuse(wrong, "--state needs the name of a file");
  options->states[options->state_count++] = value;
  return true;
}

static bool take_serial(psd_options *options, const char *value, char *wrong) {
  uint8_t serial[4];
  if (psd_hex_bytes(value, strlen(value), serial, sizeof serial) != sizeof serial)
    return refuse(wrong, "--serial needs eight hexadecimal digits, such as 00000001");
  psd_cursor bytes = psd_cursor_over(serial, sizeof serial);
  options->serial = psd_take_u32(&bytes);
  return true;
}

static bool take_pair(char pair[2], const char *value, const char *name, char *wrong) {
  if (strlen(value) != 2 || !psd_printable(value, 2))
    return refuse(wrong, "%s needs two printable ASCII characters", name);
  memcpy(pair, value, 2);
  return true;
}

static bool take_vpcd(psd_options *options, const char *value, char *wrong) {
  options->kind = PSD_FRONT_VPCD;
  return psd_endpoint_parse_tcp(value, &options->endpoint) ||
         refuse(wrong, "--vpcd needs HOST:PORT, such as localhost:35963");
}

static bool take_listen(psd_options *options, const char *value, char *wrong) {
  options->kind = PSD_FRONT_LISTEN;
  return psd_endpoint_parse(value, &options->endpoint) ||
         refuse(wrong, "--listen needs HOST:PORT, or a path of at most %u characters", PSD_ENDPOINT_PATH_MAX);
}

static bool take(psd_options *options, int id, const char *value, char *wrong) {
  switch (id) {
  case ID_STATE:
    return take_state(options, value, wrong);
  case ID_SERIAL:
    return take_serial(options, value, wrong);
  case ID_VENDOR:
    return take_pair(options->vendor, value, "--vendor", wrong);
  case ID_MODEL:
    return take_pair(options->model, value, "--model", wrong);
  case ID_KEYS:
    options->keys = value;
    return true;
  case ID_VPCD:
    return take_vpcd(options, value, wrong);
  case ID_LISTEN:
    return take_listen(options, value, wrong);
  case ID_TRACE:
    options->trace = true;
    return true;
  default:
    options->no_sync = true;
    return true;
  }
}

static bool check_together(const psd_options *options, unsigned seen, char *wrong) {
  psd_endpoint last;
  if (options->state_count == 0)
    return refuse(wrong, "--state FILE is missing");
  if (options->verb == PSD_CARD_VERB_INIT && (seen & BIT(ID_SERIAL)) == 0)
    return refuse(wrong, "--serial HEX8 is missing");
  if ((seen & BIT(ID_VPCD)) != 0 && (seen & BIT(ID_LISTEN)) != 0)
    return refuse(wrong, "--vpcd and --listen exclude each other");
  if (!psd_endpoint_nth(&options->endpoint, options->state_count - 1U, &last))
    return refuse(wrong, "there are more cards than ports from there on, or the path of the socket is too long");
  return true;
}

static bool refuse_option(char *const *argv, char *wrong) {
  if (isprint(optopt))
    return refuse(wrong, "unknown option -%c (see --help)", optopt);
  return refuse(wrong, "unknown option %s (see --help)", argv[optind - 1]);
}

/* The options behind the verb. */
static bool parse_rest(int argc, char **argv, psd_options *options, char *wrong) {
  unsigned takes = options->verb == PSD_CARD_VERB_INIT ? INIT_TAKES : RUN_TAKES;
  unsigned seen = 0;
  optind = 0; /* as glibc and musl want it to begin anew, even where the last line went wrong */
  opterr = 0;
  for (;;) {
    int index = 0;
    int id = getopt_long(argc, argv, "+:", known, &index);
    if (id == -1)
      break;
    if (id == ':')
      return refuse(wrong, "%s needs a value", argv[optind - 1]);
    if (id == '?')
      return refuse_option(argv, wrong);
    if (id == ID_HELP) {
      options->verb = PSD_CARD_VERB_HELP;
      return true;
    }
    if ((takes & BIT((unsigned)id)) == 0)
      return refuse(wrong, "%s takes no --%s (see --help)", argv[0], known[index].name);
    if (id != ID_STATE && (seen & BIT((unsigned)id)) != 0)
      return refuse(wrong, "--%s is there twice", known[index].name);
    seen |= BIT((unsigned)id);
    if (!take(options, id, optarg, wrong))
      return false;
  }
  if (optind < argc)
    return refuse(wrong, "unexpected '%s' (see --help)", argv[optind]);
  return check_together(options, seen, wrong);
}

bool psd_options_parse(int argc, char **argv, psd_options *options, char wrong[PSD_OPTIONS_WRONG_MAX]) {
  *options = (psd_options){.vendor = {'P', 'S'}, .model = {'D', '1'}, .kind = PSD_FRONT_VPCD};
  (void)psd_endpoint_parse_tcp("localhost:35963", &options->endpoint);
  const char *verb = argc > 1 ? argv[1] : "";
  if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0 || strcmp(verb, "help") == 0) {
    options->verb = PSD_CARD_VERB_HELP;
    return true;
  }
  if (strcmp(verb, "--version") == 0) {
    options->verb = PSD_CARD_VERB_VERSION;
    return true;
  }
  if (strcmp(verb, "init") != 0 && strcmp(verb, "run") != 0)
    return refuse(wrong, "say init or run (see --help)");
  options->verb = verb[0] == 'i' ? PSD_CARD_VERB_INIT : PSD_CARD_VERB_RUN;
  return parse_rest(argc - 1, argv + 1, options, wrong);
}
