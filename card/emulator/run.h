/* psd-card run. */
#ifndef PSD_EMULATOR_RUN_H
#define PSD_EMULATOR_RUN_H

#include "emulator/options.h"

/* Inserts the cards and leaves them there until SIGTERM, SIGINT or SIGHUP. Returns the exit status; what went wrong is
 * told in one line on standard error. */
int psd_run_cards(const psd_options *options);

#endif
