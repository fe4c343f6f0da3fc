#include "crypto.h"

#include "crypto/crypto.h"
#include "port/entropy_os.h"

static psd_drbg drbg;
static uint8_t secret[PSD_P256_SECRET];
static uint8_t point[PSD_P256_POINT];
static uint8_t ec_signature[PSD_P256_SIGNATURE];
static uint8_t rsa_key[PSD_RSA_KEY_MAX];
static size_t rsa_key_length;
static psd_rsa_public rsa_public;
static uint8_t rsa_block[PSD_RSA_MAX], rsa_cipher[PSD_RSA_MAX];
static size_t rsa_block_length, rsa_cipher_length;
static uint8_t digest[PSD_SHA256_SIZE];
static uint8_t key[32];
static uint8_t data[BENCH_HASHED];

bool crypto_card_start(void) {
  psd_entropy entropy = psd_entropy_os();
  return psd_crypto_init() && psd_drbg_start(&drbg, &entropy) && psd_drbg_read(&drbg, digest, sizeof digest) &&
         psd_drbg_read(&drbg, key, sizeof key) && psd_drbg_read(&drbg, data, sizeof data);
}

const char *crypto_card_math(void) {
  return psd_crypto_math();
}

bool crypto_card_p256_generate(void) {
  return psd_p256_generate(&drbg, secret, point);
}

bool crypto_card_p256_sign(void) {
  return psd_p256_sign(&drbg, secret, digest, sizeof digest, ec_signature);
}

bool crypto_card_p256_verify(void) {
  return psd_p256_verify(point, digest, sizeof digest, ec_signature);
}

bool crypto_card_p256_agree(void) {
  uint8_t shared[32];
  return psd_p256_agree(secret, point, shared);
}

bool crypto_card_rsa_generate(void) {
  return psd_rsa_generate(&drbg, BENCH_RSA_BITS, rsa_key, &rsa_key_length, &rsa_public);
}

bool crypto_card_rsa_sign(void) {
  return psd_rsa_pss_sign(&drbg, rsa_key, rsa_key_length, digest, rsa_block, &rsa_block_length);
}

bool crypto_card_rsa_verify(void) {
  return psd_rsa_pss_verify(&rsa_public, digest, rsa_block, rsa_block_length);
}

bool crypto_card_rsa_encrypt(void) {
  return psd_rsa_oaep_encrypt(&drbg, &rsa_public, data, BENCH_OAEP, rsa_cipher, &rsa_cipher_length);
}

bool crypto_card_rsa_decrypt(void) {
  uint8_t out[PSD_RSA_MAX];
  size_t length = 0;
  return psd_rsa_oaep_decrypt(rsa_key, rsa_key_length, rsa_cipher, rsa_cipher_length, out, &length) &&
         length == BENCH_OAEP;
}

bool crypto_card_cmac(void) {
  uint8_t mac[PSD_AES_BLOCK];
  return psd_aes_cmac(key, sizeof key, &(psd_piece){data, BENCH_MESSAGE}, 1, mac);
}

bool crypto_card_hmac(void) {
  uint8_t mac[PSD_SHA256_SIZE];
  return psd_hmac_sha256(key, sizeof key, data, BENCH_MESSAGE, mac);
}

bool crypto_card_ccm(void) {
  static const uint8_t nonce[12];
  uint8_t out[BENCH_SEALED], tag[PSD_AES_BLOCK];
  return psd_aes_ccm_seal(key, sizeof key, nonce, sizeof nonce, NULL, 0, data, sizeof out, out, tag, sizeof tag);
}

bool crypto_card_drbg(void) {
  uint8_t out[BENCH_RANDOM];
  return psd_drbg_read(&drbg, out, sizeof out);
}

bool crypto_card_sha256(void) {
  uint8_t out[PSD_SHA256_SIZE];
  return psd_sha256(data, sizeof data, out);
}
