/* Known-answer tests of P-256. */
#include "crypto/internal.h"

/* RFC 6979, A.2.5: the key, and the message "sample" with SHA-256. */
static const char secret_text[] = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
static const char point_text[] = "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                                 "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
static const char nonce_text[] = "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60";
static const char signature_text[] = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                                     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
static const char message[] = "sample";

bool psd_kat_p256_verify(void) {
  uint8_t point[PSD_P256_POINT], signature[PSD_P256_SIGNATURE], digest[PSD_SHA256_SIZE];
  psd_kat_hex(point_text, point, sizeof point);
  psd_kat_hex(signature_text, signature, sizeof signature);
  if (!psd_sha256(message, sizeof message - 1, digest) || !psd_p256_verify(point, digest, sizeof digest, signature))
    return false;
  digest[0] ^= 0x01;
  return !psd_p256_verify(point, digest, sizeof digest, signature);
}

/* NIST CAVS 14.1, KAS_ECC_CDH_PrimitiveTest, P-256, COUNT = 0. */
bool psd_kat_p256_agree(void) {
  uint8_t secret[PSD_P256_SECRET], peer[PSD_P256_POINT], own[PSD_P256_POINT], shared[32];
  psd_kat_hex("7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534", secret, sizeof secret);
  psd_kat_hex("04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
              "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac",
              peer, sizeof peer);
  return psd_p256_public(secret, own) &&
         psd_kat_same(own, sizeof own,
                      "04ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230"
                      "28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141") &&
         psd_p256_agree(secret, peer, shared) &&
         psd_kat_same(shared, sizeof shared, "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b");
}

/* The nonce of the RFC must give the signature of the RFC; the blinding factor cancels out, so any will do. */
bool psd_kat_p256_sign(void) {
  uint8_t secret[PSD_P256_SECRET], randomness[64] = {0}, digest[PSD_SHA256_SIZE], signature[PSD_P256_SIGNATURE];
  psd_kat_hex(secret_text, secret, sizeof secret);
  psd_kat_hex(nonce_text, randomness, sizeof randomness);
  randomness[63] = 0x03;
  psd_kat_source source = {randomness, sizeof randomness};
  psd_random random = psd_kat_random(&source);
  return psd_sha256(message, sizeof message - 1, digest) &&
         psd_p256_sign_with(&random, secret, digest, sizeof digest, signature) &&
         psd_kat_same(signature, sizeof signature, signature_text);
}
