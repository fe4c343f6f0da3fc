#include "verify/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "psd/spec/amount.h"
#include "psd/spec/calendar.h"
#include "psd/spec/chars.h"
#include "verify/line.h"

#define MANY_TIMES (1U << PSD_VERIFY_OPTION_ROOT | 1U << PSD_VERIFY_OPTION_CHAIN | 1U << PSD_VERIFY_OPTION_CRL)
#define DAYS_MOST 3660U
#define THREADS_MOST 256U

const char *const psd_verify_help =
    "usage: psd-verify indicium [--site DIR] [--db URL | --no-remember] [--days N] [--json] [--addressee FILE|TEXT]\n"
    "                           [--vendor-token DIGITS] [--postal-token DIGITS] FILE...\n"
    "       psd-verify batch    [--site DIR] [--db URL | --no-remember] [--days N] [--json FILE] [--csv FILE]\n"
    "                           [--evidence-csv FILE] [--skip N] [--threads N] DIR|FILE...\n"
    "       psd-verify token    [--site DIR] [--days N] [--json] --meter \"VENDOR MODEL SERIAL\" --date YYYY-MM-DD\n"
    "                           --postage AMOUNT --piece N [--vendor-token DIGITS] [--postal-token DIGITS]\n"
    "                           [--addressee FILE|TEXT]\n"
    "       psd-verify postmark  [TRUST] [--json] FILE POSTMARK\n"
    "       psd-verify signature [TRUST] [--json] FILE SIGNATURE\n"
    "       psd-verify payment   [TRUST] [--db URL | --no-remember] [--payee NAME] [--json] PAYMENT...\n"
    "       psd-verify info     [--site DIR] [--json]\n"
    "       psd-verify --help | --version\n"
    "\n"
    "indicium  says what a piece claims, and whether it is true: FILE is a picture (PNG, PGM, PPM; each symbol in it "
    "is\n"
    "          a piece), or has the indicium as bytes or hexadecimal digits\n"
    "batch     the same for many, on all cores: directories of pictures, pictures, and lists with a line for each "
    "piece,\n"
    "          INDICIUM[,ADDRESSEE[,VENDOR_TOKEN[,POSTAL_TOKEN]]]; - is a list at standard input. Says which are "
    "refused,\n"
    "          and sums up. --csv and --json write a line and an object for each piece, --evidence-csv what\n"
    "          psd-server evidence import takes; - is standard output. SIGINT ends it: what was judged is remembered "
    "and\n"
    "          reported, and --skip goes on from there\n"
    "token     says whether the digital tokens of a piece without an indicium are true\n"
    "postmark  says whether FILE had this content at the time of a meter's postmark (RFC 3161, a token or a response)\n"
    "signature says whether FILE was signed so with a user's key (CMS, detached)\n"
    "payment   says whether a payment from a line of credit is good, for the payee NAME, and was not presented before\n"
    "info      says what the site's folder has\n"
    "\n"
    "TRUST is --root FILE (root certificates), --chain FILE (certificates between) and --crl FILE (lists of revoked "
    "ones),\n"
    "in PEM or DER, each up to 16 times; or --site, with roots/, ca/, creditors/ and crl/; or both.\n"
    "\n"
    "--site is the folder with what the site knows; without it, $PSD_SITE. --db is where pieces that were seen are "
    "kept,\n"
    "sqlite:FILE or postgresql://...; without it, seen.db in the folder. --no-remember looks for no duplicates, and "
    "keeps\n"
    "nothing. --days is how long ago the date of mailing may be (14). --addressee is the address as it is on the mail, "
    "or a\n"
    "file with it; in a TEXT \\n is a new line. --vendor-token and --postal-token are what stands behind V and P, with "
    "all\n"
    "digits. --threads is as many as there are processors without it.\n"
    "\n"
    "Exit status: 0 all accepted; 1 a piece, or the command, was refused; 2 usage; 3 the database cannot be used.\n";

