/* The psd command: its options, its verbs, and how each ends. */
#ifndef PSD_CLI_H
#define PSD_CLI_H

#include "psd/program/exit.h"
#include "psd/reader/certificate.h"
#include "psd/reader/print.h"

#include <stdio.h>

/* The options (options.def), by number, and each as a bit, so that a verb can say which it takes. */
#define PSD_CLI_OPTION(NAME, name, argument, line) PSD_NUMBER_##NAME,
enum psd_option_number {
#include "options.def"
  PSD_OPTION_COUNT
};
_Static_assert(PSD_OPTION_COUNT <= 64, "a bit for each option");
#define PSD_OPTION(NAME) (UINT64_C(1) << PSD_NUMBER_##NAME)
/* Those of every verb that talks to a card. */
#define PSD_OPTIONS_CARD (PSD_OPTION(READER) | PSD_OPTION(CARD) | PSD_OPTION(WAIT) | PSD_OPTION(JSON))
/* Those of every verb that signs on with a meter server. */
#define PSD_OPTIONS_SESSION                                                                                            \
  (PSD_OPTIONS_CARD | PSD_OPTION(SERVER) | PSD_OPTION(USER) | PSD_OPTION(PASSWORD_FILE) | PSD_OPTION(SUITE))
/* Those that say what is to be mailed. */
#define PSD_OPTIONS_PIECE                                                                                              \
  (PSD_OPTION(CLASS) | PSD_OPTION(WEIGHT) | PSD_OPTION(TO) | PSD_OPTION(ZONE) | PSD_OPTION(DATE))

typedef struct psd_cli psd_cli;

/* A card that is named on the command line. */
#define PSD_CLI_PLACES 16U
typedef struct psd_cli_place {
  bool socket;      /* --card */
  const char *name; /* NULL: the first reader with a card */
} psd_cli_place;

typedef struct psd_verb {
  const char *name;
  const char *synopsis; /* what follows the name */
  const char *summary;  /* one line */
  const char *help;     /* the rest of what --help prints */
  uint64_t options;     /* those it takes */
  int least, most;      /* arguments */
  int (*run)(psd_cli *cli);
} psd_verb;

/* A command line, parsed. Texts are argv's. */
struct psd_cli {
  const psd_verb *verb;
  uint64_t given;                       /* options */
  psd_cli_place places[PSD_CLI_PLACES]; /* of tsa, which takes --reader and --card again and again */
  size_t place_count;
  const char *listen;
  const char *reader, *card, *keys, *profile, *pin_file, *atr;
  const char *server, *user, *password_file, *kms, *postal_kms, *state_dir;
  const char *output, *raw, *place, *sender, *addressee;
  const char *to; /* destination, or payee */
  const char *subject, *purpose, *receiver, *root, *ca, *crl;
  unsigned suite;  /* 0: the best */
  unsigned suites; /* 0: as the profile says */
  unsigned scheme; /* of K3 */
  uint32_t serial, first_serial;
  unsigned wait_ms;
  unsigned count;
  uint64_t amount;  /* of refill and withdraw, mills */
  bool certificate; /* --group */
  /* Of a piece of mail. */
  uint8_t mail_class;
  unsigned zone;
  uint64_t grams, destination, postage, correction;
  uint32_t date;  /* 0: `ahead` days from today */
  unsigned ahead; /* days */
  psd_symbology symbology;
  unsigned dpi;
  unsigned token_digits, token_order;
  unsigned slot, days; /* 0: not said */
  psd_algorithm algorithm;
  psd_reason reason;
  bool at_risk;      /* money was asked for, and nobody has said yet what came of it */
  bool in_doubt;     /* a piece was asked for, and nobody knows yet whether it was made */
  const char *after; /* what to do if it ends here; NULL for nothing special */
  bool json;
  int argc; /* arguments of the verb */
  char **argv;
  psd_host *host; /* NULL until psd_cli_enter */
};

extern const psd_verb psd_verbs[];
extern const size_t psd_verb_count;

/* Parses a command line; on anything but PSD_EXIT_DONE what is wrong was told on standard error. Uses getopt. */
int psd_cli_parse(psd_cli *cli, int argc, char **argv);
/* The whole command; returns the exit status. */
int psd_cli_main(int argc, char **argv);

/* What an option says of a piece of mail, or of tokens: `number` is the option's, `value` its argument. False if it is
 * none of those; otherwise `*status` is PSD_EXIT_DONE, or an error was told. */
