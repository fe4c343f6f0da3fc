#include "verify/report_words.h"

#include <inttypes.h>
#include <string.h>

#include "psd/spec/text.h"
#include "verify/site.h"

const char *psd_origin_words(const psd_origin *origin, char words[PSD_ORIGIN_ROOM]) {
  psd_text text = psd_text_over(words, PSD_ORIGIN_ROOM);
  psd_say_text(&text, origin->path, strlen(origin->path));
  if (origin->line > 0)
    psd_say(&text, ":%" PRIu64, origin->line);
  if (origin->symbol > 0)
    psd_say(&text, ", symbol %u", origin->symbol);
  return words;
}

const char *psd_claim_device_words(const psd_claim *claim, char words[PSD_WORDS_ROOM]) {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  psd_claim_device(claim, device);
  return psd_device_words(words, device);
}

const char *psd_claim_date_words(const psd_claim *claim, char words[PSD_WORDS_ROOM]) {
  words[0] = '\0';
  return claim->fields.date != 0 ? psd_date_words(words, claim->fields.date) : words;
}

bool psd_claim_rate_row(const psd_site *site, const psd_claim *claim, psd_rate_row *row) {
  if (site == NULL || claim->row == PSD_ROW_UNRATED || claim->profile == PSD_PROFILE_COMPACT)
    return false;
  for (size_t i = 0; i < site->rates_count; i++)
    if (memcmp(site->rates[i].hash, claim->fields.rates, PSD_RATES_HASH) == 0)
      return psd_rates_row(&site->rates[i].rates, claim->row, row);
  return false;
}

const char *psd_claim_rate_words(const psd_site *site, const psd_claim *claim, char words[PSD_WORDS_ROOM]) {
  psd_text text = psd_text_over(words, PSD_WORDS_ROOM);
  psd_rate_row row;
  if (claim->row == PSD_ROW_UNRATED) {
    psd_say(&text, "not rated");
  } else if (psd_claim_rate_row(site, claim, &row)) {
    const char *mail_class = psd_mail_class_words(row.mail_class);
    psd_say(&text, "%s", mail_class != NULL ? mail_class : "a class of its own");
    if (row.zone != 0)
      psd_say(&text, ", zone %u", (unsigned)row.zone);
    psd_say(&text, ", up to %u g", (unsigned)row.grams);
  } else if (claim->profile == PSD_PROFILE_COMPACT) {
    psd_say(&text, "row %u; a compact indicium names no rate table", (unsigned)claim->row);
  } else {
    psd_say(&text, "row %u of a rate table that is not known", (unsigned)claim->row);
  }
  return words;
}
