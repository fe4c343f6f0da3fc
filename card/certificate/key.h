/* A user's key pair, P-256 or RSA-2048: made, entered, and signed with. Secrets stay inside. */
#ifndef PSD_CERTIFICATE_KEY_H
#define PSD_CERTIFICATE_KEY_H

#include "context.h"
#include "psd/spec/certificate.h"

#define PSD_KEY_PUBLIC_MAX 256U    /* P-256: the point; RSA: the modulus */
#define PSD_KEY_SIGNATURE_MAX 256U /* P-256: SEQUENCE { r, s }, at most 72; RSA: PKCS#1 v1.5 */
#define PSD_KEY_IDENTIFIER 20U
#define PSD_KEY_EXPONENT 65537U /* of RSA: of every one of them */

/* A pair in memory. The caller wipes it. */
typedef struct psd_key {
  psd_algorithm algorithm;
  uint8_t secret[PSD_RSA_KEY_MAX]; /* 32 bytes, or RSAPrivateKey in DER */
  size_t secret_length;
  uint8_t public[PSD_KEY_PUBLIC_MAX];
  size_t public_length;
} psd_key;

/* Whether there is such a purpose, such an algorithm. */
bool psd_key_purpose_valid(uint64_t purpose);
bool psd_key_algorithm_valid(uint64_t algorithm);

/* Makes one; it has passed a pairwise check. 9000; 6400 (FAULTED if the generator or an algorithm failed). */
uint16_t psd_key_generate(psd_card *card, psd_algorithm algorithm, psd_key *key);
/* One from outside: 32 bytes, or PKCS#1 DER with exponent 65537. 9000; 6A80 for what is no key or does not pass the
 * pairwise check; 6400. */
uint16_t psd_key_import(psd_card *card, psd_algorithm algorithm, psd_cursor secret, psd_key *key);
/* That of a slot: with its secret, or its public half alone. 9000; 6A88 without; 6581. */
uint16_t psd_key_fetch(const psd_card *card, uint8_t slot, psd_key *key);
uint16_t psd_key_fetch_public(const psd_card *card, uint8_t slot, psd_key *key);
/* The PSD's own pair (record KEY_PAIR), as a P-256 key. 9000; 6A88 without; 6581. */
uint16_t psd_key_fetch_own(const psd_card *card, psd_key *key);

/* Signs a SHA-256 digest; the form in which X.509 and CMS have it. 9000; 6400. */
uint16_t psd_key_sign(psd_card *card, const psd_key *key, const uint8_t digest[PSD_SHA256_SIZE],
                      uint8_t signature[PSD_KEY_SIGNATURE_MAX], size_t *length);
/* Appends AlgorithmIdentifier of what psd_key_sign makes, of the key itself, and SubjectPublicKeyInfo. */
void psd_key_put_algorithm(psd_buffer *out, psd_algorithm algorithm);
void psd_key_put_kind(psd_buffer *out, psd_algorithm algorithm);
void psd_key_put_public(psd_buffer *out, const psd_key *key);
/* Appends SHA-256 of the BIT STRING's content of SubjectPublicKeyInfo, its leftmost 20 bytes (RFC 7093, 2). */
void psd_key_put_identifier(psd_buffer *out, const psd_key *key);

#endif
