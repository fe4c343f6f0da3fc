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

/* ECDH is arithmetic on points: OpenSSL's keys and contexts around it cost a fifth of it. A key in OpenSSL's form is
 * there for signatures. */
struct psd_pair {
  BIGNUM *secret;
  EVP_PKEY *key; /* NULL in a pair that was made for one agreement */
  uint8_t point[PSD_POINT];
};

/* Without its point and key yet; NULL without memory. */
static psd_pair *pair_empty(void) {
  psd_pair *pair = calloc(1, sizeof *pair);
  BIGNUM *secret = BN_secure_new();
  if (pair == NULL || secret == NULL) {
    BN_free(secret);
    free(pair);
    return NULL;
  }
  BN_set_flags(secret, BN_FLG_CONSTTIME);
  pair->secret = secret;
  return pair;
}

/* The point that belongs to a secret. */
static bool multiply_base(psd_evp_thread *thread, const BIGNUM *secret, uint8_t point[PSD_POINT]) {
  return EC_POINT_mul(psd_evp.group, thread->product, secret, NULL, NULL, thread->numbers) == 1 &&
         EC_POINT_point2oct(psd_evp.group, thread->product, POINT_CONVERSION_UNCOMPRESSED, point, PSD_POINT,
                            thread->numbers) == PSD_POINT;
}

static bool in_range(const BIGNUM *secret) {
  return !BN_is_zero(secret) && BN_cmp(secret, EC_GROUP_get0_order(psd_evp.group)) < 0;
}

static psd_pair *pair_failed(psd_pair *pair) {
  psd_pair_free(pair);
  (void)psd_evp_failed();
  return NULL;
}

/* SP 800-56A, 5.6.1.2.2: by testing candidates. */
psd_pair *psd_pair_new(void) {
  psd_evp_thread *thread = psd_evp_here();
  psd_pair *pair = thread != NULL ? pair_empty() : NULL;
  bool done = pair != NULL;
  do {
    done = done && BN_priv_rand_range(pair->secret, EC_GROUP_get0_order(psd_evp.group)) == 1;
  } while (done && BN_is_zero(pair->secret));
  return done && multiply_base(thread, pair->secret, pair->point) ? pair : pair_failed(pair);
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
  psd_evp_thread *thread = psd_evp_here();
  psd_pair *pair = thread != NULL ? pair_empty() : NULL;
  if (pair == NULL || BN_bin2bn(secret, PSD_SCALAR, pair->secret) == NULL || !in_range(pair->secret) ||
      !multiply_base(thread, pair->secret, pair->point))
    return pair_failed(pair);
  pair->key = import_pair(pair->secret, pair->point);
  return pair->key != NULL ? pair : pair_failed(pair);
}

void psd_pair_free(psd_pair *pair) {
  if (pair == NULL)
    return;
  BN_clear_free(pair->secret);
  EVP_PKEY_free(pair->key);
  free(pair);
}

void psd_pair_point(const psd_pair *pair, uint8_t point[PSD_POINT]) {
  memcpy(point, pair->point, PSD_POINT);
}

bool psd_pair_secret(const psd_pair *pair, uint8_t secret[PSD_SCALAR]) {
  if (BN_bn2binpad(pair->secret, secret, PSD_SCALAR) == (int)PSD_SCALAR)
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

/* SP 800-56A, 5.7.1.2. On a curve of cofactor 1 a point that lies on it and is not at infinity, which the encoding
 * rules out, is valid; a secret in its range then never leads to infinity. */
bool psd_pair_agree(const psd_pair *pair, const uint8_t point[PSD_POINT], uint8_t shared[32]) {
  psd_evp_thread *thread = psd_evp_here();
  const EC_GROUP *group = psd_evp.group;
  bool done = thread != NULL && point[0] == POINT_CONVERSION_UNCOMPRESSED &&
              EC_POINT_oct2point(group, thread->taken, point, PSD_POINT, thread->numbers) == 1 &&
              EC_POINT_mul(group, thread->product, NULL, thread->taken, pair->secret, thread->numbers) == 1 &&
              EC_POINT_get_affine_coordinates(group, thread->product, thread->coordinate, NULL, thread->numbers) == 1 &&
              BN_bn2binpad(thread->coordinate, shared, 32) == 32;
  if (thread != NULL)
    BN_clear(thread->coordinate);
  if (done)
    return true;
  psd_secret_wipe(shared, 32);
  return psd_evp_failed();
}

EVP_PKEY *psd_pair_pkey(const psd_pair *pair) {
  if (pair->key == NULL)
    return import_pair(pair->secret, pair->point);
  return EVP_PKEY_up_ref(pair->key) == 1 ? pair->key : NULL;
}

EVP_PKEY *psd_point_pkey(const uint8_t point[PSD_POINT]) {
  EVP_PKEY *key = point[0] == POINT_CONVERSION_UNCOMPRESSED ? EVP_PKEY_dup(psd_evp.curve) : NULL;
  if (key != NULL && EVP_PKEY_set1_encoded_public_key(key, point, PSD_POINT) == 1)
    return key;
  EVP_PKEY_free(key);
  return NULL;
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
  EVP_PKEY *key = psd_pair_pkey(pair);
  EVP_PKEY_CTX *context =
      key != NULL && psd_hash(parts, count, digest) ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
  bool done = context != NULL && EVP_PKEY_sign_init(context) == 1 &&
              EVP_PKEY_sign(context, der, &length, digest, sizeof digest) == 1 && flatten(der, length, signature);
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(key);
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
  psd_evp_thread *thread = psd_evp_here();
  bool done = thread != NULL && psd_hash(parts, count, digest) && take_point(point) != NULL &&
              EVP_PKEY_verify_init(thread->verify) == 1 &&
              EVP_PKEY_verify(thread->verify, der, length + 2U, digest, sizeof digest) == 1;
  return done || psd_evp_failed();
}
