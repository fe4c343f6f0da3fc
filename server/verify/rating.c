/* Rate tables, and whether the postage is theirs (US 5,448,641). */
#include <stdlib.h>
#include <string.h>

#include "psd/spec/text.h"
#include "verify/folder.h"

static bool add_rates(psd_site_reading *reading, uint8_t *table, size_t length) {
  psd_site *site = reading->site;
  uint8_t digest[PSD_HASH];
  psd_known_rates made = {.table = table};
  if (!psd_rates_open(table, length, &made.rates))
    return psd_site_damaged(reading, "it is no table of rates");
  if (!psd_hash(&(psd_part){table, length}, 1, digest))
    return psd_site_damaged(reading, "the library of cryptography failed");
  memcpy(made.hash, digest, sizeof made.hash);
  psd_known_rates *rows = psd_room_for_row(reading, site->rates, site->rates_count, sizeof *site->rates);
  if (rows == NULL)
    return false;
  site->rates = rows;
  rows[site->rates_count++] = made;
  return true;
}

static bool take_rates(psd_site_reading *reading, uint8_t *table, size_t length, bool *kept) {
  const psd_public_keys *keys = reading->keys;
  if (length <= PSD_RATES_SIGNATURE)
    return psd_site_damaged(reading, "it is no table of rates");
  length -= PSD_RATES_SIGNATURE;
  if (keys->count == 0) {
    psd_site_remark(reading, "not used: there is no rates.pem to check its signature with");
    return true;
  }
  if (!psd_keys_signed(keys, PSD_RATES_LABEL, (psd_part){table, length}, table + length))
    return psd_site_damaged(reading, "its signature is of none of the keys in rates.pem");
  *kept = add_rates(reading, table, length);
  return *kept;
}

static bool read_rates(psd_site_reading *reading) {
  uint8_t *table = NULL;
  size_t length;
  bool kept = false;
  if (!psd_file_bytes(reading, PSD_RATES_MAX + PSD_RATES_SIGNATURE, false, &table, &length))
    return false;
  bool done = take_rates(reading, table, length, &kept);
  if (!kept)
    free(table);
  return done;
}

bool psd_read_rates(psd_site_reading *reading) {
  psd_public_keys keys;
  if (!psd_file_keys(reading, "rates.pem", &keys))
    return false;
  reading->keys = &keys;
  bool done = psd_each_file(reading, "rates", ".rates", read_rates);
  reading->keys = NULL;
  return done;
}

void psd_free_rates(psd_site *site) {
  for (size_t i = 0; i < site->rates_count; i++)
    free(site->rates[i].table);
  free(site->rates);
}

/* What has no row has no hash either, and its kind says what postage there may be. */
static void judge_unrated(const psd_claim *claim, psd_piece_verdict *verdict) {
  static const uint8_t none[PSD_RATES_HASH] = {0};
  bool correction = claim->kind == PSD_EVIDENCE_CORRECTION;
  if (claim->row != PSD_ROW_UNRATED || memcmp(claim->fields.rates, none, sizeof none) != 0)
    psd_find(verdict, PSD_CHECK_RATE, PSD_CHECK_FAILED, "a %s names a row of a rate table",
             psd_evidence_kind_name(claim->kind));
  else if (correction != (claim->fields.postage > 0))
    psd_find(verdict, PSD_CHECK_RATE, PSD_CHECK_FAILED, "a %s with%s postage", psd_evidence_kind_name(claim->kind),
             correction ? "out" : "");
  else
    psd_find(verdict, PSD_CHECK_RATE, PSD_CHECK_PASSED, "a %s is not rated", psd_evidence_kind_name(claim->kind));
}

/* Whether it is that table's price; why not otherwise. */
static bool judge_row(const psd_known_rates *table, const psd_claim *claim, psd_piece_verdict *verdict) {
  char price[PSD_CHECK_WORDS];
  psd_rate_row row;
  psd_text words = psd_text_over(price, sizeof price);
  if (!psd_rates_in_force(&table->rates, claim->fields.date)) {
    psd_find(verdict, PSD_CHECK_RATE, PSD_CHECK_FAILED, "the table of version %lu was not in force on that day",
             (unsigned long)table->rates.head.version);
    return false;
  }
  if (!psd_rates_row(&table->rates, claim->row, &row)) {
    psd_find(verdict, PSD_CHECK_RATE, PSD_CHECK_FAILED, "the table of version %lu has no row %lu",
             (unsigned long)table->rates.head.version, (unsigned long)claim->row);
    return false;
  }
  psd_say(&words, "%s up to %lu g", psd_mail_class_name(row.mail_class), (unsigned long)row.grams);
  if (row.zone != 0)
    psd_say(&words, ", zone %lu,", (unsigned long)row.zone);
  psd_say(&words, " is ");
  psd_say_amount(&words, row.postage);
  uint64_t charted = psd_rates_zone(&table->rates, claim->fields.zip, claim->fields.destination);
  bool right = row.postage == claim->fields.postage;
  if (row.zone != 0 && charted != 0 && charted != row.zone) {
    psd_say(&words, ", and it goes to zone %lu", (unsigned long)charted);
    right = false;
  }
  psd_find(verdict, PSD_CHECK_RATE, right ? PSD_CHECK_PASSED : PSD_CHECK_FAILED, "%s", price);
  return right;
}

/* Two tables may begin with the same bytes of their hashes. */
static void judge_rated(const psd_site *site, const psd_claim *claim, psd_piece_verdict *verdict) {
  psd_find(verdict, PSD_CHECK_RATE, PSD_CHECK_UNKNOWN, "there is no table with the hash %02X%02X%02X%02X",
           claim->fields.rates[0], claim->fields.rates[1], claim->fields.rates[2], claim->fields.rates[3]);
  for (size_t i = 0; i < site->rates_count; i++)
    if (memcmp(site->rates[i].hash, claim->fields.rates, PSD_RATES_HASH) == 0 &&
        judge_row(&site->rates[i], claim, verdict))
      return;
}

/* A compact indicium does not say which table: the postage may be that of any that was in force. */
static void judge_any(const psd_site *site, const psd_claim *claim, psd_piece_verdict *verdict) {
  for (size_t i = 0; claim->fields.date != 0 && i < site->rates_count; i++)
    if (judge_row(&site->rates[i], claim, verdict))
      return;
  psd_find(verdict, PSD_CHECK_RATE, PSD_CHECK_UNKNOWN,
           claim->fields.date == 0 ? "the date of mailing is not known"
                                   : "no table here has this postage in its row; a compact one names none");
}

void psd_judge_rate(const psd_site *site, const psd_claim *claim, psd_piece_verdict *verdict) {
  if (claim->kind != PSD_EVIDENCE_POSTAGE)
    judge_unrated(claim, verdict);
  else if (claim->row == PSD_ROW_UNRATED || claim->fields.postage == 0)
    psd_find(verdict, PSD_CHECK_RATE, PSD_CHECK_FAILED, "postage that is not rated, or none");
  else if (site->rates_count == 0)
    psd_find(verdict, PSD_CHECK_RATE, PSD_CHECK_UNKNOWN, "there are no rate tables (rates/*.rates)");
  else if (claim->profile == PSD_PROFILE_COMPACT)
    judge_any(site, claim, verdict);
  else
    judge_rated(site, claim, verdict);
}
