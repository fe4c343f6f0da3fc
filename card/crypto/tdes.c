/* Triple-DES in the modes of suite classic, over libtomcrypt's cipher. */
#include <string.h>

#include "crypto/classic.h"
#include "crypto/internal.h"

#define RECORD_KEY 16U /* bytes of each of a record's two keys */
#define PIECES_MAX 4U  /* the vector, and additional data */

static bool schedule_key(const uint8_t *key, size_t key_length, symmetric_key *schedule) {
  uint8_t whole[3 * PSD_TDES_BLOCK];
  bool ok = key_length == 2 * PSD_TDES_BLOCK || key_length == sizeof whole;
  if (ok) {
    memcpy(whole, key, key_length);
    if (key_length < sizeof whole)
      memcpy(whole + 2 * PSD_TDES_BLOCK, key, PSD_TDES_BLOCK);
    ok = des3_setup(whole, (int)sizeof whole, 0, schedule) == CRYPT_OK;
  }
  psd_wipe(whole, sizeof whole);
  return ok;
}

static void forget(symmetric_key *schedule) {
  psd_wipe(&schedule->des3, sizeof schedule->des3);
}

bool psd_tdes_block(const uint8_t *key, size_t key_length, const uint8_t in[PSD_TDES_BLOCK],
                    uint8_t out[PSD_TDES_BLOCK]) {
  symmetric_key schedule;
  bool ok = schedule_key(key, key_length, &schedule) && des3_ecb_encrypt(in, out, &schedule) == CRYPT_OK;
  forget(&schedule);
  if (!ok)
    psd_wipe(out, PSD_TDES_BLOCK);
  return ok;
}

bool psd_tdes_cfb(const uint8_t *key, size_t key_length, const uint8_t vector[PSD_TDES_BLOCK], bool encipher,
                  const uint8_t *in, size_t length, uint8_t *out) {
  symmetric_key schedule;
  uint8_t chain[PSD_TDES_BLOCK], stream[PSD_TDES_BLOCK];
  memcpy(chain, vector, sizeof chain);
  bool ok = schedule_key(key, key_length, &schedule);
  for (size_t i = 0; ok && i < length; i++) {
    size_t at = i % PSD_TDES_BLOCK;
    if (at == 0)
      ok = des3_ecb_encrypt(chain, stream, &schedule) == CRYPT_OK;
    uint8_t byte = in[i];
    out[i] = byte ^ stream[at];
    chain[at] = encipher ? out[i] : byte;
  }
  forget(&schedule);
  psd_wipe(stream, sizeof stream);
  if (!ok)
    psd_wipe(out, length);
  return ok;
}

typedef struct cbc_mac {
  symmetric_key schedule;
  uint8_t chain[PSD_TDES_BLOCK];
  size_t filled;
  bool ok;
} cbc_mac;

static void absorb(cbc_mac *state, const void *data, size_t length) {
  const uint8_t *bytes = data;
  for (size_t i = 0; i < length; i++) {
    state->chain[state->filled++] ^= bytes[i];
    if (state->filled == PSD_TDES_BLOCK) {
      state->ok = state->ok && des3_ecb_encrypt(state->chain, state->chain, &state->schedule) == CRYPT_OK;
      state->filled = 0;
    }
  }
}

bool psd_tdes_cbc_mac(const uint8_t *key, size_t key_length, const psd_piece *pieces, size_t count,
                      uint8_t mac[PSD_TDES_BLOCK]) {
  static const uint8_t padding[PSD_TDES_BLOCK] = {0x80};
  cbc_mac state = {.filled = 0};
  state.ok = schedule_key(key, key_length, &state.schedule);
  for (size_t i = 0; i < count; i++)
    absorb(&state, pieces[i].data, pieces[i].length);
  absorb(&state, padding, PSD_TDES_BLOCK - state.filled);
  memcpy(mac, state.chain, sizeof state.chain);
  bool ok = state.ok;
  psd_wipe(&state, sizeof state);
  if (!ok)
    psd_wipe(mac, PSD_TDES_BLOCK);
  return ok;
}

static void store_length(uint8_t out[4], size_t length) {
  for (size_t i = 4; i-- > 0; length >>= 8)
    out[i] = (uint8_t)length;
}

bool psd_tdes_mac(const uint8_t *key, size_t key_length, const psd_piece *head, size_t count, psd_piece body,
                  uint8_t mac[PSD_TDES_BLOCK]) {
  uint8_t lengths[PSD_TDES_BLOCK];
  psd_piece all[1 + PIECES_MAX + 1] = {{lengths, sizeof lengths}};
  size_t total = 0;
  if (count > PIECES_MAX) {
    psd_wipe(mac, PSD_TDES_BLOCK);
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    all[1 + i] = head[i];
    total += head[i].length;
  }
  all[1 + count] = body;
  store_length(lengths, total);
  store_length(lengths + 4, body.length);
  return psd_tdes_cbc_mac(key, key_length, all, count + 2, mac);
}

