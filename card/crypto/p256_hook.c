/* The point multiplications of p256_point.c in the two places that libtomcrypt's math descriptor has for them. Its own
 * take about ten times as long, and allocate thousands of times.
 *
 * They serve the one curve the card knows: any other modulus is refused, and so are points that are not affine. */
#include "crypto/internal.h"
#include "crypto/p256_point.h"

static const uint8_t prime[32] = {0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
                                  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF,
                                  0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
static const uint8_t generator[PSD_P256_POINT] = {
    0x04, 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2,
    0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F,
    0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE,
    0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5};

static bool is_p256(void *modulus) {
  uint8_t bytes[sizeof prime];
  return psd_number_write(modulus, bytes, sizeof bytes) && psd_equal(bytes, prime, sizeof prime);
}

/* out = scalar * point */
static bool multiply(psd_point *out, void *scalar, const ecc_point *point) {
  uint8_t k[32], bytes[PSD_P256_POINT] = {0x04};
  psd_point in;
  bool ok = ltc_mp.compare_d(point->z, 1) == LTC_MP_EQ && psd_number_write(scalar, k, sizeof k) &&
            psd_number_write(point->x, bytes + 1, 32) && psd_number_write(point->y, bytes + 33, 32);
  if (ok && psd_equal(bytes, generator, sizeof generator))
    psd_point_multiply_base(out, k);
  else if (ok && psd_point_read(&in, bytes))
    psd_point_multiply(out, k, &in);
  else
    ok = false;
  psd_wipe(k, sizeof k);
  return ok;
}

static bool store(const psd_point *point, ecc_point *out) {
  uint8_t bytes[PSD_P256_POINT];
  bool ok = psd_point_write(point, bytes) && psd_number_read(out->x, bytes + 1, 32) &&
            psd_number_read(out->y, bytes + 33, 32) && ltc_mp.set_int(out->z, 1) == CRYPT_OK;
  psd_wipe(bytes, sizeof bytes);
  return ok;
}

/* ltc_math_descriptor.ecc_ptmul: R = kG. The result is affine whatever `map` says, which the descriptor allows. */
static int hook_multiply(void *k, ecc_point *g, ecc_point *r, void *modulus, int map) {
  (void)map;
  psd_point product;
  bool ok = is_p256(modulus) && multiply(&product, k, g) && store(&product, r);
  psd_wipe(&product, sizeof product);
  return ok ? CRYPT_OK : CRYPT_INVALID_ARG;
}

/* ltc_math_descriptor.ecc_mul2add: C = kA A + kB B. For verification: everything in it is public. */
static int hook_multiply_two(ecc_point *a, void *ka, ecc_point *b, void *kb, ecc_point *c, void *modulus) {
  psd_point first, second;
  if (!is_p256(modulus) || !multiply(&first, ka, a) || !multiply(&second, kb, b))
    return CRYPT_INVALID_ARG;
  psd_point_add(&first, &first, &second);
  return store(&first, c) ? CRYPT_OK : CRYPT_INVALID_ARG;
}

void psd_p256_hook(ltc_math_descriptor *math) {
  math->ecc_ptmul = hook_multiply;
  math->ecc_mul2add = hook_multiply_two;
}
