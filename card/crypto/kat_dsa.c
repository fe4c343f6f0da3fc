/* Known-answer test of DSA. */
#include "crypto/internal.h"

/* RFC 6979, A.2.1: the key, and the message "sample" with SHA-256. */
static const char secret_text[] = "411602cb19a6ccc34494d79d98ef1e7ed5af25f7";
static const char public_text[] = "5df5e01ded31d0297e274e1691c192fe5868fef9e19a84776454b100cf16f653"
                                  "92195a38b90523e2542ee61871c0440cb87c322fc4b4d2ec5e1e7ec766e1be8d"
                                  "4ce935437dc11c3c8fd426338933ebfe739cb3465f4d3668c5e473508253b1e6"
                                  "82f65cbdc4fae93c2ea212390e54905a86e2223170b44eaa7da5dd9ffcfb7f3b";
static const char nonce_text[] = "519ba0546d0c39202a7d34d7dfa5e760b318bcfb";
static const char signature_text[] = "81f2f5850be5bc123c43f71a3033e9384611c545"
                                     "4cdd914b65eb6c66a8aaad27299bee6b035f5e89";
static const char message[] = "sample";

/* The nonce of the RFC must give the signature of the RFC; the blinding factor cancels out, so any will do. */
static bool signs(const uint8_t *digest, uint8_t signature[PSD_DSA_SIGNATURE]) {
  uint8_t secret[PSD_DSA_SECRET], randomness[2 * PSD_DSA_SECRET] = {0};
  psd_kat_hex(secret_text, secret, sizeof secret);
  psd_kat_hex(nonce_text, randomness, PSD_DSA_SECRET);
  randomness[PSD_DSA_SECRET] = 0x03;
  psd_kat_source source = {randomness, sizeof randomness};
  psd_random random = psd_kat_random(&source);
  return psd_dsa_sign_with(&random, secret, digest, PSD_SHA256_SIZE, signature) &&
         psd_kat_same(signature, PSD_DSA_SIGNATURE, signature_text);
}

bool psd_kat_dsa(void) {
  uint8_t y[PSD_DSA_PUBLIC], signature[PSD_DSA_SIGNATURE], digest[PSD_SHA256_SIZE];
  psd_kat_hex(public_text, y, sizeof y);
  if (!psd_sha256(message, sizeof message - 1, digest) || !signs(digest, signature) ||
      !psd_dsa_verify(y, digest, sizeof digest, signature))
    return false;
  digest[0] ^= 0x01;
  return !psd_dsa_verify(y, digest, sizeof digest, signature);
}
