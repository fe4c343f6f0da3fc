/* AES-256-GCM (NIST SP 800-38D). */
#include <limits.h>

#include "crypto/evp_internal.h"

/* Forgets the key: the context is keyed with one that is nobody's. */
static void forget(EVP_CIPHER_CTX *context) {
  static const uint8_t nothing[PSD_AES_KEY] = {0};
  if (EVP_CipherInit_ex2(context, NULL, nothing, NULL, -1, NULL) != 1)
    (void)psd_evp_failed();
}

static bool run(EVP_CIPHER_CTX *context, psd_part aad, const void *in, size_t length, uint8_t *out) {
  int written = 0;
  return (aad.length == 0 || EVP_CipherUpdate(context, NULL, &written, aad.data, (int)aad.length) == 1) &&
         (length == 0 || EVP_CipherUpdate(context, out, &written, in, (int)length) == 1);
}

static bool fits(psd_part aad, size_t length) {
  return aad.length <= INT_MAX && length <= INT_MAX;
}

bool psd_gcm_seal(const uint8_t key[PSD_AES_KEY], const uint8_t nonce[PSD_GCM_NONCE], psd_part aad, const void *in,
                  size_t length, uint8_t *out, uint8_t tag[PSD_GCM_TAG]) {
  int rest = 0;
  uint8_t none[PSD_GCM_TAG];
  psd_evp_thread *thread = psd_evp_here();
  bool done = thread != NULL && fits(aad, length) && EVP_EncryptInit_ex2(thread->seal, NULL, key, nonce, NULL) == 1 &&
              run(thread->seal, aad, in, length, out) && EVP_EncryptFinal_ex(thread->seal, none, &rest) == 1 &&
              EVP_CIPHER_CTX_ctrl(thread->seal, EVP_CTRL_AEAD_GET_TAG, PSD_GCM_TAG, tag) == 1;
  if (thread != NULL)
    forget(thread->seal);
  if (done)
    return true;
  psd_secret_wipe(out, length);
  psd_secret_wipe(tag, PSD_GCM_TAG);
  return psd_evp_failed();
}

bool psd_gcm_open(const uint8_t key[PSD_AES_KEY], const uint8_t nonce[PSD_GCM_NONCE], psd_part aad, const void *in,
                  size_t length, const uint8_t tag[PSD_GCM_TAG], uint8_t *out) {
  int rest = 0;
  uint8_t none[PSD_GCM_TAG];
  psd_evp_thread *thread = psd_evp_here();
  /* The control takes a pointer that is not const, and only reads. */
  bool done = thread != NULL && fits(aad, length) && EVP_DecryptInit_ex2(thread->open, NULL, key, nonce, NULL) == 1 &&
              EVP_CIPHER_CTX_ctrl(thread->open, EVP_CTRL_AEAD_SET_TAG, PSD_GCM_TAG, (void *)(uintptr_t)tag) == 1 &&
              run(thread->open, aad, in, length, out) && EVP_DecryptFinal_ex(thread->open, none, &rest) == 1;
  if (thread != NULL)
    forget(thread->open);
  if (done)
    return true;
  psd_secret_wipe(out, length);
  return psd_evp_failed();
}
