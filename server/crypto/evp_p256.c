/* P-256: key pairs, ECDH (NIST SP 800-56A) and ECDSA (FIPS 186-5). */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/evp_internal.h"

#define DER_MAX 80U /* bytes of a signature of P-256 in DER */

struct psd_pair {
  EVP_PKEY *key;
  uint8_t point[PSD_POINT];
};

/* Takes over `key`. */
static psd_pair *pair_over(EVP_PKEY *key) {
  size_t length = 0;
  psd_pair *pair = key != NULL ? calloc(1, sizeof *pair) : NULL;
  if (pair != NULL && EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, pair->point, PSD_POINT, &length) &&
      length == PSD_POINT && pair->point[0] == POINT_CONVERSION_UNCOMPRESSED) {
    pair->key = key;
    return pair;
  }
  EVP_PKEY_free(key);
  free(pair);
  (void)psd_evp_failed();
  return NULL;
}

psd_pair *psd_pair_new(void) {
  EVP_PKEY *key = NULL;
  psd_evp_thread *thread = psd_evp_here();
  if (thread == NULL || EVP_PKEY_generate(thread->generate, &key) != 1)
    key = NULL;
  return pair_over(key);
}

/* The point that belongs to a secret. */
static bool multiply_base(const EC_GROUP *group, const BIGNUM *secret, uint8_t point[PSD_POINT]) {
  EC_POINT *product = EC_POINT_new(group);
  bool done = product != NULL && EC_POINT_mul(group, product, secret, NULL, NULL, NULL) == 1 &&
              EC_POINT_point2oct(group, product, POINT_CONVERSION_UNCOMPRESSED, point, PSD_POINT, NULL) == PSD_POINT;
  EC_POINT_free(product);
  return done;
}

static bool in_range(const EC_GROUP *group, const BIGNUM *secret) {
  return !BN_is_zero(secret) && BN_cmp(secret, EC_GROUP_get0_order(group)) < 0;
}

static EVP_PKEY *import_pair(const BIGNUM *secret, const uint8_t point[PSD_POINT]) {
  EVP_PKEY *key = NULL;
  OSSL_PARAM *parameters = NULL;
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
  if (build != NULL && context != NULL &&
      OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1, 0) == 1 &&
      OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, PSD_POINT) == 1 &&
      OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, secret) == 1)
    parameters = OSSL_PARAM_BLD_to_param(build);
  if (parameters == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
      EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters) != 1)
    key = NULL;
  /* Numbers from the secure heap are wiped with the parameters. */
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(build);
  EVP_PKEY_CTX_free(context);
  return key;
}

psd_pair *psd_pair_of(const uint8_t secret[PSD_SCALAR]) {
  uint8_t point[PSD_POINT];
  EVP_PKEY *key = NULL;
  EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  BIGNUM *number = BN_secure_new();
  if (group != NULL && number != NULL && BN_bin2bn(secret, PSD_SCALAR, number) != NULL && in_range(group, number)) {
    BN_set_flags(number, BN_FLG_CONSTTIME);
    if (multiply_base(group, number, point))
      key = import_pair(number, point);
  }
  BN_clear_free(number);
  EC_GROUP_free(group);
  return pair_over(key);
}

void psd_pair_free(psd_pair *pair) {
  if (pair == NULL)
    return;
  EVP_PKEY_free(pair->key);
  free(pair);
}

void psd_pair_point(const psd_pair *pair, uint8_t point[PSD_POINT]) {
  memcpy(point, pair->point, PSD_POINT);
}

