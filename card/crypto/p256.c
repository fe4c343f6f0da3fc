/* P-256: key pairs, ECDSA (FIPS 186-4, 6) and ECDH (SP 800-56A, 5.7.1.2). The equations of ECDSA are libtomcrypt's, its
 * point multiplications ours. It takes the leftmost 256 bits of a longer digest (6.4). */
#include <string.h>

#include "crypto/internal.h"
#include "crypto/p256_point.h"

#define DIGEST_LIMIT 64U
#define GENERATE_TRIES 64 /* one fails with probability 2^-32 */

static const uint8_t order[32] = {0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF,
                                  0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17,
                                  0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51};

bool psd_p256_scalar_valid(const uint8_t scalar[PSD_P256_SECRET]) {
  uint32_t borrow = 0, any = 0;
  for (size_t i = PSD_P256_SECRET; i-- > 0;) {
    borrow = ((uint32_t)scalar[i] - order[i] - borrow) >> 31;
    any |= scalar[i];
  }
  return (any != 0) & (borrow != 0);
}

/* A key in libtomcrypt's form, from a secret or a checked point; ecc_free it. */
static bool open_key(ecc_key *key, const uint8_t *secret, const uint8_t *point) {
  const psd_registry *registry = psd_crypto_registry();
  if (registry == NULL)
    return false;
  memset(key, 0, sizeof *key);
  if (ltc_init_multi(&key->pubkey.x, &key->pubkey.y, &key->pubkey.z, &key->k, NULL) != CRYPT_OK)
    return false;
  key->type = secret != NULL ? PK_PRIVATE : PK_PUBLIC;
  key->idx = registry->p256;
  key->dp = &ltc_ecc_sets[registry->p256];
  bool ok = true;
  if (secret != NULL)
    ok = psd_number_read(key->k, secret, PSD_P256_SECRET);
  if (point != NULL)
    ok = ok && psd_number_read(key->pubkey.x, point + 1, 32) && psd_number_read(key->pubkey.y, point + 33, 32) &&
         ltc_mp.set_int(key->pubkey.z, 1) == CRYPT_OK;
  if (!ok)
    ecc_free(key);
  return ok;
}

static bool signature_valid(const uint8_t signature[PSD_P256_SIGNATURE]) {
  return psd_p256_scalar_valid(signature) && psd_p256_scalar_valid(signature + 32);
}

bool psd_p256_sign_with(psd_random *random, const uint8_t secret[PSD_P256_SECRET], const uint8_t *digest,
                        size_t digest_length, uint8_t signature[PSD_P256_SIGNATURE]) {
  const psd_registry *registry = psd_crypto_registry();
  ecc_key key;
  memset(signature, 0, PSD_P256_SIGNATURE);
  if (registry == NULL || digest_length == 0 || digest_length > DIGEST_LIMIT || !psd_p256_scalar_valid(secret) ||
      !open_key(&key, secret, NULL))
    return false;
  unsigned long length = PSD_P256_SIGNATURE;
  bool ok = ecc_sign_hash_rfc7518(digest, digest_length, signature, &length, psd_random_state(random), registry->random,
                                  &key) == CRYPT_OK;
  ecc_free(&key);
  /* The last line also catches that libtomcrypt reports success when it has run out of tries. */
  ok = ok && !random->failed && length == PSD_P256_SIGNATURE && signature_valid(signature);
  if (!ok)
    psd_wipe(signature, PSD_P256_SIGNATURE);
  return ok;
}

/* The nonce comes from a generator of its own, seeded with fresh randomness, the key and the digest (the variant of
 * RFC 6979, 3.6): even randomness that repeats would not repeat a nonce for another digest. */
