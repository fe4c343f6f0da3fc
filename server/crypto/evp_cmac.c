/* AES-CMAC (RFC 4493, NIST SP 800-38B), made of CBC: OpenSSL's own MAC allocates and looks itself up with every new
 * key, and a token has two keys of its own. */
#include <string.h>

#include "crypto/evp_internal.h"

#define RB 0x87U /* of the field of 2^128 (RFC 4493, 2.3) */

static EVP_CIPHER_CTX *context_for(size_t key_length) {
  psd_evp_thread *thread = psd_evp_here();
  if (thread == NULL)
    return NULL;
  switch (key_length) {
  case PSD_AES_128_KEY:
    return thread->mac_128;
  case PSD_AES_KEY:
    return thread->mac_256;
  default:
    return NULL;
  }
}

static bool set_key(EVP_CIPHER_CTX *context, const uint8_t *key) {
  static const uint8_t start[PSD_CMAC] = {0};
  return EVP_EncryptInit_ex2(context, NULL, key, start, NULL) == 1;
}

/* Key and last block leave the context: it is keyed with one that is nobody's. */
static void forget(EVP_CIPHER_CTX *context) {
  static const uint8_t nothing[PSD_AES_KEY] = {0};
  if (!set_key(context, nothing))
    (void)psd_evp_failed();
}

/* Doubling in the field, without a branch on what is secret. */
static void twice(uint8_t block[PSD_CMAC]) {
  unsigned carry = block[0] >> 7U;
  for (size_t i = 0; i + 1U < PSD_CMAC; i++)
    block[i] = (uint8_t)(block[i] << 1U | block[i + 1U] >> 7U);
  block[PSD_CMAC - 1U] = (uint8_t)((unsigned)block[PSD_CMAC - 1U] << 1U ^ carry * RB);
}

static void add(uint8_t block[PSD_CMAC], const uint8_t other[PSD_CMAC]) {
  for (size_t i = 0; i < PSD_CMAC; i++)
    block[i] ^= other[i];
}

/* Pads the message to whole blocks and adds the subkey to the last. `zero` is the enciphered block of zeroes; the
 * cipher has it as the block before the first, and it is added there to be gone. Returns the bytes there are then. */
static size_t close_message(uint8_t *message, size_t length, const uint8_t zero[PSD_CMAC]) {
  uint8_t subkey[PSD_CMAC];
  size_t last = length == 0 ? 0 : (length - 1U) / PSD_CMAC * PSD_CMAC;
  memcpy(subkey, zero, sizeof subkey);
  twice(subkey);
  if (length - last < PSD_CMAC) {
    twice(subkey);
    message[length] = 0x80;
    memset(message + length + 1U, 0, last + PSD_CMAC - length - 1U);
  }
  add(message + last, subkey);
  add(message, zero);
  psd_secret_wipe(subkey, sizeof subkey);
  return last + PSD_CMAC;
}

static bool run(EVP_CIPHER_CTX *context, uint8_t *message, size_t length, uint8_t mac[PSD_CMAC]) {
  uint8_t zero[PSD_CMAC] = {0};
  int written = 0;
  bool done = EVP_EncryptUpdate(context, zero, &written, zero, PSD_CMAC) == 1 && written == (int)PSD_CMAC;
  if (done) {
    size_t whole = close_message(message, length, zero);
    done = EVP_EncryptUpdate(context, message, &written, message, (int)whole) == 1 && written == (int)whole;
    memcpy(mac, message + whole - PSD_CMAC, PSD_CMAC);
  }
  psd_secret_wipe(zero, sizeof zero);
  return done;
}

bool psd_cmac(const void *key, size_t key_length, const psd_part *parts, size_t count, uint8_t mac[PSD_CMAC]) {
  uint8_t message[PSD_CMAC_MAX + PSD_CMAC];
  psd_buffer joined = psd_buffer_over(message, PSD_CMAC_MAX);
  EVP_CIPHER_CTX *context = context_for(key_length);
  for (size_t i = 0; i < count; i++)
    psd_put(&joined, parts[i].data, parts[i].length);
  bool done = context != NULL && !joined.overflow && set_key(context, key) && run(context, message, joined.length, mac);
  if (context != NULL)
    forget(context);
  psd_secret_wipe(message, sizeof message);
  if (done)
    return true;
  psd_secret_wipe(mac, PSD_CMAC);
  return psd_evp_failed();
}
