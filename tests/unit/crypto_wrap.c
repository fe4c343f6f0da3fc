/* AES key wrap and the key derivation function of ANSI X9.63: vectors, and OpenSSL at the other end. */
#include "check.h"
#include "crypto_support.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#define KEK "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define DATA "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f"

/* RFC 3394, 4.1 to 4.6. */
static void examples(void) {
  static const struct {
    size_t kek, data;
    const char *wrapped;
  } cases[] = {
      {16, 16, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
      {24, 16, "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"},
      {32, 16, "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"},
      {24, 24, "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2"},
      {32, 24, "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1"},
      {32, 32, "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"},
  };
  uint8_t kek[32], data[32], out[40];
  psd_check_hex(KEK, kek, sizeof kek);
  psd_check_hex(DATA, data, sizeof data);
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    CU_ASSERT(psd_aes_wrap(kek, cases[i].kek, data, cases[i].data, out));
    psd_check_bytes(out, cases[i].data + PSD_WRAP_ADDED, cases[i].wrapped, "RFC 3394");
    memcpy(out, data, cases[i].data);
    CU_ASSERT(psd_aes_wrap(kek, cases[i].kek, out, cases[i].data, out)); /* in place */
    psd_check_bytes(out, cases[i].data + PSD_WRAP_ADDED, cases[i].wrapped, "in place");
  }
}

static void refused(void) {
  uint8_t key[32] = {1}, in[48] = {2}, out[56];
  for (size_t length = 0; length <= sizeof in; length++) {
    memset(out, 7, sizeof out);
    CU_ASSERT_EQUAL(psd_aes_wrap(key, 32, in, length, out), length >= 16 && length % 8 == 0);
    CU_ASSERT((length >= 16 && length % 8 == 0) || all_zero(out, length + PSD_WRAP_ADDED));
  }
  CU_ASSERT(!psd_aes_wrap(key, 31, in, 16, out));
  static uint8_t large[4096 + 16];
  CU_ASSERT(psd_aes_wrap(key, 32, large, 4096, large));
  CU_ASSERT(!psd_aes_wrap(key, 32, large, 4104, large));
}

/* What is wrapped here OpenSSL unwraps, and finds no altered one right. */
static void unwrapped_by_openssl(void) {
  uint8_t key[32], in[1024], wrapped[sizeof in + PSD_WRAP_ADDED], out[sizeof in + 16];
  memset(key, 0x42, sizeof key);
  for (size_t i = 0; i < sizeof in; i++)
    in[i] = (uint8_t)(i * 31);
  for (size_t length = 16; length <= sizeof in; length += 56) {
    CU_ASSERT_FATAL(psd_aes_wrap(key, sizeof key, in, length, wrapped));
    for (int altered = 0; altered < 2; altered++) {
      int some = 0;
      wrapped[length / 2] ^= (uint8_t)altered;
      EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
      EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
      CU_ASSERT_EQUAL_FATAL(EVP_DecryptInit_ex(context, EVP_aes_256_wrap(), NULL, key, NULL), 1);
      bool ok = EVP_DecryptUpdate(context, out, &some, wrapped, (int)(length + PSD_WRAP_ADDED)) == 1;
      CU_ASSERT_EQUAL(ok, altered == 0);
      CU_ASSERT(altered == 1 || ((size_t)some == length && memcmp(out, in, length) == 0));
      EVP_CIPHER_CTX_free(context);
    }
  }
}

static void derive_with_openssl(uint8_t *secret, size_t secret_length, uint8_t *info, size_t info_length, uint8_t *out,
                                size_t length) {
  char digest[] = "SHA256";
  EVP_KDF *kdf = EVP_KDF_fetch(NULL, "X963KDF", NULL);
  EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                                   OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, secret, secret_length),
                                   OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, info_length),
                                   OSSL_PARAM_construct_end()};
  CU_ASSERT_EQUAL_FATAL(EVP_KDF_derive(context, out, length, parameters), 1);
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
}

/* NIST CAVS, ANSI X9.63-2001, SHA-256; then lengths of every kind. */
static void derivation(void) {
  uint8_t secret[32], info[70], out[200], expected[200];
  size_t length = psd_check_hex("96c05619d56c328ab95fe84b18264b08725b85e33fd34f08", secret, sizeof secret);
  CU_ASSERT(psd_x963_kdf(secret, length, NULL, 0, out, 16));
  psd_check_bytes(out, 16, "443024c3dae66b95e6f5670601558f71", "CAVS");
  memset(secret, 0x91, sizeof secret);
  memset(info, 0x17, sizeof info);
  for (size_t size = 1; size <= sizeof out; size += 9)
    for (size_t with = 1; with <= sizeof info; with += 23) {
      CU_ASSERT(psd_x963_kdf(secret, sizeof secret, info, with, out, size));
      derive_with_openssl(secret, sizeof secret, info, with, expected, size);
      CU_ASSERT_EQUAL(memcmp(out, expected, size), 0);
    }
  static uint8_t large[255 * 32 + 1];
  CU_ASSERT(psd_x963_kdf(secret, sizeof secret, info, 1, large, sizeof large - 1));
  CU_ASSERT(!psd_x963_kdf(secret, sizeof secret, info, 1, large, sizeof large) && all_zero(large, sizeof large));
}

int main(void) {
  static const psd_check_test tests[] = {
      {"RFC 3394, 4.1 to 4.6, in place too", examples},
      {"keys that are none, or too long", refused},
      {"OpenSSL unwraps it, and nothing that was altered", unwrapped_by_openssl},
      {"ANSI X9.63: CAVS, and what OpenSSL derives", derivation},
  };
  return psd_check_run("crypto wrap", tests, PSD_CHECK_COUNT(tests));
}
