/* HPKE (RFC 9180), base mode, single shot: DHKEM(P-256, HKDF-SHA256) 0x0010, HKDF-SHA256 0x0001, AES-256-GCM 0x0002. */
#include <string.h>

#include "crypto/evp_internal.h"

#define AEAD 0x02U
#define MODE_BASE 0x00U

static psd_part text(const char *words) {
  return (psd_part){words, strlen(words)};
}

/* LabeledExtract (RFC 9180, 4). */
static bool extract(psd_part salt, psd_part suite, const char *label, psd_part secret, uint8_t prk[PSD_HASH]) {
  const psd_part parts[] = {text("HPKE-v1"), suite, text(label), secret};
  return psd_hmac(salt.data, salt.length, parts, 4, prk);
}

/* LabeledExpand (RFC 9180, 4) of at most one block. */
static bool expand(const uint8_t prk[PSD_HASH], psd_part suite, const char *label, const psd_part info[2], uint8_t *out,
                   uint8_t length) {
  static const uint8_t first = 1;
  uint8_t block[PSD_HASH];
  const uint8_t wanted[] = {0, length};
  const psd_part parts[] = {
      {wanted, sizeof wanted}, text("HPKE-v1"), suite, text(label), info[0], info[1], {&first, 1}};
  bool done = length <= PSD_HASH && psd_hmac(prk, PSD_HASH, parts, 7, block);
  if (done)
    memcpy(out, block, length);
  psd_secret_wipe(block, sizeof block);
  return done;
}

/* Encap and Decap (RFC 9180, 4.1): the secret of the pair of one end with the point of the other. */
static bool share(const psd_pair *pair, const uint8_t other[PSD_POINT], const uint8_t enc[PSD_POINT],
                  const uint8_t recipient[PSD_POINT], uint8_t shared[PSD_HASH]) {
  static const uint8_t suite[] = {'K', 'E', 'M', 0x00, 0x10};
  const psd_part kem = {suite, sizeof suite}, context[2] = {{enc, PSD_POINT}, {recipient, PSD_POINT}};
  uint8_t dh[32], prk[PSD_HASH];
  bool done = psd_pair_agree(pair, other, dh) &&
              extract((psd_part){NULL, 0}, kem, "eae_prk", (psd_part){dh, sizeof dh}, prk) &&
              expand(prk, kem, "shared_secret", context, shared, PSD_HASH);
  psd_secret_wipe(dh, sizeof dh);
  psd_secret_wipe(prk, sizeof prk);
  return done;
}

bool psd_hpke_decapsulate(const psd_pair *recipient, const uint8_t enc[PSD_POINT], uint8_t shared[PSD_HASH]) {
  uint8_t own[PSD_POINT];
  psd_pair_point(recipient, own);
  return share(recipient, enc, enc, own, shared);
}

/* KeySchedule (RFC 9180, 5.1) without a pre-shared key. */
bool psd_hpke_schedule(const uint8_t shared[PSD_HASH], psd_part info, uint8_t aead, uint8_t *key, uint8_t key_length,
                       uint8_t nonce[PSD_GCM_NONCE]) {
  const uint8_t suite[] = {'H', 'P', 'K', 'E', 0x00, 0x10, 0x00, 0x01, 0x00, aead};
  uint8_t hashes[1 + 2 * PSD_HASH] = {MODE_BASE}, secret[PSD_HASH];
  const psd_part none = {NULL, 0}, name = {suite, sizeof suite}, context[2] = {{hashes, sizeof hashes}, {NULL, 0}};
  bool done = extract(none, name, "psk_id_hash", none, hashes + 1) &&
              extract(none, name, "info_hash", info, hashes + 1 + PSD_HASH) &&
              extract((psd_part){shared, PSD_HASH}, name, "secret", none, secret) &&
              expand(secret, name, "key", context, key, key_length) &&
              expand(secret, name, "base_nonce", context, nonce, PSD_GCM_NONCE);
  psd_secret_wipe(secret, sizeof secret);
  return done;
}

bool psd_hpke_open(const psd_pair *recipient, const uint8_t enc[PSD_POINT], psd_part info, psd_part aad,
                   const uint8_t *sealed, size_t length, uint8_t *out) {
  uint8_t shared[PSD_HASH], key[PSD_AES_KEY], nonce[PSD_GCM_NONCE];
  bool done = psd_hpke_decapsulate(recipient, enc, shared) &&
              psd_hpke_schedule(shared, info, AEAD, key, PSD_AES_KEY, nonce) &&
              psd_gcm_open(key, nonce, aad, sealed, length, sealed + length, out);
  if (!done)
    psd_secret_wipe(out, length);
  psd_secret_wipe(shared, sizeof shared);
  psd_secret_wipe(key, sizeof key);
  psd_secret_wipe(nonce, sizeof nonce);
  return done;
}

bool psd_hpke_send(const psd_pair *ephemeral, const uint8_t recipient[PSD_POINT], psd_part info, psd_part aad,
                   const uint8_t *in, size_t length, uint8_t *sealed) {
  uint8_t enc[PSD_POINT], shared[PSD_HASH], key[PSD_AES_KEY], nonce[PSD_GCM_NONCE];
  psd_pair_point(ephemeral, enc);
  bool done = share(ephemeral, recipient, enc, recipient, shared) &&
              psd_hpke_schedule(shared, info, AEAD, key, PSD_AES_KEY, nonce) &&
              psd_gcm_seal(key, nonce, aad, in, length, sealed, sealed + length);
  if (!done)
    psd_secret_wipe(sealed, length + PSD_GCM_TAG);
  psd_secret_wipe(shared, sizeof shared);
  psd_secret_wipe(key, sizeof key);
  psd_secret_wipe(nonce, sizeof nonce);
  return done;
}
