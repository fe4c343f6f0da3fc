/* Weights, days and places of delivery as people write them. */
#ifndef PSD_CLI_MEASURE_H
#define PSD_CLI_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#define PSD_GRAMS_MOST 65535U

/* "28g", "0.5 kg", "1oz" or "2.5lb" in whole grams, 1 to PSD_GRAMS_MOST: rounded up, but whole and half ounces down, as
 * rate tables have them. False for anything else. */
bool psd_weight_parse(const char *words, uint64_t *grams);

/* "2026-11-22" as a date YYYYMMDD, with `ahead` 0; "today" and "+3" as a date of 0, and how many days ahead. False for
 * anything else. */
bool psd_mailing_parse(const char *words, uint32_t *date, unsigned *ahead);

#endif
