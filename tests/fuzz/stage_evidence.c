#include "stage_evidence.h"

#include "check.h"
#include "meter/change.h"
#include "psd/spec/rates.h"

#include <string.h>

static void put(psd_change *change, psd_object_id id, psd_message_id layout, const void *value, psd_buffer *memory) {
  size_t start = memory->length;
  psd_put_message(memory, layout, value);
  CU_ASSERT_FALSE_FATAL(memory->overflow);
  psd_change_put(change, (uint16_t)(PSD_RECORD_OBJECT + id), memory->data + start, memory->length - start);
}

/* A letter, and a class with a zone; nobody looks at the signature again. */
static void put_table(psd_change *change, psd_buffer *memory) {
  const psd_rate_table head = {.magic = "PSDR",
                               .format = 1,
                               .country = "US",
                               .version = 1,
                               .effective = 20260101,
                               .expiry = 20270101,
                               .origin = PSD_RATES_NO_ORIGIN,
                               .rows = 2};
  const psd_service_rates services = {0};
  const psd_rate_row rows[] = {{PSD_CLASS_OF_FIRST, 0, 28, 730}, {PSD_CLASS_OF_PRIORITY, 1, 500, 2000}};
  size_t start = memory->length;
  psd_put_message(memory, PSD_MESSAGE_RATE_TABLE, &head);
  psd_put_message(memory, PSD_MESSAGE_SERVICE_RATES, &services);
  for (size_t i = 0; i < 2; i++)
    psd_put_message(memory, PSD_MESSAGE_RATE_ROW, &rows[i]);
  memset(psd_put_room(memory, PSD_RATES_SIGNATURE), 0, PSD_RATES_SIGNATURE);
  psd_change_put(change, PSD_RECORD_OBJECT + PSD_OBJECT_RATE_TABLE, memory->data + start, memory->length - start);
  change->next.rates[0] = (psd_rates_state){.version = 1, .effective = head.effective, .expiry = head.expiry};
  psd_change_core(change);
}

/* What evidence of postage needs, in every profile. */
void stage_load_evidence(psd_card *card, const stage_secrets *of) {
  static const uint8_t certificate[] = {0x30, 0x0A, 0x30, 0x08, 0xA0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x01, 0x07};
  uint8_t bytes[512];
  psd_buffer memory = psd_buffer_over(bytes, sizeof bytes);
  const psd_device_id identity = {.vendor = "PS", .model = "D1", .serial = 7};
  const psd_licence licence = {.zip = 90210, .number = 1};
  const psd_evidence_policy policy = {.country = "US",
                                      .profiles =
                                          1U << PSD_PROFILE_DSA | 1U << PSD_PROFILE_P256 | 1U << PSD_PROFILE_COMPACT,
                                      .ahead = PSD_DATE_AHEAD_MOST,
                                      .offset = PSD_OFFSET_UTC};
  psd_token_key token = {.set = 1, .pointer = 7, .digits = 8};
  psd_change change;
  memcpy(token.key, of->token, sizeof token.key);
  psd_change_begin(&change, card);
  put(&change, PSD_OBJECT_DEVICE_ID, PSD_MESSAGE_DEVICE_ID, &identity, &memory);
  put(&change, PSD_OBJECT_LICENCE, PSD_MESSAGE_LICENCE, &licence, &memory);
  put(&change, PSD_OBJECT_EVIDENCE_POLICY, PSD_MESSAGE_EVIDENCE_POLICY, &policy, &memory);
  put(&change, PSD_OBJECT_POSTAL_TOKEN_KEY, PSD_MESSAGE_TOKEN_KEY, &token, &memory);
  put_table(&change, &memory);
  psd_change_put(&change, PSD_RECORD_OBJECT + PSD_OBJECT_CERTIFICATE, certificate, sizeof certificate);
  psd_change_put(&change, PSD_RECORD_KEY_PAIR, of->key_pair, PSD_P256_SECRET);
  psd_change_put(&change, PSD_RECORD_DSA, of->dsa, PSD_DSA_SECRET);
  CU_ASSERT_EQUAL_FATAL(psd_change_commit(&change, card), PSD_SW_OK);
}
