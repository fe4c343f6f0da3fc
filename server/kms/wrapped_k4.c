#include "kms/wrapped_k4.h"

#include <string.h>

#define AAD_MAX 32U

/* "psd K4" || device || identifier of K_KMS */
static psd_part bind(uint8_t aad[AAD_MAX], const psd_kms_device *device, uint64_t identifier) {
  static const char label[] = "psd K4";
  psd_buffer out = psd_buffer_over(aad, AAD_MAX);
  psd_put(&out, label, sizeof label - 1U);
  psd_put(&out, device->bytes, sizeof device->bytes);
  psd_put_uint(&out, identifier, 4);
  return (psd_part){out.data, out.length};
}

bool psd_kms_wrap_k4(const psd_keyring *keys, const psd_kms_device *device, const psd_k4 *k4,
                     uint8_t wrapped[PSD_SIZE_WRAPPED_K4]) {
  uint8_t aad[AAD_MAX], plain[PSD_SIZE_K4];
  psd_wrapped_k4 fields;
  const psd_kms_key *key = psd_keyring_active(keys, PSD_KMS_WRAP);
  psd_buffer text = psd_buffer_over(plain, sizeof plain), out = psd_buffer_over(wrapped, PSD_SIZE_WRAPPED_K4);
  psd_put_message(&text, PSD_MESSAGE_K4, k4);
  bool done = key != NULL && !text.overflow && psd_random(fields.nonce, sizeof fields.nonce);
  if (done) {
    fields.key = key->identifier;
    done = psd_gcm_seal(key->secret, fields.nonce, bind(aad, device, key->identifier), plain, sizeof plain,
                        fields.sealed, fields.tag);
  }
  psd_secret_wipe(plain, sizeof plain);
  if (done)
    psd_put_message(&out, PSD_MESSAGE_WRAPPED_K4, &fields);
  return done && !out.overflow;
}

bool psd_kms_unwrap_k4(const psd_keyring *keys, const psd_kms_device *device, const uint8_t *wrapped, psd_k4 *k4) {
  uint8_t aad[AAD_MAX], plain[PSD_SIZE_K4];
  psd_wrapped_k4 fields;
  const psd_kms_key *key = NULL;
  if (psd_parse_message(wrapped, PSD_SIZE_WRAPPED_K4, PSD_MESSAGE_WRAPPED_K4, &fields))
    key = psd_keyring_opening(keys, PSD_KMS_WRAP, fields.key);
  bool done = key != NULL &&
              psd_gcm_open(key->secret, fields.nonce, bind(aad, device, key->identifier), fields.sealed,
                           sizeof fields.sealed, fields.tag, plain) &&
              psd_parse_message(plain, sizeof plain, PSD_MESSAGE_K4, k4);
  psd_secret_wipe(plain, sizeof plain);
  if (!done)
    psd_secret_wipe(k4, sizeof *k4);
  return done;
}

bool psd_kms_k4_has_pair(const psd_k4 *k4) {
  static const uint8_t none[PSD_POINT] = {0};
  return memcmp(k4->point, none, sizeof none) != 0;
}
