/* Cryptography of the card. Its sources are the only files that include <tomcrypt.h>.
 *
 * Functions return true on success. Outputs are wiped on failure. Nothing here logs. Sizes are in bytes. Numbers are
 * most significant byte first. P-256 points are 65 bytes, uncompressed (SEC 1, 2.3.3); points from outside are checked
 * to lie on the curve. Signatures are r || s, 32 bytes each. */
#ifndef PSD_CRYPTO_H
#define PSD_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "psd/ports.h"

#define PSD_AES_BLOCK 16U
#define PSD_SHA256_SIZE 32U
#define PSD_P256_SECRET 32U
#define PSD_P256_POINT 65U
#define PSD_P256_SIGNATURE 64U
#define PSD_RSA_MAX 384U /* bytes of a 3072-bit modulus */

/* Registers the algorithms and chooses the math layer (GMP where the build has it). Idempotent and thread-safe. */
bool psd_crypto_init(void);
/* "GMP" or "LTM": the math layer in use. */
const char *psd_crypto_math(void);

/* Wipes memory in a way the compiler may not remove. */
void psd_wipe(void *data, size_t length);
/* Compares in time that depends on `length` alone. */
bool psd_equal(const void *a, const void *b, size_t length);
/* CRC-32 (ISO-HDLC) of `data`, going on from `crc` (0 to start). For the store; no protection against an attacker. */
uint32_t psd_crc32(uint32_t crc, const void *data, size_t length);

/* Hashes. */
bool psd_sha256(const void *data, size_t length, uint8_t digest[PSD_SHA256_SIZE]);
/* SHA-256 over two pieces, as if joined. */
bool psd_sha256_two(const void *a, size_t a_length, const void *b, size_t b_length, uint8_t digest[PSD_SHA256_SIZE]);
/* SHA-256 over what comes piece by piece. The result may be taken at any time, and more be added behind it. Nothing of
 * it need be wiped but by who hashes a secret. */
typedef struct psd_sha256_run {
  _Alignas(8) uint8_t state[128];
} psd_sha256_run;
bool psd_sha256_begin(psd_sha256_run *run);
bool psd_sha256_add(psd_sha256_run *run, const void *data, size_t length);
bool psd_sha256_result(const psd_sha256_run *run, uint8_t digest[PSD_SHA256_SIZE]);
bool psd_sha384(const void *data, size_t length, uint8_t digest[48]);
bool psd_sha512(const void *data, size_t length, uint8_t digest[64]);

/* MACs and key derivation. */
bool psd_hmac_sha256(const void *key, size_t key_length, const void *data, size_t length, uint8_t mac[PSD_SHA256_SIZE]);
/* Over pieces, as if joined: pieces of NULL or length 0 are skipped. */
typedef struct psd_piece {
  const void *data;
  size_t length;
} psd_piece;
bool psd_hmac_pieces(const void *key, size_t key_length, const psd_piece *pieces, size_t count,
                     uint8_t mac[PSD_SHA256_SIZE]);
/* HKDF-SHA-256 (RFC 5869), extract and expand; `length` at most 8160. */
bool psd_hkdf_sha256(const void *salt, size_t salt_length, const void *secret, size_t secret_length, const void *info,
                     size_t info_length, uint8_t *out, size_t length);
bool psd_hkdf_sha256_extract(const void *salt, size_t salt_length, const void *secret, size_t secret_length,
                             uint8_t prk[PSD_SHA256_SIZE]);
bool psd_hkdf_sha256_expand(const uint8_t prk[PSD_SHA256_SIZE], const void *info, size_t info_length, uint8_t *out,
                            size_t length);

/* AES; `key_length` 16, 24 or 32. */
/* One block, no chaining: for the initial vectors of SCP03. */
bool psd_aes_block(const uint8_t *key, size_t key_length, const uint8_t in[PSD_AES_BLOCK], uint8_t out[PSD_AES_BLOCK]);
/* CBC without padding; `length` a multiple of 16; in place allowed. */
bool psd_aes_cbc_encrypt(const uint8_t *key, size_t key_length, const uint8_t iv[PSD_AES_BLOCK], const uint8_t *in,
                         size_t length, uint8_t *out);
bool psd_aes_cbc_decrypt(const uint8_t *key, size_t key_length, const uint8_t iv[PSD_AES_BLOCK], const uint8_t *in,
                         size_t length, uint8_t *out);
/* AES-CMAC (SP 800-38B) over up to four pieces, as if joined: pieces of NULL or length 0 are skipped. */
bool psd_aes_cmac(const uint8_t *key, size_t key_length, const psd_piece *pieces, size_t count,
                  uint8_t mac[PSD_AES_BLOCK]);
/* AES-CCM (SP 800-38C): nonce 7 to 13 bytes, tag 4 to 16; in place allowed. Open wipes `out` when the tag is wrong. */
bool psd_aes_ccm_seal(const uint8_t *key, size_t key_length, const uint8_t *nonce, size_t nonce_length, const void *aad,
                      size_t aad_length, const uint8_t *in, size_t length, uint8_t *out, uint8_t *tag,
                      size_t tag_length);
