/* AES-GCM (SP 800-38D) with nonces of 12 bytes and tags of 16.
 *
 * libtomcrypt's GCM fills a table of 64 KiB for every key, which a chip does not have and which takes longer than the
 * records of a session, and looks it up by secret bytes. Here only AES is libtomcrypt's. GHASH is computed bit by bit
 * from two 64-bit words, without tables, branches or addresses that depend on key or data: some 0.3 microseconds a
 * block. */
#include <string.h>

#include "crypto/internal.h"

typedef struct gcm {
  uint64_t h[2]; /* the hash key: most significant word first */
  uint64_t y[2]; /* GHASH so far */
  uint8_t counter[PSD_AES_BLOCK];
  uint8_t mask[PSD_AES_BLOCK]; /* of the tag: the first counter block, enciphered */
  symmetric_key schedule;      /* of which AES uses the first bytes alone */
} gcm;

static uint64_t load(const uint8_t *bytes) {
  uint64_t word = 0;
  for (size_t i = 0; i < 8; i++)
    word = word << 8 | bytes[i];
  return word;
}

static void store(uint8_t *bytes, uint64_t word) {
  for (size_t i = 8; i-- > 0; word >>= 8)
    bytes[i] = (uint8_t)word;
}

/* y = y * h in GF(2^128) (6.3): bits run from the left, and the field's polynomial folds back in from the left as E1.
 */
static void multiply(uint64_t y[2], const uint64_t h[2]) {
  uint64_t product[2] = {0, 0}, multiple[2] = {h[0], h[1]};
  for (unsigned i = 0; i < 128; i++) {
    uint64_t take = 0 - (y[i / 64] >> (63 - i % 64) & 1);
    uint64_t fold = 0 - (multiple[1] & 1);
    product[0] ^= multiple[0] & take;
    product[1] ^= multiple[1] & take;
    multiple[1] = multiple[1] >> 1 | multiple[0] << 63;
    multiple[0] = (multiple[0] >> 1) ^ (fold & (UINT64_C(0xE1) << 56));
  }
  y[0] = product[0];
  y[1] = product[1];
}

static void absorb_block(gcm *state, const uint8_t block[PSD_AES_BLOCK]) {
  state->y[0] ^= load(block);
  state->y[1] ^= load(block + 8);
  multiply(state->y, state->h);
}

/* Pieces as if joined, padded with zeroes to a whole block. */
static void absorb(gcm *state, const psd_piece *pieces, size_t count) {
  uint8_t block[PSD_AES_BLOCK];
  size_t filled = 0;
  for (size_t i = 0; i < count; i++) {
    const uint8_t *bytes = pieces[i].data;
    for (size_t k = 0; k < pieces[i].length; k++) {
      block[filled++] = bytes[k];
      if (filled == sizeof block) {
        absorb_block(state, block);
        filled = 0;
      }
    }
  }
  if (filled > 0) {
    memset(block + filled, 0, sizeof block - filled);
    absorb_block(state, block);
  }
  psd_wipe(block, sizeof block);
}

static bool encipher(gcm *state, const uint8_t in[PSD_AES_BLOCK], uint8_t out[PSD_AES_BLOCK]) {
  return rijndael_ecb_encrypt(in, out, &state->schedule) == CRYPT_OK;
}

static void wipe(gcm *state) {
  psd_wipe(state, offsetof(gcm, schedule) + sizeof state->schedule.rijndael);
}

static bool begin(gcm *state, const uint8_t *key, size_t key_length, const uint8_t nonce[PSD_GCM_NONCE]) {
  static const uint8_t zero[PSD_AES_BLOCK] = {0};
  uint8_t h[PSD_AES_BLOCK];
  state->y[0] = state->y[1] = 0;
  if (psd_crypto_registry() == NULL || (key_length != 16 && key_length != 24 && key_length != 32) ||
      rijndael_setup(key, (int)key_length, 0, &state->schedule) != CRYPT_OK)
    return false;
  memset(state->counter, 0, sizeof state->counter);
  memcpy(state->counter, nonce, PSD_GCM_NONCE);
  state->counter[PSD_AES_BLOCK - 1] = 1;
  bool ok = encipher(state, zero, h) && encipher(state, state->counter, state->mask);
  if (ok) {
    state->h[0] = load(h);
    state->h[1] = load(h + 8);
  }
  psd_wipe(h, sizeof h);
  return ok;
}

