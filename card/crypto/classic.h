/* Cryptography of suite classic (docs/handshake.md), in builds that have it; the rules are those of crypto.h.
 *
 * Triple-DES (SP 800-67) with keys of 16 bytes, of which the first 8 are used twice, or 24; parity bits count for
 * nothing. */
#ifndef PSD_CRYPTO_CLASSIC_H
#define PSD_CRYPTO_CLASSIC_H

#include "crypto/crypto.h"

#define PSD_TDES_BLOCK 8U

/* One block, enciphered. */
bool psd_tdes_block(const uint8_t *key, size_t key_length, const uint8_t in[PSD_TDES_BLOCK],
                    uint8_t out[PSD_TDES_BLOCK]);
/* CFB-64 (SP 800-38A, 6.3): as many bytes as go in, of which the last block may be short; in place allowed. */
bool psd_tdes_cfb(const uint8_t *key, size_t key_length, const uint8_t vector[PSD_TDES_BLOCK], bool encipher,
                  const uint8_t *in, size_t length, uint8_t *out);
/* CBC-MAC (ISO/IEC 9797-1, algorithm 1, padding method 2) over the pieces, as if joined. */
bool psd_tdes_cbc_mac(const uint8_t *key, size_t key_length, const psd_piece *pieces, size_t count,
                      uint8_t mac[PSD_TDES_BLOCK]);
/* The MAC of suite classic: that CBC-MAC over the length of all the head (4 bytes), that of the body (4 bytes), head
 * and body. The lengths come first, so that no message begins another one: without that, algorithm 1 can be forged. */
bool psd_tdes_mac(const uint8_t *key, size_t key_length, const psd_piece *head, size_t count, psd_piece body,
                  uint8_t mac[PSD_TDES_BLOCK]);

/* Records of suite classic, in the form of psd_aes_gcm_seal and psd_aes_gcm_open: the key is 16 bytes that encipher and
 * 16 for the MAC (`key_length` 32), the vector is the last 8 bytes of the nonce; at most 3 pieces of additional data.
 */
bool psd_tdes_seal(const uint8_t *key, size_t key_length, const uint8_t nonce[PSD_GCM_NONCE], const psd_piece *aad,
                   size_t aad_count, const uint8_t *in, size_t length, uint8_t *out);
bool psd_tdes_open(const uint8_t *key, size_t key_length, const uint8_t nonce[PSD_GCM_NONCE], const psd_piece *aad,
                   size_t aad_count, const uint8_t *in, size_t length, uint8_t *out);

/* Known-answer test of all of the above; cheap. */
bool psd_tdes_kat(void);

/* RSAES-PKCS1-v1_5 (RFC 8017, 7.2.1), as psd_rsa_oaep_encrypt; messages of up to the modulus' length less 11. */
bool psd_rsa_classic_encrypt(psd_drbg *drbg, const psd_rsa_public *key, const uint8_t *in, size_t length, uint8_t *out,
                             size_t *out_length);

#endif
