/* Which suite seals with what. */
#include "crypto/evp_classic.h"

const psd_cipher *psd_cipher_of(uint64_t suite) {
  static const psd_cipher gcm = {psd_gcm_seal, psd_gcm_open};
  switch (suite) {
  case PSD_SUITE_P256:
  case PSD_SUITE_RSA:
  case PSD_SUITE_SHARED:
    return &gcm;
#if PSD_CLASSIC
  case PSD_SUITE_CLASSIC:
    return &psd_des3_cipher;
#endif
  default:
    return NULL;
  }
}
