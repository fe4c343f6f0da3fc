/* A libtomcrypt that cannot be set up: nothing that needs it may work. The linker sends the registration of hashes
 * through the function here. */
#include "check.h"
#include "crypto/internal.h"
#include "crypto_support.h"

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker makes the name. */
int __wrap_register_hash(const struct ltc_hash_descriptor *hash);
int __wrap_register_hash(const struct ltc_hash_descriptor *hash) {
  (void)hash;
  return -1;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void nothing_works(void) {
  uint8_t key[16] = {1}, secret[32] = {1}, digest[32] = {1}, out[PSD_RSA_KEY_MAX] = {0}, point[PSD_P256_POINT];
  psd_rsa_public rsa = {.modulus = {0x80}, .modulus_length = 256, .exponent = 65537};
  rsa.modulus[255] = 1;
  psd_drbg drbg;
  size_t length;
  CU_ASSERT(!psd_crypto_init());
  CU_ASSERT(!psd_crypto_init());
  CU_ASSERT(start_drbg(&drbg, 1)); /* hashes alone need no set-up */
  CU_ASSERT(!psd_aes_cbc_encrypt(key, 16, key, key, 16, out));
  CU_ASSERT(!psd_aes_cmac(key, 16, NULL, 0, out));
  CU_ASSERT(!psd_aes_ccm_seal(key, 16, key, 12, NULL, 0, key, 16, out, out + 16, 16));
  CU_ASSERT(!psd_p256_sign(&drbg, secret, digest, 32, out));
  CU_ASSERT(!psd_p256_generate(&drbg, out, point));
  CU_ASSERT(!psd_rsa_generate(&drbg, 2048, out, &length, &rsa));
  CU_ASSERT(!psd_rsa_pkcs1_verify(&rsa, digest, out, 256));
  CU_ASSERT(!psd_rsa_pkcs1_sign(out, sizeof out, digest, out, &length));
  CU_ASSERT(!psd_dsa_generate(&drbg, out, out + PSD_DSA_SECRET));
  CU_ASSERT(!psd_dsa_sign(&drbg, secret, digest, 32, out));
  uint8_t in_range[PSD_DSA_SIGNATURE] = {1};
  in_range[PSD_DSA_SECRET] = 1;
  CU_ASSERT(!psd_dsa_verify(out, digest, 32, in_range));
  for (unsigned i = 0; i < PSD_KAT_COUNT; i++)
    CU_ASSERT(!psd_kat_run((psd_kat)i));
}

int main(void) {
  static const psd_check_test tests[] = {{"without its set-up, no cryptography", nothing_works}};
  return psd_check_run("crypto unset", tests, PSD_CHECK_COUNT(tests));
}
