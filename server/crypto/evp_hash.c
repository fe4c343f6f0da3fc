/* SHA-256, HMAC (RFC 2104) and HKDF (RFC 5869).
 *
 * HMAC is made of two hashes here: OpenSSL's own duplicates its contexts, and allocates for it, with every new key. */
#include <string.h>

#include "crypto/evp_internal.h"

#define BLOCK 64U /* bytes of a block of SHA-256 */
#define PARTS_MAX 255U

/* Ends the hash, and starts the next: nothing of what went in stays in the context. */
static bool finish(EVP_MD_CTX *hash, bool fed, uint8_t digest[PSD_HASH]) {
  bool done = fed && EVP_DigestFinal_ex(hash, digest, NULL) == 1;
  done = EVP_DigestInit_ex2(hash, NULL, NULL) == 1 && done;
  if (done)
    return true;
  psd_secret_wipe(digest, PSD_HASH);
  return psd_evp_failed();
}

static bool feed(EVP_MD_CTX *hash, const psd_part *parts, size_t count) {
  bool fed = true;
  for (size_t i = 0; i < count && fed; i++)
    fed = parts[i].length == 0 || EVP_DigestUpdate(hash, parts[i].data, parts[i].length) == 1;
  return fed;
}

bool psd_hash(const psd_part *parts, size_t count, uint8_t digest[PSD_HASH]) {
  psd_evp_thread *thread = psd_evp_here();
  if (thread == NULL) {
    psd_secret_wipe(digest, PSD_HASH);
    return false;
  }
  return finish(thread->hash, feed(thread->hash, parts, count), digest);
}

/* The key as a block: hashed first if it is longer than one. */
static bool key_block(const void *key, size_t length, uint8_t block[BLOCK]) {
  memset(block, 0, BLOCK);
  if (length > BLOCK)
    return psd_hash(&(psd_part){key, length}, 1, block);
  if (length > 0)
    memcpy(block, key, length);
  return true;
}

static void mask(uint8_t block[BLOCK], uint8_t with) {
  for (size_t i = 0; i < BLOCK; i++)
    block[i] ^= with;
}

bool psd_hmac(const void *key, size_t key_length, const psd_part *parts, size_t count, uint8_t mac[PSD_HASH]) {
  uint8_t block[BLOCK], inner[PSD_HASH];
  psd_evp_thread *thread = psd_evp_here();
  bool done = thread != NULL && key_block(key, key_length, block);
  if (done) {
    mask(block, 0x36);
    done = finish(thread->hash, feed(thread->hash, &(psd_part){block, BLOCK}, 1) && feed(thread->hash, parts, count),
                  inner);
  }
  if (done) {
    mask(block, 0x36 ^ 0x5C);
    const psd_part outer[] = {{block, BLOCK}, {inner, PSD_HASH}};
    done = finish(thread->hash, feed(thread->hash, outer, 2), mac);
  }
  if (!done)
    psd_secret_wipe(mac, PSD_HASH);
  psd_secret_wipe(block, sizeof block);
  psd_secret_wipe(inner, sizeof inner);
  return done;
}

bool psd_hkdf_extract(const void *salt, size_t salt_length, const void *secret, size_t length, uint8_t prk[PSD_HASH]) {
  /* No salt stands for a block of zeroes, and so does an empty key of HMAC. */
  return psd_hmac(salt, salt_length, &(psd_part){secret, length}, 1, prk);
}

bool psd_hkdf_expand(const uint8_t prk[PSD_HASH], const void *info, size_t info_length, uint8_t *out, size_t length) {
  uint8_t block[PSD_HASH];
  bool done = length <= PARTS_MAX * PSD_HASH;
  size_t at = 0;
  for (uint8_t number = 1; done && at < length; number++) {
    const psd_part parts[] = {{block, number == 1 ? 0 : PSD_HASH}, {info, info_length}, {&number, 1}};
    done = psd_hmac(prk, PSD_HASH, parts, 3, block);
    size_t some = length - at < PSD_HASH ? length - at : PSD_HASH;
    memcpy(out + at, block, some);
    at += some;
  }
  psd_secret_wipe(block, sizeof block);
  if (!done)
    psd_secret_wipe(out, length);
  return done;
}