bool psd_cli_take_piece(psd_cli *cli, int number, const char *value, int *status);
/* --to, once the verb is known: a destination, but for pay, of which it is the payee. */
int psd_cli_check_destination(psd_cli *cli);
/* What an option says of a certificate service, likewise. */
bool psd_cli_take_service(psd_cli *cli, int number, const char *value, int *status);
/* Fills in from the environment whom to believe. */
void psd_cli_needs_trust(psd_cli *cli);
/* Fills in from the environment what signing on needs; PSD_EXIT_DONE, or it was told what is missing. */
int psd_cli_needs_server(psd_cli *cli);
/* The name of the first option of a set. */
const char *psd_cli_option_name(uint64_t set);
/* A whole number from `least` to `most`; false for anything else. */
bool psd_cli_number(const char *words, unsigned least, unsigned most, unsigned *number);

/* "psd: ..." on standard error; returns PSD_EXIT_USAGE. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
int psd_cli_usage(const psd_cli *cli, const char *format, ...);

/* Prints words that may quote a reader, a card or a file's name: what could work on the terminal is taken out. */
void psd_cli_print(FILE *out, const char *words);
/* "PS D1 00C0FFEE", in `words`, which it returns. */
#define PSD_CLI_DEVICE_WORDS 32U
const char *psd_cli_device(const psd_device_id *id, char words[PSD_CLI_DEVICE_WORDS]);

/* One line on standard error: what went wrong, and what to do next; returns the exit status. */
int psd_cli_failed(const psd_cli *cli, const psd_error *error);
/* A warning on standard error, if there is one. */
void psd_cli_warn(const psd_error *warning);
/* What to do next; NULL if nobody knows. */
const char *psd_advice(const psd_cli *cli, const psd_error *error);
/* "PIN changed", or the same as JSON; for what ends without anything else to show. */
void psd_cli_done(const psd_cli *cli, const char *words);

/* Reaches the card: cli->host. Returns PSD_EXIT_DONE, or the exit status after telling why; nothing is open then. */
int psd_cli_reach(psd_cli *cli);
/* The same, and keeps others away, opens a channel of its own where the card has one to spare, and selects the PSD. */
int psd_cli_enter(psd_cli *cli);
/* Lets others in, leaves the card and closes cli->host. `result` is what was done with the card; if it is not PSD_OK,
 * the host's error is told. Returns the exit status. */
int psd_cli_leave(psd_cli *cli, psd_result result);

/* What a verb calls a PIN or PUK when it asks for one. The secrets come from the terminal, without echo, or are the
 * lines of --pin-file (- is standard input), never from the command line. */
typedef struct psd_question {
  const char *prompt;
  bool repeat; /* asked twice at the terminal, to be sure */
} psd_question;
/* Asks `count` questions. Anything but PSD_OK leaves `answers` wiped. */
psd_result psd_ask(const char *pin_file, const psd_question *questions, size_t count, psd_secret *answers,
                   psd_error *error);

/* The same for passwords of 1 to 255 bytes, and --password-file. */
typedef struct psd_password {
  uint8_t bytes[255];
  uint8_t length;
} psd_password;
psd_result psd_ask_passwords(const char *password_file, const psd_question *questions, size_t count,
                             psd_password *answers, psd_error *error);

/* What a session refuses: one line on standard error, and what to do next; returns the exit status. */
int psd_cli_refused(const psd_cli *cli, const psd_refusal *refusal);

int psd_run_agent(psd_cli *cli);
int psd_run_apdu(psd_cli *cli);
int psd_run_audit(psd_cli *cli);
int psd_run_cert(psd_cli *cli);
int psd_run_certificate(psd_cli *cli);
int psd_run_credit(psd_cli *cli);
int psd_run_indicium(psd_cli *cli);
int psd_run_info(psd_cli *cli);
int psd_run_label(psd_cli *cli);
int psd_run_list(psd_cli *cli);
int psd_run_log(psd_cli *cli);
int psd_run_manufacture(psd_cli *cli);
int psd_run_password(psd_cli *cli);
int psd_run_tsa(psd_cli *cli);
int psd_run_pay(psd_cli *cli);
int psd_run_personalize(psd_cli *cli);
int psd_run_pin(psd_cli *cli);
int psd_run_postmark(psd_cli *cli);
int psd_run_rates(psd_cli *cli);
int psd_run_recover(psd_cli *cli);
int psd_run_refill(psd_cli *cli);
int psd_run_register(psd_cli *cli);
int psd_run_self_test(psd_cli *cli);
int psd_run_sign(psd_cli *cli);
int psd_run_tokens(psd_cli *cli);
int psd_run_trace(psd_cli *cli);
int psd_run_verify(psd_cli *cli);
int psd_run_withdraw(psd_cli *cli);

#endif
