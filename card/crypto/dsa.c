/* DSA of 1024 bits (FIPS 186-4, 4) with the domain parameters of RFC 6979, A.2.1. The equations are ours, over the math
 * layer: libtomcrypt's raise to the nonce in a time that depends on it, and make keys for parameters of their own. */
#include <string.h>

#include "crypto/internal.h"

#define DIGEST_LIMIT 64U
#define TRIES 64 /* one fails with probability 0.4 */

static const uint8_t prime[PSD_DSA_PUBLIC] = {
    0x86, 0xF5, 0xCA, 0x03, 0xDC, 0xFE, 0xB2, 0x25, 0x06, 0x3F, 0xF8, 0x30, 0xA0, 0xC7, 0x69, 0xB9, 0xDD, 0x9D, 0x61,
    0x53, 0xAD, 0x91, 0xD7, 0xCE, 0x27, 0xF7, 0x87, 0xC4, 0x32, 0x78, 0xB4, 0x47, 0xE6, 0x53, 0x3B, 0x86, 0xB1, 0x8B,
    0xED, 0x6E, 0x8A, 0x48, 0xB7, 0x84, 0xA1, 0x4C, 0x25, 0x2C, 0x5B, 0xE0, 0xDB, 0xF6, 0x0B, 0x86, 0xD6, 0x38, 0x5B,
    0xD2, 0xF1, 0x2F, 0xB7, 0x63, 0xED, 0x88, 0x73, 0xAB, 0xFD, 0x3F, 0x5B, 0xA2, 0xE0, 0xA8, 0xC0, 0xA5, 0x90, 0x82,
    0xEA, 0xC0, 0x56, 0x93, 0x5E, 0x52, 0x9D, 0xAF, 0x7C, 0x61, 0x04, 0x67, 0x89, 0x9C, 0x77, 0xAD, 0xED, 0xFC, 0x84,
    0x6C, 0x88, 0x18, 0x70, 0xB7, 0xB1, 0x9B, 0x2B, 0x58, 0xF9, 0xBE, 0x05, 0x21, 0xA1, 0x70, 0x02, 0xE3, 0xBD, 0xD6,
    0xB8, 0x66, 0x85, 0xEE, 0x90, 0xB3, 0xD9, 0xA1, 0xB0, 0x2B, 0x78, 0x2B, 0x17, 0x79,
};
static const uint8_t order[PSD_DSA_SECRET] = {
    0x99, 0x6F, 0x96, 0x7F, 0x6C, 0x8E, 0x38, 0x8D, 0x9E, 0x28,
    0xD0, 0x1E, 0x20, 0x5F, 0xBA, 0x95, 0x7A, 0x56, 0x98, 0xB1,
};
static const uint8_t generator[PSD_DSA_PUBLIC] = {
    0x07, 0xB0, 0xF9, 0x25, 0x46, 0x15, 0x0B, 0x62, 0x51, 0x4B, 0xB7, 0x71, 0xE2, 0xA0, 0xC0, 0xCE, 0x38, 0x7F, 0x03,
    0xBD, 0xA6, 0xC5, 0x6B, 0x50, 0x52, 0x09, 0xFF, 0x25, 0xFD, 0x3C, 0x13, 0x3D, 0x89, 0xBB, 0xCD, 0x97, 0xE9, 0x04,
    0xE0, 0x91, 0x14, 0xD9, 0xA7, 0xDE, 0xFD, 0xEA, 0xDF, 0xC9, 0x07, 0x8E, 0xA5, 0x44, 0xD2, 0xE4, 0x01, 0xAE, 0xEC,
    0xC4, 0x0B, 0xB9, 0xFB, 0xBF, 0x78, 0xFD, 0x87, 0x99, 0x5A, 0x10, 0xA1, 0xC2, 0x7C, 0xB7, 0x78, 0x9B, 0x59, 0x4B,
    0xA7, 0xEF, 0xB5, 0xC4, 0x32, 0x6A, 0x9F, 0xE5, 0x9A, 0x07, 0x0E, 0x13, 0x6D, 0xB7, 0x71, 0x75, 0x46, 0x4A, 0xDC,
    0xA4, 0x17, 0xBE, 0x5D, 0xCE, 0x2F, 0x40, 0xD1, 0x0A, 0x46, 0xA3, 0xA3, 0x94, 0x3F, 0x26, 0xAB, 0x7F, 0xD9, 0xC0,
    0x39, 0x8F, 0xF8, 0xC7, 0x6E, 0xE0, 0xA5, 0x68, 0x26, 0xA8, 0xA8, 0x8F, 0x1D, 0xBD,
};

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
