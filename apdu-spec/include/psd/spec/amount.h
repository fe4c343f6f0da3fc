/* Amounts of money as people write them: dollars with up to three decimals. Kept in mills, 1/10 cent. */
#ifndef PSD_SPEC_AMOUNT_H
#define PSD_SPEC_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

/* The largest that can be written: 15 digits before the point, so that an amount fits a signed number as well. */
#define PSD_AMOUNT_MOST UINT64_C(999999999999999999)
/* Room for any 64-bit number of mills in words, NUL included. */
#define PSD_AMOUNT_WORDS 24U

/* "50", "50.00" or "0.125" in mills: 1 to 15 digits, then nothing or a point and 1 to 3 digits. False for anything else
 * (a sign, blanks, NULL); `mills` is then as it was. */
bool psd_amount_parse(const char *words, uint64_t *mills);
/* `mills` as psd_say_amount has it, "50.00" or "0.125", in `words`, which is returned. */
const char *psd_amount_words(char words[PSD_AMOUNT_WORDS], uint64_t mills);

#endif
