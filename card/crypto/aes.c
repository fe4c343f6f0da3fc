/* AES (FIPS 197): one block, CBC (SP 800-38A), CMAC (SP 800-38B), CCM (SP 800-38C). */
#include <string.h>

#include "crypto/internal.h"

static bool key_size_valid(size_t length) {
  return length == 16 || length == 24 || length == 32;
}

bool psd_aes_block(const uint8_t *key, size_t key_length, const uint8_t in[PSD_AES_BLOCK], uint8_t out[PSD_AES_BLOCK]) {
  symmetric_key schedule;
  bool ok = key_size_valid(key_length) && rijndael_setup(key, (int)key_length, 0, &schedule) == CRYPT_OK &&
            rijndael_ecb_encrypt(in, out, &schedule) == CRYPT_OK;
  psd_wipe(&schedule.rijndael, sizeof schedule.rijndael);
  if (!ok)
    psd_wipe(out, PSD_AES_BLOCK);
  return ok;
}

static bool cbc(const uint8_t *key, size_t key_length, const uint8_t iv[PSD_AES_BLOCK], const uint8_t *in,
                size_t length, uint8_t *out, bool encrypt) {
  const psd_registry *registry = psd_crypto_registry();
  symmetric_CBC state;
  bool ok = registry != NULL && key_size_valid(key_length) && length % PSD_AES_BLOCK == 0 &&
            cbc_start(registry->aes, iv, key, (int)key_length, 0, &state) == CRYPT_OK;
  if (ok && length != 0)
    ok = (encrypt ? cbc_encrypt(in, out, length, &state) : cbc_decrypt(in, out, length, &state)) == CRYPT_OK;
  psd_wipe(&state, sizeof state);
  if (!ok)
    psd_wipe(out, length);
  return ok;
}

bool psd_aes_cbc_encrypt(const uint8_t *key, size_t key_length, const uint8_t iv[PSD_AES_BLOCK], const uint8_t *in,
                         size_t length, uint8_t *out) {
  return cbc(key, key_length, iv, in, length, out, true);
}

bool psd_aes_cbc_decrypt(const uint8_t *key, size_t key_length, const uint8_t iv[PSD_AES_BLOCK], const uint8_t *in,
                         size_t length, uint8_t *out) {
  return cbc(key, key_length, iv, in, length, out, false);
}

bool psd_aes_cmac(const uint8_t *key, size_t key_length, const psd_piece *pieces, size_t count,
                  uint8_t mac[PSD_AES_BLOCK]) {
  const psd_registry *registry = psd_crypto_registry();
  omac_state state;
  bool ok =
      registry != NULL && key_size_valid(key_length) && omac_init(&state, registry->aes, key, key_length) == CRYPT_OK;
  for (size_t i = 0; ok && i < count; i++)
    ok = pieces[i].data == NULL || pieces[i].length == 0 ||
         omac_process(&state, pieces[i].data, pieces[i].length) == CRYPT_OK;
  unsigned long size = PSD_AES_BLOCK;
  ok = ok && omac_done(&state, mac, &size) == CRYPT_OK && size == PSD_AES_BLOCK;
  psd_wipe(&state, sizeof state);
  if (!ok)
    psd_wipe(mac, PSD_AES_BLOCK);
  return ok;
}

/* libtomcrypt shortens a nonce that leaves too few bytes for the message's length, and an odd tag, without a word: both
 * are refused here (SP 800-38C, A.1). */
static bool ccm_sizes_valid(size_t key_length, size_t nonce_length, size_t length, size_t tag_length) {
  if (!key_size_valid(key_length) || nonce_length < 7 || nonce_length > 13)
    return false;
  if (tag_length < 4 || tag_length > PSD_AES_BLOCK || tag_length % 2 != 0)
    return false;
  size_t counter = 15 - nonce_length; /* bytes that hold the length */
  return counter >= sizeof length || length >> (8 * counter) == 0;
}

/* En- or deciphers `data` in place and computes the whole tag. */
static bool ccm(int direction, const uint8_t *key, size_t key_length, const uint8_t *nonce, size_t nonce_length,
                const void *aad, size_t aad_length, uint8_t *data, size_t length, uint8_t tag[PSD_AES_BLOCK],
                size_t tag_length) {
  const psd_registry *registry = psd_crypto_registry();
  if (registry == NULL || length > INT32_MAX || aad_length > INT32_MAX)
    return false;
  ccm_state state;
  bool ok =
      ccm_init(&state, registry->aes, key, (int)key_length, (int)length, (int)tag_length, (int)aad_length) == CRYPT_OK;
  ok = ok && ccm_add_nonce(&state, nonce, nonce_length) == CRYPT_OK;
  ok = ok && (aad_length == 0 || ccm_add_aad(&state, aad, aad_length) == CRYPT_OK);
  ok = ok && (length == 0 || ccm_process(&state, data, length, data, direction) == CRYPT_OK);
  unsigned long size = tag_length;
  ok = ok && ccm_done(&state, tag, &size) == CRYPT_OK && size == tag_length;
  psd_wipe(&state, sizeof state);
  return ok;
}

bool psd_aes_ccm_seal(const uint8_t *key, size_t key_length, const uint8_t *nonce, size_t nonce_length, const void *aad,
                      size_t aad_length, const uint8_t *in, size_t length, uint8_t *out, uint8_t *tag,
                      size_t tag_length) {
  bool ok = ccm_sizes_valid(key_length, nonce_length, length, tag_length);
  if (ok && length != 0)
    memmove(out, in, length);
  ok = ok && ccm(CCM_ENCRYPT, key, key_length, nonce, nonce_length, aad, aad_length, out, length, tag, tag_length);
  if (!ok) {
    psd_wipe(out, length);
    psd_wipe(tag, tag_length);
  }
  return ok;
}

bool psd_aes_ccm_open(const uint8_t *key, size_t key_length, const uint8_t *nonce, size_t nonce_length, const void *aad,
                      size_t aad_length, const uint8_t *in, size_t length, uint8_t *out, const uint8_t *tag,
                      size_t tag_length) {
  uint8_t expected[PSD_AES_BLOCK];
  bool ok = ccm_sizes_valid(key_length, nonce_length, length, tag_length);
  if (ok && length != 0)
    memmove(out, in, length);
  ok = ok && ccm(CCM_DECRYPT, key, key_length, nonce, nonce_length, aad, aad_length, out, length, expected, tag_length);
  ok = ok && psd_equal(expected, tag, tag_length);
  psd_wipe(expected, sizeof expected);
  if (!ok)
    psd_wipe(out, length);
  return ok;
}
