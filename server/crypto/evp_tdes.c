/* Triple-DES in the modes of suite classic. */
#include <limits.h>
#include <string.h>

#include "crypto/evp_classic.h"
#include "crypto/evp_internal.h"

#define BLOCK PSD_TDES_MAC
#define RECORD_KEY 16U /* bytes of each of a record's two keys */
#define PARTS_MAX 2U   /* of a head */
#define CHUNK 256U

/* With each piece the chaining value moves on; `last` is the last whole block. */
static bool absorb(EVP_CIPHER_CTX *context, psd_part part, uint8_t last[BLOCK]) {
  uint8_t out[CHUNK + BLOCK];
  const uint8_t *at = part.data;
  for (size_t left = part.length; left > 0;) {
    size_t some = left < CHUNK ? left : CHUNK;
    int made = 0;
    if (EVP_EncryptUpdate(context, out, &made, at, (int)some) != 1)
      return false;
    if (made > 0)
      memcpy(last, out + made - (int)BLOCK, BLOCK);
    at += some;
    left -= some;
  }
  return true;
}

static const EVP_CIPHER *cbc_of(size_t key_length) {
  return key_length == 16 ? EVP_des_ede_cbc() : key_length == 24 ? EVP_des_ede3_cbc() : NULL;
}

bool psd_des3_cbc_mac(const uint8_t *key, size_t key_length, const psd_part *parts, size_t count,
                      uint8_t mac[PSD_TDES_MAC]) {
  static const uint8_t zero[BLOCK] = {0}, padding[BLOCK] = {0x80};
  const EVP_CIPHER *cipher = cbc_of(key_length);
  EVP_CIPHER_CTX *context = cipher != NULL ? EVP_CIPHER_CTX_new() : NULL;
  bool done = context != NULL && EVP_EncryptInit_ex2(context, cipher, key, zero, NULL) == 1 &&
              EVP_CIPHER_CTX_set_padding(context, 0) == 1;
  size_t total = 0;
  for (size_t i = 0; done && i < count; i++) {
    done = absorb(context, parts[i], mac);
    total += parts[i].length;
  }
  done = done && absorb(context, (psd_part){padding, BLOCK - total % BLOCK}, mac);
  EVP_CIPHER_CTX_free(context);
  if (done)
    return true;
  psd_secret_wipe(mac, BLOCK);
  return psd_evp_failed();
}

bool psd_des3_mac(const uint8_t *key, size_t key_length, const psd_part *head, size_t count, psd_part body,
                  uint8_t mac[PSD_TDES_MAC]) {
  uint8_t bytes[2 * 4];
  psd_part all[1 + PARTS_MAX + 1] = {{bytes, sizeof bytes}};
  psd_buffer lengths = psd_buffer_over(bytes, sizeof bytes);
  size_t total = 0;
  if (count > PARTS_MAX) {
    psd_secret_wipe(mac, BLOCK);
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    all[1 + i] = head[i];
    total += head[i].length;
  }
  all[1 + count] = body;
  psd_put_uint(&lengths, total, 4);
  psd_put_uint(&lengths, body.length, 4);
  return psd_des3_cbc_mac(key, key_length, all, count + 2, mac);
}

/* CFB-64, which needs no padding. */
static bool run(const uint8_t *key, const uint8_t *vector, bool encipher, const void *in, size_t length, uint8_t *out) {
  int made = 0;
  if (length == 0)
    return true;
  EVP_CIPHER_CTX *context = length <= INT_MAX ? EVP_CIPHER_CTX_new() : NULL;
  bool done = context != NULL &&
              EVP_CipherInit_ex2(context, EVP_des_ede_cfb64(), key, vector, encipher ? 1 : 0, NULL) == 1 &&
              EVP_CipherUpdate(context, out, &made, in, (int)length) == 1 && made == (int)length;
  EVP_CIPHER_CTX_free(context);
  return done || psd_evp_failed();
}

/* The MAC covers the vector as well, and with it the record's number. */
static bool make_tag(const uint8_t *key, const uint8_t *vector, psd_part aad, psd_part cipher,
                     uint8_t tag[PSD_GCM_TAG]) {
  const psd_part head[] = {{vector, BLOCK}, aad};
  memset(tag, 0, PSD_GCM_TAG);
  return psd_des3_mac(key + RECORD_KEY, RECORD_KEY, head, 2, cipher, tag);
}

static bool seal(const uint8_t key[PSD_AES_KEY], const uint8_t nonce[PSD_GCM_NONCE], psd_part aad, const void *in,
                 size_t length, uint8_t *out, uint8_t tag[PSD_GCM_TAG]) {
  const uint8_t *vector = nonce + PSD_GCM_NONCE - BLOCK;
  if (run(key, vector, true, in, length, out) && make_tag(key, vector, aad, (psd_part){out, length}, tag))
    return true;
  psd_secret_wipe(out, length);
  psd_secret_wipe(tag, PSD_GCM_TAG);
  return false;
}

static bool unseal(const uint8_t key[PSD_AES_KEY], const uint8_t nonce[PSD_GCM_NONCE], psd_part aad, const void *in,
                   size_t length, const uint8_t tag[PSD_GCM_TAG], uint8_t *out) {
  uint8_t expected[PSD_GCM_TAG];
  const uint8_t *vector = nonce + PSD_GCM_NONCE - BLOCK;
  bool done = make_tag(key, vector, aad, (psd_part){in, length}, expected) &&
              psd_secret_equal(expected, tag, sizeof expected) && run(key, vector, false, in, length, out);
  psd_secret_wipe(expected, sizeof expected);
  if (!done)
    psd_secret_wipe(out, length);
  return done;
}

const psd_cipher psd_des3_cipher = {seal, unseal};