static const struct option known[] = {
    {"site", required_argument, NULL, PSD_VERIFY_OPTION_SITE},
    {"db", required_argument, NULL, PSD_VERIFY_OPTION_DB},
    {"days", required_argument, NULL, PSD_VERIFY_OPTION_DAYS},
    {"no-remember", no_argument, NULL, PSD_VERIFY_OPTION_NO_REMEMBER},
    {"json", no_argument, NULL, PSD_VERIFY_OPTION_JSON},
    {"json", required_argument, NULL, PSD_VERIFY_OPTION_JSON_FILE},
    {"csv", required_argument, NULL, PSD_VERIFY_OPTION_CSV},
    {"evidence-csv", required_argument, NULL, PSD_VERIFY_OPTION_EVIDENCE_CSV},
    {"skip", required_argument, NULL, PSD_VERIFY_OPTION_SKIP},
    {"threads", required_argument, NULL, PSD_VERIFY_OPTION_THREADS},
    {"addressee", required_argument, NULL, PSD_VERIFY_OPTION_ADDRESSEE},
    {"vendor-token", required_argument, NULL, PSD_VERIFY_OPTION_VENDOR_TOKEN},
    {"postal-token", required_argument, NULL, PSD_VERIFY_OPTION_POSTAL_TOKEN},
    {"meter", required_argument, NULL, PSD_VERIFY_OPTION_METER},
    {"date", required_argument, NULL, PSD_VERIFY_OPTION_DATE},
    {"postage", required_argument, NULL, PSD_VERIFY_OPTION_POSTAGE},
    {"piece", required_argument, NULL, PSD_VERIFY_OPTION_PIECE},
    {"root", required_argument, NULL, PSD_VERIFY_OPTION_ROOT},
    {"chain", required_argument, NULL, PSD_VERIFY_OPTION_CHAIN},
    {"crl", required_argument, NULL, PSD_VERIFY_OPTION_CRL},
    {"payee", required_argument, NULL, PSD_VERIFY_OPTION_PAYEE},
    {"help", no_argument, NULL, PSD_VERIFY_OPTION_HELP},
};
#define KNOWN (sizeof known / sizeof known[0])

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static bool
refuse(char wrong[PSD_VERIFY_WRONG_MAX], const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(wrong, PSD_VERIFY_WRONG_MAX, format, arguments);
  va_end(arguments);
  return false;
}

static const char *name_of(unsigned option) {
  for (size_t i = 0; i < KNOWN; i++)
    if (known[i].val == (int)option)
      return known[i].name;
  return "";
}

static bool take_text(const char **text, const char *value, unsigned option, char *wrong) {
  *text = value;
  return value[0] != '\0' || refuse(wrong, "--%s needs a name", name_of(option));
}

static bool take_file(psd_verify_files *files, const char *value, unsigned option, char *wrong) {
  if (files->count == PSD_VERIFY_FILES_MAX)
    return refuse(wrong, "--%s is there more than %u times", name_of(option), PSD_VERIFY_FILES_MAX);
  return take_text(&files->paths[files->count++], value, option, wrong);
}

/* A number in decimal, from `least` to `most`. */
static bool take_number(uint64_t *number, const char *value, unsigned option, uint64_t least, uint64_t most,
                        char *wrong) {
  size_t i = 0;
  for (*number = 0; value[i] >= '0' && value[i] <= '9' && i < 18; i++)
    *number = *number * 10U + (uint64_t)(value[i] - '0');
  if (i > 0 && value[i] == '\0' && *number >= least && *number <= most)
    return true;
  return refuse(wrong, "--%s needs a number from %llu to %llu", name_of(option), (unsigned long long)least,
                (unsigned long long)most);
}

static bool take_small(unsigned *number, const char *value, unsigned option, unsigned least, unsigned most,
                       char *wrong) {
  uint64_t taken = 0;
  bool good = take_number(&taken, value, option, least, most, wrong);
  *number = (unsigned)taken;
  return good;
}

static bool take_token(bool *given, uint64_t *token, unsigned *digits, const char *value, unsigned option,
                       char *wrong) {
  *given = true;
  return psd_token_parse(value, token, digits) ||
         refuse(wrong, "--%s needs all digits of the token, 2 to 8", name_of(option));
}

/* Words of the command line, in which \n is a new line, as psd indicium has them. What is too long for any address
 * stays as it is: its tokens are unknown then. */
static bool take_words(psd_verify_options *options, const char *value, char address[PSD_VERIFY_ADDRESS_MAX + 1U],
                       char *wrong) {
  size_t length = 0;
  if (value[0] == '\0')
    return refuse(wrong, "--addressee needs an address, or a file with one");
  /* One word, such as a file is named. */
  if (strpbrk(value, "./") != NULL && strpbrk(value, " \t\n") == NULL && strstr(value, "\\n") == NULL)
    return refuse(wrong, "--addressee: there is no file %.80s", value);
  if (strlen(value) > PSD_VERIFY_ADDRESS_MAX) {
    options->facts.addressee = value;
    return true;
  }
  for (const char *at = value; *at != '\0'; at++) {
    bool line = at[0] == '\\' && at[1] == 'n';
    address[length++] = line ? '\n' : *at;
    at += line ? 1 : 0;
  }
  address[length] = '\0';
  return true;
}

