/* psd-card init. */
#ifndef PSD_EMULATOR_INIT_H
#define PSD_EMULATOR_INIT_H

#include "emulator/options.h"

/* Makes one blank card. Returns the exit status; what went wrong is told in one line on standard error. */
int psd_init_card(const psd_options *options);

#endif
