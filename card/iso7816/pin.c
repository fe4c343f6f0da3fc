/* PIN and PUK: VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER (ISO/IEC 7816-4:2005, 7.5.6, 7.5.7, 7.5.10).
 * A try is counted, on the device, before the comparison: cutting the power after a wrong guess gains nothing. */
#include "iso7816/pin.h"
#include "iso7816/handlers.h"
#include "meter/change.h"
#include "psd/spec/chars.h"

#include <string.h>

bool psd_pin_parse(const uint8_t *data, size_t length, psd_pin *pin) {
  if (length > PSD_PIN_MAX)
    return false;
  while (length > 0 && data[length - 1] == PSD_PIN_PADDING)
    length--;
  pin->bytes = data;
  pin->length = length;
  return length >= PSD_PIN_MIN && psd_printable(data, length);
}

psd_store_result psd_pin_read(const psd_card *card, uint16_t record, psd_pin_record *pin) {
  uint8_t encoded[PSD_SIZE_PIN_RECORD];
  size_t length = 0;
  psd_store_result result = psd_store_read(&card->store, record, encoded, sizeof encoded, &length);
  if (result == PSD_STORE_OK && !psd_parse_message(encoded, length, PSD_MESSAGE_PIN_RECORD, pin)) {
    psd_wipe(pin, sizeof *pin);
    result = PSD_STORE_CORRUPT;
  }
  psd_wipe(encoded, sizeof encoded);
  return result;
}

bool psd_pin_make(psd_card *card, const psd_pin *pin, uint64_t tries, uint8_t out[PSD_SIZE_PIN_RECORD]) {
  psd_pin_record record = {.tries = tries};
  bool ok = psd_drbg_read(&card->drbg, record.salt, sizeof record.salt) &&
            psd_hmac_sha256(record.salt, sizeof record.salt, pin->bytes, pin->length, record.digest);
  psd_buffer buffer = psd_buffer_over(out, PSD_SIZE_PIN_RECORD);
  psd_put_message(&buffer, PSD_MESSAGE_PIN_RECORD, &record);
  psd_wipe(&record, sizeof record);
  return ok && !buffer.overflow;
}

static uint64_t most_tries(const psd_card *card, uint16_t record) {
  return record == PSD_RECORD_PIN ? card->core.pins.pin_tries : card->core.pins.puk_tries;
}

/* The record with another number of tries. */
static void encode_tries(psd_pin_record *pin, uint64_t tries, uint8_t encoded[PSD_SIZE_PIN_RECORD]) {
  pin->tries = tries;
  psd_buffer buffer = psd_buffer_over(encoded, PSD_SIZE_PIN_RECORD);
  psd_put_message(&buffer, PSD_MESSAGE_PIN_RECORD, pin);
}

static uint16_t store_tries(psd_card *card, uint16_t number, psd_pin_record *pin, uint64_t tries) {
  uint8_t encoded[PSD_SIZE_PIN_RECORD];
  encode_tries(pin, tries, encoded);
  psd_change change;
  psd_change_begin(&change, card);
  psd_change_put(&change, number, encoded, sizeof encoded);
  uint16_t status = psd_change_commit(&change, card);
  psd_wipe(encoded, sizeof encoded);
  return status;
}

static bool matches(const psd_pin_record *record, const psd_pin *pin) {
  uint8_t digest[PSD_SHA256_SIZE];
  bool same = psd_hmac_sha256(record->salt, sizeof record->salt, pin->bytes, pin->length, digest) &&
              psd_equal(digest, record->digest, sizeof digest);
  psd_wipe(digest, sizeof digest);
  return same;
}

void psd_pin_forget(psd_card *card) {
  for (size_t i = 0; i < PSD_CARD_CHANNELS; i++)
    card->channels[i].pin_verified = false;
}

