/* Keys that come and go: IMPORT KEY (VM figure 5, "less security") and DELETE KEY. */
#include "certificate/key.h"
#include "certificate/slot.h"
#include "iso7816/handlers.h"
#include "meter/clock.h"
#include "meter/objects.h"

static uint16_t detail_of(uint8_t slot) {
  return (uint16_t)(slot << 8);
}

/* Everything that there is of a slot. */
static uint16_t empty(psd_card *card, uint8_t number) {
  static const psd_slot_record kinds[] = {PSD_SLOT_STATE,  PSD_SLOT_SECRET,  PSD_SLOT_PUBLIC,      PSD_SLOT_CERTIFICATE,
                                          PSD_SLOT_CREDIT, PSD_SLOT_PAYMENT, PSD_SLOT_CREDIT_STATE};
  psd_change change;
  psd_change_begin(&change, card);
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    psd_change_put(&change, psd_slot_record_of(kinds[i], number), NULL, 0);
  psd_change_log(&change, card, PSD_EVENT_KEY_DELETED, detail_of(number), 0);
  return psd_change_commit(&change, card);
}

/* A key that is in use stays, until its certificate has expired or is revoked. */
static bool deletable(const psd_card *card, const psd_slot *slot) {
  return slot->state != PSD_SLOT_ACTIVE || slot->until < psd_clock_now(card);
}

/* Of an empty slot the memory may still hold the secret, if power failed before the last step: it goes now. */
uint16_t psd_handle_delete_key(psd_card *card, const psd_request *request, psd_buffer *out) {
  psd_slot slot;
  (void)out;
  uint16_t status = psd_slot_read(card, request->apdu.p1, &slot);
  if (status == PSD_SW_OK)
    status = deletable(card, &slot) ? empty(card, request->apdu.p1) : PSD_SW_CONDITIONS;
  bool gone = status == PSD_SW_OK || status == PSD_SW_REFERENCE_NOT_FOUND;
  if (!gone || psd_store_scrub(&card->store) == PSD_STORE_OK)
    return status;
  psd_card_reload(card);
  return PSD_SW_MEMORY_FAILURE;
}

static uint16_t keep(psd_card *card, const psd_key *key, const psd_slot *slot) {
  const uint8_t number = (uint8_t)slot->slot;
  uint8_t encoded[PSD_SIZE_SLOT];
  psd_change change;
  psd_change_begin(&change, card);
  psd_slot_put(&change, slot, encoded);
  psd_change_put(&change, psd_slot_record_of(PSD_SLOT_SECRET, number), key->secret, key->secret_length);
  psd_change_put(&change, psd_slot_record_of(PSD_SLOT_PUBLIC, number), key->public, key->public_length);
  psd_change_log(&change, card, PSD_EVENT_KEY_MADE, detail_of(number), 0);
  return psd_change_commit(&change, card);
}

/* Purpose, then the secret. */
static uint16_t import(psd_card *card, const psd_request *request) {
  const psd_apdu *apdu = &request->apdu;
  psd_cursor data = psd_cursor_over(apdu->data, apdu->nc);
  const psd_slot slot = {.slot = apdu->p1,
                         .purpose = psd_take_u8(&data),
                         .algorithm = apdu->p2,
                         .state = PSD_SLOT_KEYED,
                         .imported = 1,
                         .made = psd_clock_now(card)};
  psd_key key;
  if (!psd_key_purpose_valid(slot.purpose))
    return PSD_SW_WRONG_DATA;
  uint16_t status = psd_key_import(card, (psd_algorithm)apdu->p2, data, &key);
  if (status == PSD_SW_OK)
    status = keep(card, &key, &slot);
  psd_wipe(&key, sizeof key);
  return status;
}

uint16_t psd_handle_import_key(psd_card *card, const psd_request *request, psd_buffer *out) {
  psd_certificate_policy policy;
  psd_slot slot;
  (void)out;
  uint16_t status = psd_certificate_policy_fetch(card, &policy);
  if (status != PSD_SW_OK)
    return status;
  if (policy.import != 1)
    return PSD_SW_FUNCTION_UNSUPPORTED;
  if (!psd_key_algorithm_valid(request->apdu.p2))
    return PSD_SW_WRONG_P1P2;
  status = psd_slot_read(card, request->apdu.p1, &slot);
  if (status != PSD_SW_REFERENCE_NOT_FOUND)
    return status == PSD_SW_OK ? PSD_SW_CONDITIONS : status;
  return import(card, request);
}
