/* RSAES-PKCS1-v1_5, the sending end (RFC 8017, 7.2.1), for suite classic. The card never receives such a message. */
#include <string.h>

#include "crypto/classic.h"
#include "crypto/internal.h"

#define OVERHEAD 11U /* 00 02, at least eight bytes of padding, 00 */

/* Random bytes without a zero. One in 256 is drawn anew: a generator that gives nothing but zeroes is broken. */
static bool fill_nonzero(psd_drbg *drbg, uint8_t *out, size_t length) {
  if (!psd_drbg_read(drbg, out, length))
    return false;
  for (size_t i = 0; i < length; i++) {
    for (unsigned tries = 0; out[i] == 0 && tries < 16; tries++)
      if (!psd_drbg_read(drbg, out + i, 1))
        return false;
    if (out[i] == 0)
      return false;
  }
  return true;
}

static bool encode(psd_drbg *drbg, const uint8_t *in, size_t length, uint8_t *block, size_t size) {
  if (size < OVERHEAD || length > size - OVERHEAD)
    return false;
  size_t padding = size - 3 - length;
  block[0] = 0x00;
  block[1] = 0x02;
  block[2 + padding] = 0x00;
  memcpy(block + size - length, in, length);
  return fill_nonzero(drbg, block + 2, padding);
}

bool psd_rsa_classic_encrypt(psd_drbg *drbg, const psd_rsa_public *public_key, const uint8_t *in, size_t length,
                             uint8_t *out, size_t *out_length) {
  rsa_key key;
  uint8_t block[PSD_RSA_MAX];
  size_t size = public_key->modulus_length;
  bool opened = psd_rsa_open_public(&key, public_key);
  bool ok = opened && encode(drbg, in, length, block, size) && psd_rsa_public_operation(&key, block, out, size);
  if (opened)
    rsa_free(&key);
  psd_wipe(block, sizeof block);
  *out_length = ok ? size : 0;
  if (!ok)
    psd_wipe(out, PSD_RSA_MAX);
  return ok;
}
