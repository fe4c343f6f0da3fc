/* The command line of psd-card. */
#ifndef PSD_EMULATOR_OPTIONS_H
#define PSD_EMULATOR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "emulator/front.h"

#define PSD_OPTIONS_CARDS_MAX 64U
#define PSD_OPTIONS_WRONG_MAX 200U

/* Exit statuses of psd-card. */
enum { PSD_CARD_EXIT_DONE = 0, PSD_CARD_EXIT_REFUSED = 1, PSD_CARD_EXIT_USAGE = 2, PSD_CARD_EXIT_UNREACHABLE = 3 };

typedef enum psd_card_verb {
  PSD_CARD_VERB_HELP,
  PSD_CARD_VERB_VERSION,
  PSD_CARD_VERB_INIT,
  PSD_CARD_VERB_RUN
} psd_card_verb;

/* Texts point into argv. */
typedef struct psd_options {
  psd_card_verb verb;
  const char *states[PSD_OPTIONS_CARDS_MAX];
  unsigned state_count; /* exactly one for init */
  /* init */
  uint32_t serial;
  char vendor[2], model[2];
  const char *keys; /* the file of the transport keys; NULL: make some */
  /* run */
  psd_front_kind kind;
  psd_endpoint endpoint;
  bool trace, no_sync;
} psd_options;

/* Parses a command line. Returns false, with one line in `wrong` that says what to do instead, if it makes no sense.
 * Uses getopt: not for two threads at once. */
bool psd_options_parse(int argc, char **argv, psd_options *options, char wrong[PSD_OPTIONS_WRONG_MAX]);

/* What --help prints. */
extern const char *const psd_options_help;

#endif
