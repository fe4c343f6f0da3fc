/* libtomcrypt set up: algorithms registered, math layer chosen and mended, randomness adapted. */
#include <string.h>
#include <threads.h>

#include "crypto/internal.h"

#if PSD_MATH_GMP
#include <gmp.h>
#endif

/* libtomcrypt's tables are global, so what was put there is remembered here: the one global of the card's sources. It
 * is written once, before anybody reads it. */
static once_flag once = ONCE_FLAG_INIT;
static psd_registry registry;
static bool registered;

#if PSD_MATH_GMP
/* mpz_clear hands memory back as it is; nonces and private exponents live in it. */
static void wipe_and_free(void *number) {
  mpz_ptr value = number;
  if (value->_mp_alloc > 0)
    psd_wipe(value->_mp_d, (size_t)value->_mp_alloc * sizeof *value->_mp_d);
  gmp_desc.deinit(number);
}
#endif

/* The layers' own generators are predictable (GMP) or go past the entropy port (libtommath): nothing may use them. */
static int refuse_to_guess(void *number, int size) {
  (void)number;
  (void)size;
  return CRYPT_ERROR_READPRNG;
}

static void choose_math(void) {
#if PSD_MATH_GMP
  ltc_mp = gmp_desc;
  ltc_mp.deinit = wipe_and_free;
#else
  ltc_mp = ltm_desc;
#endif
  ltc_mp.rand = refuse_to_guess;
  psd_p256_hook(&ltc_mp);
}

static int find_p256(void) {
  for (int i = 0; ltc_ecc_sets[i].size != 0; i++)
    if (strcmp(ltc_ecc_sets[i].name, "ECC-256") == 0)
      return i;
  return -1;
}

static void set_up(void) {
  choose_math();
  registry.aes = register_cipher(&rijndael_desc);
  registry.sha256 = register_hash(&sha256_desc);
  registry.random = register_prng(&psd_random_descriptor);
  registry.p256 = find_p256();
  registered = registry.aes >= 0 && registry.sha256 >= 0 && registry.random >= 0 && registry.p256 >= 0;
}

const psd_registry *psd_crypto_registry(void) {
  call_once(&once, set_up);
  return registered ? &registry : NULL;
}

bool psd_crypto_init(void) {
  return psd_crypto_registry() != NULL;
}

const char *psd_crypto_math(void) {
  return PSD_MATH_GMP ? "GMP" : "LTM";
}

bool psd_number_read(void *number, const uint8_t *in, size_t length) {
  uint8_t copy[PSD_RSA_MAX]; /* libtomcrypt does not promise to leave its input alone */
  bool ok = length != 0 && length <= sizeof copy;
  if (ok) {
    memcpy(copy, in, length);
    ok = ltc_mp.unsigned_read(number, copy, length) == CRYPT_OK;
    psd_wipe(copy, length);
  }
  return ok;
}

bool psd_number_write(void *number, uint8_t *out, size_t length) {
  size_t size = ltc_mp.unsigned_size(number);
  if (size > length)
    return false;
  memset(out, 0, length);
  return size == 0 || ltc_mp.unsigned_write(number, out + (length - size)) == CRYPT_OK;
}

bool psd_number_power(void *base, void *exponent, void *modulus, void *result) {
  if (ltc_mp.compare_d(exponent, 0) != LTC_MP_GT || ltc_mp.compare_d(modulus, 1) != LTC_MP_GT ||
      (ltc_mp.get_digit(modulus, 0) & 1) == 0)
    return false;
#if PSD_MATH_GMP
  mpz_powm_sec(result, base, exponent, modulus);
  return true;
#else
  return ltc_mp.exptmod(base, exponent, modulus, result) == CRYPT_OK;
#endif
}

static bool read_drbg(void *source, uint8_t *out, size_t length) {
  return psd_drbg_read(source, out, length);
}

psd_random psd_random_from(psd_drbg *drbg) {
  return (psd_random){.source = drbg, .read = read_drbg, .failed = false};
}

/* libtomcrypt only ever hands the state back to the generator's own functions, so any object may stand in for it. */
prng_state *psd_random_state(psd_random *random) {
  return (prng_state *)(void *)random;
}

static unsigned long random_read(unsigned char *out, unsigned long length, prng_state *state) {
  psd_random *random = (psd_random *)(void *)state;
  if (random->failed || !random->read(random->source, out, length)) {
    random->failed = true;
    psd_wipe(out, length);
    return 0;
  }
  return length;
}

/* It can be read and nothing else: seeding is the DRBG's business. */
const struct ltc_prng_descriptor psd_random_descriptor = {.name = "psd", .read = random_read};
