/* Each cryptographic operation twice: the card's, and OpenSSL's. Every function does one operation and tells whether it
 * succeeded; what it needs (keys, fetched algorithms, contexts) was made before. */
#ifndef PSD_BENCH_CRYPTO_H
#define PSD_BENCH_CRYPTO_H

#include <stdbool.h>

/* X(name): both crypto_card_NAME and crypto_openssl_NAME exist. Key pairs come first: the rest uses them. */
#define BENCH_OPERATIONS(X)                                                                                            \
  X(p256_generate)                                                                                                     \
  X(p256_sign)                                                                                                         \
  X(p256_verify)                                                                                                       \
  X(p256_agree)                                                                                                        \
  X(rsa_generate)                                                                                                      \
  X(rsa_sign)                                                                                                          \
  X(rsa_verify)                                                                                                        \
  X(rsa_encrypt)                                                                                                       \
  X(rsa_decrypt)                                                                                                       \
  X(cmac)                                                                                                              \
  X(hmac)                                                                                                              \
  X(ccm)                                                                                                               \
  X(drbg)                                                                                                              \
  X(sha256)

#define BENCH_MESSAGE 64U /* bytes under a MAC */
#define BENCH_SEALED 256U /* bytes that CCM enciphers */
#define BENCH_HASHED 1024U
#define BENCH_RANDOM 32U
#define BENCH_OAEP 32U
#define BENCH_RSA_BITS 2048U

#define X(name)                                                                                                        \
  bool crypto_card_##name(void);                                                                                       \
  bool crypto_openssl_##name(void);
BENCH_OPERATIONS(X)
#undef X

/* Before anything else. */
bool crypto_card_start(void);
bool crypto_openssl_start(void);
/* "GMP" or "LTM": what the card's side computes with. */
const char *crypto_card_math(void);
/* OpenSSL's own version. */
const char *crypto_openssl_version(void);

#endif
