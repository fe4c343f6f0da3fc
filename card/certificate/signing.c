#include "certificate/signing.h"

#include "meter/objects.h"

uint16_t psd_signing_fetch(const psd_card *card, const psd_slot *slot, psd_signing *signing) {
  size_t length = 0;
  uint8_t number = (uint8_t)slot->slot;
  signing->slot = *slot;
  uint16_t status =
      psd_object_fetch_bytes(card, PSD_OBJECT_DEVICE_ID, signing->device, sizeof signing->device, &length);
  if (status == PSD_SW_OK)
    status = psd_slot_certificate(card, number, signing->certificate, &signing->certificate_length);
  if (status == PSD_SW_OK)
    status = psd_key_fetch(card, number, &signing->key);
  return status;
}

uint16_t psd_signing_begin(const psd_card *card, uint8_t number, psd_purpose purpose, psd_signing *signing) {
  psd_slot slot;
  signing->key.secret_length = 0;
  uint16_t status = psd_slot_usable(card, number, purpose, &slot);
  return status == PSD_SW_OK ? psd_signing_fetch(card, &slot, signing) : status;
}

void psd_signing_put(psd_change *change, psd_signing *signing) {
  signing->slot.uses++;
  psd_slot_put(change, &signing->slot, signing->encoded);
}

void psd_signing_end(psd_signing *signing) {
  psd_wipe(&signing->key, sizeof signing->key);
}
