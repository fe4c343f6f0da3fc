/* DSA of 1024 bits (FIPS 186-4, 4) with the domain parameters of RFC 6979, A.2.1. The equations are ours, over the math
 * layer: libtomcrypt's raise to the nonce in a time that depends on it, and make keys for parameters of their own. */
#include <string.h>

#include "crypto/internal.h"
#include "psd/spec/dsa.h"

#define DIGEST_LIMIT 64U
#define TRIES 64 /* one fails with probability 0.4 */

static const uint8_t prime[PSD_DSA_PUBLIC] = {PSD_DSA_P};
static const uint8_t order[PSD_DSA_SECRET] = {PSD_DSA_Q};
static const uint8_t generator[PSD_DSA_PUBLIC] = {PSD_DSA_G};

/* The domain parameters as numbers. */
typedef struct domain {
  void *p, *q, *g;
} domain;

static bool open_domain(domain *d) {
  if (psd_crypto_registry() == NULL || ltc_init_multi(&d->p, &d->q, &d->g, NULL) != CRYPT_OK)
    return false;
  bool ok = psd_number_read(d->p, prime, sizeof prime) && psd_number_read(d->q, order, sizeof order) &&
            psd_number_read(d->g, generator, sizeof generator);
  if (!ok)
    ltc_deinit_multi(d->p, d->q, d->g, NULL);
  return ok;
}

static void close_domain(domain *d) {
  ltc_deinit_multi(d->p, d->q, d->g, NULL);
}

/* In [1, q - 1], found without branches. */
static bool scalar_valid(const uint8_t scalar[PSD_DSA_SECRET]) {
  uint32_t borrow = 0, any = 0;
  for (size_t i = PSD_DSA_SECRET; i-- > 0;) {
    borrow = ((uint32_t)scalar[i] - order[i] - borrow) >> 31;
    any |= scalar[i];
  }
  return (any != 0) & (borrow != 0);
}

/* FIPS 186-4, B.1.2 and B.2.2: candidates are drawn until one is in range. */
static bool draw(psd_random *random, uint8_t scalar[PSD_DSA_SECRET]) {
  for (int i = 0; i < TRIES && random->read(random->source, scalar, PSD_DSA_SECRET); i++)
    if (scalar_valid(scalar))
      return true;
  psd_wipe(scalar, PSD_DSA_SECRET);
  return false;
}

/* result = g ^ secret mod p. The generator's order is q, so that twice q more changes nothing; with it the exponent has
 * 161 bits, whatever the secret is: neither layer's time tells how many bits a nonce has. */
static bool power(const domain *d, void *secret, void *result) {
  void *exponent;
  if (ltc_mp.init(&exponent) != CRYPT_OK)
    return false;
  bool ok = ltc_mp.add(secret, d->q, exponent) == CRYPT_OK && ltc_mp.add(exponent, d->q, exponent) == CRYPT_OK &&
            psd_number_power(d->g, exponent, d->p, result);
  ltc_mp.deinit(exponent);
  return ok;
}

/* FIPS 186-4, 4.6: the leftmost 160 bits of the digest, modulo q. */
static bool read_digest(const domain *d, const uint8_t *digest, size_t length, void *number) {
  size_t used = length < PSD_DSA_SECRET ? length : PSD_DSA_SECRET;
  return psd_number_read(number, digest, used) && ltc_mp.mpdiv(number, d->q, NULL, number) == CRYPT_OK;
}

/* s = (k b)^-1 (b z + b x r) mod q: the blinding factor b cancels out, and nothing of the nonce k or the secret x is
 * inverted or added as it is. On entry k, b, x, z are numbers and r is set; k and x are lost. */
static bool equation(const domain *d, void *k, void *b, void *x, void *z, void *r, void *s) {
  return ltc_mp.mulmod(k, b, d->q, k) == CRYPT_OK && ltc_mp.invmod(k, d->q, k) == CRYPT_OK &&
         ltc_mp.mulmod(x, b, d->q, x) == CRYPT_OK && ltc_mp.mulmod(x, r, d->q, x) == CRYPT_OK &&
         ltc_mp.mulmod(z, b, d->q, s) == CRYPT_OK && ltc_mp.add(s, x, s) == CRYPT_OK &&
         ltc_mp.mulmod(s, k, d->q, s) == CRYPT_OK;
}

