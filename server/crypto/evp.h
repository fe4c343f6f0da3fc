/* Cryptography of the server side: OpenSSL 3, its algorithms fetched once a process.
 *
 * Functions return true on success; outputs are wiped on failure. Sizes are in bytes. P-256 points are 65 bytes,
 * uncompressed; points from outside are checked to lie on the curve. Signatures are r || s, 32 bytes each. */
#ifndef PSD_SERVER_EVP_H
#define PSD_SERVER_EVP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "psd/spec/session.h"

#define PSD_HASH 32U
#define PSD_AES_KEY 32U
#define PSD_AES_128_KEY 16U
#define PSD_CMAC 16U
#define PSD_GCM_NONCE 12U
#define PSD_POINT 65U
#define PSD_SCALAR 32U

/* Fetches the algorithms; idempotent. False if OpenSSL lacks one. One thread calls it before any other uses the rest.
 */
bool psd_evp_start(void);
/* Frees what psd_evp_start fetched. */
void psd_evp_stop(void);

void psd_secret_wipe(void *data, size_t length);
/* Compares in time that depends on `length` alone. */
bool psd_secret_equal(const void *a, const void *b, size_t length);
bool psd_random(void *out, size_t length);

/* Bytes at one place, to be taken as if joined with others. */
typedef struct psd_part {
  const void *data;
  size_t length;
} psd_part;

bool psd_hash(const psd_part *parts, size_t count, uint8_t digest[PSD_HASH]);
bool psd_hmac(const void *key, size_t key_length, const psd_part *parts, size_t count, uint8_t mac[PSD_HASH]);
/* AES-CMAC (RFC 4493) under a key of PSD_AES_128_KEY or PSD_AES_KEY bytes; the parts have at most PSD_CMAC_MAX bytes
 * together. */
#define PSD_CMAC_MAX 128U
bool psd_cmac(const void *key, size_t key_length, const psd_part *parts, size_t count, uint8_t mac[PSD_CMAC]);
/* HKDF-SHA-256 (RFC 5869). `length` at most 255 * 32; `salt` may be NULL. */
bool psd_hkdf_extract(const void *salt, size_t salt_length, const void *secret, size_t length, uint8_t prk[PSD_HASH]);
bool psd_hkdf_expand(const uint8_t prk[PSD_HASH], const void *info, size_t info_length, uint8_t *out, size_t length);

/* AES-256-GCM. `out` has room for `length`; sealing writes the tag apart; in place allowed. Opening wipes `out` and
 * returns false when the tag is wrong. */
bool psd_gcm_seal(const uint8_t key[PSD_AES_KEY], const uint8_t nonce[PSD_GCM_NONCE], psd_part aad, const void *in,
                  size_t length, uint8_t *out, uint8_t tag[PSD_GCM_TAG]);
bool psd_gcm_open(const uint8_t key[PSD_AES_KEY], const uint8_t nonce[PSD_GCM_NONCE], psd_part aad, const void *in,
                  size_t length, const uint8_t tag[PSD_GCM_TAG], uint8_t *out);

/* What seals the records of a suite: AES-256-GCM, or the functions of crypto/evp_classic.h in suite classic. */
typedef struct psd_cipher {
  bool (*seal)(const uint8_t key[PSD_AES_KEY], const uint8_t nonce[PSD_GCM_NONCE], psd_part aad, const void *in,
               size_t length, uint8_t *out, uint8_t tag[PSD_GCM_TAG]);
  bool (*open)(const uint8_t key[PSD_AES_KEY], const uint8_t nonce[PSD_GCM_NONCE], psd_part aad, const void *in,
               size_t length, const uint8_t tag[PSD_GCM_TAG], uint8_t *out);
} psd_cipher;
/* By a suite's bit; NULL for a suite that is none or was not built. */
const psd_cipher *psd_cipher_of(uint64_t suite);