static uint16_t wrong_guess(psd_card *card, uint16_t record, uint64_t left) {
  if (left == 0) {
    psd_pin_forget(card);
    psd_change change;
    psd_change_begin(&change, card);
    psd_change_log(&change, card, record == PSD_RECORD_PIN ? PSD_EVENT_PIN_BLOCKED : PSD_EVENT_PUK_BLOCKED, 0, 0);
    uint16_t status = psd_change_commit(&change, card);
    if (status != PSD_SW_OK)
      return status;
  }
  return (uint16_t)(PSD_SW_TRIES_LEFT | left);
}

/* Counts the try, compares, and on success restores the counter unless the caller is about to replace the record. */
static uint16_t compare(psd_card *card, uint16_t number, const psd_pin *pin, bool restore) {
  psd_pin_record record;
  psd_store_result result = psd_pin_read(card, number, &record);
  if (result != PSD_STORE_OK)
    return result == PSD_STORE_ABSENT ? PSD_SW_REFERENCE_UNUSABLE : PSD_SW_MEMORY_FAILURE;
  uint16_t status = PSD_SW_BLOCKED;
  if (record.tries > 0) {
    uint64_t left = record.tries - 1;
    status = store_tries(card, number, &record, left);
    if (status == PSD_SW_OK && !matches(&record, pin))
      status = wrong_guess(card, number, left);
    else if (status == PSD_SW_OK && restore)
      status = store_tries(card, number, &record, most_tries(card, number));
  }
  psd_wipe(&record, sizeof record);
  return status;
}

/* VERIFY without data asks how many tries are left (7.5.6). */
static uint16_t verify_status(const psd_card *card, const psd_channel *channel) {
  psd_pin_record record = {0};
  psd_store_result result = psd_pin_read(card, PSD_RECORD_PIN, &record);
  uint64_t tries = record.tries;
  psd_wipe(&record, sizeof record);
  if (result != PSD_STORE_OK)
    return result == PSD_STORE_ABSENT ? PSD_SW_REFERENCE_UNUSABLE : PSD_SW_MEMORY_FAILURE;
  if (channel->pin_verified)
    return PSD_SW_OK;
  return tries == 0 ? PSD_SW_BLOCKED : (uint16_t)(PSD_SW_TRIES_LEFT | (tries & 0x0F));
}

uint16_t psd_handle_verify(psd_card *card, const psd_request *request, psd_buffer *out) {
  (void)out;
  if (request->apdu.p1 == 0xFF && request->apdu.nc == 0) { /* 7.5.6: back to not verified */
    request->channel->pin_verified = false;
    return PSD_SW_OK;
  }
  if (request->apdu.p1 != 0)
    return PSD_SW_WRONG_P1P2;
  if (request->apdu.nc == 0)
    return verify_status(card, request->channel);
  psd_pin pin;
  if (!psd_pin_parse(request->apdu.data, request->apdu.nc, &pin))
    return PSD_SW_WRONG_DATA;
  request->channel->pin_verified = false;
  uint16_t status = compare(card, PSD_RECORD_PIN, &pin, true);
  request->channel->pin_verified = status == PSD_SW_OK;
  return status;
}

/* Commits the new record of the PIN and, where the PUK was used, all its tries again with it. */
static uint16_t commit_pin(psd_card *card, const uint8_t pin[PSD_SIZE_PIN_RECORD], psd_event event, bool puk_used) {
  psd_pin_record puk;
  uint8_t puk_encoded[PSD_SIZE_PIN_RECORD];
  if (puk_used && psd_pin_read(card, PSD_RECORD_PUK, &puk) != PSD_STORE_OK)
    return PSD_SW_MEMORY_FAILURE;
  psd_change change;
  psd_change_begin(&change, card);
  psd_change_put(&change, PSD_RECORD_PIN, pin, PSD_SIZE_PIN_RECORD);
  psd_change_log(&change, card, event, 0, 0);
  if (puk_used) {
    encode_tries(&puk, card->core.pins.puk_tries, puk_encoded);
    psd_change_put(&change, PSD_RECORD_PUK, puk_encoded, sizeof puk_encoded);
  }
  uint16_t status = psd_change_commit(&change, card);
  psd_wipe(&puk, sizeof puk);
  psd_wipe(puk_encoded, sizeof puk_encoded);
  psd_pin_forget(card); /* even after a failure, which may have left the new PIN */
  return status;
}

