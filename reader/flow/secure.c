/* SCP03 with a card at the other end: opening a channel, replacing keys. */
#include "../command/host_state.h"
#include "aes.h"
#include "psd/reader/command.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#define KEY_TYPE_AES 0x88U
#define CHECK_SIZE 3U
#define KEYS 3U

psd_result psd_host_key_check(const uint8_t *key, size_t size, uint8_t check[CHECK_SIZE], psd_error *error) {
  uint8_t block[PSD_HOST_BLOCK];
  memset(block, 1, sizeof block);
  if (!psd_host_aes_block(key, size, block, block))
    return psd_error_set(error, PSD_SYSTEM, "the cryptographic library failed");
  memcpy(check, block, CHECK_SIZE);
  OPENSSL_cleanse(block, sizeof block);
  return PSD_OK;
}

/* One key: type, length of the field, length of the key, the key under the DEK (CBC from zero, Amendment D, 6.2.8;
 * padded with zeroes to whole blocks), its check value. */
static psd_result put_one_key(const psd_host_keys *current, const uint8_t *key, size_t size, psd_buffer *out,
                              psd_error *error) {
  static const uint8_t zero[PSD_HOST_BLOCK] = {0};
  uint8_t check[CHECK_SIZE];
  uint8_t padded[PSD_HOST_KEY_MAX] = {0};
  size_t padded_size = (size + PSD_HOST_BLOCK - 1) / PSD_HOST_BLOCK * PSD_HOST_BLOCK;
  memcpy(padded, key, size);
  psd_result result = psd_host_key_check(key, size, check, error);
  if (result == PSD_OK && !psd_host_aes_cbc(true, current->dek, current->size, zero, padded, padded_size, padded))
    result = psd_error_set(error, PSD_SYSTEM, "the cryptographic library failed");
  if (result == PSD_OK) {
    psd_put_u8(out, KEY_TYPE_AES);
    psd_put_u8(out, (uint8_t)(1 + padded_size));
    psd_put_u8(out, (uint8_t)size);
    psd_put(out, padded, padded_size);
    psd_put_u8(out, CHECK_SIZE);
    psd_put(out, check, sizeof check);
  }
  OPENSSL_cleanse(padded, sizeof padded);
  return result;
}

psd_result psd_host_put_key_data(const psd_host_keys *current, const psd_host_keys *next, psd_buffer *out,
                                 psd_error *error) {
  const uint8_t *keys[KEYS] = {next->enc, next->mac, next->dek};
  psd_put_u8(out, next->version);
  for (size_t i = 0; i < KEYS; i++) {
    psd_result result = put_one_key(current, keys[i], next->size, out, error);
    if (result != PSD_OK)
      return result;
  }
  return out->overflow ? psd_error_set(error, PSD_BAD_INPUT, "no room for three keys") : PSD_OK;
}

/* The card repeats the version and the check values of what it stored (11.8.3.1). */
static psd_result check_stored(psd_host *host, const psd_host_keys *next, psd_cursor answer) {
  const uint8_t *keys[KEYS] = {next->enc, next->mac, next->dek};
  bool right = psd_take_u8(&answer) == next->version;
  for (size_t i = 0; i < KEYS && answer.left > 0; i++) {
    uint8_t check[CHECK_SIZE];
    psd_result result = psd_host_key_check(keys[i], next->size, check, &host->error);
    if (result != PSD_OK)
      return result;
    const uint8_t *stored = psd_take(&answer, CHECK_SIZE);
    right = right && stored != NULL && CRYPTO_memcmp(stored, check, CHECK_SIZE) == 0;
  }
  if (!right || !psd_cursor_done(&answer))
    return psd_host_fail(host, PSD_BAD_ANSWER, "the card stored other keys than it was given");
  return PSD_OK;
}

psd_result psd_host_replace_keys(psd_host *host, const psd_host_keys *current, const psd_host_keys *next) {
  uint8_t data[255];
  uint8_t stored[32];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  psd_buffer answer = psd_buffer_over(stored, sizeof stored);
  if (!host->secured)
    return psd_host_fail(host, PSD_BAD_INPUT, "keys are replaced over a secure channel only");
  psd_result result = psd_host_put_key_data(current, next, &out, &host->error);
  if (result == PSD_OK)
    result = psd_host_put_key(host, current->version, data, out.length, &answer);
  if (result == PSD_OK)
    result = check_stored(host, next, psd_cursor_over(stored, answer.length));
  OPENSSL_cleanse(data, sizeof data);
  return result;
}

static psd_result authenticate(psd_host *host, psd_security_level level) {
  uint8_t data[2 * PSD_HOST_BLOCK];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  psd_apdu command;
  psd_result result = psd_host_scp03_authenticate(&host->session, level, &command, &out, &host->error);
  if (result == PSD_OK)
    result = psd_host_external_authenticate(host, command.p1, command.data, command.nc);
  return result;
}

psd_result psd_host_secure(psd_host *host, const psd_host_keys *keys, psd_security_level level, size_t challenge_size) {
  uint8_t challenge[16];
  uint8_t bytes[64];
  psd_buffer answer = psd_buffer_over(bytes, sizeof bytes);
  host->secured = false;
  if (challenge_size != 8 && challenge_size != 16)
    return psd_host_fail(host, PSD_BAD_INPUT, "a host challenge has 8 or 16 bytes, not %zu", challenge_size);
  if (RAND_bytes(challenge, (int)challenge_size) != 1)
    return psd_host_fail(host, PSD_SYSTEM, "the random generator failed");
  psd_result result = psd_host_initialize_update(host, keys->version, challenge, challenge_size, &answer);
  if (result == PSD_OK)
    result = psd_host_scp03_start(&host->session, keys, challenge, challenge_size,
                                  psd_cursor_over(bytes, answer.length), &host->error);
  if (result == PSD_OK)
    result = authenticate(host, level);
  host->secured = result == PSD_OK;
  host->entered = host->entered || host->secured;
  if (!host->secured)
    psd_host_scp03_wipe(&host->session);
  return result;
}
