#include "kms/token_keys.h"

#include <string.h>

bool psd_kms_make_token_key(const psd_kms_key *set, const psd_kms_device *device, uint64_t order, uint64_t digits,
                            psd_token_key *made) {
  uint8_t key[PSD_TOKEN_SET_KEY];
  *made = (psd_token_key){.set = set->identifier, .digits = digits, .order = order};
  bool done = psd_token_pointer(device->bytes, &made->pointer) && psd_kms_token_set_key(set, made->pointer, key) &&
              (order != PSD_TOKEN_BY_METER || psd_token_meter_key(key, device->bytes, made->key));
  if (done && order != PSD_TOKEN_BY_METER)
    memcpy(made->key, key, sizeof made->key);
  psd_secret_wipe(key, sizeof key);
  if (!done)
    psd_secret_wipe(made, sizeof *made);
  return done;
}

/* The key above the last: of the day or of the meter. */
static bool upper_key(const psd_kms_key *set, const psd_kms_token *token, uint64_t date,
                      uint8_t upper[PSD_TOKEN_KEY_SIZE]) {
  uint8_t key[PSD_TOKEN_SET_KEY];
  uint64_t pointer;
  bool done = psd_token_pointer(token->device.bytes, &pointer) && psd_kms_token_set_key(set, pointer, key) &&
              (token->order == PSD_TOKEN_BY_METER ? psd_token_meter_key(key, token->device.bytes, upper)
                                                  : psd_token_day_key(key, date, upper));
  psd_secret_wipe(key, sizeof key);
  return done;
}

bool psd_kms_token_final(const psd_kms_key *set, const psd_kms_token *token, uint64_t date,
                         uint8_t final[PSD_TOKEN_KEY_SIZE]) {
  uint8_t upper[PSD_TOKEN_KEY_SIZE];
  bool done = upper_key(set, token, date, upper) &&
              psd_token_final_key((psd_token_order)token->order, upper, token->device.bytes, date, final);
  psd_secret_wipe(upper, sizeof upper);
  return done;
}
