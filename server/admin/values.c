/* Amounts and times: as an operator writes them, and as they are shown to him. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/command.h"
#include "psd/spec/chars.h"
#include "psd/spec/text.h"

#define REASON_MOST 128U

const char *psd_admin_money(int64_t mills, char words[PSD_ADMIN_MONEY]) {
  if (mills >= 0)
    return psd_amount_words(words, (uint64_t)mills);
  words[0] = '-';
  (void)psd_amount_words(words + 1, (uint64_t)0 - (uint64_t)mills);
  return words;
}

bool psd_admin_amount(const char *words, uint64_t *mills) {
  uint64_t amount = 0;
  if (!psd_amount_parse(words, &amount) || amount > PSD_DC_MOST)
    return false;
  *mills = amount;
  return true;
}

int psd_admin_take_amount(const psd_admin *admin, const char *words, uint64_t *mills) {
  if (!psd_admin_amount(words, mills) || *mills == 0)
    return psd_admin_usage(admin, "an amount is written as 50 or 50.00 or 0.125, is above zero and at most a billion");
  return PSD_EXIT_DONE;
}

bool psd_admin_reason_valid(const char *words) {
  size_t length = strlen(words);
  return length > 0 && length <= REASON_MOST && psd_utf8_clean(words, length);
}

bool psd_admin_number(const char *words, uint64_t most, uint64_t *number) {
  size_t digits = strspn(words, "0123456789");
  if (digits == 0 || digits > 18 || words[digits] != '\0')
    return false;
  *number = strtoull(words, NULL, 10);
  return *number >= 1 && *number <= most;
}

static bool take_digits(const char **at, unsigned count, unsigned *number) {
  *number = 0;
  for (unsigned i = 0; i < count; i++, (*at)++) {
    if (**at < '0' || **at > '9')
      return false;
    *number = *number * 10 + (unsigned)(**at - '0');
  }
  return true;
}

/* The day of the Gregorian calendar counted from 1970-01-01. Years begin in March here, so that a leap day ends one. */
static uint64_t day_of(unsigned year, unsigned month, unsigned day) {
  year -= month <= 2 ? 1 : 0;
  unsigned in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return UINT64_C(365) * year + year / 4 - year / 100 + year / 400 + in_year - 719468;
}

bool psd_admin_date(const char *words, uint64_t *seconds) {
  char again[PSD_ADMIN_TIME_WORDS];
  unsigned year, month, day;
  const char *at = words;
  bool good = take_digits(&at, 4, &year) && *at++ == '-' && take_digits(&at, 2, &month) && *at++ == '-' &&
              take_digits(&at, 2, &day) && *at == '\0' && year >= 1970 && month >= 1 && month <= 12 && day >= 1;
  if (!good)
    return false;
  uint64_t midnight = day_of(year, month, day) * 86400;
  /* A day that there is comes back as it was written: 2026-02-30 does not. The very first has another name. */
  if (midnight != 0 && strncmp(psd_admin_time(midnight, again), words, strlen(words)) != 0)
    return false;
  *seconds = midnight;
  return true;
}

const char *psd_admin_time(uint64_t seconds, char words[PSD_ADMIN_TIME_WORDS]) {
  psd_text text = psd_text_over(words, PSD_ADMIN_TIME_WORDS);
  psd_say_time(&text, seconds);
  return words;
}

void psd_admin_json_time(psd_json *json, const char *name, const char *seconds_name, uint64_t seconds) {
  char words[PSD_ADMIN_TIME_WORDS];
  psd_json_string(json, name, psd_admin_time(seconds, words));
  psd_json_number(json, seconds_name, seconds);
}