/* A P-256 key pair in OpenSSL's form. Free with psd_pair_free; NULL is fine. */
typedef struct psd_pair psd_pair;
psd_pair *psd_pair_new(void);
/* From a secret of 32 bytes; NULL if it is none. */
psd_pair *psd_pair_of(const uint8_t secret[PSD_SCALAR]);
void psd_pair_free(psd_pair *pair);
void psd_pair_point(const psd_pair *pair, uint8_t point[PSD_POINT]);
bool psd_pair_secret(const psd_pair *pair, uint8_t secret[PSD_SCALAR]);
/* ECDH: the x coordinate. False for a point that is not on the curve. */
bool psd_pair_agree(const psd_pair *pair, const uint8_t point[PSD_POINT], uint8_t shared[32]);
/* ECDSA with SHA-256 over the parts. */
bool psd_pair_sign(const psd_pair *pair, const psd_part *parts, size_t count, uint8_t signature[64]);
bool psd_point_verify(const uint8_t point[PSD_POINT], const psd_part *parts, size_t count, const uint8_t signature[64]);

/* True if the point lies on the curve. */
bool psd_point_valid(const uint8_t point[PSD_POINT]);

/* HPKE, base mode, single shot (RFC 9180): DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. `sealed` is the
 * ciphertext and its tag, `length` + 16 bytes. */
bool psd_hpke_open(const psd_pair *recipient, const uint8_t enc[PSD_POINT], psd_part info, psd_part aad,
                   const uint8_t *sealed, size_t length, uint8_t *out);
/* The sending end, which the server side itself never is; `ephemeral` is a new pair, and its point is enc. */
bool psd_hpke_send(const psd_pair *ephemeral, const uint8_t recipient[PSD_POINT], psd_part info, psd_part aad,
                   const uint8_t *in, size_t length, uint8_t *sealed);

/* The key of a passphrase (scrypt, RFC 7914; r = 8, p = 1; 2^cost * 1 KiB of memory). `cost` from 10 to 20. */
bool psd_scrypt(psd_part passphrase, psd_part salt, unsigned cost, uint8_t key[PSD_AES_KEY]);

/* An RSA key pair of 2048 or 3072 bits with the exponent 65537. Free with psd_rsa_free; NULL is fine. */
#define PSD_RSA_MAX 384U      /* bytes of a modulus */
#define PSD_RSA_DER_MAX 2048U /* bytes of a private key in DER (RFC 8017, A.1.2) */
#define PSD_RSA_EXPONENT 65537U
typedef struct psd_rsa psd_rsa;
/* NULL for another number of bits. */
psd_rsa *psd_rsa_new(unsigned bits);
/* From DER, all of it; NULL if it is no such key. */
psd_rsa *psd_rsa_of(const uint8_t *der, size_t length);
void psd_rsa_free(psd_rsa *rsa);
/* Writes the private key; returns its length, 0 on failure. */
size_t psd_rsa_der(const psd_rsa *rsa, uint8_t der[PSD_RSA_DER_MAX]);
/* Writes the modulus; returns its length, 256 or 384. */
size_t psd_rsa_modulus(const psd_rsa *rsa, uint8_t modulus[PSD_RSA_MAX]);
/* 2048 or 3072. */
unsigned psd_rsa_bits(const psd_rsa *rsa);
/* OAEP with SHA-256, MGF1 with SHA-256, no label (RFC 8017, 7.1). False as well if the plaintext has not `length`. */
bool psd_rsa_open(const psd_rsa *rsa, const uint8_t *sealed, size_t sealed_length, uint8_t *out, size_t length);

/* Public keys as PEM (SubjectPublicKeyInfo, RFC 5480 and 8017), NUL-terminated. */
#define PSD_PEM_MAX 1024U
bool psd_point_pem(const uint8_t point[PSD_POINT], char pem[PSD_PEM_MAX]);
bool psd_rsa_pem(const psd_rsa *rsa, char pem[PSD_PEM_MAX]);
/* The point in the PEM of a P-256 public key. */
bool psd_point_of_pem(const char *pem, size_t length, uint8_t point[PSD_POINT]);

#endif
