#include "aes.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

static const EVP_CIPHER *cbc_cipher(size_t key_size) {
  return key_size == 16 ? EVP_aes_128_cbc() : key_size == 24 ? EVP_aes_192_cbc() : EVP_aes_256_cbc();
}

bool psd_host_aes_cbc(bool encrypt, const uint8_t *key, size_t key_size, const uint8_t iv[PSD_HOST_BLOCK],
                      const uint8_t *in, size_t length, uint8_t *out) {
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  int made = 0;
  int rest = 0;
  bool ok = context != NULL && EVP_CipherInit_ex2(context, cbc_cipher(key_size), key, iv, encrypt ? 1 : 0, NULL) == 1 &&
            EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
            EVP_CipherUpdate(context, out, &made, in, (int)length) == 1 &&
            EVP_CipherFinal_ex(context, out + made, &rest) == 1 && (size_t)made + (size_t)rest == length;
  EVP_CIPHER_CTX_free(context);
  if (!ok)
    OPENSSL_cleanse(out, length);
  return ok;
}

bool psd_host_aes_block(const uint8_t *key, size_t key_size, const uint8_t in[PSD_HOST_BLOCK],
                        uint8_t out[PSD_HOST_BLOCK]) {
  static const uint8_t zero[PSD_HOST_BLOCK] = {0};
  return psd_host_aes_cbc(true, key, key_size, zero, in, PSD_HOST_BLOCK, out);
}

static bool cmac_with(EVP_MAC_CTX *context, const uint8_t *key, size_t key_size, const psd_cursor *pieces, size_t count,
                      uint8_t mac[PSD_HOST_BLOCK]) {
  char cipher[12];
  const char *name = key_size == 16 ? "AES-128-CBC" : key_size == 24 ? "AES-192-CBC" : "AES-256-CBC";
  for (size_t i = 0; i < sizeof cipher; i++)
    cipher[i] = name[i];
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
                                   OSSL_PARAM_construct_end()};
  size_t made = 0;
  bool ok = EVP_MAC_init(context, key, key_size, parameters) == 1;
  for (size_t i = 0; ok && i < count; i++)
    ok = pieces[i].left == 0 || EVP_MAC_update(context, pieces[i].at, pieces[i].left) == 1;
  return ok && EVP_MAC_final(context, mac, &made, PSD_HOST_BLOCK) == 1 && made == PSD_HOST_BLOCK;
}

bool psd_host_cmac(const uint8_t *key, size_t key_size, const psd_cursor *pieces, size_t count,
                   uint8_t mac[PSD_HOST_BLOCK]) {
  EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "CMAC", NULL);
  EVP_MAC_CTX *context = algorithm != NULL ? EVP_MAC_CTX_new(algorithm) : NULL;
  bool ok = context != NULL && cmac_with(context, key, key_size, pieces, count, mac);
  EVP_MAC_CTX_free(context);
  EVP_MAC_free(algorithm);
  if (!ok)
    OPENSSL_cleanse(mac, PSD_HOST_BLOCK);
  return ok;
}
