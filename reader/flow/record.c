#include "record.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#define SEQUENCE_SIZE 8U

/* The cipher, keyed, with the frame's type as additional data. NULL when the library fails. */
static EVP_CIPHER_CTX *begin(const uint8_t *key, const uint8_t *vector, uint8_t type, bool encrypt) {
  int made = 0;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  if (context != NULL && (EVP_CipherInit_ex2(context, EVP_aes_256_gcm(), key, vector, encrypt ? 1 : 0, NULL) != 1 ||
                          EVP_CipherUpdate(context, NULL, &made, &type, 1) != 1)) {
    EVP_CIPHER_CTX_free(context);
    context = NULL;
  }
  return context;
}

static bool gcm_seal(const uint8_t *key, const uint8_t vector[PSD_RECORD_VECTOR], uint8_t type, const uint8_t *in,
                     size_t length, uint8_t *out, uint8_t tag[PSD_GCM_TAG]) {
  EVP_CIPHER_CTX *context = begin(key, vector, type, true);
  int made = 0;
  int rest = 0;
  bool ok = context != NULL && (length == 0 || EVP_CipherUpdate(context, out, &made, in, (int)length) == 1) &&
            EVP_CipherFinal_ex(context, out + made, &rest) == 1 &&
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, PSD_GCM_TAG, tag) == 1;
  EVP_CIPHER_CTX_free(context);
  return ok;
}

static bool gcm_open(const uint8_t *key, const uint8_t vector[PSD_RECORD_VECTOR], uint8_t type, const uint8_t *in,
                     size_t length, uint8_t *out, const uint8_t tag[PSD_GCM_TAG]) {
  uint8_t copy[PSD_GCM_TAG];
  EVP_CIPHER_CTX *context = begin(key, vector, type, false);
  int made = 0;
  int rest = 0;
  memcpy(copy, tag, sizeof copy);
  bool ok = context != NULL && (length == 0 || EVP_CipherUpdate(context, out, &made, in, (int)length) == 1) &&
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, PSD_GCM_TAG, copy) == 1 &&
            EVP_CipherFinal_ex(context, out + made, &rest) == 1;
  EVP_CIPHER_CTX_free(context);
  return ok;
}

static const psd_record_cipher *cipher_of(psd_suite suite) {
  static const psd_record_cipher gcm = {gcm_seal, gcm_open};
#if PSD_CLASSIC
  static const psd_record_cipher *const classic = &psd_record_classic;
#else
  static const psd_record_cipher *const classic = NULL;
#endif
  return suite == PSD_SUITE_CLASSIC ? classic : &gcm;
}

/* The vector of the next record: the sequence number stands in its last 8 bytes. */
static void vector_of(const psd_record_key *key, uint8_t vector[PSD_RECORD_VECTOR]) {
  memcpy(vector, key->bytes + PSD_RECORD_KEY, PSD_RECORD_VECTOR);
  for (unsigned i = 0; i < SEQUENCE_SIZE; i++)
    vector[PSD_RECORD_VECTOR - 1 - i] ^= (uint8_t)(key->sequence >> (8 * i));
}

bool psd_record_seal(psd_record_key *key, psd_frame_type type, const void *text, size_t length, psd_buffer *out) {
  const psd_record_cipher *cipher = cipher_of(key->suite);
  uint8_t vector[PSD_RECORD_VECTOR];
  size_t before = out->length;
  uint8_t *room = psd_put_room(out, length + PSD_GCM_TAG);
  if (room == NULL || cipher == NULL || key->sequence == UINT64_MAX)
    return false;
  vector_of(key, vector);
  bool ok = cipher->seal(key->bytes, vector, (uint8_t)type, text, length, room, room + length);
  if (ok)
    key->sequence++;
  else
    out->length = before;
  return ok;
}

bool psd_record_open(psd_record_key *key, psd_frame_type type, const void *record, size_t length, psd_buffer *out) {
  const psd_record_cipher *cipher = cipher_of(key->suite);
  uint8_t vector[PSD_RECORD_VECTOR];
  if (length < PSD_GCM_TAG || cipher == NULL || key->sequence == UINT64_MAX)
    return false;
  size_t before = out->length;
  size_t text = length - PSD_GCM_TAG;
  const uint8_t *at = record;
  uint8_t *room = psd_put_room(out, text);
  if (room == NULL)
    return false;
  vector_of(key, vector);
  bool ok = cipher->open(key->bytes, vector, (uint8_t)type, at, text, room, at + text);
  if (ok) {
    key->sequence++;
  } else {
    OPENSSL_cleanse(room, text);
    out->length = before;
  }
  return ok;
}