typedef struct signing {
  uint8_t nonce[PSD_DSA_SECRET], blind[PSD_DSA_SECRET];
  void *k, *b, *x, *z, *r, *s;
} signing;

static bool sign_numbers(const domain *d, signing *n, const uint8_t *secret, const uint8_t *digest, size_t length,
                         uint8_t signature[PSD_DSA_SIGNATURE]) {
  return psd_number_read(n->k, n->nonce, sizeof n->nonce) && psd_number_read(n->b, n->blind, sizeof n->blind) &&
         psd_number_read(n->x, secret, PSD_DSA_SECRET) && read_digest(d, digest, length, n->z) &&
         power(d, n->k, n->r) && ltc_mp.mpdiv(n->r, d->q, NULL, n->r) == CRYPT_OK &&
         equation(d, n->k, n->b, n->x, n->z, n->r, n->s) && psd_number_write(n->r, signature, PSD_DSA_SECRET) &&
         psd_number_write(n->s, signature + PSD_DSA_SECRET, PSD_DSA_SECRET);
}

static bool signature_valid(const uint8_t signature[PSD_DSA_SIGNATURE]) {
  return scalar_valid(signature) && scalar_valid(signature + PSD_DSA_SECRET);
}

static bool sign_in(const domain *d, signing *n, const uint8_t *secret, const uint8_t *digest, size_t length,
                    uint8_t signature[PSD_DSA_SIGNATURE]) {
  if (ltc_init_multi(&n->k, &n->b, &n->x, &n->z, &n->r, &n->s, NULL) != CRYPT_OK)
    return false;
  bool ok = sign_numbers(d, n, secret, digest, length, signature) && signature_valid(signature);
  ltc_deinit_multi(n->k, n->b, n->x, n->z, n->r, n->s, NULL);
  return ok;
}

bool psd_dsa_sign_with(psd_random *random, const uint8_t secret[PSD_DSA_SECRET], const uint8_t *digest,
                       size_t digest_length, uint8_t signature[PSD_DSA_SIGNATURE]) {
  domain d;
  signing n;
  bool ok = false;
  memset(signature, 0, PSD_DSA_SIGNATURE);
  if (digest_length == 0 || digest_length > DIGEST_LIMIT || !scalar_valid(secret) || !open_domain(&d))
    return false;
  if (draw(random, n.nonce) && draw(random, n.blind))
    ok = sign_in(&d, &n, secret, digest, digest_length, signature);
  close_domain(&d);
  psd_wipe(n.nonce, sizeof n.nonce);
  psd_wipe(n.blind, sizeof n.blind);
  if (!ok)
    psd_wipe(signature, PSD_DSA_SIGNATURE);
  return ok;
}

/* The nonce as that of ECDSA (p256.c): from fresh randomness, the key and the digest. */
bool psd_dsa_sign(psd_drbg *drbg, const uint8_t secret[PSD_DSA_SECRET], const uint8_t *digest, size_t digest_length,
                  uint8_t signature[PSD_DSA_SIGNATURE]) {
  uint8_t fresh[32];
  psd_drbg hedged = {0};
  const psd_piece seed[] = {{fresh, sizeof fresh}, {secret, PSD_DSA_SECRET}, {digest, digest_length}};
  psd_random random = psd_random_from(&hedged);
  bool ok = psd_drbg_read(drbg, fresh, sizeof fresh) && psd_drbg_seed(&hedged, true, seed, 3) &&
            psd_dsa_sign_with(&random, secret, digest, digest_length, signature);
  psd_wipe(fresh, sizeof fresh);
  psd_drbg_stop(&hedged);
  if (!ok)
    psd_wipe(signature, PSD_DSA_SIGNATURE);
  return ok;
}

/* SP 800-89, 5.3.1: between 1 and p - 1, and of order q. */
static bool public_valid(const domain *d, void *y, void *scratch) {
  return ltc_mp.compare_d(y, 1) == LTC_MP_GT && ltc_mp.compare(y, d->p) == LTC_MP_LT &&
         ltc_mp.exptmod(y, d->q, d->p, scratch) == CRYPT_OK && ltc_mp.compare_d(scratch, 1) == LTC_MP_EQ;
}

