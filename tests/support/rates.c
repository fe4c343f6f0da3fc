#include "rates.h"

#include "check.h"

#include <string.h>

static const psd_zone_row zones[] = {{100, 199, 8}, {900, 909, 1}, {910, 961, 2}};
#define ZONES PSD_CHECK_COUNT(zones)

static void put_row(psd_buffer *out, uint64_t mail_class, uint64_t zone, uint64_t grams, uint64_t postage) {
  const psd_rate_row row = {.mail_class = mail_class, .zone = zone, .grams = grams, .postage = postage};
  psd_put_message(out, PSD_MESSAGE_RATE_ROW, &row);
}

/* Rows of postcards go before those that are heavier. */
static void put_rows(psd_buffer *out, uint64_t letter, uint64_t cards) {
  put_row(out, PSD_CLASS_OF_FIRST, 0, 28, letter);
  put_row(out, PSD_CLASS_OF_FIRST, 0, 57, letter + 290);
  put_row(out, PSD_CLASS_OF_FIRST, 0, 85, letter + 580);
  put_row(out, PSD_CLASS_OF_FLAT, 0, 28, RATES_FLAT);
  put_row(out, PSD_CLASS_OF_FLAT, 0, 57, RATES_FLAT + 270);
  put_row(out, PSD_CLASS_OF_CARD, 0, 9, RATES_CARD);
  for (uint64_t more = 1; more <= cards; more++)
    put_row(out, PSD_CLASS_OF_CARD, 0, 9 + more, RATES_CARD + more);
  put_row(out, PSD_CLASS_OF_PRIORITY, 1, 454, RATES_PARCEL_1);
  put_row(out, PSD_CLASS_OF_PRIORITY, 1, 907, RATES_PARCEL_1 + 550);
  put_row(out, PSD_CLASS_OF_PRIORITY, 2, 454, RATES_PARCEL_1 + 100);
  put_row(out, PSD_CLASS_OF_PRIORITY, 8, 454, RATES_PARCEL_8);
}
#define ROWS 10U

size_t rates_table(const rates_wish *wish, uint8_t out[PSD_RATES_MAX]) {
  const size_t least =
      PSD_SIZE_RATE_TABLE + PSD_SIZE_SERVICE_RATES + ZONES * PSD_SIZE_ZONE_ROW + ROWS * PSD_SIZE_RATE_ROW;
  uint64_t version = wish->version != 0 ? wish->version : 1;
  uint64_t cards = wish->size > least ? (wish->size - least) / PSD_SIZE_RATE_ROW : 0;
  psd_rate_table head = {.magic = "PSDR",
                         .format = 1,
                         .version = version,
                         .effective = wish->effective != 0 ? wish->effective : 20260101,
                         .expiry = wish->expiry != 0 ? wish->expiry : 20270101,
                         .origin = RATES_ORIGIN,
                         .zones = ZONES,
                         .rows = ROWS + cards};
  memcpy(head.country, wish->country != NULL ? wish->country : "US", sizeof head.country);
  const psd_service_rates services = {.certificate = RATES_CERTIFICATE(version),
                                      .activation = 200,
                                      .signing = 50,
                                      .postmark = 10,
                                      .verification = 5,
                                      .agent = 300,
                                      .revocation = 400,
                                      .payment = 20};
  psd_buffer table = psd_buffer_over(out, PSD_RATES_MAX);
  psd_put_message(&table, PSD_MESSAGE_RATE_TABLE, &head);
  psd_put_message(&table, PSD_MESSAGE_SERVICE_RATES, &services);
  for (size_t i = 0; i < ZONES; i++)
    psd_put_message(&table, PSD_MESSAGE_ZONE_ROW, &zones[i]);
  put_rows(&table, wish->letter != 0 ? wish->letter : RATES_LETTER, cards);
  CU_ASSERT_FALSE_FATAL(table.overflow);
  return table.length;
}

size_t rates_sign(const psd_pair *issuer, size_t length, uint8_t out[RATES_SIGNED_MAX]) {
  const psd_part parts[] = {{PSD_RATES_LABEL, strlen(PSD_RATES_LABEL)}, {out, length}};
  CU_ASSERT_FATAL(length <= PSD_RATES_MAX && psd_pair_sign(issuer, parts, 2, out + length));
  return length + PSD_RATES_SIGNATURE;
}

size_t rates_make(const rates_wish *wish, const psd_pair *issuer, uint8_t out[RATES_SIGNED_MAX]) {
  return rates_sign(issuer, rates_table(wish, out), out);
}
