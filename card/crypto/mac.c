/* HMAC-SHA-256 (FIPS 198-1, RFC 2104) and HKDF-SHA-256 (RFC 5869), directly over the hash: libtomcrypt's own HMAC
 * allocates memory at every call and leaves the padded key in it. */
#include <string.h>

#include "crypto/internal.h"

#define HMAC_BLOCK 64U
#define HKDF_LIMIT (255U * PSD_SHA256_SIZE)

/* Starts a hash with the key padded to a block and masked with `mask`. */
static bool start_keyed(hash_state *state, const uint8_t key[HMAC_BLOCK], uint8_t mask) {
  uint8_t block[HMAC_BLOCK];
  for (size_t i = 0; i < HMAC_BLOCK; i++)
    block[i] = key[i] ^ mask;
  bool ok = sha256_init(state) == CRYPT_OK && sha256_process(state, block, sizeof block) == CRYPT_OK;
  psd_wipe(block, sizeof block);
  return ok;
}

static bool block_key(const void *key, size_t key_length, uint8_t block[HMAC_BLOCK]) {
  memset(block, 0, HMAC_BLOCK);
  if (key_length > HMAC_BLOCK)
    return psd_sha256(key, key_length, block);
  if (key_length != 0)
    memcpy(block, key, key_length);
  return true;
}

bool psd_hmac_pieces(const void *key, size_t key_length, const psd_piece *pieces, size_t count,
                     uint8_t mac[PSD_SHA256_SIZE]) {
  hash_state state;
  uint8_t block[HMAC_BLOCK], inner[PSD_SHA256_SIZE];
  bool ok = block_key(key, key_length, block) && start_keyed(&state, block, 0x36);
  for (size_t i = 0; ok && i < count; i++)
    ok = pieces[i].data == NULL || pieces[i].length == 0 ||
         sha256_process(&state, pieces[i].data, pieces[i].length) == CRYPT_OK;
  ok = ok && sha256_done(&state, inner) == CRYPT_OK;
  ok = ok && start_keyed(&state, block, 0x5C) && sha256_process(&state, inner, sizeof inner) == CRYPT_OK;
  ok = ok && sha256_done(&state, mac) == CRYPT_OK;
  psd_wipe(&state, sizeof state);
  psd_wipe(block, sizeof block);
  psd_wipe(inner, sizeof inner);
  if (!ok)
    psd_wipe(mac, PSD_SHA256_SIZE);
  return ok;
}

bool psd_hmac_sha256(const void *key, size_t key_length, const void *data, size_t length,
                     uint8_t mac[PSD_SHA256_SIZE]) {
  return psd_hmac_pieces(key, key_length, &(psd_piece){data, length}, 1, mac);
}

bool psd_hkdf_sha256_extract(const void *salt, size_t salt_length, const void *secret, size_t secret_length,
                             uint8_t prk[PSD_SHA256_SIZE]) {
  return psd_hmac_sha256(salt, salt_length, secret, secret_length, prk);
}

bool psd_hkdf_sha256_expand(const uint8_t prk[PSD_SHA256_SIZE], const void *info, size_t info_length, uint8_t *out,
                            size_t length) {
  uint8_t block[PSD_SHA256_SIZE], counter = 0;
  size_t done = 0, chained = 0; /* T(0) is empty */
  bool ok = length <= HKDF_LIMIT;
  while (ok && done < length) {
    counter++;
    const psd_piece pieces[] = {{block, chained}, {info, info_length}, {&counter, 1}};
    ok = psd_hmac_pieces(prk, PSD_SHA256_SIZE, pieces, 3, block);
    chained = sizeof block;
    size_t part = length - done < sizeof block ? length - done : sizeof block;
    memcpy(out + done, block, part);
    done += part;
  }
  psd_wipe(block, sizeof block);
  if (!ok)
    psd_wipe(out, length);
  return ok;
}

bool psd_hkdf_sha256(const void *salt, size_t salt_length, const void *secret, size_t secret_length, const void *info,
                     size_t info_length, uint8_t *out, size_t length) {
  uint8_t prk[PSD_SHA256_SIZE];
  bool ok = psd_hkdf_sha256_extract(salt, salt_length, secret, secret_length, prk) &&
            psd_hkdf_sha256_expand(prk, info, info_length, out, length);
  psd_wipe(prk, sizeof prk);
  if (!ok)
    psd_wipe(out, length);
  return ok;
}
