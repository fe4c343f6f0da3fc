/* What a piece costs. In a run of mail most pieces cost the same, and a rate table is long: the last rate is kept. */
#include "meter/evidence.h"
#include "meter/rates.h"

#include <string.h>

#define BELOW_ZIP3 UINT64_C(100000000) /* a delivery point less its first three digits */
#define NO_DESTINATION 1000U

/* What it is looked up for. The zone depends on the destination's first three digits, and on no others. */
static psd_evidence_rating rating_for(const psd_indicium_wish *wish, uint32_t date) {
  return (psd_evidence_rating){.date = date,
                               .grams = (uint16_t)wish->grams,
                               .destination =
                                   (uint16_t)(wish->destination == 0 ? NO_DESTINATION : wish->destination / BELOW_ZIP3),
                               .mail_class = (uint8_t)wish->mail_class,
                               .zone = (uint8_t)wish->zone};
}

static bool same(const psd_evidence_rating *last, const psd_evidence_rating *wanted) {
  return last->known && last->date == wanted->date && last->grams == wanted->grams &&
         last->mail_class == wanted->mail_class && last->zone == wanted->zone &&
         (last->anywhere || last->destination == wanted->destination);
}

static uint16_t look_up(psd_card *card, const psd_indicium_wish *wish, psd_evidence_rating *rating) {
  psd_rate_row row;
  uint16_t status =
      psd_rates_price(card, wish, rating->date, (uint32_t)card->self.licence.zip, &row, &rating->row, rating->hash);
  if (status != PSD_SW_OK)
    return status;
  rating->known = true;
  rating->anywhere = row.zone == 0;
  rating->postage = row.postage;
  card->self.rating = *rating;
  return PSD_SW_OK;
}

uint16_t psd_evidence_rate(psd_card *card, const psd_indicium_wish *wish, uint32_t date, psd_indicium_rate *rate) {
  const psd_evidence_rating *last = &card->self.rating;
  psd_evidence_rating wanted = rating_for(wish, date);
  uint16_t status = same(last, &wanted) ? PSD_SW_OK : look_up(card, wish, &wanted);
  if (status != PSD_SW_OK)
    return status;
  rate->row = last->row;
  memcpy(rate->hash, last->hash, sizeof rate->hash);
  return last->postage == wish->postage ? PSD_SW_OK : PSD_SW_WRONG_DATA;
}
