/* RSA schemes of RFC 8017 with SHA-256: OAEP (7.1), PSS (8.1) with a salt of 32 bytes, PKCS#1 v1.5 signatures (8.2). */
#include <string.h>

#include "crypto/internal.h"

#define EXPONENT 65537

static size_t modulus_length(const rsa_key *key) {
  return (size_t)ltc_mp.unsigned_size(key->N);
}

static unsigned long modulus_bits(const rsa_key *key) {
  return (unsigned long)ltc_mp.count_bits(key->N);
}

/* Gives up: wipes an output of PSD_RSA_MAX bytes. */
static void clear(uint8_t *out, size_t *length) {
  psd_wipe(out, PSD_RSA_MAX);
  *length = 0;
}

bool psd_rsa_oaep_encrypt(psd_drbg *drbg, const psd_rsa_public *public_key, const uint8_t *in, size_t length,
                          uint8_t *out, size_t *out_length) {
  rsa_key key;
  uint8_t block[PSD_RSA_MAX];
  if (!psd_rsa_open_public(&key, public_key)) {
    clear(out, out_length);
    return false;
  }
  const psd_registry *registry = psd_crypto_registry();
  psd_random random = psd_random_from(drbg);
  unsigned long size = sizeof block;
  bool ok = pkcs_1_oaep_encode(length != 0 ? in : block, length, NULL, 0, modulus_bits(&key), psd_random_state(&random),
                               registry->random, registry->sha256, block, &size) == CRYPT_OK;
  ok = ok && !random.failed && size == modulus_length(&key) && psd_rsa_public_operation(&key, block, out, size);
  *out_length = size;
  rsa_free(&key);
  psd_wipe(block, sizeof block);
  if (!ok)
    clear(out, out_length);
  return ok;
}

bool psd_rsa_oaep_decrypt(const uint8_t *der, size_t der_length, const uint8_t *in, size_t length, uint8_t *out,
                          size_t *out_length) {
  rsa_key key;
  uint8_t block[PSD_RSA_MAX];
  if (!psd_rsa_open_private(&key, der, der_length)) {
    clear(out, out_length);
    return false;
  }
  int valid = 0;
  unsigned long size = PSD_RSA_MAX;
  bool ok = length == modulus_length(&key) && psd_rsa_private_operation(&key, in, block, length) &&
            pkcs_1_oaep_decode(block, length, NULL, 0, modulus_bits(&key), psd_crypto_registry()->sha256, out, &size,
                               &valid) == CRYPT_OK;
  ok = ok && valid == 1;
  *out_length = size;
  rsa_free(&key);
  psd_wipe(block, sizeof block);
  if (!ok)
    clear(out, out_length);
  return ok;
}

bool psd_rsa_pss_sign_with(psd_random *random, const uint8_t *der, size_t der_length,
                           const uint8_t digest[PSD_SHA256_SIZE], uint8_t *signature, size_t *signature_length) {
  rsa_key key;
  uint8_t block[PSD_RSA_MAX];
  if (!psd_rsa_open_private(&key, der, der_length)) {
    clear(signature, signature_length);
    return false;
  }
  const psd_registry *registry = psd_crypto_registry();
  unsigned long size = sizeof block;
  bool ok = pkcs_1_pss_encode(digest, PSD_SHA256_SIZE, PSD_SHA256_SIZE, psd_random_state(random), registry->random,
                              registry->sha256, modulus_bits(&key), block, &size) == CRYPT_OK;
  ok = ok && !random->failed && size == modulus_length(&key) && psd_rsa_private_operation(&key, block, signature, size);
  *signature_length = size;
  rsa_free(&key);
  if (!ok)
    clear(signature, signature_length);
  return ok;
}

bool psd_rsa_pss_sign(psd_drbg *drbg, const uint8_t *der, size_t der_length, const uint8_t digest[PSD_SHA256_SIZE],
                      uint8_t *signature, size_t *signature_length) {
  psd_random random = psd_random_from(drbg);
  return psd_rsa_pss_sign_with(&random, der, der_length, digest, signature, signature_length);
}

bool psd_rsa_pss_verify(const psd_rsa_public *public_key, const uint8_t digest[PSD_SHA256_SIZE],
                        const uint8_t *signature, size_t signature_length) {
  rsa_key key;
  uint8_t block[PSD_RSA_MAX];
  if (signature_length != public_key->modulus_length || !psd_rsa_open_public(&key, public_key))
    return false;
  int valid = 0;
  bool ok = psd_rsa_public_operation(&key, signature, block, signature_length) &&
            pkcs_1_pss_decode(digest, PSD_SHA256_SIZE, block, signature_length, PSD_SHA256_SIZE,
                              psd_crypto_registry()->sha256, modulus_bits(&key), &valid) == CRYPT_OK;
  rsa_free(&key);
  return ok && valid == 1;
}

