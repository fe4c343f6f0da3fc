#include "crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdint.h>

static EVP_PKEY *ec_key, *rsa_key;
static EVP_PKEY_CTX *ec_sign, *ec_verify, *ec_derive, *rsa_sign, *rsa_verify, *rsa_encrypt, *rsa_decrypt;
static uint8_t ec_signature[80], rsa_signature[256], rsa_cipher[256];
static size_t ec_signature_length, rsa_signature_length, rsa_cipher_length;
static uint8_t digest[32], key[32], data[BENCH_HASHED];
static EVP_MAC_CTX *cmac, *hmac;
static EVP_CIPHER *ccm_cipher;
static EVP_CIPHER_CTX *ccm;
static EVP_RAND_CTX *drbg;
static EVP_MD *sha256;
static EVP_MD_CTX *hash;

/* Parameters are not const where they are declared. */
static char aes_name[] = "AES-256-CBC", sha_name[] = "SHA256", hmac_name[] = "HMAC";

static bool start_macs(void) {
  const OSSL_PARAM with_aes[] = {OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_CIPHER, aes_name, 0), OSSL_PARAM_END};
  const OSSL_PARAM with_sha[] = {OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, sha_name, 0), OSSL_PARAM_END};
  cmac = EVP_MAC_CTX_new(EVP_MAC_fetch(NULL, "CMAC", NULL));
  hmac = EVP_MAC_CTX_new(EVP_MAC_fetch(NULL, "HMAC", NULL));
  return cmac != NULL && hmac != NULL && EVP_MAC_CTX_set_params(cmac, with_aes) == 1 &&
         EVP_MAC_CTX_set_params(hmac, with_sha) == 1;
}

static bool start_drbg(void) {
  const OSSL_PARAM parameters[] = {OSSL_PARAM_utf8_string(OSSL_DRBG_PARAM_MAC, hmac_name, 0),
                                   OSSL_PARAM_utf8_string(OSSL_DRBG_PARAM_DIGEST, sha_name, 0), OSSL_PARAM_END};
  drbg = EVP_RAND_CTX_new(EVP_RAND_fetch(NULL, "HMAC-DRBG", NULL), RAND_get0_primary(NULL));
  return drbg != NULL && EVP_RAND_instantiate(drbg, 256, 0, NULL, 0, parameters) == 1;
}

bool crypto_openssl_start(void) {
  ccm_cipher = EVP_CIPHER_fetch(NULL, "AES-256-CCM", NULL);
  ccm = EVP_CIPHER_CTX_new();
  sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
  hash = EVP_MD_CTX_new();
  return ccm_cipher != NULL && ccm != NULL && sha256 != NULL && hash != NULL && start_macs() && start_drbg() &&
         RAND_bytes(digest, sizeof digest) == 1 && RAND_bytes(key, sizeof key) == 1 &&
         RAND_bytes(data, sizeof data) == 1;
}

const char *crypto_openssl_version(void) {
  return OpenSSL_version(OPENSSL_VERSION);
}

/* A context for one operation with a key, made once. */
static EVP_PKEY_CTX *context(EVP_PKEY *for_key, int (*start)(EVP_PKEY_CTX *)) {
  EVP_PKEY_CTX *made = EVP_PKEY_CTX_new_from_pkey(NULL, for_key, NULL);
  return made != NULL && start(made) == 1 ? made : NULL;
}

static bool start_ec(void) {
  if (ec_sign != NULL)
    return true;
  ec_sign = context(ec_key, EVP_PKEY_sign_init);
  ec_verify = context(ec_key, EVP_PKEY_verify_init);
  ec_derive = context(ec_key, EVP_PKEY_derive_init);
  return ec_sign != NULL && ec_verify != NULL && ec_derive != NULL;
}

bool crypto_openssl_p256_generate(void) {
  if (ec_key != NULL) { /* the first one stays, for the other operations */
    EVP_PKEY *another = EVP_EC_gen("P-256");
    EVP_PKEY_free(another);
    return another != NULL;
  }
  ec_key = EVP_EC_gen("P-256");
  return ec_key != NULL && start_ec();
}

bool crypto_openssl_p256_sign(void) {
  ec_signature_length = sizeof ec_signature;
  return EVP_PKEY_sign(ec_sign, ec_signature, &ec_signature_length, digest, sizeof digest) == 1;
}

bool crypto_openssl_p256_verify(void) {
  return EVP_PKEY_verify(ec_verify, ec_signature, ec_signature_length, digest, sizeof digest) == 1;
}

/* The point was checked when it was loaded. */
bool crypto_openssl_p256_agree(void) {
  uint8_t shared[32];
  size_t length = sizeof shared;
  return EVP_PKEY_derive_set_peer_ex(ec_derive, ec_key, 0) == 1 && EVP_PKEY_derive(ec_derive, shared, &length) == 1;
}

