/* Suite classic in the key management system, in builds with PSD_CLASSIC. It serves nobody unless it is told to. */
#include <string.h>

#include "crypto/evp_classic.h"
#include "kms/operations.h"

static bool open_key(const psd_rsa *k2, const uint8_t *wrapped, size_t length, uint8_t key[PSD_SESSION_KEY]) {
  memset(key, 0, PSD_SESSION_KEY);
  return psd_rsa_classic_open(k2, wrapped, length, key, PSD_CLASSIC_KEY);
}

static bool sign(const uint8_t k4[PSD_AES_KEY], psd_part audit, uint8_t mac[PSD_TDES_MAC]) {
  uint8_t key[PSD_CLASSIC_KEY];
  const psd_part label = {PSD_SIGN_AUDIT, sizeof PSD_SIGN_AUDIT - 1U};
  bool done = psd_hkdf_expand(k4, PSD_TDES_KEY_LABEL, sizeof PSD_TDES_KEY_LABEL - 1U, key, sizeof key) &&
              psd_des3_mac(key, sizeof key, &label, 1, audit, mac);
  psd_secret_wipe(key, sizeof key);
  return done;
}

const psd_kms_classic psd_kms_classic_suite = {open_key, sign};
