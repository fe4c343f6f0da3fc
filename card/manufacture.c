/* What a factory does once: a blank card on erased memory. */
#include "meter/change.h"
#include "meter/transport_keys.h"
#include "psd/spec/chars.h"

#include <string.h>

static bool birth_valid(const psd_card_birth *birth) {
  return psd_printable(birth->vendor, sizeof birth->vendor) && psd_printable(birth->model, sizeof birth->model) &&
         birth->key_version >= 1 && birth->key_version <= 127 &&
         (birth->key_size == 16 || birth->key_size == 24 || birth->key_size == 32);
}

static void encode_keys(const psd_card_birth *birth, uint8_t out[PSD_SIZE_TRANSPORT_KEYS]) {
  psd_transport_keys keys = {.version = birth->key_version, .size = birth->key_size};
  memcpy(keys.enc, birth->enc, birth->key_size);
  memcpy(keys.mac, birth->mac, birth->key_size);
  memcpy(keys.dek, birth->dek, birth->key_size);
  psd_transport_keys_encode(&keys, out);
  psd_wipe(&keys, sizeof keys);
}

static void encode_identity(const psd_card_birth *birth, uint8_t out[PSD_SIZE_DEVICE_ID]) {
  psd_device_id identity = {.serial = birth->serial};
  memcpy(identity.vendor, birth->vendor, sizeof identity.vendor);
  memcpy(identity.model, birth->model, sizeof identity.model);
  psd_buffer buffer = psd_buffer_over(out, PSD_SIZE_DEVICE_ID);
  psd_put_message(&buffer, PSD_MESSAGE_DEVICE_ID, &identity);
}

bool psd_card_manufacture(psd_card *card, const psd_card_birth *birth) {
  if (card->on || !birth_valid(birth) || !psd_crypto_init() ||
      psd_store_format(&card->store, &card->ports.nvm) != PSD_STORE_OK)
    return false;
  psd_core_blank(&card->core);
  uint8_t keys[PSD_SIZE_TRANSPORT_KEYS];
  uint8_t identity[PSD_SIZE_DEVICE_ID];
  encode_keys(birth, keys);
  encode_identity(birth, identity);
  psd_change change;
  psd_change_begin(&change, card);
  change.next.head.written = UINT64_C(1) << PSD_OBJECT_DEVICE_ID;
  psd_change_log(&change, card, PSD_EVENT_MADE, 0, 0);
  psd_change_put(&change, PSD_RECORD_TRANSPORT, keys, sizeof keys);
  psd_change_put(&change, PSD_RECORD_OBJECT + PSD_OBJECT_DEVICE_ID, identity, sizeof identity);
  bool made = psd_change_commit(&change, card) == PSD_SW_OK;
  psd_wipe(keys, sizeof keys);
  psd_card_power_off(card);
  return made;
}