/* What names a file that is there is the file. */
static bool take_addressee(psd_verify_options *options, const char *value, char *wrong) {
  static char address[PSD_VERIFY_ADDRESS_MAX + 1U];
  options->addressee = value;
  options->facts.addressee = address;
  FILE *in = fopen(value, "r");
  if (in == NULL)
    return take_words(options, value, address, wrong);
  size_t length = fread(address, 1, sizeof address, in);
  bool read = ferror(in) == 0;
  (void)fclose(in);
  if (!read)
    return refuse(wrong, "--addressee: %.80s cannot be read", value);
  if (length == sizeof address || memchr(address, 0, length) != NULL)
    return refuse(wrong, "--addressee: %.80s has no address, of %u characters at most", value, PSD_VERIFY_ADDRESS_MAX);
  address[length] = '\0';
  return true;
}

static bool take_meter(psd_token_input *token, const char *value, char *wrong) {
  uint8_t serial[4];
  if (strlen(value) != 14 || value[2] != ' ' || value[5] != ' ' || !psd_printable(value, 6) ||
      psd_hex_bytes(value + 6, 8, serial, sizeof serial) != sizeof serial)
    return refuse(wrong, "--meter needs vendor, model and serial number, as \"PS D1 0000002A\"");
  psd_cursor bytes = psd_cursor_over(serial, sizeof serial);
  memcpy(token->vendor, value, sizeof token->vendor);
  memcpy(token->model, value + 3, sizeof token->model);
  token->serial = psd_take_u32(&bytes);
  return true;
}

static bool take_date(psd_token_input *token, const char *value, char *wrong) {
  uint32_t date = 0;
  bool good = psd_date_parse(value, &date);
  token->date = date;
  return good || refuse(wrong, "--date needs a day, such as 2026-11-22");
}

static bool take_postage(psd_token_input *token, const char *value, char *wrong) {
  return psd_amount_parse(value, &token->postage) || refuse(wrong, "--postage needs an amount, such as 0.73");
}

static bool take(psd_verify_options *options, unsigned option, const char *value, char *wrong) {
  psd_piece_facts *facts = &options->facts;
  switch (option) {
  case PSD_VERIFY_OPTION_SITE:
    return take_text(&options->site, value, option, wrong);
  case PSD_VERIFY_OPTION_DB:
    return take_text(&options->db, value, option, wrong);
  case PSD_VERIFY_OPTION_JSON_FILE:
    return take_text(&options->json_file, value, option, wrong);
  case PSD_VERIFY_OPTION_CSV:
    return take_text(&options->csv, value, option, wrong);
  case PSD_VERIFY_OPTION_EVIDENCE_CSV:
    return take_text(&options->evidence_csv, value, option, wrong);
  case PSD_VERIFY_OPTION_DAYS:
    return take_small(&options->days, value, option, 0, DAYS_MOST, wrong);
  case PSD_VERIFY_OPTION_THREADS:
    return take_small(&options->threads, value, option, 1, THREADS_MOST, wrong);
  case PSD_VERIFY_OPTION_SKIP:
    return take_number(&options->skip, value, option, 0, INT64_MAX / 16, wrong);
  case PSD_VERIFY_OPTION_ADDRESSEE:
    return take_addressee(options, value, wrong);
  case PSD_VERIFY_OPTION_VENDOR_TOKEN:
    return take_token(&facts->vendor_given, &facts->vendor_token, &facts->vendor_digits, value, option, wrong);
  case PSD_VERIFY_OPTION_POSTAL_TOKEN:
    return take_token(&facts->postal_given, &facts->postal_token, &facts->postal_digits, value, option, wrong);
  case PSD_VERIFY_OPTION_METER:
    return take_meter(&options->token, value, wrong);
  case PSD_VERIFY_OPTION_DATE:
    return take_date(&options->token, value, wrong);
  case PSD_VERIFY_OPTION_POSTAGE:
    return take_postage(&options->token, value, wrong);
  case PSD_VERIFY_OPTION_PIECE:
    return take_number(&options->token.piece_count, value, option, 1, UINT32_MAX, wrong);
  case PSD_VERIFY_OPTION_ROOT:
    return take_file(&options->roots, value, option, wrong);
  case PSD_VERIFY_OPTION_CHAIN:
    return take_file(&options->chain, value, option, wrong);
  case PSD_VERIFY_OPTION_CRL:
    return take_file(&options->lists, value, option, wrong);
  case PSD_VERIFY_OPTION_PAYEE:
    return take_text(&options->payee, value, option, wrong);
  case PSD_VERIFY_OPTION_JSON:
    options->json = true;
    return true;
  default:
    options->no_remember = true;
    return true;
  }
}

