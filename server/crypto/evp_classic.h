/* Cryptography of suite classic (docs/handshake.md), in builds that have it; the rules are those of evp.h.
 *
 * Triple-DES (SP 800-67) with keys of 16 bytes, of which the first 8 are used twice, or 24. */
#ifndef PSD_SERVER_EVP_CLASSIC_H
#define PSD_SERVER_EVP_CLASSIC_H

#include "crypto/evp.h"

/* CBC-MAC (ISO/IEC 9797-1, algorithm 1, padding method 2) over the parts, as if joined. */
bool psd_des3_cbc_mac(const uint8_t *key, size_t key_length, const psd_part *parts, size_t count,
                      uint8_t mac[PSD_TDES_MAC]);
/* The MAC of suite classic: that CBC-MAC over the length of all the head (4 bytes), that of the body (4 bytes), head
 * and body; the head in at most 2 parts. */
bool psd_des3_mac(const uint8_t *key, size_t key_length, const psd_part *head, size_t count, psd_part body,
                  uint8_t mac[PSD_TDES_MAC]);

/* Records, in the form of psd_gcm_seal and psd_gcm_open: 16 bytes of key encipher (CFB-64), 16 are for the MAC, the
 * vector is the last 8 bytes of the nonce; the tag is the MAC and 8 zeroes. */
extern const psd_cipher psd_des3_cipher;

/* RSAES-PKCS1-v1_5 (RFC 8017, 7.2.2) of a message of `length` bytes, with implicit rejection: where the padding is not
 * that of such a message, `out` becomes bytes that follow from key and ciphertext and that nobody can foresee, in the
 * same time. False only for a ciphertext that has not the modulus' length, or if OpenSSL fails. */
bool psd_rsa_classic_open(const psd_rsa *rsa, const uint8_t *sealed, size_t sealed_length, uint8_t *out, size_t length);

#endif