bool psd_aes_ccm_open(const uint8_t *key, size_t key_length, const uint8_t *nonce, size_t nonce_length, const void *aad,
                      size_t aad_length, const uint8_t *in, size_t length, uint8_t *out, const uint8_t *tag,
                      size_t tag_length);

/* AES-GCM (SP 800-38D), tag of 16 bytes behind the ciphertext; additional data in pieces, as if joined; in place
 * allowed. No allocation, no tables: constant time but for libtomcrypt's AES. Seal writes `length` + 16 bytes; open
 * takes `length` bytes, the tag included, writes 16 less, and nothing before the tag was found right. */
#define PSD_GCM_NONCE 12U
#define PSD_GCM_TAG_SIZE 16U
bool psd_aes_gcm_seal(const uint8_t *key, size_t key_length, const uint8_t nonce[PSD_GCM_NONCE], const psd_piece *aad,
                      size_t aad_count, const uint8_t *in, size_t length, uint8_t *out);
bool psd_aes_gcm_open(const uint8_t *key, size_t key_length, const uint8_t nonce[PSD_GCM_NONCE], const psd_piece *aad,
                      size_t aad_count, const uint8_t *in, size_t length, uint8_t *out);

/* Wraps a key of 16 bytes or more, a multiple of 8, with AES (RFC 3394): writes `length` + 8 bytes; in place allowed.
 */
#define PSD_WRAP_ADDED 8U
bool psd_aes_wrap(const uint8_t *key, size_t key_length, const uint8_t *in, size_t length, uint8_t *out);
/* The key derivation function of ANSI X9.63 with SHA-256 (SEC 1, 3.6.1); `length` at most 8160. */
bool psd_x963_kdf(const void *secret, size_t secret_length, const void *info, size_t info_length, uint8_t *out,
                  size_t length);

/* Random generator: HMAC_DRBG with SHA-256 (SP 800-90A, 10.1.2), one a card, no global state. Seeded from the entropy
 * port at psd_drbg_start, reseeded after PSD_DRBG_RESEED calls; the entropy passes the repetition count and adaptive
 * proportion tests of SP 800-90B, 4.4, on 1024 bytes at every seeding. A failure is sticky until the next start:
 * everything that needs randomness then fails. */
#define PSD_DRBG_RESEED 1024U
typedef struct psd_drbg {
  psd_entropy entropy;
  uint8_t key[PSD_SHA256_SIZE];
  uint8_t value[PSD_SHA256_SIZE];
  uint32_t calls;
  bool ready;
} psd_drbg;
bool psd_drbg_start(psd_drbg *drbg, const psd_entropy *entropy);
/* At most 65536 bytes a call (SP 800-90A, table 2); asking for more fails and leaves the generator as it was. */
bool psd_drbg_read(psd_drbg *drbg, uint8_t *out, size_t length);
void psd_drbg_stop(psd_drbg *drbg); /* wipes it */

/* P-256 (FIPS 186-4, SP 800-56A). A new key pair passes a pairwise sign-verify check before it is returned. A digest is
 * 1 to 64 bytes, of which the leftmost 32 count (FIPS 186-4, 6.4). The time of what takes a secret does not depend on
 * it, but for the last steps of ECDSA, which libtomcrypt blinds. */
bool psd_p256_generate(psd_drbg *drbg, uint8_t secret[PSD_P256_SECRET], uint8_t point[PSD_P256_POINT]);
/* The same for a pair that is to agree on keys once and never signs: without that check (SP 800-56A, 5.6.1.2.2). */
bool psd_p256_ephemeral(psd_drbg *drbg, uint8_t secret[PSD_P256_SECRET], uint8_t point[PSD_P256_POINT]);
bool psd_p256_public(const uint8_t secret[PSD_P256_SECRET], uint8_t point[PSD_P256_POINT]);
bool psd_p256_check(const uint8_t point[PSD_P256_POINT]); /* on the curve, not infinity */
bool psd_p256_sign(psd_drbg *drbg, const uint8_t secret[PSD_P256_SECRET], const uint8_t *digest, size_t digest_length,
                   uint8_t signature[PSD_P256_SIGNATURE]);
bool psd_p256_verify(const uint8_t point[PSD_P256_POINT], const uint8_t *digest, size_t digest_length,
                     const uint8_t signature[PSD_P256_SIGNATURE]);
/* The shared secret: the x coordinate, 32 bytes. */
bool psd_p256_agree(const uint8_t secret[PSD_P256_SECRET], const uint8_t point[PSD_P256_POINT], uint8_t shared[32]);

/* HPKE (RFC 9180), base mode, single shot: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. The sender brings the
 * ephemeral key pair, from psd_p256_ephemeral, and seals once with it; whoever keeps its secret can agree on a key with
 * it later. Additional data in two pieces. Writes text and 16 bytes of tag; `enc` goes before them to the recipient. */
