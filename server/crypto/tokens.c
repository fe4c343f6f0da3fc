#include "crypto/tokens.h"

#include <string.h>

/* CMAC(key, label || data) */
static bool derive(const uint8_t *key, size_t key_length, const char *label, psd_part data, uint8_t mac[PSD_CMAC]) {
  const psd_part parts[] = {{label, strlen(label)}, data};
  return psd_cmac(key, key_length, parts, 2, mac);
}

static bool by_day(const uint8_t *key, size_t key_length, uint64_t date, uint8_t below[PSD_TOKEN_KEY_SIZE]) {
  uint8_t bytes[4];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_uint(&out, date, sizeof bytes);
  return derive(key, key_length, PSD_TOKEN_DAY_LABEL, (psd_part){bytes, sizeof bytes}, below);
}

static bool by_meter(const uint8_t *key, size_t key_length, const uint8_t device[8],
                     uint8_t below[PSD_TOKEN_KEY_SIZE]) {
  return derive(key, key_length, PSD_TOKEN_METER_LABEL, (psd_part){device, PSD_SIZE_DEVICE_ID}, below);
}

bool psd_token_pointer(const uint8_t device[8], uint64_t *pointer) {
  static const char label[] = "psd key pointer";
  const psd_part parts[] = {{label, sizeof label - 1U}, {device, PSD_SIZE_DEVICE_ID}};
  uint8_t digest[PSD_HASH];
  bool done = psd_hash(parts, 2, digest);
  psd_cursor bytes = psd_cursor_over(digest, 8);
  *pointer = done ? psd_take_uint(&bytes, 8) % PSD_TOKEN_KEYS : 0;
  return done;
}

bool psd_token_day_key(const uint8_t set_key[PSD_TOKEN_SET_KEY], uint64_t date, uint8_t key[PSD_TOKEN_KEY_SIZE]) {
  return by_day(set_key, PSD_TOKEN_SET_KEY, date, key);
}

bool psd_token_meter_key(const uint8_t set_key[PSD_TOKEN_SET_KEY], const uint8_t device[8],
                         uint8_t key[PSD_TOKEN_KEY_SIZE]) {
  return by_meter(set_key, PSD_TOKEN_SET_KEY, device, key);
}

bool psd_token_final_key(psd_token_order order, const uint8_t upper[PSD_TOKEN_KEY_SIZE], const uint8_t device[8],
                         uint64_t date, uint8_t final[PSD_TOKEN_KEY_SIZE]) {
  return order == PSD_TOKEN_BY_METER ? by_day(upper, PSD_TOKEN_KEY_SIZE, date, final)
                                     : by_meter(upper, PSD_TOKEN_KEY_SIZE, device, final);
}

bool psd_token_make(const uint8_t final[PSD_TOKEN_KEY_SIZE], const psd_token_input *input, uint64_t digits,
                    uint32_t *token) {
  uint8_t bytes[PSD_SIZE_TOKEN_INPUT], mac[PSD_CMAC];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&out, PSD_MESSAGE_TOKEN_INPUT, input);
  bool done = digits >= PSD_TOKEN_DIGITS_LEAST && digits <= PSD_TOKEN_DIGITS_MOST && !out.overflow &&
              derive(final, PSD_TOKEN_KEY_SIZE, PSD_TOKEN_LABEL, (psd_part){bytes, sizeof bytes}, mac);
  *token = done ? psd_token_digits(mac, digits) : 0;
  psd_secret_wipe(mac, sizeof mac);
  return done;
}

bool psd_token_registration(const uint8_t final[PSD_TOKEN_KEY_SIZE], const psd_registration *registration,
                            uint32_t *token) {
  uint8_t bytes[PSD_SIZE_REGISTRATION], mac[PSD_CMAC];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&out, PSD_MESSAGE_REGISTRATION, registration);
  bool done = !out.overflow &&
              derive(final, PSD_TOKEN_KEY_SIZE, PSD_TOKEN_REGISTRATION_LABEL, (psd_part){bytes, sizeof bytes}, mac);
  *token = done ? psd_token_digits(mac, PSD_TOKEN_DIGITS_MOST) : 0;
  psd_secret_wipe(mac, sizeof mac);
  return done;
}

bool psd_token_compact(const uint8_t final[PSD_TOKEN_KEY_SIZE], const uint8_t data[PSD_SIZE_COMPACT_INDICIUM],
                       uint8_t mac[PSD_COMPACT_MAC]) {
  uint8_t key[PSD_CMAC], whole[PSD_HASH];
  const psd_part message = {data, PSD_SIZE_COMPACT_INDICIUM};
  bool done = derive(final, PSD_TOKEN_KEY_SIZE, PSD_TOKEN_COMPACT_LABEL, (psd_part){NULL, 0}, key) &&
              psd_hmac(key, sizeof key, &message, 1, whole);
  if (done)
    memcpy(mac, whole, PSD_COMPACT_MAC);
  else
    psd_secret_wipe(mac, PSD_COMPACT_MAC);
  psd_secret_wipe(key, sizeof key);
  psd_secret_wipe(whole, sizeof whole);
  return done;
}
