#include "psd/spec/amount.h"

#include "psd/spec/text.h"

#define DIGITS_MOST 15U
#define DECIMALS 3U

/* Takes up to `most` digits onto `value`, which then is below 10^18; how many there were. */
static unsigned take_digits(const char **words, unsigned most, uint64_t *value) {
  unsigned count = 0;
  for (; count < most && **words >= '0' && **words <= '9'; count++)
    *value = *value * 10 + (uint64_t)(*(*words)++ - '0');
  return count;
}

bool psd_amount_parse(const char *words, uint64_t *mills) {
  uint64_t value = 0;
  unsigned decimals = 0;
  if (words == NULL || take_digits(&words, DIGITS_MOST, &value) == 0)
    return false;
  if (*words == '.') {
    words++;
    decimals = take_digits(&words, DECIMALS, &value);
    if (decimals == 0)
      return false;
  }
  if (*words != '\0')
    return false;
  for (; decimals < DECIMALS; decimals++)
    value *= 10;
  *mills = value;
  return true;
}

const char *psd_amount_words(char words[PSD_AMOUNT_WORDS], uint64_t mills) {
  psd_text text = psd_text_over(words, PSD_AMOUNT_WORDS);
  psd_say_amount(&text, mills);
  return words;
}