bool psd_p256_sign(psd_drbg *drbg, const uint8_t secret[PSD_P256_SECRET], const uint8_t *digest, size_t digest_length,
                   uint8_t signature[PSD_P256_SIGNATURE]) {
  uint8_t fresh[32];
  psd_drbg hedged = {0};
  const psd_piece seed[] = {{fresh, sizeof fresh}, {secret, PSD_P256_SECRET}, {digest, digest_length}};
  psd_random random = psd_random_from(&hedged);
  bool ok = psd_drbg_read(drbg, fresh, sizeof fresh) && psd_drbg_seed(&hedged, true, seed, 3) &&
            psd_p256_sign_with(&random, secret, digest, digest_length, signature);
  psd_wipe(fresh, sizeof fresh);
  psd_drbg_stop(&hedged);
  if (!ok)
    psd_wipe(signature, PSD_P256_SIGNATURE);
  return ok;
}

bool psd_p256_verify(const uint8_t point[PSD_P256_POINT], const uint8_t *digest, size_t digest_length,
                     const uint8_t signature[PSD_P256_SIGNATURE]) {
  ecc_key key;
  if (digest_length == 0 || digest_length > DIGEST_LIMIT || !signature_valid(signature) || !psd_p256_check(point) ||
      !open_key(&key, NULL, point))
    return false;
  int valid = 0;
  bool ok = ecc_verify_hash_rfc7518(signature, PSD_P256_SIGNATURE, digest, digest_length, &valid, &key) == CRYPT_OK;
  ecc_free(&key);
  return ok && valid == 1;
}

bool psd_p256_check(const uint8_t point[PSD_P256_POINT]) {
  psd_point checked;
  return psd_point_read(&checked, point);
}

bool psd_p256_public(const uint8_t secret[PSD_P256_SECRET], uint8_t point[PSD_P256_POINT]) {
  psd_point product;
  bool ok = psd_p256_scalar_valid(secret);
  if (ok) {
    psd_point_multiply_base(&product, secret);
    ok = psd_point_write(&product, point);
  }
  if (!ok)
    psd_wipe(point, PSD_P256_POINT);
  return ok;
}

bool psd_p256_agree(const uint8_t secret[PSD_P256_SECRET], const uint8_t point[PSD_P256_POINT], uint8_t shared[32]) {
  uint8_t bytes[PSD_P256_POINT];
  psd_point product;
  bool ok = psd_p256_scalar_valid(secret) && psd_point_read(&product, point);
  if (ok) {
    psd_point_multiply(&product, secret, &product);
    ok = psd_point_write(&product, bytes);
  }
  if (ok)
    memcpy(shared, bytes + 1, 32);
  else
    psd_wipe(shared, 32);
  psd_wipe(bytes, sizeof bytes);
  psd_wipe(&product, sizeof product);
  return ok;
}

/* FIPS 140-3 IG 10.3.A: a pair that is to sign must sign and verify before anybody sees it. */
static bool pair_works(psd_drbg *drbg, const uint8_t secret[PSD_P256_SECRET], const uint8_t point[PSD_P256_POINT]) {
  uint8_t digest[PSD_SHA256_SIZE], signature[PSD_P256_SIGNATURE];
  return psd_sha256(point, PSD_P256_POINT, digest) && psd_p256_sign(drbg, secret, digest, sizeof digest, signature) &&
         psd_p256_verify(point, digest, sizeof digest, signature);
}

/* FIPS 186-4, B.4.2: candidates are drawn until one is in range. */
bool psd_p256_ephemeral(psd_drbg *drbg, uint8_t secret[PSD_P256_SECRET], uint8_t point[PSD_P256_POINT]) {
  bool found = false;
  for (int i = 0; i < GENERATE_TRIES && !found; i++) {
    if (!psd_drbg_read(drbg, secret, PSD_P256_SECRET))
      break;
    found = psd_p256_scalar_valid(secret);
  }
  bool ok = found && psd_p256_public(secret, point);
  if (!ok) {
    psd_wipe(secret, PSD_P256_SECRET);
    psd_wipe(point, PSD_P256_POINT);
  }
  return ok;
}

bool psd_p256_generate(psd_drbg *drbg, uint8_t secret[PSD_P256_SECRET], uint8_t point[PSD_P256_POINT]) {
  bool ok = psd_p256_ephemeral(drbg, secret, point) && pair_works(drbg, secret, point);
  if (!ok) {
    psd_wipe(secret, PSD_P256_SECRET);
    psd_wipe(point, PSD_P256_POINT);
  }
  return ok;
}
