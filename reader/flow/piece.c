/* From what a person wants to what the card is asked for. */
#include "evidence.h"
#include "psd/spec/amount.h"

#include <openssl/evp.h>
#include <string.h>

psd_result psd_addressee_digest(const char *text, uint8_t digest[8], psd_error *error) {
  uint8_t bytes[PSD_ADDRESSEE_MAX], hash[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  psd_buffer plain = psd_buffer_over(bytes, sizeof bytes);
  memset(digest, 0, 8);
  psd_put_addressee(&plain, text);
  if (plain.overflow)
    return psd_error_set(error, PSD_BAD_INPUT, "an address has at most %u bytes", PSD_ADDRESSEE_MAX);
  if (plain.length == 0)
    return PSD_OK;
  if (EVP_Digest(plain.data, plain.length, hash, &length, EVP_sha256(), NULL) != 1)
    return psd_error_set(error, PSD_SYSTEM, "the cryptographic library failed");
  memcpy(digest, hash, 8);
  return PSD_OK;
}

/* The heaviest piece that the table has in a class. */
static uint64_t heaviest(const psd_rates *table, uint64_t mail_class) {
  uint64_t most = 0;
  psd_rate_row row;
  for (uint64_t i = 0; psd_rates_row(table, i, &row); i++)
    if (row.mail_class == mail_class && row.grams > most)
      most = row.grams;
  return most;
}

static bool has_zone(const psd_rates *table, uint64_t mail_class, uint64_t zone) {
  psd_rate_row row;
  bool has = false;
  for (uint64_t i = 0; !has && psd_rates_row(table, i, &row); i++)
    has = row.mail_class == mail_class && row.zone == zone;
  return has;
}

/* The class goes by zones, and which is the piece's is not known, or it is none of the table's. */
static psd_result no_zone(const psd_rates *table, uint64_t zip, const psd_mail_piece *piece, const char *name,
                          psd_error *error) {
  uint64_t charted = psd_rates_zone(table, zip, piece->destination);
  bool seen = table->head.zones > 0 && zip / 100U == table->head.origin;
  if (piece->zone != 0 && charted != 0 && charted != piece->zone)
    return psd_error_set(error, PSD_REFUSED, "the destination is in zone %llu and not in zone %llu",
                         (unsigned long long)charted, (unsigned long long)piece->zone);
  if (piece->destination == 0 && seen && (piece->zone == 0 || has_zone(table, piece->mail_class, piece->zone)))
    return psd_error_set(error, PSD_REFUSED, "class %s goes by zones: say the destination (--to)", name);
  if (piece->zone != 0)
    return psd_error_set(error, PSD_REFUSED, "the rate table has no zone %llu for class %s",
                         (unsigned long long)piece->zone, name);
  if (table->head.zones > 0 && !seen && zip != 0)
    return psd_error_set(error, PSD_REFUSED,
                         "class %s goes by zones, and the rate table has those seen from ZIPs %03llu, not from the "
                         "meter's %05llu: say it (--zone)",
                         name, (unsigned long long)table->head.origin, (unsigned long long)zip);
  return psd_error_set(error, PSD_REFUSED,
                       "class %s goes by zones, and the rate table does not know that of the destination: say it "
                       "(--zone)",
                       name);
}

static psd_result no_rate(const psd_rates *table, const psd_host_meter *meter, const psd_mail_piece *piece,
                          psd_rating why, psd_error *error) {
  const char *name = psd_mail_class_name(piece->mail_class);
  name = name != NULL ? name : "of this number";
  if (why == PSD_RATING_WEIGHT)
    return psd_error_set(error, PSD_REFUSED, "the rate table has class %s up to %llu g, and the piece weighs %llu g",
                         name, (unsigned long long)heaviest(table, piece->mail_class),
                         (unsigned long long)piece->grams);
  if (why == PSD_RATING_ZONE)
    return no_zone(table, meter->licence.zip, piece, name, error);
  return psd_error_set(error, PSD_REFUSED, "the rate table has no class %s", name);
}

/* The postage of a piece that is rated. */
static psd_result rate(const psd_host_meter *meter, const psd_rate_book *book, const psd_mail_piece *piece,
                       psd_indicium_wish *wish, psd_error *error) {
  psd_rate_row row;
  uint64_t number = 0;
  uint64_t date = piece->date != 0 ? piece->date : meter->today;
  char words[PSD_AMOUNT_WORDS], wanted[PSD_AMOUNT_WORDS], day[16];
  psd_text text = psd_text_over(day, sizeof day);
  psd_say_date(&text, date);
  const psd_rate_page *page = psd_rate_book_on(book, date);
  if (date == 0)
    return psd_error_set(error, PSD_REFUSED,
                         "the card's clock was never set: its provider sets it in a session (psd audit)");
  if (page == NULL)
    return psd_error_set(error, PSD_REFUSED, "no rate table is in force on %s: run psd rates update", day);
  psd_rating found = psd_rates_find(&page->table, piece->mail_class, piece->zone, piece->grams, meter->licence.zip,
                                    piece->destination, &row, &number);
  if (found != PSD_RATED)
    return no_rate(&page->table, meter, piece, found, error);
  if (piece->postage != 0 && piece->postage != row.postage)
    return psd_error_set(error, PSD_REFUSED, "the rate is %s and not %s: nothing was debited",
                         psd_amount_words(words, row.postage), psd_amount_words(wanted, piece->postage));
  wish->mail_class = piece->mail_class;
  wish->zone = piece->zone;
  wish->grams = piece->grams;
  wish->postage = row.postage;
  return PSD_OK;
}

psd_result psd_piece_wish(const psd_host_meter *meter, const psd_rate_book *book, const psd_mail_piece *piece,
                          psd_indicium_wish *wish, psd_error *error) {
  *wish = (psd_indicium_wish){.profile = piece->profile != 0 ? piece->profile : psd_host_meter_profile(meter),
                              .date = piece->date,
                              .destination = piece->destination};
  memcpy(wish->addressee, piece->addressee, sizeof wish->addressee);
  if (piece->kind == PSD_EVIDENCE_CORRECTION)
    wish->postage = piece->postage;
  return piece->kind == PSD_EVIDENCE_POSTAGE ? rate(meter, book, piece, wish, error) : PSD_OK;
}
