/* RSAES-PKCS1-v1_5 for suite classic, the receiving end. OpenSSL 3.0 tells bad padding from good, by what it returns
 * and by its time, and who can tell that deciphers what he likes (Bleichenbacher 1998): so OpenSSL does the power
 * alone. */
#include <openssl/rsa.h>
#include <string.h>

#include "crypto/evp_classic.h"
#include "crypto/evp_internal.h"

#define LABEL "psd implicit rejection"

/* FF if a == b, else 00; without branches. */
static uint8_t same(uint8_t a, uint8_t b) {
  unsigned difference = (unsigned)(a ^ b);
  return (uint8_t)((difference - 1U) >> 8);
}

/* 00 02, bytes other than zero, 00, and the message: FF if the block is that, else 00. Its length is known, so the one
 * place where the padding may end is known too. */
static uint8_t padding_holds(const uint8_t *block, size_t size, size_t length) {
  size_t end = size - length - 1;
  uint8_t holds = same(block[0], 0x00) & same(block[1], 0x02) & same(block[end], 0x00);
  for (size_t i = 2; i < end; i++)
    holds &= (uint8_t)~same(block[i], 0x00);
  return holds;
}

/* What stands for a message where there is none. The same ciphertext gives the same bytes again, as a message would. */
static bool substitute(const psd_rsa *rsa, psd_part sealed, uint8_t bytes[PSD_HASH]) {
  uint8_t der[PSD_RSA_DER_MAX], key[PSD_HASH];
  size_t length = psd_rsa_der(rsa, der);
  const psd_part parts[] = {{LABEL, sizeof LABEL - 1U}, {der, length}};
  bool done = length > 0 && psd_hash(parts, 2, key) && psd_hmac(key, sizeof key, &sealed, 1, bytes);
  psd_secret_wipe(der, sizeof der);
  psd_secret_wipe(key, sizeof key);
  return done;
}

/* The block; zeroes, which are no padding, for a ciphertext that is not below the modulus. */
static void power(const psd_rsa *rsa, psd_part sealed, uint8_t block[PSD_RSA_MAX]) {
  size_t got = PSD_RSA_MAX;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, (EVP_PKEY *)(uintptr_t)psd_rsa_pkey(rsa), NULL);
  memset(block, 0, PSD_RSA_MAX);
  if (context == NULL || EVP_PKEY_decrypt_init(context) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) != 1 ||
      EVP_PKEY_decrypt(context, block, &got, sealed.data, sealed.length) != 1 || got != sealed.length) {
    psd_secret_wipe(block, PSD_RSA_MAX);
    (void)psd_evp_failed();
  }
  EVP_PKEY_CTX_free(context);
}

bool psd_rsa_classic_open(const psd_rsa *rsa, const uint8_t *sealed, size_t sealed_length, uint8_t *out,
                          size_t length) {
  uint8_t block[PSD_RSA_MAX], instead[PSD_HASH];
  const psd_part cipher = {sealed, sealed_length};
  bool done = sealed_length == psd_rsa_bits(rsa) / 8U && length <= sizeof instead && substitute(rsa, cipher, instead);
  if (!done) {
    psd_secret_wipe(out, length);
    return false;
  }
  power(rsa, cipher, block);
  uint8_t holds = padding_holds(block, sealed_length, length);
  const uint8_t *message = block + sealed_length - length;
  for (size_t i = 0; i < length; i++)
    out[i] = (uint8_t)((message[i] & holds) | (instead[i] & (uint8_t)~holds));
  psd_secret_wipe(block, sizeof block);
  psd_secret_wipe(instead, sizeof instead);
  return true;
}