/* EMSA-PKCS1-v1_5 (RFC 8017, 9.2). Verification encodes too and compares (8.2.2), so there is no encoding to parse and
 * no lenient parser to fool. */
static void encode_pkcs1(const uint8_t digest[PSD_SHA256_SIZE], uint8_t *block, size_t length) {
  static const uint8_t prefix[] = {0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                   0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
  size_t tail = sizeof prefix + PSD_SHA256_SIZE;
  memset(block, 0xFF, length);
  block[0] = 0x00;
  block[1] = 0x01;
  block[length - tail - 1] = 0x00;
  memcpy(block + length - tail, prefix, sizeof prefix);
  memcpy(block + length - PSD_SHA256_SIZE, digest, PSD_SHA256_SIZE);
}

bool psd_rsa_pkcs1_sign(const uint8_t *der, size_t der_length, const uint8_t digest[PSD_SHA256_SIZE],
                        uint8_t *signature, size_t *signature_length) {
  rsa_key key;
  uint8_t block[PSD_RSA_MAX];
  if (!psd_rsa_open_private(&key, der, der_length)) {
    clear(signature, signature_length);
    return false;
  }
  size_t length = modulus_length(&key);
  encode_pkcs1(digest, block, length);
  bool ok = psd_rsa_private_operation(&key, block, signature, length);
  *signature_length = length;
  rsa_free(&key);
  if (!ok)
    clear(signature, signature_length);
  return ok;
}

bool psd_rsa_pkcs1_verify(const psd_rsa_public *public_key, const uint8_t digest[PSD_SHA256_SIZE],
                          const uint8_t *signature, size_t signature_length) {
  rsa_key key;
  uint8_t block[PSD_RSA_MAX], expected[PSD_RSA_MAX];
  if (signature_length != public_key->modulus_length || !psd_rsa_open_public(&key, public_key))
    return false;
  encode_pkcs1(digest, expected, signature_length);
  bool ok = psd_rsa_public_operation(&key, signature, block, signature_length) &&
            psd_equal(block, expected, signature_length);
  rsa_free(&key);
  return ok;
}

/* A new key signs and verifies before anybody sees it (FIPS 140-3 IG 10.3.A). */
static bool pair_works(psd_drbg *drbg, const uint8_t *der, size_t der_length, const psd_rsa_public *public_key) {
  uint8_t digest[PSD_SHA256_SIZE], signature[PSD_RSA_MAX];
  size_t length = 0;
  return psd_sha256(public_key->modulus, public_key->modulus_length, digest) &&
         psd_rsa_pss_sign(drbg, der, der_length, digest, signature, &length) &&
         psd_rsa_pss_verify(public_key, digest, signature, length);
}

static bool export_pair(rsa_key *key, uint8_t *der, size_t *der_length, psd_rsa_public *public_key) {
  unsigned long size = PSD_RSA_KEY_MAX;
  public_key->modulus_length = modulus_length(key);
  public_key->exponent = EXPONENT;
  bool ok = rsa_export(der, &size, PK_PRIVATE, key) == CRYPT_OK &&
            psd_number_write(key->N, public_key->modulus, public_key->modulus_length);
  *der_length = size;
  return ok;
}

bool psd_rsa_generate(psd_drbg *drbg, unsigned bits, uint8_t *der, size_t *der_length, psd_rsa_public *public_key) {
  const psd_registry *registry = psd_crypto_registry();
  rsa_key key;
  psd_random random = psd_random_from(drbg);
  memset(public_key, 0, sizeof *public_key);
  bool made = registry != NULL && (bits == 2048 || bits == 3072) &&
              rsa_make_key(psd_random_state(&random), registry->random, (int)bits / 8, EXPONENT, &key) == CRYPT_OK;
  bool ok = made && !random.failed && modulus_bits(&key) == bits && export_pair(&key, der, der_length, public_key) &&
            pair_works(drbg, der, *der_length, public_key);
  if (made)
    rsa_free(&key);
  if (!ok) {
    psd_wipe(der, PSD_RSA_KEY_MAX);
    *der_length = 0;
    psd_wipe(public_key, sizeof *public_key);
  }
  return ok;
}