/* Replaces the PIN if `known` is what the record `number` (PIN or PUK) has. The new record is made first: without
 * randomness there is nothing to try, and no try is lost. */
static uint16_t replace_pin(psd_card *card, uint16_t number, const psd_pin *known, const psd_pin *new,
                            psd_event event) {
  uint8_t encoded[PSD_SIZE_PIN_RECORD];
  uint16_t status = PSD_SW_EXECUTION_ERROR;
  if (psd_pin_make(card, new, card->core.pins.pin_tries, encoded))
    status = compare(card, number, known, false);
  if (status == PSD_SW_OK)
    status = commit_pin(card, encoded, event, number == PSD_RECORD_PUK);
  psd_wipe(encoded, sizeof encoded);
  return status;
}

/* Both halves of a command that brings two values, 16 bytes each. */
static bool parse_two(const psd_card *card, const psd_apdu *apdu, psd_pin *first, psd_pin *second) {
  return psd_pin_parse(apdu->data, PSD_PIN_MAX, first) &&
         psd_pin_parse(apdu->data + PSD_PIN_MAX, PSD_PIN_MAX, second) &&
         second->length >= card->core.pins.minimum_length;
}

uint16_t psd_handle_change_reference_data(psd_card *card, const psd_request *request, psd_buffer *out) {
  (void)out;
  psd_pin old, new;
  if (!parse_two(card, &request->apdu, &old, &new))
    return PSD_SW_WRONG_DATA;
  return replace_pin(card, PSD_RECORD_PIN, &old, &new, PSD_EVENT_PIN_CHANGED);
}

static uint16_t unblock_with_new_pin(psd_card *card, const psd_apdu *apdu) {
  psd_pin puk, new;
  if (apdu->nc != 2 * PSD_PIN_MAX)
    return PSD_SW_WRONG_LENGTH;
  if (!parse_two(card, apdu, &puk, &new))
    return PSD_SW_WRONG_DATA;
  return replace_pin(card, PSD_RECORD_PUK, &puk, &new, PSD_EVENT_PIN_UNBLOCKED);
}

/* The PIN stays what it was; its tries come back. */
static uint16_t unblock_same_pin(psd_card *card, const psd_apdu *apdu) {
  psd_pin puk;
  if (apdu->nc > PSD_PIN_MAX)
    return PSD_SW_WRONG_LENGTH;
  if (!psd_pin_parse(apdu->data, apdu->nc, &puk))
    return PSD_SW_WRONG_DATA;
  uint16_t status = compare(card, PSD_RECORD_PUK, &puk, false);
  if (status != PSD_SW_OK)
    return status;
  psd_pin_record record;
  if (psd_pin_read(card, PSD_RECORD_PIN, &record) != PSD_STORE_OK)
    return PSD_SW_MEMORY_FAILURE;
  uint8_t encoded[PSD_SIZE_PIN_RECORD];
  encode_tries(&record, card->core.pins.pin_tries, encoded);
  status = commit_pin(card, encoded, PSD_EVENT_PIN_UNBLOCKED, true);
  psd_wipe(&record, sizeof record);
  psd_wipe(encoded, sizeof encoded);
  return status;
}

uint16_t psd_handle_reset_retry_counter(psd_card *card, const psd_request *request, psd_buffer *out) {
  (void)out;
  switch (request->apdu.p1) {
  case 0x00:
    return unblock_with_new_pin(card, &request->apdu);
  case 0x01:
    return unblock_same_pin(card, &request->apdu);
  default:
    return PSD_SW_WRONG_P1P2;
  }
}
