/* Days of the Gregorian calendar. Needs no library, so that the card may use it. A date is a number YYYYMMDD, as an
 * indicium and a rate table have it; a day is counted from 1970-01-01. */
#ifndef PSD_SPEC_CALENDAR_H
#define PSD_SPEC_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

/* The last day that a date can name: 9999-12-31. */
#define PSD_LAST_DAY UINT64_C(2932896)

/* The date of a day up to PSD_LAST_DAY; 0 for a later one. */
uint32_t psd_date_of_day(uint64_t day);
/* The day of a date, or false if there is no such date, or it is before 1970 or after 9999. */
bool psd_day_of_date(uint64_t date, uint64_t *day);
/* The date where local time is `offset` minutes less 1440 ahead of UTC (EVIDENCE_POLICY), `time` seconds since 1970
 * UTC. */
uint32_t psd_local_date(uint64_t time, uint64_t offset);
/* "2026-11-22" as a date; false for anything else. */
bool psd_date_parse(const char *words, uint32_t *date);

#endif
