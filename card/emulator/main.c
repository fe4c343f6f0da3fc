/* psd-card: makes cards and puts them into readers. */
#include <signal.h>
#include <stdio.h>

#include "emulator/init.h"
#include "emulator/options.h"
#include "emulator/run.h"

/* A reader that leaves while an answer is on its way, or a limit on the size of files, is no reason to die: the write
 * fails and says so. */
static void ignore_signals_of_writing(void) {
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  (void)sigaction(SIGPIPE, &ignore, NULL);
  (void)sigaction(SIGXFSZ, &ignore, NULL);
}

int main(int argc, char **argv) {
  psd_options options;
  char wrong[PSD_OPTIONS_WRONG_MAX];
  ignore_signals_of_writing();
  if (!psd_options_parse(argc, argv, &options, wrong)) {
    (void)fprintf(stderr, "psd-card: %s\n", wrong);
    return PSD_CARD_EXIT_USAGE;
  }
  switch (options.verb) {
  case PSD_CARD_VERB_HELP:
    return fputs(psd_options_help, stdout) >= 0 ? PSD_CARD_EXIT_DONE : PSD_CARD_EXIT_REFUSED;
  case PSD_CARD_VERB_VERSION:
    return puts("psd-card " PSD_VERSION) >= 0 ? PSD_CARD_EXIT_DONE : PSD_CARD_EXIT_REFUSED;
  case PSD_CARD_VERB_INIT:
    return psd_init_card(&options);
  case PSD_CARD_VERB_RUN:
  default:
    return psd_run_cards(&options);
  }
}
