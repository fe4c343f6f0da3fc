#include "record.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#define KEY_SIZE 32U
#define VECTOR_SIZE 12U
#define SEQUENCE_SIZE 8U

/* The vector of the next record: the sequence number stands in its last 8 bytes. */
static void vector_of(const psd_record_key *key, uint8_t vector[VECTOR_SIZE]) {
  memcpy(vector, key->bytes + KEY_SIZE, VECTOR_SIZE);
  for (unsigned i = 0; i < SEQUENCE_SIZE; i++)
    vector[VECTOR_SIZE - 1 - i] ^= (uint8_t)(key->sequence >> (8 * i));
}

/* The cipher, keyed, with the frame's type as additional data. NULL when the library fails. */
static EVP_CIPHER_CTX *begin(const psd_record_key *key, psd_frame_type type, bool encrypt) {
  uint8_t vector[VECTOR_SIZE];
  uint8_t additional = (uint8_t)type;
  int made = 0;
  vector_of(key, vector);
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  if (context != NULL &&
      (EVP_CipherInit_ex2(context, EVP_aes_256_gcm(), key->bytes, vector, encrypt ? 1 : 0, NULL) != 1 ||
       EVP_CipherUpdate(context, NULL, &made, &additional, 1) != 1)) {
    EVP_CIPHER_CTX_free(context);
    context = NULL;
  }
  return context;
}

bool psd_record_seal(psd_record_key *key, psd_frame_type type, const void *text, size_t length, psd_buffer *out) {
  size_t before = out->length;
  uint8_t *room = psd_put_room(out, length + PSD_GCM_TAG);
  if (room == NULL || key->sequence == UINT64_MAX)
    return false;
  EVP_CIPHER_CTX *context = begin(key, type, true);
  int made = 0;
  int rest = 0;
  bool ok = context != NULL && (length == 0 || EVP_CipherUpdate(context, room, &made, text, (int)length) == 1) &&
            EVP_CipherFinal_ex(context, room + made, &rest) == 1 &&
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, PSD_GCM_TAG, room + length) == 1;
  EVP_CIPHER_CTX_free(context);
  if (ok)
    key->sequence++;
  else
    out->length = before;
  return ok;
}

bool psd_record_open(psd_record_key *key, psd_frame_type type, const void *record, size_t length, psd_buffer *out) {
  if (length < PSD_GCM_TAG || key->sequence == UINT64_MAX)
    return false;
  size_t before = out->length;
  size_t text = length - PSD_GCM_TAG;
  const uint8_t *at = record;
  uint8_t tag[PSD_GCM_TAG];
  memcpy(tag, at + text, PSD_GCM_TAG);
  uint8_t *room = psd_put_room(out, text);
  if (room == NULL)
    return false;
  EVP_CIPHER_CTX *context = begin(key, type, false);
  int made = 0;
  int rest = 0;
  bool ok = context != NULL && (text == 0 || EVP_CipherUpdate(context, room, &made, at, (int)text) == 1) &&
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, PSD_GCM_TAG, tag) == 1 &&
            EVP_CipherFinal_ex(context, room + made, &rest) == 1;
  EVP_CIPHER_CTX_free(context);
  if (ok) {
    key->sequence++;
  } else {
    OPENSSL_cleanse(room, text);
    out->length = before;
  }
  return ok;
}