/* r = (g^(z/s) y^(r/s) mod p) mod q. On entry z, y, r, s are numbers; z, y and s are lost. */
static bool verify_equation(const domain *d, void *z, void *y, void *r, void *s) {
  void *power_of_y;
  if (ltc_mp.init(&power_of_y) != CRYPT_OK)
    return false;
  bool ok = public_valid(d, y, power_of_y) && ltc_mp.invmod(s, d->q, s) == CRYPT_OK &&
            ltc_mp.mulmod(z, s, d->q, z) == CRYPT_OK && ltc_mp.mulmod(r, s, d->q, s) == CRYPT_OK &&
            ltc_mp.exptmod(d->g, z, d->p, z) == CRYPT_OK && ltc_mp.exptmod(y, s, d->p, power_of_y) == CRYPT_OK &&
            ltc_mp.mulmod(z, power_of_y, d->p, z) == CRYPT_OK && ltc_mp.mpdiv(z, d->q, NULL, z) == CRYPT_OK &&
            ltc_mp.compare(z, r) == LTC_MP_EQ;
  ltc_mp.deinit(power_of_y);
  return ok;
}

bool psd_dsa_verify(const uint8_t y[PSD_DSA_PUBLIC], const uint8_t *digest, size_t digest_length,
                    const uint8_t signature[PSD_DSA_SIGNATURE]) {
  domain d;
  void *z, *point, *r, *s;
  if (digest_length == 0 || digest_length > DIGEST_LIMIT || !signature_valid(signature) || !open_domain(&d))
    return false;
  bool ok = false;
  if (ltc_init_multi(&z, &point, &r, &s, NULL) == CRYPT_OK) {
    ok = read_digest(&d, digest, digest_length, z) && psd_number_read(point, y, PSD_DSA_PUBLIC) &&
         psd_number_read(r, signature, PSD_DSA_SECRET) &&
         psd_number_read(s, signature + PSD_DSA_SECRET, PSD_DSA_SECRET) && verify_equation(&d, z, point, r, s);
    ltc_deinit_multi(z, point, r, s, NULL);
  }
  close_domain(&d);
  return ok;
}

bool psd_dsa_public(const uint8_t secret[PSD_DSA_SECRET], uint8_t y[PSD_DSA_PUBLIC]) {
  domain d;
  void *x, *result;
  bool ok = false;
  if (scalar_valid(secret) && open_domain(&d)) {
    if (ltc_init_multi(&x, &result, NULL) == CRYPT_OK) {
      ok = psd_number_read(x, secret, PSD_DSA_SECRET) && power(&d, x, result) &&
           psd_number_write(result, y, PSD_DSA_PUBLIC);
      ltc_deinit_multi(x, result, NULL);
    }
    close_domain(&d);
  }
  if (!ok)
    psd_wipe(y, PSD_DSA_PUBLIC);
  return ok;
}

/* As a P-256 pair: it must sign and verify before anybody sees it. */
static bool pair_works(psd_drbg *drbg, const uint8_t secret[PSD_DSA_SECRET], const uint8_t y[PSD_DSA_PUBLIC]) {
  uint8_t digest[PSD_SHA256_SIZE], signature[PSD_DSA_SIGNATURE];
  return psd_sha256(y, PSD_DSA_PUBLIC, digest) && psd_dsa_sign(drbg, secret, digest, sizeof digest, signature) &&
         psd_dsa_verify(y, digest, sizeof digest, signature);
}

bool psd_dsa_generate(psd_drbg *drbg, uint8_t secret[PSD_DSA_SECRET], uint8_t y[PSD_DSA_PUBLIC]) {
  psd_random random = psd_random_from(drbg);
  bool ok = draw(&random, secret) && psd_dsa_public(secret, y) && pair_works(drbg, secret, y);
  if (!ok) {
    psd_wipe(secret, PSD_DSA_SECRET);
    psd_wipe(y, PSD_DSA_PUBLIC);
  }
  return ok;
}
