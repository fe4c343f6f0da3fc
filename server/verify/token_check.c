/* Digital tokens, and the HMAC of compact indicia, by the tables of days (EP 0 840 258, EP 0 647 924). */
#include <stdlib.h>
#include <string.h>

#include "crypto/tokens.h"
#include "psd/spec/calendar.h"
#include "verify/site.h"

#define ADDRESSEE_MOST 4096U

/* A PSD as its keys are looked for; the pointer is computed once. */
typedef struct meter {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  uint64_t pointer;
} meter;

static bool meter_of(meter *made, const uint8_t device[PSD_SIZE_DEVICE_ID]) {
  memcpy(made->device, device, PSD_SIZE_DEVICE_ID);
  return psd_token_pointer(device, &made->pointer);
}

static int by_device(const void *row, const void *device) {
  return memcmp(row, device, PSD_SIZE_DEVICE_ID);
}

/* K_final of the day; false if the table has nothing of this meter. */
static bool final_key(const psd_day *day, const meter *of, uint8_t final[PSD_TOKEN_KEY_SIZE]) {
  if (day->head.order == PSD_TOKEN_BY_DAY)
    return psd_token_final_key(PSD_TOKEN_BY_DAY, day->rows + of->pointer * PSD_SIZE_DAY_KEY, of->device, day->head.date,
                               final);
  size_t at = psd_first_row(day->rows, (size_t)day->head.count, PSD_SIZE_METER_KEY, by_device, of->device);
  const uint8_t *row = day->rows + at * PSD_SIZE_METER_KEY;
  if (at == day->head.count || by_device(row, of->device) != 0)
    return false;
  memcpy(final, row + PSD_SIZE_DEVICE_ID, PSD_TOKEN_KEY_SIZE);
  return true;
}

/* Compact indicia
 * ----------------------------------------------------------------------------------------------------------------- */

static bool mac_right(const psd_day *day, const meter *of, const psd_claim *claim) {
  uint8_t final[PSD_TOKEN_KEY_SIZE], mac[PSD_COMPACT_MAC];
  bool right = final_key(day, of, final) && psd_token_compact(final, claim->bytes, mac) &&
               psd_secret_equal(mac, claim->bytes + PSD_SIZE_COMPACT_INDICIUM, sizeof mac);
  psd_secret_wipe(final, sizeof final);
  psd_secret_wipe(mac, sizeof mac);
  return right;
}

static bool has_key_of(const psd_site *site, const meter *of, uint64_t date) {
  uint8_t final[PSD_TOKEN_KEY_SIZE];
  bool has = false;
  for (size_t i = 0; i < site->day_count && !has; i++)
    has = site->days[i].head.domain == PSD_TOKENS_POSTAL && site->days[i].head.date == date &&
          final_key(&site->days[i], of, final);
  psd_secret_wipe(final, sizeof final);
  return has;
}

/* Whether no day that the policy takes is without a table: then what is right on none is right never. */
static bool all_days(const psd_site *site, const meter *of) {
  uint64_t first = site->today > site->policy.days ? site->today - site->policy.days : 0;
  for (uint64_t day = first; day <= site->today + site->policy.ahead; day++)
    if (!has_key_of(site, of, psd_date_of_day(day)))
      return false;
  return true;
}

void psd_judge_compact(const psd_site *site, psd_claim *claim, psd_piece_verdict *verdict) {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  char words[PSD_DAY_WORDS];
  meter of;
  unsigned tables = 0;
  psd_claim_device(claim, device);
  bool ready = meter_of(&of, device);
  for (size_t i = 0; ready && i < site->day_count; i++) {
    const psd_day *day = &site->days[i];
    if (day->head.domain != PSD_TOKENS_POSTAL)
      continue;
    tables++;
    if (mac_right(day, &of, claim)) {
      claim->fields.date = day->head.date;
      psd_find(verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_PASSED, "HMAC, by the PSD's key of %s",
               psd_date_words(words, day->head.date));
      return;
    }
  }
  if (tables == 0)
    psd_find(verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_UNKNOWN, "there is no postal table of any day (days/*.day)");
  else if (all_days(site, &of))
    psd_find(verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_FAILED, "the HMAC is the PSD's on no day that is taken");
  else
    psd_find(verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_UNKNOWN,
             "the HMAC is the PSD's on none of the days there are tables of");
}

/* Tokens
 * ----------------------------------------------------------------------------------------------------------------- */

/* What was given for one domain. */
typedef struct given {
  psd_token_domain domain;
  bool there;
  uint64_t token;
  unsigned digits;
} given;