/* How many of a batch's reports go to standard output. */
static unsigned at_output(const psd_verify_options *options) {
  const char *const paths[] = {options->json_file, options->csv, options->evidence_csv};
  unsigned count = 0;
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
    count += paths[i] != NULL && strcmp(paths[i], "-") == 0 ? 1U : 0U;
  return count;
}

/* A folder that is named in the environment does not stand in the way of files that are named on the command line. */
static bool check_site(psd_verify_options *options, char *wrong) {
  const bool rooted = options->roots.count > 0;
  if (options->site == NULL && !rooted)
    options->site = getenv("PSD_SITE");
  if (options->site != NULL && options->site[0] != '\0')
    return true;
  options->site = NULL;
  if (rooted)
    return true;
  return options->command->certificates
             ? refuse(wrong, "say --root FILE or --site DIR, or set PSD_SITE: whom to believe about certificates")
             : refuse(wrong, "say --site DIR, or set PSD_SITE: the folder with what the site knows");
}

static bool check_together(psd_verify_options *options, unsigned seen, char *wrong) {
  const psd_verify_command *command = options->command;
  unsigned missing = command->needs & ~seen;
  const psd_piece_facts *facts = &options->facts;
  const bool tokens = facts->vendor_given || facts->postal_given;
  for (unsigned option = 1; option < PSD_VERIFY_OPTION_HELP; option++)
    if ((missing >> option & 1U) != 0)
      return refuse(wrong, "--%s is missing (see --help)", name_of(option));
  if (!check_site(options, wrong))
    return false;
  if (options->db != NULL && options->no_remember)
    return refuse(wrong, "say either --db or --no-remember");
  if (command->paths != 0 && (options->path_count == 0 || options->path_count < command->paths % PSD_VERIFY_MANY))
    return refuse(wrong, "say which files (see --help)");
  if (options->path_count > command->paths)
    return refuse(wrong, "unexpected '%.40s' (see --help)", options->paths[command->paths]);
  if (command->paths != 0 && tokens && options->path_count > 1)
    return refuse(wrong, "a token is that of one piece: name one file");
  if (command->paths == 0 && (command->needs & 1U << PSD_VERIFY_OPTION_METER) != 0 && !tokens)
    return refuse(wrong, "say --vendor-token, --postal-token or both");
  return at_output(options) <= 1 || refuse(wrong, "only one of --json, --csv and --evidence-csv can be -");
}

/* The options of a command, as getopt_long wants them. */
static void list_options(const psd_verify_command *command, struct option list[KNOWN + 1]) {
  size_t count = 0;
  for (size_t i = 0; i < KNOWN; i++)
    if (known[i].val == PSD_VERIFY_OPTION_HELP || (command->takes >> known[i].val & 1U) != 0)
      list[count++] = known[i];
  list[count] = (struct option){NULL, 0, NULL, 0};
}

static bool parse_rest(int argc, char **argv, psd_verify_options *options, char *wrong) {
  struct option list[KNOWN + 1];
  unsigned seen = 0;
  int option;
  list_options(options->command, list);
  opterr = 0;
  optind = 1;
  while ((option = getopt_long(argc, argv, "", list, NULL)) != -1) {
    if (option == '?')
      return refuse(wrong, "'%.40s' is not for %s, or lacks its value (see --help)", argv[optind - 1],
                    options->command->name);
    if (option == PSD_VERIFY_OPTION_HELP) {
      options->help = true;
      return true;
    }
    if ((seen >> option & 1U) != 0 && (MANY_TIMES >> option & 1U) == 0)
      return refuse(wrong, "--%s is there twice", name_of((unsigned)option));
    seen |= 1U << option;
    if (!take(options, (unsigned)option, optarg, wrong))
      return false;
  }
  options->paths = argv + optind;
  options->path_count = (size_t)(argc - optind);
  return check_together(options, seen, wrong);
}

bool psd_verify_options_parse(int argc, char **argv, psd_verify_options *options, char wrong[PSD_VERIFY_WRONG_MAX]) {
  *options = (psd_verify_options){.days = PSD_VERIFY_DAYS};
  const char *name = argc > 1 ? argv[1] : "";
  options->help = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0;
  options->version = strcmp(name, "--version") == 0;
  if (options->help || options->version)
    return true;
  for (size_t i = 0; i < psd_verify_command_count; i++)
    if (strcmp(psd_verify_commands[i].name, name) == 0)
      options->command = &psd_verify_commands[i];
  if (options->command == NULL)
    return refuse(wrong, "say indicium, batch, token, postmark, signature, payment or info (see --help)");
  return parse_rest(argc - 1, argv + 1, options, wrong);
}
