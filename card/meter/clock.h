/* The secure clock (VM 232): set by the provider, never goes backwards, and the watchdog that lives by it. */
#ifndef PSD_METER_CLOCK_H
#define PSD_METER_CLOCK_H

#include "context.h"

/* Seconds since 1970-01-01 UTC; 0 while the clock was never set. */
uint64_t psd_clock_now(const psd_card *card);
/* The same for a core that is about to be committed. */
uint64_t psd_clock_in(const psd_card *card, const psd_core *core);
/* Sets the clock of `next`; false for a time before one that was already reached. */
bool psd_clock_set(const psd_card *card, psd_core *next, uint64_t now);
/* What OPERATIONAL is at this time: itself, INSPECTION_DUE or LOCKED. */
psd_state psd_watchdog_state(const psd_card *card);

#endif
