/* What the files of the server's cryptography share: algorithms fetched once a process, contexts kept once a thread. */
#ifndef PSD_SERVER_EVP_INTERNAL_H
#define PSD_SERVER_EVP_INTERNAL_H

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "crypto/evp.h"

/* Set by psd_evp_start, and only read after it. */
typedef struct psd_evp_algorithms {
  EVP_MD *sha256;
  EVP_CIPHER *aes_256_gcm;
  EVP_CIPHER *aes_128_cbc, *aes_256_cbc; /* what CMAC is made of */
  EVP_PKEY *curve;                       /* the parameters of P-256, without a key */
  EC_GROUP *group;                       /* the same, for arithmetic on points */
} psd_evp_algorithms;
extern psd_evp_algorithms psd_evp;

/* Contexts of one thread. Each is left without anything secret in it after every use. */
typedef struct psd_evp_thread {
  EVP_MD_CTX *hash; /* always freshly initialized */
  EVP_CIPHER_CTX *seal, *open;
  EVP_CIPHER_CTX *mac_128, *mac_256; /* CBC without padding */
  EVP_PKEY *peer;                    /* its public point is replaced with every use */
  EVP_PKEY_CTX *verify;              /* over the peer; initialized anew with every use */
  /* Numbers and points; what was secret is cleared after every use. */
  BN_CTX *numbers;
  BIGNUM *coordinate;
  EC_POINT *taken, *product;
} psd_evp_thread;

/* The calling thread's contexts, made when first asked for; NULL without memory. They end with the thread. */
psd_evp_thread *psd_evp_here(void);

/* The parts of HPKE that RFC 9180 has test vectors for: Decap (4.1), and KeySchedule (5.1) of base mode for one of its
 * AEADs (1 AES-128-GCM, 2 AES-256-GCM). */
bool psd_hpke_decapsulate(const psd_pair *recipient, const uint8_t enc[PSD_POINT], uint8_t shared[PSD_HASH]);
bool psd_hpke_schedule(const uint8_t shared[PSD_HASH], psd_part info, uint8_t aead, uint8_t *key, uint8_t key_length,
                       uint8_t nonce[PSD_GCM_NONCE]);

/* A pair in OpenSSL's form, and the public key of a point that lies on the curve; NULL on failure. Free with
 * EVP_PKEY_free. */
EVP_PKEY *psd_pair_pkey(const psd_pair *pair);
EVP_PKEY *psd_point_pkey(const uint8_t point[PSD_POINT]);

/* The RSA key in OpenSSL's form, which stays the pair's. */
const EVP_PKEY *psd_rsa_pkey(const psd_rsa *rsa);

/* What was written into a memory BIO as text, NUL-terminated; false if it is nothing or does not fit. */
bool psd_bio_text(BIO *memory, char *text, size_t capacity);

/* Drops what OpenSSL has noted about a failure; returns false. */
bool psd_evp_failed(void);

#endif
