#include "measure.h"

#include "cli.h"
#include "psd/spec/amount.h"
#include "psd/spec/calendar.h"

#include <string.h>

#define BILLION UINT64_C(1000000000)
/* What a unit weighs, billionths of a gram; and thousandths of it that make half an ounce, times 32. */
static const struct {
  const char *name;
  uint64_t weight, half_ounce;
} units[] = {{"g", BILLION, 0},
             {"kg", 1000 * BILLION, 0},
             {"oz", UINT64_C(28349523125), 16000},
             {"lb", UINT64_C(453592370000), 1000}};

/* Rate tables go by whole grams, and their ounces are rounded down: what weighs a number of half ounces is what a table
 * says of as many, and anything else weighs the next whole gram. */
static bool rounds_down(uint64_t thousandths, uint64_t half_ounce) {
  return half_ounce != 0 && thousandths * 32 % half_ounce == 0;
}

bool psd_weight_parse(const char *words, uint64_t *grams) {
  char number[16];
  size_t length = strspn(words, "0123456789.");
  uint64_t thousandths = 0;
  if (length == 0 || length >= sizeof number)
    return false;
  memcpy(number, words, length);
  number[length] = '\0';
  words += length + strspn(words + length, " ");
  /* A decimal with up to three places is written as an amount is. */
  if (!psd_amount_parse(number, &thousandths))
    return false;
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    if (strcmp(units[i].name, words) != 0)
      continue;
    if (thousandths > PSD_GRAMS_MOST * 1000 * BILLION / units[i].weight)
      return false;
    uint64_t more = rounds_down(thousandths, units[i].half_ounce) ? 0 : 1000 * BILLION - 1;
    *grams = (thousandths * units[i].weight + more) / (1000 * BILLION);
    return *grams >= 1 && *grams <= PSD_GRAMS_MOST;
  }
  return false;
}

bool psd_mailing_parse(const char *words, uint32_t *date, unsigned *ahead) {
  *date = 0;
  *ahead = 0;
  if (strcmp(words, "today") == 0)
    return true;
  if (words[0] == '+')
    return psd_cli_number(words + 1, 0, PSD_DATE_AHEAD_MOST, ahead);
  return psd_date_parse(words, date);
}
