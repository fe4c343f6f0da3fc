#include "certificate/communications.h"

#include "meter/objects.h"

#include <string.h>

uint16_t psd_communications_identity(const psd_card *card, psd_device_id *identity) {
  return psd_object_fetch(card, PSD_OBJECT_DEVICE_ID, identity);
}

bool psd_communications_ours(const psd_device_id *identity, const uint8_t vendor[2], const uint8_t model[2],
                             uint64_t serial) {
  return memcmp(identity->vendor, vendor, sizeof identity->vendor) == 0 &&
         memcmp(identity->model, model, sizeof identity->model) == 0 && identity->serial == serial;
}

static bool derive(const psd_device_key *k3, const char *label, const psd_device_id *identity, uint8_t *key) {
  uint8_t info[64];
  psd_buffer out = psd_buffer_over(info, sizeof info);
  psd_put(&out, label, strlen(label));
  psd_put_message(&out, PSD_MESSAGE_DEVICE_ID, identity);
  return !out.overflow && psd_hkdf_sha256_expand(k3->key, info, out.length, key, PSD_COMMUNICATIONS_KEY);
}

uint16_t psd_communications_key(const psd_card *card, const char *label, uint8_t key[PSD_COMMUNICATIONS_KEY]) {
  psd_device_id identity;
  psd_device_key k3;
  uint16_t status = psd_communications_identity(card, &identity);
  if (status == PSD_SW_OK)
    status = psd_object_fetch(card, PSD_OBJECT_DEVICE_KEY, &k3);
  if (status == PSD_SW_OK && !derive(&k3, label, &identity, key))
    status = PSD_SW_EXECUTION_ERROR;
  psd_wipe(&k3, sizeof k3);
  return status;
}

bool psd_communications_confirmable(const psd_card *card) {
  return psd_record_kept(card, PSD_RECORD_KEY_PAIR) &&
         psd_record_kept(card, PSD_RECORD_OBJECT + PSD_OBJECT_CERTIFICATE);
}
