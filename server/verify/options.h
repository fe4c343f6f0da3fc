/* The command line of psd-verify. */
#ifndef PSD_VERIFY_OPTIONS_H
#define PSD_VERIFY_OPTIONS_H

#include <limits.h>

#include "psd/program/exit.h"
#include "verify/verify.h"

#define PSD_VERIFY_WRONG_MAX 200U
#define PSD_VERIFY_DAYS 14U
#define PSD_VERIFY_ADDRESS_MAX 2000U

#define PSD_VERIFY_MANY UINT_MAX
/* Files of one kind on a command line. */
#define PSD_VERIFY_FILES_MAX 16U

typedef struct psd_verify_options psd_verify_options;

typedef struct psd_verify_files {
  const char *paths[PSD_VERIFY_FILES_MAX];
  size_t count;
} psd_verify_files;

typedef struct psd_verify_command {
  const char *name;
  unsigned takes, needs; /* bits: 1 << number of an option */
  unsigned paths;        /* how many files stand after the options; PSD_VERIFY_MANY: one or more */
  bool certificates;     /* it needs whom to believe about certificates, not a whole site */
  int (*run)(const psd_verify_options *options);
} psd_verify_command;

/* Texts point into argv. */
struct psd_verify_options {
  bool help, version;
  const psd_verify_command *command;
  const char *site, *db;
  const char *json_file, *csv, *evidence_csv;
  const char *addressee; /* the text, from a file where it names one; NULL without */
  psd_verify_files roots, chain, lists;
  const char *payee;     /* NULL: of any */
  psd_piece_facts facts; /* has the addressee too */
  psd_token_input token; /* what a token is over */
  unsigned days, threads;
  uint64_t skip;
  bool no_remember, json;
  char *const *paths;
  size_t path_count;
};

/* Parses a command line. Returns false, with one line in `wrong` that says what to do instead, if it makes no sense.
 * Uses getopt: not for two threads at once. */
bool psd_verify_options_parse(int argc, char **argv, psd_verify_options *options, char wrong[PSD_VERIFY_WRONG_MAX]);

/* What --help prints. */
extern const char *const psd_verify_help;

/* The commands (commands.h has them by name). */
extern const psd_verify_command psd_verify_commands[];
extern const size_t psd_verify_command_count;

/* Numbers of the options, for psd_verify_command. --json is a flag, but of a batch it has a file. */
enum psd_verify_option {
  PSD_VERIFY_OPTION_SITE = 1,
  PSD_VERIFY_OPTION_DB,
  PSD_VERIFY_OPTION_DAYS,
  PSD_VERIFY_OPTION_NO_REMEMBER,
  PSD_VERIFY_OPTION_JSON,
  PSD_VERIFY_OPTION_JSON_FILE,
  PSD_VERIFY_OPTION_CSV,
  PSD_VERIFY_OPTION_EVIDENCE_CSV,
  PSD_VERIFY_OPTION_SKIP,
  PSD_VERIFY_OPTION_THREADS,
  PSD_VERIFY_OPTION_ADDRESSEE,
  PSD_VERIFY_OPTION_VENDOR_TOKEN,
  PSD_VERIFY_OPTION_POSTAL_TOKEN,
  PSD_VERIFY_OPTION_METER,
  PSD_VERIFY_OPTION_DATE,
  PSD_VERIFY_OPTION_POSTAGE,
  PSD_VERIFY_OPTION_PIECE,
  PSD_VERIFY_OPTION_ROOT,
  PSD_VERIFY_OPTION_CHAIN,
  PSD_VERIFY_OPTION_CRL,
  PSD_VERIFY_OPTION_PAYEE,
  PSD_VERIFY_OPTION_HELP
};

#endif