/* Every set in hand is tried. */
static psd_check_result try_sets(const psd_site *site, const meter *of, const psd_token_input *input,
                                 const given *what) {
  uint8_t final[PSD_TOKEN_KEY_SIZE];
  psd_check_result found = PSD_CHECK_UNKNOWN;
  for (size_t i = 0; i < site->day_count && found != PSD_CHECK_PASSED; i++) {
    const psd_day_table *head = &site->days[i].head;
    uint32_t token;
    if (head->domain == what->domain && head->date == input->date && final_key(&site->days[i], of, final) &&
        psd_token_make(final, input, what->digits, &token))
      found = token == what->token ? PSD_CHECK_PASSED : PSD_CHECK_FAILED;
  }
  psd_secret_wipe(final, sizeof final);
  return found;
}

/* The digest of an addressee, in place of what is in the input. False if there is too much of it. */
static bool take_addressee(psd_token_input *input, const char *addressee) {
  uint8_t memory[ADDRESSEE_MOST], digest[PSD_HASH];
  psd_buffer text = psd_buffer_over(memory, sizeof memory);
  if (addressee == NULL)
    return true;
  psd_put_addressee(&text, addressee);
  if (text.overflow || !psd_hash(&(psd_part){memory, text.length}, 1, digest))
    return false;
  memcpy(input->addressee, digest, sizeof input->addressee);
  return true;
}

static psd_check_result judge_given(const psd_site *site, const meter *of, const psd_token_input *input,
                                    const given *what, psd_piece_verdict *verdict) {
  char words[PSD_DAY_WORDS];
  static const uint8_t nobody[8] = {0};
  const char *domain = psd_token_domain_name(what->domain);
  if (what->digits < PSD_TOKEN_DIGITS_LEAST || what->digits > PSD_TOKEN_DIGITS_MOST) {
    psd_find(verdict, PSD_CHECK_TOKENS, PSD_CHECK_FAILED, "the %s token has %u digits: there are 2 to 8", domain,
             what->digits);
    return PSD_CHECK_FAILED;
  }
  psd_check_result found = try_sets(site, of, input, what);
  if (found == PSD_CHECK_UNKNOWN)
    psd_find(verdict, PSD_CHECK_TOKENS, found, "there is no %s table for this PSD of %s", domain,
             psd_date_words(words, input->date));
  if (found == PSD_CHECK_FAILED)
    psd_find(verdict, PSD_CHECK_TOKENS, found, "the %s token is another%s", domain,
             memcmp(input->addressee, nobody, sizeof nobody) == 0 ? " (no addressee was told)" : "");
  return found;
}

static void judge_all(const psd_site *site, const psd_token_input *input, const given *all, size_t count,
                      psd_piece_verdict *verdict) {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  meter of;
  unsigned there = 0, right = 0;
  psd_buffer out = psd_buffer_over(device, sizeof device);
  psd_device_id id = {.serial = input->serial};
  memcpy(id.vendor, input->vendor, sizeof id.vendor);
  memcpy(id.model, input->model, sizeof id.model);
  psd_put_message(&out, PSD_MESSAGE_DEVICE_ID, &id);
  if (!meter_of(&of, device)) {
    psd_find(verdict, PSD_CHECK_TOKENS, PSD_CHECK_UNKNOWN, "the library of cryptography failed");
    return;
  }
  for (size_t i = 0; i < count; i++) {
    if (!all[i].there)
      continue;
    psd_check_result found = judge_given(site, &of, input, &all[i], verdict);
    there++;
    right += found == PSD_CHECK_PASSED ? 1 : 0;
    if (found == PSD_CHECK_FAILED)
      return;
  }
  if (right == there)
    psd_find(verdict, PSD_CHECK_TOKENS, PSD_CHECK_PASSED, right == 2 ? "both tokens are right" : "the token is right");
}

void psd_judge_tokens(const psd_site *site, const psd_token_input *input, const psd_piece_facts *facts,
                      psd_piece_verdict *verdict) {
  psd_token_input asked = *input;
  if (facts == NULL || (!facts->vendor_given && !facts->postal_given)) {
    psd_find(verdict, PSD_CHECK_TOKENS, PSD_CHECK_UNKNOWN, "none was told");
    return;
  }
  const given all[] = {
      {PSD_TOKENS_VENDOR, facts->vendor_given, facts->vendor_token, facts->vendor_digits},
      {PSD_TOKENS_POSTAL, facts->postal_given, facts->postal_token, facts->postal_digits},
  };
  if (input->date == 0)
    psd_find(verdict, PSD_CHECK_TOKENS, PSD_CHECK_UNKNOWN, "the date of mailing is not known");
  else if (!take_addressee(&asked, facts->addressee))
    psd_find(verdict, PSD_CHECK_TOKENS, PSD_CHECK_UNKNOWN, "the addressee is too long");
  else
    judge_all(site, &asked, all, sizeof all / sizeof all[0], verdict);
}
