/* Known-answer tests: the table, and what the tests share. docs/crypto.md lists where the vectors were published. */
#include <string.h>

#include "crypto/internal.h"

static const struct {
  const char *name;
  bool (*run)(void);
} tests[PSD_KAT_COUNT] = {
    [PSD_KAT_SHA2] = {"SHA-2", psd_kat_sha2},
    [PSD_KAT_HMAC] = {"HMAC-SHA-256", psd_kat_hmac},
    [PSD_KAT_HKDF] = {"HKDF-SHA-256", psd_kat_hkdf},
    [PSD_KAT_AES] = {"AES", psd_kat_aes},
    [PSD_KAT_CMAC] = {"AES-CMAC", psd_kat_cmac},
    [PSD_KAT_CCM] = {"AES-CCM", psd_kat_ccm},
    [PSD_KAT_GCM] = {"AES-GCM", psd_kat_gcm},
    [PSD_KAT_DRBG] = {"HMAC_DRBG", psd_kat_drbg},
    [PSD_KAT_P256_VERIFY] = {"P-256 ECDSA verify", psd_kat_p256_verify},
    [PSD_KAT_P256_AGREE] = {"P-256 ECDH", psd_kat_p256_agree},
    [PSD_KAT_P256_SIGN] = {"P-256 ECDSA sign", psd_kat_p256_sign},
    [PSD_KAT_RSA_VERIFY] = {"RSA verify", psd_kat_rsa_verify},
    [PSD_KAT_RSA_SIGN] = {"RSA sign", psd_kat_rsa_sign},
    [PSD_KAT_RSA_OAEP] = {"RSA-OAEP", psd_kat_rsa_oaep},
    [PSD_KAT_DSA] = {"DSA", psd_kat_dsa},
    [PSD_KAT_WRAP] = {"AES key wrap, X9.63 KDF", psd_kat_wrap},
};

bool psd_kat_run(psd_kat test) {
  return (unsigned)test < PSD_KAT_COUNT && psd_crypto_init() && tests[test].run();
}

const char *psd_kat_name(psd_kat test) {
  return (unsigned)test < PSD_KAT_COUNT ? tests[test].name : "unknown";
}

static int digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t psd_kat_hex(const char *text, uint8_t *out, size_t capacity) {
  size_t length = strlen(text) / 2;
  if (strlen(text) % 2 != 0 || length > capacity)
    return 0;
  for (size_t i = 0; i < length; i++) {
    int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return 0;
    out[i] = (uint8_t)(high << 4 | low);
  }
  return length;
}

bool psd_kat_same(const uint8_t *actual, size_t length, const char *expected) {
  uint8_t bytes[PSD_RSA_MAX];
  return psd_kat_hex(expected, bytes, sizeof bytes) == length && psd_equal(actual, bytes, length);
}

static bool read_source(void *source, uint8_t *out, size_t length) {
  psd_kat_source *fixed = source;
  if (length > fixed->left)
    return false;
  memcpy(out, fixed->bytes, length);
  fixed->bytes += length;
  fixed->left -= length;
  return true;
}

psd_random psd_kat_random(psd_kat_source *source) {
  return (psd_random){.source = source, .read = read_source, .failed = false};
}
