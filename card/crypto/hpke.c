/* HPKE (RFC 9180), the one variant a sign-on needs: base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-GCM, single
 * shot, the sender's side. */
#include <string.h>

#include "crypto/internal.h"

#define VERSION "HPKE-v1"
#define KEM_ID 0x00, 0x10
#define KDF_ID 0x00, 0x01
#define MODE_BASE 0x00

#define TEXT(literal)                                                                                                  \
  { (literal), sizeof(literal) - 1 }

/* Identifiers of KEM and of the whole suite (4.1 and 5.1). */
static const uint8_t kem_suite[] = {'K', 'E', 'M', KEM_ID};
#define SUITE_SIZE 10U

/* LabeledExtract (4). */
static bool extract(psd_piece suite, psd_piece salt, psd_piece label, psd_piece secret, uint8_t prk[PSD_SHA256_SIZE]) {
  const psd_piece labelled[] = {TEXT(VERSION), suite, label, secret};
  return psd_hmac_pieces(salt.data, salt.length, labelled, 4, prk);
}

/* LabeledExpand (4), for outputs of one block: at most 32 bytes. */
static bool expand(psd_piece suite, const uint8_t prk[PSD_SHA256_SIZE], psd_piece label, const psd_piece info[2],
                   uint8_t *out, uint8_t length) {
  const uint8_t size[] = {0x00, length};
  static const uint8_t first = 0x01; /* the block's number (RFC 5869, 2.3) */
  const psd_piece labelled[] = {{size, sizeof size}, TEXT(VERSION), suite, label, info[0], info[1], {&first, 1}};
  uint8_t block[PSD_SHA256_SIZE];
  bool ok = psd_hmac_pieces(prk, PSD_SHA256_SIZE, labelled, sizeof labelled / sizeof labelled[0], block);
  memcpy(out, block, length);
  psd_wipe(block, sizeof block);
  return ok;
}

/* Encap with a given ephemeral key pair (4.1). */
static bool encapsulate(const uint8_t secret[PSD_P256_SECRET], const uint8_t enc[PSD_P256_POINT],
                        const uint8_t recipient[PSD_P256_POINT], uint8_t shared[PSD_SHA256_SIZE]) {
  const psd_piece suite = {kem_suite, sizeof kem_suite}, nothing = {NULL, 0};
  const psd_piece context[2] = {{enc, PSD_P256_POINT}, {recipient, PSD_P256_POINT}};
  uint8_t dh[32], prk[PSD_SHA256_SIZE];
  bool ok = psd_p256_agree(secret, recipient, dh) &&
            extract(suite, nothing, (psd_piece)TEXT("eae_prk"), (psd_piece){dh, sizeof dh}, prk) &&
            expand(suite, prk, (psd_piece)TEXT("shared_secret"), context, shared, PSD_SHA256_SIZE);
  psd_wipe(dh, sizeof dh);
  psd_wipe(prk, sizeof prk);
  return ok;
}

/* KeyScheduleS (5.1) in base mode. */
static bool schedule(psd_piece suite, const uint8_t shared[PSD_SHA256_SIZE], psd_piece info, size_t key_length,
                     uint8_t key[32], uint8_t nonce[PSD_GCM_NONCE]) {
  const psd_piece nothing = {NULL, 0};
  uint8_t context[1 + 2 * PSD_SHA256_SIZE] = {MODE_BASE};
  uint8_t secret[PSD_SHA256_SIZE];
  const psd_piece pieces[2] = {{context, sizeof context}, nothing};
  bool ok = extract(suite, nothing, (psd_piece)TEXT("psk_id_hash"), nothing, context + 1) &&
            extract(suite, nothing, (psd_piece)TEXT("info_hash"), info, context + 1 + PSD_SHA256_SIZE) &&
            extract(suite, (psd_piece){shared, PSD_SHA256_SIZE}, (psd_piece)TEXT("secret"), nothing, secret) &&
            expand(suite, secret, (psd_piece)TEXT("key"), pieces, key, (uint8_t)key_length) &&
            expand(suite, secret, (psd_piece)TEXT("base_nonce"), pieces, nonce, PSD_GCM_NONCE);
  psd_wipe(secret, sizeof secret);
  return ok;
}

bool psd_hpke_seal_with(size_t key_length, const psd_hpke_sender *sender, const psd_piece aad[2], psd_piece text,
                        uint8_t *out) {
  const uint8_t suite[SUITE_SIZE] = {'H', 'P', 'K', 'E', KEM_ID, KDF_ID, 0x00, key_length == 16 ? 0x01 : 0x02};
  uint8_t shared[PSD_SHA256_SIZE], key[32], nonce[PSD_GCM_NONCE];
  bool ok = (key_length == 16 || key_length == 32) &&
            encapsulate(sender->secret, sender->enc, sender->recipient, shared) &&
            schedule((psd_piece){suite, sizeof suite}, shared, sender->info, key_length, key, nonce) &&
            psd_aes_gcm_seal(key, key_length, nonce, aad, 2, text.data, text.length, out);
  psd_wipe(shared, sizeof shared);
  psd_wipe(key, sizeof key);
  psd_wipe(nonce, sizeof nonce);
  if (!ok)
    psd_wipe(out, text.length + PSD_GCM_TAG_SIZE);
  return ok;
}

bool psd_hpke_seal(const psd_hpke_sender *sender, const psd_piece aad[2], psd_piece text, uint8_t *out) {
  return psd_hpke_seal_with(32, sender, aad, text, out);
}