/* Counts the last 32 bits of the counter up (6.2). */
static void next_counter(gcm *state) {
  for (size_t i = PSD_AES_BLOCK; i-- > PSD_GCM_NONCE;)
    if (++state->counter[i] != 0)
      return;
}

/* GCTR (6.5); in place allowed. */
static bool cross(gcm *state, const uint8_t *in, size_t length, uint8_t *out) {
  uint8_t stream[PSD_AES_BLOCK];
  bool ok = true;
  for (size_t done = 0; done < length; done += sizeof stream) {
    next_counter(state);
    ok = encipher(state, state->counter, stream);
    if (!ok)
      break;
    size_t part = length - done < sizeof stream ? length - done : sizeof stream;
    for (size_t i = 0; i < part; i++)
      out[done + i] = in[done + i] ^ stream[i];
  }
  psd_wipe(stream, sizeof stream);
  return ok;
}

/* The tag over additional data and ciphertext (7.1, steps 4 to 6). */
static void finish(gcm *state, const psd_piece *aad, size_t aad_count, psd_piece cipher,
                   uint8_t tag[PSD_GCM_TAG_SIZE]) {
  uint8_t lengths[PSD_AES_BLOCK];
  uint64_t aad_length = 0;
  for (size_t i = 0; i < aad_count; i++)
    aad_length += aad[i].length;
  absorb(state, aad, aad_count);
  absorb(state, &cipher, 1);
  store(lengths, aad_length * 8);
  store(lengths + 8, (uint64_t)cipher.length * 8);
  absorb_block(state, lengths);
  store(tag, state->y[0]);
  store(tag + 8, state->y[1]);
  for (size_t i = 0; i < PSD_GCM_TAG_SIZE; i++)
    tag[i] ^= state->mask[i];
}

/* 5.2.1.1: the counter of 32 bits must not come back to its beginning. */
static bool length_valid(size_t length) {
  return length <= UINT32_MAX / 2;
}

bool psd_aes_gcm_seal(const uint8_t *key, size_t key_length, const uint8_t nonce[PSD_GCM_NONCE], const psd_piece *aad,
                      size_t aad_count, const uint8_t *in, size_t length, uint8_t *out) {
  gcm state;
  bool ok = begin(&state, key, key_length, nonce) && length_valid(length) && cross(&state, in, length, out);
  if (ok)
    finish(&state, aad, aad_count, (psd_piece){out, length}, out + length);
  else
    psd_wipe(out, length + PSD_GCM_TAG_SIZE);
  wipe(&state);
  return ok;
}

bool psd_aes_gcm_open(const uint8_t *key, size_t key_length, const uint8_t nonce[PSD_GCM_NONCE], const psd_piece *aad,
                      size_t aad_count, const uint8_t *in, size_t length, uint8_t *out) {
  gcm state;
  uint8_t expected[PSD_GCM_TAG_SIZE];
  if (length < PSD_GCM_TAG_SIZE)
    return false;
  size_t text = length - PSD_GCM_TAG_SIZE;
  bool ok = length_valid(text) && begin(&state, key, key_length, nonce);
  if (ok) /* nothing is deciphered before its tag was seen to be right */
    finish(&state, aad, aad_count, (psd_piece){in, text}, expected);
  ok = ok && psd_equal(expected, in + text, sizeof expected) && cross(&state, in, text, out);
  wipe(&state);
  psd_wipe(expected, sizeof expected);
  if (!ok)
    psd_wipe(out, text);
  return ok;
}
