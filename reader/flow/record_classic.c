/* Records of suite classic: triple-DES CFB-64, and a triple-DES CBC-MAC (ISO/IEC 9797-1, algorithm 1, padding method 2)
 * over the lengths of what follows, the vector, the frame's type and the ciphertext. */
#include "record.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#define BLOCK PSD_TDES_MAC
#define KEY_SIZE 16U /* bytes of each of the two keys */
#define MESSAGE_MAX (2U * BLOCK + 1U + PSD_FRAME_BODY_MAX + BLOCK)

/* A whole number of blocks under CBC, of which the last one counts. */
static bool last_block(const uint8_t *key, const uint8_t *message, size_t length, uint8_t last[BLOCK]) {
  static const uint8_t zero[BLOCK] = {0};
  uint8_t out[MESSAGE_MAX + BLOCK];
  int made = 0;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  bool ok = context != NULL && EVP_EncryptInit_ex2(context, EVP_des_ede_cbc(), key, zero, NULL) == 1 &&
            EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
            EVP_EncryptUpdate(context, out, &made, message, (int)length) == 1 && made == (int)length;
  EVP_CIPHER_CTX_free(context);
  if (ok)
    memcpy(last, out + length - BLOCK, BLOCK);
  OPENSSL_cleanse(out, sizeof out);
  return ok;
}

static bool make_tag(const uint8_t *key, const uint8_t *vector, uint8_t type, const uint8_t *cipher, size_t length,
                     uint8_t tag[PSD_GCM_TAG]) {
  static const uint8_t zeroes[BLOCK] = {0};
  uint8_t bytes[MESSAGE_MAX];
  psd_buffer message = psd_buffer_over(bytes, sizeof bytes);
  psd_put_uint(&message, BLOCK + 1, 4); /* of vector and type */
  psd_put_uint(&message, length, 4);
  psd_put(&message, vector, BLOCK);
  psd_put_u8(&message, type);
  psd_put(&message, cipher, length);
  psd_put_u8(&message, 0x80);
  psd_put(&message, zeroes, (BLOCK - message.length % BLOCK) % BLOCK);
  memset(tag, 0, PSD_GCM_TAG);
  bool ok = !message.overflow && last_block(key + KEY_SIZE, message.data, message.length, tag);
  OPENSSL_cleanse(bytes, sizeof bytes);
  return ok;
}

static bool run(const uint8_t *key, const uint8_t *vector, bool encipher, const uint8_t *in, size_t length,
                uint8_t *out) {
  int made = 0;
  if (length == 0)
    return true;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  bool ok = context != NULL &&
            EVP_CipherInit_ex2(context, EVP_des_ede_cfb64(), key, vector, encipher ? 1 : 0, NULL) == 1 &&
            EVP_CipherUpdate(context, out, &made, in, (int)length) == 1 && made == (int)length;
  EVP_CIPHER_CTX_free(context);
  return ok;
}

static bool seal(const uint8_t *key, const uint8_t vector[PSD_RECORD_VECTOR], uint8_t type, const uint8_t *in,
                 size_t length, uint8_t *out, uint8_t tag[PSD_GCM_TAG]) {
  vector += PSD_RECORD_VECTOR - BLOCK;
  return run(key, vector, true, in, length, out) && make_tag(key, vector, type, out, length, tag);
}

static bool unseal(const uint8_t *key, const uint8_t vector[PSD_RECORD_VECTOR], uint8_t type, const uint8_t *in,
                   size_t length, uint8_t *out, const uint8_t tag[PSD_GCM_TAG]) {
  uint8_t expected[PSD_GCM_TAG];
  vector += PSD_RECORD_VECTOR - BLOCK;
  bool ok = make_tag(key, vector, type, in, length, expected) && CRYPTO_memcmp(expected, tag, sizeof expected) == 0 &&
            run(key, vector, false, in, length, out);
  OPENSSL_cleanse(expected, sizeof expected);
  return ok;
}

const psd_record_cipher psd_record_classic = {seal, unseal};
