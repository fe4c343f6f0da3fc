#include "psd/spec/calendar.h"

#include <stddef.h>

#define MINUTES_A_DAY 1440U

/* In 400-year eras of years that begin in March, so that a leap day ends one. */
uint32_t psd_date_of_day(uint64_t day) {
  if (day > PSD_LAST_DAY)
    return 0;
  day += 719468;
  uint64_t era = day / 146097, in_era = day % 146097;
  uint64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
  uint64_t in_year = in_era - (365 * year + year / 4 - year / 100);
  uint64_t month = (5 * in_year + 2) / 153;
  uint64_t first = (153 * month + 2) / 5;
  bool next = month >= 10;
  year += era * 400 + (next ? 1 : 0);
  return (uint32_t)(year * 10000 + (next ? month - 9 : month + 3) * 100 + in_year - first + 1);
}

bool psd_day_of_date(uint64_t date, uint64_t *day) {
  uint64_t year = date / 10000, month = date / 100 % 100, of_month = date % 100;
  if (year < 1970 || year > 9999 || month < 1 || month > 12 || of_month < 1 || of_month > 31)
    return false;
  uint64_t from_march = month > 2 ? month - 3 : month + 9;
  year -= month <= 2 ? 1 : 0;
  uint64_t found = 365 * year + year / 4 - year / 100 + year / 400 + (153 * from_march + 2) / 5 + of_month - 1 - 719468;
  *day = found;
  return psd_date_of_day(found) == date; /* 20260230 is another day's date */
}

uint32_t psd_local_date(uint64_t time, uint64_t offset) {
  uint64_t minutes = time / 60 + offset;
  return minutes < MINUTES_A_DAY ? psd_date_of_day(0) : psd_date_of_day((minutes - MINUTES_A_DAY) / MINUTES_A_DAY);
}

bool psd_date_parse(const char *words, uint32_t *date) {
  static const char form[] = "dddd-dd-dd";
  uint32_t found = 0;
  uint64_t day;
  size_t i = 0;
  for (; form[i] != '\0'; i++) {
    bool digit = words[i] >= '0' && words[i] <= '9';
    if (form[i] == '-' ? words[i] != '-' : !digit)
      return false;
    found = digit ? found * 10 + (uint32_t)(words[i] - '0') : found;
  }
  if (words[i] != '\0' || !psd_day_of_date(found, &day))
    return false;
  *date = found;
  return true;
}