static bool start_rsa(void) {
  rsa_sign = context(rsa_key, EVP_PKEY_sign_init);
  rsa_verify = context(rsa_key, EVP_PKEY_verify_init);
  rsa_encrypt = context(rsa_key, EVP_PKEY_encrypt_init);
  rsa_decrypt = context(rsa_key, EVP_PKEY_decrypt_init);
  EVP_PKEY_CTX *const with_pss[] = {rsa_sign, rsa_verify};
  EVP_PKEY_CTX *const with_oaep[] = {rsa_encrypt, rsa_decrypt};
  for (int i = 0; i < 2; i++) {
    if (with_pss[i] == NULL || with_oaep[i] == NULL ||
        EVP_PKEY_CTX_set_rsa_padding(with_pss[i], RSA_PKCS1_PSS_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(with_pss[i], sha256) != 1 ||
        EVP_PKEY_CTX_set_rsa_pss_saltlen(with_pss[i], RSA_PSS_SALTLEN_DIGEST) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(with_oaep[i], RSA_PKCS1_OAEP_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_oaep_md(with_oaep[i], sha256) != 1)
      return false;
  }
  return true;
}

bool crypto_openssl_rsa_generate(void) {
  if (rsa_key != NULL) {
    EVP_PKEY *another = EVP_RSA_gen(BENCH_RSA_BITS);
    EVP_PKEY_free(another);
    return another != NULL;
  }
  rsa_key = EVP_RSA_gen(BENCH_RSA_BITS);
  return rsa_key != NULL && start_rsa();
}

bool crypto_openssl_rsa_sign(void) {
  rsa_signature_length = sizeof rsa_signature;
  return EVP_PKEY_sign(rsa_sign, rsa_signature, &rsa_signature_length, digest, sizeof digest) == 1;
}

bool crypto_openssl_rsa_verify(void) {
  return EVP_PKEY_verify(rsa_verify, rsa_signature, rsa_signature_length, digest, sizeof digest) == 1;
}

bool crypto_openssl_rsa_encrypt(void) {
  rsa_cipher_length = sizeof rsa_cipher;
  return EVP_PKEY_encrypt(rsa_encrypt, rsa_cipher, &rsa_cipher_length, data, BENCH_OAEP) == 1;
}

bool crypto_openssl_rsa_decrypt(void) {
  uint8_t out[256];
  size_t length = sizeof out;
  return EVP_PKEY_decrypt(rsa_decrypt, out, &length, rsa_cipher, rsa_cipher_length) == 1 && length == BENCH_OAEP;
}

static bool mac(EVP_MAC_CTX *with) {
  uint8_t out[32];
  size_t length = 0;
  return EVP_MAC_init(with, key, sizeof key, NULL) == 1 && EVP_MAC_update(with, data, BENCH_MESSAGE) == 1 &&
         EVP_MAC_final(with, out, &length, sizeof out) == 1;
}

bool crypto_openssl_cmac(void) {
  return mac(cmac);
}

bool crypto_openssl_hmac(void) {
  return mac(hmac);
}

bool crypto_openssl_ccm(void) {
  static const uint8_t nonce[12];
  uint8_t out[BENCH_SEALED], tag[16];
  int length = 0;
  return EVP_EncryptInit_ex2(ccm, ccm_cipher, NULL, NULL, NULL) == 1 &&
         EVP_CIPHER_CTX_ctrl(ccm, EVP_CTRL_AEAD_SET_IVLEN, sizeof nonce, NULL) == 1 &&
         EVP_CIPHER_CTX_ctrl(ccm, EVP_CTRL_AEAD_SET_TAG, sizeof tag, NULL) == 1 &&
         EVP_EncryptInit_ex2(ccm, NULL, key, nonce, NULL) == 1 &&
         EVP_EncryptUpdate(ccm, out, &length, data, sizeof out) == 1 &&
         EVP_EncryptFinal_ex(ccm, out + length, &length) == 1 &&
         EVP_CIPHER_CTX_ctrl(ccm, EVP_CTRL_AEAD_GET_TAG, sizeof tag, tag) == 1;
}

bool crypto_openssl_drbg(void) {
  uint8_t out[BENCH_RANDOM];
  return EVP_RAND_generate(drbg, out, sizeof out, 256, 0, NULL, 0) == 1;
}

bool crypto_openssl_sha256(void) {
  uint8_t out[32];
  return EVP_DigestInit_ex2(hash, sha256, NULL) == 1 && EVP_DigestUpdate(hash, data, sizeof data) == 1 &&
         EVP_DigestFinal_ex(hash, out, NULL) == 1;
}
