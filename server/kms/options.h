/* The command line of psd-kms. */
#ifndef PSD_KMS_OPTIONS_H
#define PSD_KMS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kms/service.h"
#include "psd/program/exit.h"
#include "psd/spec/session.h"

#define PSD_KMS_WRONG_MAX 200U
#define PSD_KMS_SERIALS_MAX 64U
/* Days that one command writes tables for, or a list of revoked certificates is good for. */
#define PSD_KMS_DAYS_MOST 366U

typedef struct psd_kms_options psd_kms_options;

/* What stands beside the options: nothing; a key identifier; a verb of tokens, and perhaps a serial number. */
typedef enum psd_kms_words { PSD_KMS_WORDS_NONE, PSD_KMS_WORDS_KEY, PSD_KMS_WORDS_TOKENS } psd_kms_words;

typedef enum psd_kms_token_verb {
  PSD_KMS_TOKENS_NONE, /* another command */
  PSD_KMS_TOKENS_LIST,
  PSD_KMS_TOKENS_SHOW,
  PSD_KMS_TOKENS_RETIRE,
  PSD_KMS_TOKENS_COMPROMISE,
  PSD_KMS_TOKENS_CLEAR,
  PSD_KMS_TOKENS_AUDIT,
} psd_kms_token_verb;

typedef struct psd_kms_command {
  const char *name;
  unsigned takes, needs; /* bits: 1 << number of an option */
  int (*run)(const psd_kms_options *options);
  psd_kms_words words;
  bool key_file; /* its --key is a file, not an identifier */
} psd_kms_command;

/* Texts point into argv. */
struct psd_kms_options {
  bool help, version;
  const psd_kms_command *command;
  const char *dir, *passphrase_file, *new_passphrase_file, *listen, *group, *key_file, *out, *out_dir, *revoked;
  psd_role role;
  psd_kms_kind kind; /* VENDOR without --kind */
  unsigned rsa_bits;
  uint32_t identifier; /* 0 where none was given */
  psd_token_domain domain;
  psd_kms_token_verb verb;
  uint32_t set;  /* 0 for each */
  uint32_t date; /* YYYYMMDD */
  unsigned days; /* 0 where nothing is said */
  uint8_t order;
  bool order_said;
  uint32_t serials[PSD_KMS_SERIALS_MAX];
  unsigned serial_count;
  uint8_t vendor[2], model[2];
  psd_kms_policy policy; /* the default where nothing else is said */
  bool json, movements, verify, quiet, no_seccomp, classic;
};

/* Parses a command line. Returns false, with one line in `wrong` that says what to do instead, if it makes no sense.
 * Uses getopt: not for two threads at once. */
bool psd_kms_options_parse(int argc, char **argv, psd_kms_options *options, char wrong[PSD_KMS_WRONG_MAX]);

/* What --help prints. */
extern const char *const psd_kms_help;

/* The commands (commands.h has them by name). */
extern const psd_kms_command psd_kms_commands[];
extern const size_t psd_kms_command_count;

/* Numbers of the options, for psd_kms_command. */
enum psd_kms_option {
  PSD_KMS_OPTION_DIR = 1,
  PSD_KMS_OPTION_PASSPHRASE,
  PSD_KMS_OPTION_NEW_PASSPHRASE,
  PSD_KMS_OPTION_RSA,
  PSD_KMS_OPTION_LISTEN,
  PSD_KMS_OPTION_GROUP,
  PSD_KMS_OPTION_ROLE,
  PSD_KMS_OPTION_JSON,
  PSD_KMS_OPTION_VERIFY,
  PSD_KMS_OPTION_KEY,
  PSD_KMS_OPTION_KIND,
  PSD_KMS_OPTION_SERIAL,
  PSD_KMS_OPTION_VENDOR,
  PSD_KMS_OPTION_MODEL,
  PSD_KMS_OPTION_OUT,
  PSD_KMS_OPTION_OUT_DIR,
  PSD_KMS_OPTION_MOST,
  PSD_KMS_OPTION_LONGEST_WATCHDOG,
  PSD_KMS_OPTION_QUIET,
  PSD_KMS_OPTION_NO_SECCOMP,
  PSD_KMS_OPTION_CLASSIC,
  PSD_KMS_OPTION_MOVEMENTS,
  PSD_KMS_OPTION_DOMAIN,
  PSD_KMS_OPTION_DATE,
  PSD_KMS_OPTION_DAYS,
  PSD_KMS_OPTION_ORDER,
  PSD_KMS_OPTION_SET,
  PSD_KMS_OPTION_REVOKED,
  PSD_KMS_OPTION_HELP
};

#endif
