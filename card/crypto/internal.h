/* What the files of this folder share; nobody else includes it but the tests that make libtomcrypt fail.
 *
 * libtomcrypt aborts the process when it is handed NULL, even with length 0: pieces of length 0 never reach it. */
#ifndef PSD_CRYPTO_INTERNAL_H
#define PSD_CRYPTO_INTERNAL_H

#if PSD_MATH_GMP
#define GMP_DESC
#else
#define LTM_DESC
#endif
#include <tomcrypt.h>

#include "crypto/crypto.h"

/* Where libtomcrypt's global tables hold what this folder registered; constant once psd_crypto_init has returned. */
typedef struct psd_registry {
  int aes;    /* cipher */
  int sha256; /* hash */
  int random; /* generator: psd_random */
  int p256;   /* in ltc_ecc_sets */
} psd_registry;

/* Initializes on first use; NULL if that failed. */
const psd_registry *psd_crypto_registry(void);

/* A source of randomness in the clothes of a libtomcrypt generator: hand `psd_random_state(&random)` and
 * registry->random to a function that wants prng_state and its index. The caller checks `failed` after it, whatever it
 * returned. */
typedef struct psd_random {
  _Alignas(max_align_t) void *source;
  bool (*read)(void *source, uint8_t *out, size_t length);
  bool failed;
} psd_random;
psd_random psd_random_from(psd_drbg *drbg);
prng_state *psd_random_state(psd_random *random);
/* The descriptor to register. */
extern const struct ltc_prng_descriptor psd_random_descriptor;

/* Numbers of the math layer. psd_number_write left-pads with zeros and fails on a number longer than `length`. */
bool psd_number_read(void *number, const uint8_t *in, size_t length);
bool psd_number_write(void *number, uint8_t *out, size_t length);
/* result = base ^ exponent mod modulus for a secret exponent above zero and an odd modulus: in time that does not
 * depend on the exponent's bits with GMP. */
bool psd_number_power(void *base, void *exponent, void *modulus, void *result);

/* Fills `seed` with the last `length` bytes, at most 1024, of a run of samples that passed the health tests. */
bool psd_entropy_gather(const psd_entropy *entropy, uint8_t *seed, size_t length);

/* Instantiates or reseeds from `pieces`, without an entropy port: HMAC_DRBG_Instantiate when `fresh`, else
 * HMAC_DRBG_Reseed (SP 800-90A, 10.1.2.3 and 10.1.2.4). */
bool psd_drbg_seed(psd_drbg *drbg, bool fresh, const psd_piece *pieces, size_t count);

/* True for 1 <= scalar < n, the order of P-256. Time does not depend on the scalar. */
bool psd_p256_scalar_valid(const uint8_t scalar[PSD_P256_SECRET]);
/* Signs with what `random` delivers: the nonce, then libtomcrypt's blinding factor, 32 bytes each. */
bool psd_p256_sign_with(psd_random *random, const uint8_t secret[PSD_P256_SECRET], const uint8_t *digest,
                        size_t digest_length, uint8_t signature[PSD_P256_SIGNATURE]);
/* The accelerated multiplications for the math descriptor; its other fields stay as they are. */
void psd_p256_hook(ltc_math_descriptor *math);

/* psd_hpke_seal with AES-GCM keys of 16 or 32 bytes: most of RFC 9180's own vectors are for 16. */
bool psd_hpke_seal_with(size_t key_length, const psd_hpke_sender *sender, const psd_piece aad[2], psd_piece text,
                        uint8_t *out);

/* RSA keys in libtomcrypt's form; free what was opened with rsa_free. */
bool psd_rsa_open_private(rsa_key *key, const uint8_t *der, size_t length);
bool psd_rsa_open_public(rsa_key *key, const psd_rsa_public *public_key);
/* RSAEP and RSADP of RFC 8017, 5.1, on blocks of the modulus' length; `in` and `out` may be the same. The private one
 * is blinded, and checked against faults with the public exponent. */
bool psd_rsa_public_operation(rsa_key *key, const uint8_t *in, uint8_t *out, size_t length);
bool psd_rsa_private_operation(rsa_key *key, const uint8_t *in, uint8_t *out, size_t length);
/* Signs with the salt that `random` delivers, PSD_SHA256_SIZE bytes. */
bool psd_rsa_pss_sign_with(psd_random *random, const uint8_t *key, size_t key_length,
                           const uint8_t digest[PSD_SHA256_SIZE], uint8_t *signature, size_t *signature_length);

/* Signs with nonce and blinding factor that `random` delivers, PSD_DSA_SECRET bytes each. */
bool psd_dsa_sign_with(psd_random *random, const uint8_t secret[PSD_DSA_SECRET], const uint8_t *digest,
                       size_t digest_length, uint8_t signature[PSD_DSA_SIGNATURE]);

/* Known-answer tests by subject. psd_kat_hex turns vector text into bytes and returns how many; 0 if it does not fit or
 * is not hexadecimal. */
size_t psd_kat_hex(const char *text, uint8_t *out, size_t capacity);
/* True if the `length` bytes are those of the text. */
bool psd_kat_same(const uint8_t *actual, size_t length, const char *expected);
bool psd_kat_sha2(void);
bool psd_kat_hmac(void);
bool psd_kat_hkdf(void);
bool psd_kat_aes(void);
bool psd_kat_cmac(void);
bool psd_kat_ccm(void);
bool psd_kat_gcm(void);
bool psd_kat_drbg(void);
bool psd_kat_p256_verify(void);
bool psd_kat_p256_agree(void);
bool psd_kat_p256_sign(void);
bool psd_kat_rsa_verify(void);
bool psd_kat_rsa_sign(void);
bool psd_kat_rsa_oaep(void);
bool psd_kat_dsa(void);
bool psd_kat_wrap(void);
/* A source of fixed bytes for the tests of signatures: what a published vector says the nonce or the salt was. */
typedef struct psd_kat_source {
  const uint8_t *bytes;
  size_t left;
} psd_kat_source;
psd_random psd_kat_random(psd_kat_source *source);

#endif
