/* Keys for recipients of enciphered content: AES key wrap (RFC 3394) and the key derivation function of ANSI X9.63 with
 * SHA-256 (SEC 1, 3.6.1). */
#include <string.h>

#include "crypto/internal.h"

#define HALF 8U         /* bytes that are moved on at a time */
#define WRAP_STEPS 6U   /* rounds over all of them */
#define WRAP_MOST 4096U /* keeps the step counter far below what its loop has room for */
#define KDF_MOST (255U * PSD_SHA256_SIZE)

/* RFC 3394, 2.2.1: block = AES(A | R[i]), A = the first half XOR the number of the step, R[i] = the second half. */
static bool wrap_step(const uint8_t *key, size_t key_length, uint8_t a[HALF], uint8_t *r, uint32_t step) {
  uint8_t block[PSD_AES_BLOCK];
  memcpy(block, a, HALF);
  memcpy(block + HALF, r, HALF);
  bool ok = psd_aes_block(key, key_length, block, block);
  memcpy(a, block, HALF);
  memcpy(r, block + HALF, HALF);
  for (size_t i = 0; i < sizeof step; i++)
    a[HALF - 1 - i] ^= (uint8_t)(step >> 8 * i);
  psd_wipe(block, sizeof block);
  return ok;
}

bool psd_aes_wrap(const uint8_t *key, size_t key_length, const uint8_t *in, size_t length, uint8_t *out) {
  size_t count = length / HALF;
  bool ok = length % HALF == 0 && count >= 2 && length <= WRAP_MOST;
  if (ok) {
    memmove(out + HALF, in, length);
    memset(out, 0xA6, HALF); /* 2.2.3.1: the initial value */
  }
  for (uint32_t j = 0; ok && j < WRAP_STEPS; j++)
    for (uint32_t i = 1; ok && i <= count; i++)
      ok = wrap_step(key, key_length, out, out + (size_t)i * HALF, (uint32_t)count * j + i);
  if (!ok)
    psd_wipe(out, length + HALF);
  return ok;
}

/* SHA-256(Z || counter || info) */
static bool kdf_block(psd_piece secret, psd_piece info, uint32_t counter, uint8_t block[PSD_SHA256_SIZE]) {
  const uint8_t number[] = {(uint8_t)(counter >> 24), (uint8_t)(counter >> 16), (uint8_t)(counter >> 8),
                            (uint8_t)counter};
  psd_sha256_run run;
  bool ok = psd_sha256_begin(&run) && psd_sha256_add(&run, secret.data, secret.length) &&
            psd_sha256_add(&run, number, sizeof number) && psd_sha256_add(&run, info.data, info.length) &&
            psd_sha256_result(&run, block);
  psd_wipe(&run, sizeof run);
  return ok;
}

bool psd_x963_kdf(const void *secret, size_t secret_length, const void *info, size_t info_length, uint8_t *out,
                  size_t length) {
  uint8_t block[PSD_SHA256_SIZE];
  uint32_t counter = 0;
  size_t done = 0;
  bool ok = length <= KDF_MOST;
  while (ok && done < length) {
    ok = kdf_block((psd_piece){secret, secret_length}, (psd_piece){info, info_length}, ++counter, block);
    size_t part = length - done < sizeof block ? length - done : sizeof block;
    memcpy(out + done, block, part);
    done += part;
  }
  psd_wipe(block, sizeof block);
  if (!ok)
    psd_wipe(out, length);
  return ok;
}
