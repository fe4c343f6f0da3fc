/* Digital tokens as the vendor's and the post's boxes and sites make them (docs/evidence.md, "Digital tokens"). All
 * return false if the library fails; outputs are wiped then. Safe to use from several threads. */
#ifndef PSD_SERVER_TOKENS_H
#define PSD_SERVER_TOKENS_H

#include "crypto/evp.h"
#include "psd/spec/evidence.h"

#define PSD_TOKEN_SET_KEY 32U

/* The pointer of a PSD into any set of 1000 keys: a number below PSD_TOKEN_KEYS. */
bool psd_token_pointer(const uint8_t device[8], uint64_t *pointer);
/* From a key of a set: K_dd of a date (order DAY), and K_meter (order METER). */
bool psd_token_day_key(const uint8_t set_key[PSD_TOKEN_SET_KEY], uint64_t date, uint8_t key[PSD_TOKEN_KEY_SIZE]);
bool psd_token_meter_key(const uint8_t set_key[PSD_TOKEN_SET_KEY], const uint8_t device[8],
                         uint8_t key[PSD_TOKEN_KEY_SIZE]);
/* K_final of a PSD and a date: from K_dd in order DAY, from K_meter in order METER. */
bool psd_token_final_key(psd_token_order order, const uint8_t upper[PSD_TOKEN_KEY_SIZE], const uint8_t device[8],
                         uint64_t date, uint8_t final[PSD_TOKEN_KEY_SIZE]);
/* The token of `digits` digits, 2 to 8. */
bool psd_token_make(const uint8_t final[PSD_TOKEN_KEY_SIZE], const psd_token_input *input, uint64_t digits,
                    uint32_t *token);
/* The registration token; `final` is that of date 0. */
bool psd_token_registration(const uint8_t final[PSD_TOKEN_KEY_SIZE], const psd_registration *registration,
                            uint32_t *token);
/* The HMAC that ends a compact indicium, over the bytes before it. */
bool psd_token_compact(const uint8_t final[PSD_TOKEN_KEY_SIZE], const uint8_t data[PSD_SIZE_COMPACT_INDICIUM],
                       uint8_t mac[PSD_COMPACT_MAC]);

#endif