typedef struct psd_hpke_sender {
  const uint8_t *secret;    /* PSD_P256_SECRET bytes */
  const uint8_t *enc;       /* its point, PSD_P256_POINT bytes */
  const uint8_t *recipient; /* point, PSD_P256_POINT bytes */
  psd_piece info;
} psd_hpke_sender;
bool psd_hpke_seal(const psd_hpke_sender *sender, const psd_piece aad[2], psd_piece text, uint8_t *out);

/* RSA, 2048 or 3072 bits, SHA-256, MGF1-SHA-256 (RFC 8017). Public keys are modulus and exponent; key pairs are PKCS#1
 * RSAPrivateKey in DER, at most PSD_RSA_KEY_MAX bytes. Every output buffer has room for PSD_RSA_MAX bytes, and that of
 * a new key for PSD_RSA_KEY_MAX; the lengths are results only, 0 on failure. OAEP has no label and takes messages of up
 * to the modulus' length less 66; a PSS salt is 32 bytes. */
#define PSD_RSA_KEY_MAX 1800U
typedef struct psd_rsa_public {
  uint8_t modulus[PSD_RSA_MAX];
  size_t modulus_length; /* 256 or 384 */
  uint32_t exponent;     /* odd, at least 65537; that of new keys */
} psd_rsa_public;
/* True for a modulus of one of those lengths with its highest and lowest bit set, and such an exponent. */
bool psd_rsa_public_valid(const psd_rsa_public *key);
bool psd_rsa_generate(psd_drbg *drbg, unsigned bits, uint8_t *key, size_t *key_length, psd_rsa_public *public_key);
bool psd_rsa_oaep_encrypt(psd_drbg *drbg, const psd_rsa_public *key, const uint8_t *in, size_t length, uint8_t *out,
                          size_t *out_length);
bool psd_rsa_oaep_decrypt(const uint8_t *key, size_t key_length, const uint8_t *in, size_t length, uint8_t *out,
                          size_t *out_length);
bool psd_rsa_pss_sign(psd_drbg *drbg, const uint8_t *key, size_t key_length, const uint8_t digest[PSD_SHA256_SIZE],
                      uint8_t *signature, size_t *signature_length);
bool psd_rsa_pss_verify(const psd_rsa_public *key, const uint8_t digest[PSD_SHA256_SIZE], const uint8_t *signature,
                        size_t signature_length);
bool psd_rsa_pkcs1_sign(const uint8_t *key, size_t key_length, const uint8_t digest[PSD_SHA256_SIZE],
                        uint8_t *signature, size_t *signature_length);
bool psd_rsa_pkcs1_verify(const psd_rsa_public *key, const uint8_t digest[PSD_SHA256_SIZE], const uint8_t *signature,
                          size_t signature_length);

/* DSA of 1024 bits (FIPS 186-4, 4) with the domain parameters of RFC 6979, A.2.1: for indicia with the layout of 1996,
 * and nothing else. Signatures are r || s, 20 bytes each. A digest is 1 to 64 bytes, of which the leftmost 20 count. A
 * new pair passes a pairwise sign-verify check. Nonce and secret are blinded, and raised to with as many bits always;
 * with GMP in a time that does not depend on them. */
#define PSD_DSA_SECRET 20U
#define PSD_DSA_PUBLIC 128U
#define PSD_DSA_SIGNATURE 40U
bool psd_dsa_generate(psd_drbg *drbg, uint8_t secret[PSD_DSA_SECRET], uint8_t y[PSD_DSA_PUBLIC]);
bool psd_dsa_public(const uint8_t secret[PSD_DSA_SECRET], uint8_t y[PSD_DSA_PUBLIC]);
bool psd_dsa_sign(psd_drbg *drbg, const uint8_t secret[PSD_DSA_SECRET], const uint8_t *digest, size_t digest_length,
                  uint8_t signature[PSD_DSA_SIGNATURE]);
bool psd_dsa_verify(const uint8_t y[PSD_DSA_PUBLIC], const uint8_t *digest, size_t digest_length,
                    const uint8_t signature[PSD_DSA_SIGNATURE]);

/* Known-answer tests, from published vectors. One bit each in a 16-bit set. */
typedef enum psd_kat {
  PSD_KAT_SHA2,
  PSD_KAT_HMAC,
  PSD_KAT_HKDF,
  PSD_KAT_AES,
  PSD_KAT_CMAC,
  PSD_KAT_CCM,
  PSD_KAT_GCM,
  PSD_KAT_DRBG,
  PSD_KAT_P256_VERIFY,
  PSD_KAT_P256_AGREE,
  PSD_KAT_P256_SIGN,
  PSD_KAT_RSA_VERIFY,
  PSD_KAT_RSA_SIGN,
  PSD_KAT_RSA_OAEP,
  PSD_KAT_DSA,
  PSD_KAT_WRAP, /* the key derivation function that goes with it, too */
  PSD_KAT_COUNT
} psd_kat;
/* The cheap ones: run at every power-up. The others run before the first use of their algorithm, and on demand. */
#define PSD_KAT_POWER_UP ((1U << PSD_KAT_P256_VERIFY) - 1U)
/* Runs one test. */
bool psd_kat_run(psd_kat test);
const char *psd_kat_name(psd_kat test);

#endif
