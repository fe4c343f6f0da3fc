/* The card's rate tables, and how another one is loaded (docs/evidence.md, "Rate tables"). */
#include "evidence.h"
#include "psd/spec/status.h"
#include "psd/spec/tlv.h"

#include <openssl/evp.h>
#include <string.h>

#define TLV_MAX 6U /* tag and length */

psd_result psd_rate_page_take(const void *bytes, size_t length, psd_rate_page *page, psd_error *error) {
  uint8_t hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  page->length = 0;
  if (length <= PSD_RATES_SIGNATURE || length > sizeof page->bytes)
    return psd_error_set(error, PSD_BAD_INPUT, "a signed rate table has at most %zu bytes, not %zu", sizeof page->bytes,
                         length);
  memcpy(page->bytes, bytes, length);
  if (!psd_rates_open(page->bytes, length - PSD_RATES_SIGNATURE, &page->table))
    return psd_error_set(error, PSD_BAD_INPUT, "this is no signed rate table");
  if (EVP_Digest(page->bytes, length - PSD_RATES_SIGNATURE, hash, &size, EVP_sha256(), NULL) != 1)
    return psd_error_set(error, PSD_SYSTEM, "the cryptographic library failed");
  memcpy(page->hash, hash, sizeof page->hash);
  page->length = length;
  return PSD_OK;
}

/* As a tag list, so that it comes in one answer where the card and its reader have extended lengths. */
static psd_result read_page(psd_host *host, psd_object_id object, psd_rate_page *page) {
  uint8_t bytes[PSD_RATES_SIGNED + TLV_MAX];
  psd_buffer answer = psd_buffer_over(bytes, sizeof bytes);
  psd_error error;
  psd_tlv value;
  page->length = 0;
  psd_result result = psd_host_get_data_list(host, &object, 1, &answer);
  if (result == PSD_REFUSED && psd_host_status(host) == PSD_SW_REFERENCE_NOT_FOUND)
    return PSD_OK;
  if (result != PSD_OK)
    return result;
  psd_cursor from = psd_cursor_over(answer.data, answer.length);
  if (!psd_take_tlv(&from, &value) || value.tag != psd_objects[object].tag || !psd_cursor_done(&from) ||
      psd_rate_page_take(value.value.at, value.value.left, page, &error) != PSD_OK)
    return psd_host_fail(host, PSD_BAD_ANSWER, "the card's %s, %zu bytes, is none", psd_objects[object].words,
                         answer.length);
  return PSD_OK;
}

psd_result psd_rate_book_read(psd_host *host, psd_rate_book *book) {
  psd_result result = read_page(host, PSD_OBJECT_RATE_TABLE, &book->first);
  return result == PSD_OK ? read_page(host, PSD_OBJECT_NEXT_RATE_TABLE, &book->next) : result;
}

const psd_rate_page *psd_rate_book_on(const psd_rate_book *book, uint64_t date) {
  bool next = book->next.length > 0 && date >= book->next.table.head.effective;
  const psd_rate_page *page = next ? &book->next : &book->first;
  return page->length > 0 && psd_rates_in_force(&page->table, date) ? page : NULL;
}

static uint64_t version_of(const psd_rate_page *page) {
  return page->length > 0 ? page->table.head.version : 0;
}

static bool say_conditions(const psd_host_meter *meter, const psd_rate_book *book, const psd_rate_table *head,
                           psd_text *text) {
  uint64_t first = version_of(&book->first), next = version_of(&book->next);
  uint64_t newest = first > next ? first : next;
  if (psd_host_meter_say_state(text, meter,
                               1U << PSD_STATE_INITIALIZED | 1U << PSD_STATE_AUTHORIZED | 1U << PSD_STATE_LOCKED))
    return true;
  if (meter->today == 0)
    psd_say(text, "the card's clock was never set: its provider sets it in a session (psd audit)");
  else if (head->version <= newest)
    psd_say(text, "the card has rate table %llu already, and this is number %llu", (unsigned long long)newest,
            (unsigned long long)head->version);
  else if (head->expiry <= meter->today) {
    psd_say(text, "the rate table was in force until the day before ");
    psd_say_date(text, head->expiry);
  }
  return text->length > 0;
}

static bool say_reason(uint16_t status, const psd_host_meter *meter, const psd_rate_book *book,
                       const psd_rate_page *page, psd_text *text) {
  const psd_rate_table *head = &page->table.head;
  if (status == PSD_SW_REFERENCE_NOT_FOUND)
    psd_say(text, "the card was given no key to check rate tables with");
  else if (status == PSD_SW_VERIFICATION_FAILED)
    psd_say(text, "the rate table is not signed with the key that the card knows: it was altered, or is another "
                  "provider's");
  else if (status == PSD_SW_WRONG_DATA && memcmp(head->country, meter->policy.country, sizeof head->country) != 0)
    psd_say(text, "the rate table is for %.2s, and the card for %.2s", (const char *)head->country,
            (const char *)meter->policy.country);
  else if (status == PSD_SW_CONDITIONS)
    return say_conditions(meter, book, head, text);
  return text->length > 0;
}

psd_result psd_rate_page_load(psd_host *host, const psd_host_meter *meter, const psd_rate_book *book,
                              const psd_rate_page *page) {
  char words[PSD_ERROR_WORDS];
  psd_text text = psd_text_over(words, sizeof words);
  psd_result result = psd_host_load_rates(host, page->bytes, page->length);
  if (result == PSD_REFUSED && say_reason(psd_host_status(host), meter, book, page, &text))
    return psd_host_fail(host, PSD_REFUSED, "%s", words);
  return result;
}
