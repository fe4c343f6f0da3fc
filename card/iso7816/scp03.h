/* The arithmetic of GlobalPlatform Secure Channel Protocol 03 (Card Specification 2.3.1, Amendment D): keys,
 * cryptograms, MACs and ciphers, without any state of a card. Challenges, cryptograms and MACs are 8 bytes (S8) or 16
 * (S16). */
#ifndef PSD_ISO7816_SCP03_H
#define PSD_ISO7816_SCP03_H

#include "crypto/crypto.h"

/* Derivation constants (Amendment D, table 4-1). */
enum psd_scp03_constant {
  PSD_SCP03_CARD_CRYPTOGRAM = 0x00,
  PSD_SCP03_HOST_CRYPTOGRAM = 0x01,
  PSD_SCP03_CARD_CHALLENGE = 0x02,
  PSD_SCP03_S_ENC = 0x04,
  PSD_SCP03_S_MAC = 0x06,
  PSD_SCP03_S_RMAC = 0x07,
};

/* Data derivation (4.1.5): SP 800-108 in counter mode with AES-CMAC. `out_length` at most 32. */
bool psd_scp03_derive(const uint8_t *key, size_t key_length, uint8_t constant, const psd_piece context[2], uint8_t *out,
                      size_t out_length);
/* MAC over chaining value, and two pieces, 16 bytes; a MAC field is its first 8 or 16 (6.2.4, 6.2.5). */
bool psd_scp03_mac(const uint8_t *key, size_t key_length, const uint8_t chaining[PSD_AES_BLOCK], psd_piece first,
                   psd_piece second, uint8_t mac[PSD_AES_BLOCK]);
/* Initial vector of command number `counter`, or of the answer to it (6.2.6, 6.2.7). */
bool psd_scp03_iv(const uint8_t *s_enc, size_t key_length, uint32_t counter, bool answer, uint8_t iv[PSD_AES_BLOCK]);
/* Length without the padding 80 00 ...; false if there is none. */
bool psd_scp03_unpad(const uint8_t *data, size_t *length);

#endif
