/* A certificate authority, over OpenSSL: what a PSD's certificate may and may not look like. */
#ifndef PSD_TEST_ISSUER_H
#define PSD_TEST_ISSUER_H

#include "meter.h"

#include <openssl/evp.h>

#define ISSUER_MAX 4096U

/* What a certificate shall be; zeroes are what the key management system makes: version 3, SHA-256, with extensions. */
typedef struct issuer_wish {
  EVP_PKEY *authority; /* who signs */
  EVP_PKEY *subject;   /* whose key it is; or: */
  const uint8_t *point;
  const char *digest;
  bool first_version, no_extensions;
  size_t long_name; /* characters that make the subject's name longer */
  uint64_t number;  /* serial number; 0 for 1 */
} issuer_wish;

/* A new key pair on this curve, or of 2048 bits for "RSA". EVP_PKEY_free it. */
EVP_PKEY *issuer_key(const char *curve);
void issuer_point(const EVP_PKEY *key, uint8_t point[PSD_POINT]);
/* Returns the length of the DER. */
size_t issuer_certify(const issuer_wish *wish, uint8_t der[ISSUER_MAX]);

/* Gives the card on the bench a key pair, as if it had made it, and this authority's key, and tells its meter server.
 */
void issuer_equip(meter *m, const EVP_PKEY *authority);

#endif
