/* RSA keys, and the two primitives of RFC 8017, 5.1. */
#include <string.h>

#include "crypto/internal.h"

#define EXPONENT_MIN 65537U

static bool modulus_size_valid(size_t length) {
  return length == 256 || length == 384;
}

/* DER from outside must be one SEQUENCE that fills its buffer, libtomcrypt does not look at what comes after it. */
static bool der_fills(const uint8_t *der, size_t length) {
  return length >= 4 && length <= PSD_RSA_KEY_MAX && der[0] == 0x30 && der[1] == 0x82 &&
         length == ((size_t)der[2] << 8 | der[3]) + 4;
}

static bool is_odd(void *number) {
  return ltc_mp.compare_d(number, 1) == LTC_MP_GT && (ltc_mp.get_digit(number, 0) & 1) == 1;
}

/* Enough for the arithmetic to be defined and to stay inside its buffers; whether the numbers belong together shows
 * when the result of every private operation is checked. */
static bool private_key_valid(const rsa_key *key) {
  void *product;
  if (ltc_mp.init(&product) != CRYPT_OK)
    return false;
  size_t bits = (size_t)ltc_mp.count_bits(key->N);
  bool ok = bits % 8 == 0 && modulus_size_valid(bits / 8) && is_odd(key->p) && is_odd(key->q);
  ok = ok && ltc_mp.compare(key->dP, key->p) == LTC_MP_LT && ltc_mp.compare(key->dQ, key->q) == LTC_MP_LT &&
       ltc_mp.compare(key->qP, key->p) == LTC_MP_LT && ltc_mp.compare_d(key->qP, 0) == LTC_MP_GT;
  ok = ok && is_odd(key->e) && ltc_mp.count_bits(key->e) <= 32 && ltc_mp.compare_d(key->e, EXPONENT_MIN) != LTC_MP_LT;
  ok = ok && ltc_mp.mul(key->p, key->q, product) == CRYPT_OK && ltc_mp.compare(product, key->N) == LTC_MP_EQ;
  ltc_mp.deinit(product);
  return ok;
}

bool psd_rsa_open_private(rsa_key *key, const uint8_t *der, size_t length) {
  if (psd_crypto_registry() == NULL || !der_fills(der, length) || rsa_import(der, length, key) != CRYPT_OK)
    return false;
  bool ok = key->type == PK_PRIVATE && private_key_valid(key);
  if (!ok)
    rsa_free(key);
  return ok;
}

bool psd_rsa_public_valid(const psd_rsa_public *key) {
  size_t length = key->modulus_length;
  return modulus_size_valid(length) && key->modulus[0] >= 0x80 && key->modulus[length - 1] % 2 != 0 &&
         key->exponent >= EXPONENT_MIN && key->exponent % 2 != 0;
}

bool psd_rsa_open_public(rsa_key *key, const psd_rsa_public *public_key) {
  size_t length = public_key->modulus_length;
  if (psd_crypto_registry() == NULL || !psd_rsa_public_valid(public_key))
    return false;
  const uint8_t exponent[4] = {(uint8_t)(public_key->exponent >> 24), (uint8_t)(public_key->exponent >> 16),
                               (uint8_t)(public_key->exponent >> 8), (uint8_t)public_key->exponent};
  memset(key, 0, sizeof *key);
  if (ltc_init_multi(&key->N, &key->e, NULL) != CRYPT_OK)
    return false;
  key->type = PK_PUBLIC;
  bool ok = psd_number_read(key->N, public_key->modulus, length) && psd_number_read(key->e, exponent, sizeof exponent);
  if (!ok)
    rsa_free(key);
  return ok;
}

/* number = in, which must be below the modulus. */
static bool read_below_modulus(const rsa_key *key, void *number, const uint8_t *in, size_t length) {
  return psd_number_read(number, in, length) && ltc_mp.compare(number, key->N) == LTC_MP_LT;
}

bool psd_rsa_public_operation(rsa_key *key, const uint8_t *in, uint8_t *out, size_t length) {
  void *number;
  if (ltc_mp.init(&number) != CRYPT_OK)
    return false;
  bool ok = read_below_modulus(key, number, in, length) && ltc_mp.exptmod(number, key->e, key->N, number) == CRYPT_OK &&
            psd_number_write(number, out, length);
  ltc_mp.deinit(number);
  return ok;
}

/* A number below the modulus that nobody without the key can foresee, so that no one who chooses the input knows what
 * is raised to the private exponents. It is derived from the key and the input instead of drawn: the operation needs no
 * generator then, and cannot suffer from a broken one. */
static bool blinding_factor(const rsa_key *key, const uint8_t *in, size_t length, void *factor) {
  static const char label[] = "RSA blinding";
  uint8_t secret[PSD_RSA_MAX], bytes[PSD_RSA_MAX];
  bool ok = psd_number_write(key->d, secret, length) &&
            psd_hkdf_sha256(in, length, secret, length, label, sizeof label - 1, bytes, length) &&
            psd_number_read(factor, bytes, length) && ltc_mp.mpdiv(factor, key->N, NULL, factor) == CRYPT_OK &&
            ltc_mp.compare_d(factor, 1) == LTC_MP_GT;
  psd_wipe(secret, sizeof secret);
  psd_wipe(bytes, sizeof bytes);
  return ok;
}

/* RFC 8017, 5.1.2, 2b: number = number ^ d mod N by the Chinese remainder theorem. */
static bool remainder_power(const rsa_key *key, void *number) {
  void *first, *second;
  if (ltc_init_multi(&first, &second, NULL) != CRYPT_OK)
    return false;
  bool ok = psd_number_power(number, key->dP, key->p, first) && psd_number_power(number, key->dQ, key->q, second) &&
            ltc_mp.sub(first, second, first) == CRYPT_OK && ltc_mp.mulmod(first, key->qP, key->p, first) == CRYPT_OK &&
            ltc_mp.mul(first, key->q, first) == CRYPT_OK && ltc_mp.add(first, second, number) == CRYPT_OK;
  ltc_deinit_multi(first, second, NULL);
  return ok;
}

/* One faulty half of the remainder theorem gives the factors away to whoever sees the result (Boneh, DeMillo, Lipton),
 * so the result must give the input back. */
static bool gives_back(const rsa_key *key, void *result, void *input, void *scratch) {
  return ltc_mp.exptmod(result, key->e, key->N, scratch) == CRYPT_OK && ltc_mp.compare(scratch, input) == LTC_MP_EQ;
}

static bool blinded_power(const rsa_key *key, void *input, void *factor, void *number, void *scratch) {
  /* number = (input factor^e)^d / factor */
  return ltc_mp.exptmod(factor, key->e, key->N, scratch) == CRYPT_OK &&
         ltc_mp.mulmod(input, scratch, key->N, number) == CRYPT_OK && remainder_power(key, number) &&
         ltc_mp.invmod(factor, key->N, scratch) == CRYPT_OK &&
         ltc_mp.mulmod(number, scratch, key->N, number) == CRYPT_OK && gives_back(key, number, input, scratch);
}

bool psd_rsa_private_operation(rsa_key *key, const uint8_t *in, uint8_t *out, size_t length) {
  void *input, *factor, *number, *scratch;
  if (ltc_init_multi(&input, &factor, &number, &scratch, NULL) != CRYPT_OK)
    return false;
  bool ok = read_below_modulus(key, input, in, length) && blinding_factor(key, in, length, factor) &&
            blinded_power(key, input, factor, number, scratch) && psd_number_write(number, out, length);
  ltc_deinit_multi(input, factor, number, scratch, NULL);
  return ok;
}
