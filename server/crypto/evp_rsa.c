/* RSA key pairs, for OAEP (RFC 8017) with SHA-256 in both places and no label. */
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/evp_internal.h"

struct psd_rsa {
  EVP_PKEY *key;
  size_t size;
  uint8_t modulus[PSD_RSA_MAX];
};

static bool take_modulus(psd_rsa *rsa) {
  BIGNUM *number = NULL;
  uint64_t exponent = 0;
  int bits = EVP_PKEY_get_bits(rsa->key);
  rsa->size = bits > 0 ? (size_t)bits / 8U : 0;
  bool done = EVP_PKEY_is_a(rsa->key, "RSA") == 1 && (bits == 2048 || bits == 3072) &&
              EVP_PKEY_get_bn_param(rsa->key, OSSL_PKEY_PARAM_RSA_N, &number) == 1 &&
              BN_bn2binpad(number, rsa->modulus, (int)rsa->size) == (int)rsa->size;
  BN_free(number);
  number = NULL;
  done = done && EVP_PKEY_get_bn_param(rsa->key, OSSL_PKEY_PARAM_RSA_E, &number) == 1;
  exponent = done ? BN_get_word(number) : 0;
  BN_free(number);
  return exponent == PSD_RSA_EXPONENT;
}

/* Takes over `key`. */
static psd_rsa *rsa_over(EVP_PKEY *key) {
  psd_rsa *rsa = key != NULL ? calloc(1, sizeof *rsa) : NULL;
  if (rsa != NULL) {
    rsa->key = key;
    if (take_modulus(rsa))
      return rsa;
  }
  EVP_PKEY_free(key);
  free(rsa);
  (void)psd_evp_failed();
  return NULL;
}

psd_rsa *psd_rsa_new(unsigned bits) {
  return rsa_over(bits == 2048 || bits == 3072 ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits) : NULL);
}

psd_rsa *psd_rsa_of(const uint8_t *der, size_t length) {
  const uint8_t *at = der;
  EVP_PKEY *key = length <= PSD_RSA_DER_MAX ? d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)length) : NULL;
  if (key != NULL && at != der + length) {
    EVP_PKEY_free(key);
    key = NULL;
  }
  return rsa_over(key);
}

void psd_rsa_free(psd_rsa *rsa) {
  if (rsa == NULL)
    return;
  EVP_PKEY_free(rsa->key);
  free(rsa);
}

const EVP_PKEY *psd_rsa_pkey(const psd_rsa *rsa) {
  return rsa->key;
}

size_t psd_rsa_der(const psd_rsa *rsa, uint8_t der[PSD_RSA_DER_MAX]) {
  uint8_t *at = der;
  int length = i2d_PrivateKey(rsa->key, NULL);
  if (length > 0 && (size_t)length <= PSD_RSA_DER_MAX && i2d_PrivateKey(rsa->key, &at) == length)
    return (size_t)length;
  psd_secret_wipe(der, PSD_RSA_DER_MAX);
  (void)psd_evp_failed();
  return 0;
}

size_t psd_rsa_modulus(const psd_rsa *rsa, uint8_t modulus[PSD_RSA_MAX]) {
  memcpy(modulus, rsa->modulus, rsa->size);
  return rsa->size;
}

unsigned psd_rsa_bits(const psd_rsa *rsa) {
  return (unsigned)rsa->size * 8U;
}

static bool set_padding(EVP_PKEY_CTX *context) {
  return EVP_PKEY_decrypt_init(context) == 1 && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(context, psd_evp.sha256) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, psd_evp.sha256) == 1;
}

bool psd_rsa_open(const psd_rsa *rsa, const uint8_t *sealed, size_t sealed_length, uint8_t *out, size_t length) {
  uint8_t plain[PSD_RSA_MAX];
  size_t got = sizeof plain;
  EVP_PKEY_CTX *context = sealed_length == rsa->size ? EVP_PKEY_CTX_new_from_pkey(NULL, rsa->key, NULL) : NULL;
  bool done = context != NULL && set_padding(context) &&
              EVP_PKEY_decrypt(context, plain, &got, sealed, sealed_length) == 1 && got == length;
  if (done)
    memcpy(out, plain, length);
  else
    psd_secret_wipe(out, length);
  EVP_PKEY_CTX_free(context);
  psd_secret_wipe(plain, sizeof plain);
  return done || psd_evp_failed();
}
