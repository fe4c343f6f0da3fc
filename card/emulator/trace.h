/* What passes between reader and card, in words, secrets left out (psd/spec/describe.h decides which). Every call
 * writes whole lines in one go, so that several cards may share one stream. */
#ifndef PSD_EMULATOR_TRACE_H
#define PSD_EMULATOR_TRACE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* "NAME: WHAT, ATR 3B…" */
void psd_trace_power(FILE *trace, const char *name, const char *what, const uint8_t *atr, size_t atr_length);

/* The command on one line, the answer and the time the card took for it on the next. */
void psd_trace_exchange(FILE *trace, const char *name, const uint8_t *command, size_t command_length,
                        const uint8_t *response, size_t response_length, uint64_t microseconds);

#endif