bool psd_pair_secret(const psd_pair *pair, uint8_t secret[PSD_SCALAR]) {
  BIGNUM *number = BN_secure_new();
  bool done = number != NULL && EVP_PKEY_get_bn_param(pair->key, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 &&
              BN_bn2binpad(number, secret, PSD_SCALAR) == (int)PSD_SCALAR;
  BN_clear_free(number);
  if (done)
    return true;
  psd_secret_wipe(secret, PSD_SCALAR);
  return psd_evp_failed();
}

/* The thread's peer with that point, if it lies on the curve. */
static EVP_PKEY *take_point(const uint8_t point[PSD_POINT]) {
  psd_evp_thread *thread = psd_evp_here();
  if (thread == NULL || point[0] != POINT_CONVERSION_UNCOMPRESSED ||
      EVP_PKEY_set1_encoded_public_key(thread->peer, point, PSD_POINT) != 1)
    return NULL;
  return thread->peer;
}

bool psd_point_valid(const uint8_t point[PSD_POINT]) {
  return take_point(point) != NULL || psd_evp_failed();
}

bool psd_pair_agree(const psd_pair *pair, const uint8_t point[PSD_POINT], uint8_t shared[32]) {
  size_t length = 32;
  EVP_PKEY *peer = take_point(point);
  EVP_PKEY_CTX *context = peer != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, pair->key, NULL) : NULL;
  /* Taking the point has checked it already: on a curve of cofactor 1 the check of the whole key would only multiply it
   * by the order once more. */
  bool done = context != NULL && EVP_PKEY_derive_init(context) == 1 &&
              EVP_PKEY_derive_set_peer_ex(context, peer, 0) == 1 && EVP_PKEY_derive(context, shared, &length) == 1 &&
              length == 32;
  EVP_PKEY_CTX_free(context);
  if (done)
    return true;
  psd_secret_wipe(shared, 32);
  return psd_evp_failed();
}

/* r || s out of DER. */
static bool flatten(const uint8_t *der, size_t length, uint8_t signature[64]) {
  ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &der, (long)length);
  bool done = parts != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(parts), signature, 32) == 32 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(parts), signature + 32, 32) == 32;
  ECDSA_SIG_free(parts);
  return done;
}

bool psd_pair_sign(const psd_pair *pair, const psd_part *parts, size_t count, uint8_t signature[64]) {
  uint8_t digest[PSD_HASH], der[DER_MAX];
  size_t length = sizeof der;
  EVP_PKEY_CTX *context = psd_hash(parts, count, digest) ? EVP_PKEY_CTX_new_from_pkey(NULL, pair->key, NULL) : NULL;
  bool done = context != NULL && EVP_PKEY_sign_init(context) == 1 &&
              EVP_PKEY_sign(context, der, &length, digest, sizeof digest) == 1 && flatten(der, length, signature);
  EVP_PKEY_CTX_free(context);
  if (done)
    return true;
  memset(signature, 0, 64);
  return psd_evp_failed();
}

/* One INTEGER of DER out of 32 bytes; returns its length. */
static size_t put_integer(uint8_t *der, const uint8_t number[32]) {
  size_t skip = 0;
  while (skip < 31 && number[skip] == 0)
    skip++;
  size_t pad = number[skip] >> 7;
  der[0] = 0x02;
  der[1] = (uint8_t)(32U - skip + pad);
  der[2] = 0;
  memcpy(der + 2 + pad, number + skip, 32U - skip);
  return 2U + pad + 32U - skip;
}

bool psd_point_verify(const uint8_t point[PSD_POINT], const psd_part *parts, size_t count,
                      const uint8_t signature[64]) {
  uint8_t digest[PSD_HASH], der[DER_MAX];
  size_t length = put_integer(der + 2, signature);
  length += put_integer(der + 2 + length, signature + 32);
  der[0] = 0x30;
  der[1] = (uint8_t)length;
  EVP_PKEY *peer = psd_hash(parts, count, digest) ? take_point(point) : NULL;
  EVP_PKEY_CTX *context = peer != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, peer, NULL) : NULL;
  bool done = context != NULL && EVP_PKEY_verify_init(context) == 1 &&
              EVP_PKEY_verify(context, der, length + 2U, digest, sizeof digest) == 1;
  EVP_PKEY_CTX_free(context);
  return done || psd_evp_failed();
}
