#include "iso7816/scp03.h"

#include <string.h>

#define LABEL_ZEROES 11U

bool psd_scp03_derive(const uint8_t *key, size_t key_length, uint8_t constant, const psd_piece context[2], uint8_t *out,
                      size_t out_length) {
  uint8_t block[PSD_AES_BLOCK];
  bool ok = true;
  for (size_t done = 0, i = 1; ok && done < out_length; i++) {
    size_t bits = out_length * 8;
    uint8_t fixed[LABEL_ZEROES + 5] = {0};
    fixed[LABEL_ZEROES] = constant;
    fixed[LABEL_ZEROES + 2] = (uint8_t)(bits >> 8);
    fixed[LABEL_ZEROES + 3] = (uint8_t)bits;
    fixed[LABEL_ZEROES + 4] = (uint8_t)i;
    psd_piece pieces[] = {{fixed, sizeof fixed}, context[0], context[1]};
    ok = psd_aes_cmac(key, key_length, pieces, sizeof pieces / sizeof pieces[0], block);
    size_t part = out_length - done < sizeof block ? out_length - done : sizeof block;
    memcpy(out + done, block, part);
    done += part;
  }
  psd_wipe(block, sizeof block);
  if (!ok)
    psd_wipe(out, out_length);
  return ok;
}

bool psd_scp03_mac(const uint8_t *key, size_t key_length, const uint8_t chaining[PSD_AES_BLOCK], psd_piece first,
                   psd_piece second, uint8_t mac[PSD_AES_BLOCK]) {
  psd_piece pieces[] = {{chaining, PSD_AES_BLOCK}, first, second};
  return psd_aes_cmac(key, key_length, pieces, sizeof pieces / sizeof pieces[0], mac);
}

bool psd_scp03_iv(const uint8_t *s_enc, size_t key_length, uint32_t counter, bool answer, uint8_t iv[PSD_AES_BLOCK]) {
  uint8_t block[PSD_AES_BLOCK] = {0};
  block[0] = answer ? 0x80 : 0x00;
  for (size_t i = 0; i < 4; i++)
    block[sizeof block - 1 - i] = (uint8_t)(counter >> (8 * i));
  return psd_aes_block(s_enc, key_length, block, iv);
}

bool psd_scp03_unpad(const uint8_t *data, size_t *length) {
  size_t at = *length;
  while (at > 0 && data[at - 1] == 0x00)
    at--;
  if (at == 0 || data[at - 1] != 0x80 || *length - at >= PSD_AES_BLOCK)
    return false;
  *length = at - 1;
  return true;
}