/* What follows the ciphertext: the MAC, and zeroes up to the length of the other suites' tag. It covers the vector too,
 * and with it the record's number. */
static bool make_trailer(const uint8_t *key, const uint8_t *vector, const psd_piece *aad, size_t aad_count,
                         psd_piece cipher, uint8_t trailer[PSD_GCM_TAG_SIZE]) {
  psd_piece head[PIECES_MAX] = {{vector, PSD_TDES_BLOCK}};
  memset(trailer, 0, PSD_GCM_TAG_SIZE);
  if (aad_count >= PIECES_MAX)
    return false;
  for (size_t i = 0; i < aad_count; i++)
    head[1 + i] = aad[i];
  return psd_tdes_mac(key + RECORD_KEY, RECORD_KEY, head, 1 + aad_count, cipher, trailer);
}

bool psd_tdes_seal(const uint8_t *key, size_t key_length, const uint8_t nonce[PSD_GCM_NONCE], const psd_piece *aad,
                   size_t aad_count, const uint8_t *in, size_t length, uint8_t *out) {
  const uint8_t *vector = nonce + PSD_GCM_NONCE - PSD_TDES_BLOCK;
  bool ok = key_length == 2 * RECORD_KEY && psd_tdes_cfb(key, RECORD_KEY, vector, true, in, length, out) &&
            make_trailer(key, vector, aad, aad_count, (psd_piece){out, length}, out + length);
  if (!ok)
    psd_wipe(out, length + PSD_GCM_TAG_SIZE);
  return ok;
}

bool psd_tdes_open(const uint8_t *key, size_t key_length, const uint8_t nonce[PSD_GCM_NONCE], const psd_piece *aad,
                   size_t aad_count, const uint8_t *in, size_t length, uint8_t *out) {
  const uint8_t *vector = nonce + PSD_GCM_NONCE - PSD_TDES_BLOCK;
  uint8_t expected[PSD_GCM_TAG_SIZE];
  if (key_length != 2 * RECORD_KEY || length < PSD_GCM_TAG_SIZE)
    return false;
  size_t text = length - PSD_GCM_TAG_SIZE;
  bool ok = make_trailer(key, vector, aad, aad_count, (psd_piece){in, text}, expected) &&
            psd_equal(expected, in + text, sizeof expected) &&
            psd_tdes_cfb(key, RECORD_KEY, vector, false, in, text, out);
  psd_wipe(expected, sizeof expected);
  return ok;
}

/* SP 800-67, B.1, first block (three keys). */
static bool block_answers(void) {
  static const uint8_t key[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0x23, 0x45, 0x67, 0x89,
                                0xAB, 0xCD, 0xEF, 0x01, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0x01, 0x23};
  static const uint8_t text[] = {0x54, 0x68, 0x65, 0x20, 0x71, 0x75, 0x66, 0x63};
  static const uint8_t cipher[] = {0xA8, 0x26, 0xFD, 0x8C, 0xE5, 0x3B, 0x85, 0x5F};
  uint8_t out[PSD_TDES_BLOCK];
  return psd_tdes_block(key, sizeof key, text, out) && psd_equal(out, cipher, sizeof cipher);
}

/* NIST CAVS 11.1, TCFB64MMT2, [ENCRYPT] COUNT = 1 (two keys). */
static bool cfb_answers(void) {
  static const uint8_t key[] = {0xFB, 0x7A, 0x9B, 0x89, 0x4C, 0x04, 0xBC, 0x29,
                                0xE9, 0x61, 0x54, 0xA2, 0xA8, 0x75, 0x5B, 0xFD};
  static const uint8_t vector[] = {0x2D, 0x50, 0xD7, 0xA1, 0x97, 0x66, 0xD4, 0x26};
  static const uint8_t text[] = {0x42, 0x5C, 0x18, 0xB6, 0x99, 0x2D, 0x6C, 0xA7,
                                 0x3C, 0x1F, 0x41, 0x67, 0x7F, 0x0B, 0x9D, 0x34};
  static const uint8_t cipher[] = {0x95, 0x61, 0xAA, 0x74, 0x54, 0x59, 0x27, 0x33,
                                   0x6E, 0x9E, 0xD5, 0xAC, 0x84, 0x51, 0xCD, 0x5C};
  uint8_t out[sizeof cipher];
  return psd_tdes_cfb(key, sizeof key, vector, true, text, sizeof text, out) && psd_equal(out, cipher, sizeof cipher) &&
         psd_tdes_cfb(key, sizeof key, vector, false, out, sizeof out, out) && psd_equal(out, text, sizeof text);
}

bool psd_tdes_kat(void) {
  return block_answers() && cfb_answers();
}
