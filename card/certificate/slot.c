#include "certificate/slot.h"

#include "meter/clock.h"
#include "meter/objects.h"

bool psd_slot_valid(uint8_t number) {
  return number >= 1 && number <= PSD_USER_SLOTS;
}

uint16_t psd_slot_read(const psd_card *card, uint8_t number, psd_slot *slot) {
  uint8_t encoded[PSD_SIZE_SLOT];
  size_t length = 0;
  if (!psd_slot_valid(number))
    return PSD_SW_WRONG_P1P2;
  uint16_t status =
      psd_record_fetch(card, psd_slot_record_of(PSD_SLOT_STATE, number), encoded, sizeof encoded, &length);
  if (status != PSD_SW_OK)
    return status;
  if (!psd_parse_message(encoded, length, PSD_MESSAGE_SLOT, slot) || slot->slot != number)
    return PSD_SW_MEMORY_FAILURE;
  return slot->state != PSD_SLOT_EMPTY ? PSD_SW_OK : PSD_SW_REFERENCE_NOT_FOUND;
}

uint16_t psd_slot_usable(const psd_card *card, uint8_t number, psd_purpose purpose, psd_slot *slot) {
  uint16_t status = psd_slot_read(card, number, slot);
  if (status != PSD_SW_OK)
    return status;
  uint64_t now = psd_clock_now(card);
  /* RFC 5280, 4.1.2.5: both ends of the validity belong to it. */
  bool usable =
      slot->purpose == purpose && slot->state == PSD_SLOT_ACTIVE && now > 0 && slot->from <= now && now <= slot->until;
  return usable ? PSD_SW_OK : PSD_SW_CONDITIONS;
}

void psd_slot_put(psd_change *change, const psd_slot *slot, uint8_t encoded[PSD_SIZE_SLOT]) {
  psd_buffer out = psd_buffer_over(encoded, PSD_SIZE_SLOT);
  psd_put_message(&out, PSD_MESSAGE_SLOT, slot);
  if (out.overflow) /* a value that its field cannot hold */
    change->failed = true;
  psd_change_put(change, psd_slot_record_of(PSD_SLOT_STATE, (uint8_t)slot->slot), encoded, out.length);
}

uint16_t psd_slot_certificate(const psd_card *card, uint8_t number, uint8_t *der, size_t *length) {
  if (!psd_slot_valid(number))
    return PSD_SW_WRONG_P1P2;
  return psd_record_fetch(card, psd_slot_record_of(PSD_SLOT_CERTIFICATE, number), der, PSD_USER_CERTIFICATE_MAX,
                          length);
}
