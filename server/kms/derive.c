#include "kms/derive.h"

#include <string.h>

psd_kms_device psd_kms_device_of(const uint8_t vendor[2], const uint8_t model[2], uint64_t serial) {
  psd_kms_device device = {{0}};
  psd_device_id id = {.serial = serial};
  memcpy(id.vendor, vendor, sizeof id.vendor);
  memcpy(id.model, model, sizeof id.model);
  psd_buffer out = psd_buffer_over(device.bytes, sizeof device.bytes);
  psd_put_message(&out, PSD_MESSAGE_DEVICE_ID, &id);
  return device;
}

static bool expand_under(const uint8_t secret[PSD_HASH], const char *label, const void *what, size_t what_length,
                         uint8_t *out, size_t length) {
  uint8_t info[64];
  psd_buffer text = psd_buffer_over(info, sizeof info);
  psd_put(&text, label, strlen(label));
  psd_put(&text, what, what_length);
  return !text.overflow && psd_hkdf_expand(secret, info, text.length, out, length);
}

static bool expand(const psd_kms_key *master, const char *label, const void *what, size_t what_length, uint8_t *out,
                   size_t length) {
  return expand_under(master->secret, label, what, what_length, out, length);
}

bool psd_kms_shared_key(const psd_kms_key *master, const psd_kms_device *device, uint8_t key[32]) {
  return expand(master, "psd shared key", device->bytes, sizeof device->bytes, key, 32);
}

bool psd_kms_transport_keys(const psd_kms_key *master, const psd_kms_device *device,
                            uint8_t keys[PSD_KMS_TRANSPORT_SIZE]) {
  return expand(master, "psd transport keys", device->bytes, sizeof device->bytes, keys, PSD_KMS_TRANSPORT_SIZE);
}

bool psd_kms_column_key(const psd_kms_key *master, uint8_t column, uint8_t key[32]) {
  return expand(master, "psd column key", &column, 1, key, 32);
}

bool psd_kms_communications_key(const uint8_t k3[PSD_AES_KEY], const char *label, const psd_kms_device *device,
                                uint8_t key[PSD_AES_KEY]) {
  return expand_under(k3, label, device->bytes, sizeof device->bytes, key, PSD_AES_KEY);
}

bool psd_kms_set_key(const psd_kms_key *master, uint16_t pointer, uint8_t key[32]) {
  const uint8_t number[] = {(uint8_t)(pointer >> 8), (uint8_t)pointer};
  return pointer < PSD_KMS_SET_SIZE && expand(master, "psd key set", number, sizeof number, key, 32);
}

bool psd_kms_token_set_key(const psd_kms_key *master, uint64_t pointer, uint8_t key[PSD_TOKEN_SET_KEY]) {
  const uint8_t number[] = {(uint8_t)(pointer >> 8), (uint8_t)pointer};
  return pointer < PSD_TOKEN_KEYS && expand(master, "psd token key", number, sizeof number, key, PSD_TOKEN_SET_KEY);
}

bool psd_kms_set_pointer(const psd_kms_device *device, uint16_t *pointer) {
  uint64_t number;
  if (!psd_token_pointer(device->bytes, &number))
    return false;
  *pointer = (uint16_t)number;
  return true;
}
