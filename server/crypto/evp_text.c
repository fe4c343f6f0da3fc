/* What stands in files: keys of passphrases, and public keys as PEM. */
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <string.h>

#include "crypto/evp_internal.h"

#define SCRYPT_BLOCKS 8U
#define SCRYPT_LANES 1U
#define SCRYPT_COST_MIN 10U
#define SCRYPT_COST_MAX 20U

bool psd_scrypt(psd_part passphrase, psd_part salt, unsigned cost, uint8_t key[PSD_AES_KEY]) {
  bool fits = cost >= SCRYPT_COST_MIN && cost <= SCRYPT_COST_MAX;
  /* What scrypt itself takes, 128 bytes times 2^cost and blocks, and the little that OpenSSL adds. */
  uint64_t memory = fits ? (UINT64_C(128) * SCRYPT_BLOCKS << cost) + (1U << 20) : 0;
  if (fits && EVP_PBE_scrypt(passphrase.data, passphrase.length, salt.data, salt.length, UINT64_C(1) << cost,
                             SCRYPT_BLOCKS, SCRYPT_LANES, memory, key, PSD_AES_KEY) == 1)
    return true;
  psd_secret_wipe(key, PSD_AES_KEY);
  return psd_evp_failed();
}

bool psd_bio_text(BIO *memory, char *text, size_t capacity) {
  char *written = NULL;
  long length = BIO_get_mem_data(memory, &written);
  if (length <= 0 || (unsigned long)length >= capacity)
    return false;
  memcpy(text, written, (size_t)length);
  text[length] = '\0';
  return true;
}

static bool put_pem(const EVP_PKEY *key, char pem[PSD_PEM_MAX]) {
  BIO *memory = BIO_new(BIO_s_mem());
  bool done = memory != NULL && PEM_write_bio_PUBKEY(memory, key) == 1 && psd_bio_text(memory, pem, PSD_PEM_MAX);
  BIO_free(memory);
  return done || psd_evp_failed();
}

bool psd_point_pem(const uint8_t point[PSD_POINT], char pem[PSD_PEM_MAX]) {
  EVP_PKEY *key = psd_point_pkey(point);
  bool done = key != NULL && put_pem(key, pem);
  EVP_PKEY_free(key);
  return done || psd_evp_failed();
}

bool psd_rsa_pem(const psd_rsa *rsa, char pem[PSD_PEM_MAX]) {
  return put_pem(psd_rsa_pkey(rsa), pem);
}

bool psd_point_of_pem(const char *pem, size_t length, uint8_t point[PSD_POINT]) {
  size_t got = 0;
  BIO *memory = length <= INT_MAX ? BIO_new_mem_buf(pem, (int)length) : NULL;
  EVP_PKEY *key = memory != NULL ? PEM_read_bio_PUBKEY(memory, NULL, NULL, NULL) : NULL;
  bool done = key != NULL && EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_parameters_eq(key, psd_evp.curve) == 1 &&
              EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, PSD_POINT, &got) == 1 &&
              got == PSD_POINT;
  EVP_PKEY_free(key);
  BIO_free(memory);
  return done || psd_evp_failed();
}
