/* The off-card end of GlobalPlatform's Secure Channel Protocol 03 (Card Specification v2.3, Amendment D v1.1.2 and
 * v1.2): AES-128, -192, -256, modes S8 and S16, pseudo-random and random card challenges. */
#ifndef PSD_READER_SCP03_H
#define PSD_READER_SCP03_H

#include "psd/reader/host.h"

#define PSD_HOST_KEY_MAX 32U

/* A set of static keys: transport keys, or those that replace them. */
typedef struct psd_host_keys {
  uint8_t version; /* 1 to 127 */
  size_t size;     /* of each key: 16, 24 or 32 bytes */
  uint8_t enc[PSD_HOST_KEY_MAX], mac[PSD_HOST_KEY_MAX], dek[PSD_HOST_KEY_MAX];
} psd_host_keys;

/* Reads a key file: lines `version = N`, `enc = HEX`, `mac = HEX`, `dek = HEX`; lines that begin with # are comments. A
 * warning (keys that others may read) goes to `warning`, an empty text if there is none. */
psd_result psd_host_keys_read(const char *path, psd_host_keys *keys, psd_error *warning, psd_error *error);

/* Security levels (Amendment D, 7.1.2.1, table 7-5). */
typedef enum psd_security_level {
  PSD_LEVEL_C_MAC = 0x01,
  PSD_LEVEL_C_MAC_C_ENC = 0x03,
  PSD_LEVEL_C_MAC_R_MAC = 0x11,
  PSD_LEVEL_C_MAC_C_ENC_R_MAC = 0x13,
  PSD_LEVEL_ALL = 0x33,
} psd_security_level;

/* One session. The functions below need no card; psd_host_secure drives them. */
typedef struct psd_host_scp03 {
  size_t key_size;
  size_t mac_size; /* of cryptograms and MACs: 8 (S8) or 16 (S16) bytes */
  uint8_t level;
  uint8_t options; /* the card's i parameter */
  uint8_t s_enc[PSD_HOST_KEY_MAX], s_mac[PSD_HOST_KEY_MAX], s_rmac[PSD_HOST_KEY_MAX];
  uint8_t host_cryptogram[16];
  uint8_t chaining[16]; /* MAC chaining value */
  uint64_t counter;     /* of commands, for the initial vectors */
} psd_host_scp03;

/* Takes the data of the answer to INITIALIZE UPDATE, derives the session keys and checks the card cryptogram in
 * constant time. `challenge_size` 8 is mode S8, 16 is S16, and the i parameter must say the same. PSD_REFUSED if the
 * card's keys are not these; PSD_BAD_ANSWER if it is no answer of SCP03. The session is wiped unless PSD_OK. */
psd_result psd_host_scp03_start(psd_host_scp03 *session, const psd_host_keys *keys, const uint8_t *challenge,
                                size_t challenge_size, psd_cursor answer, psd_error *error);

/* Makes EXTERNAL AUTHENTICATE, its data appended to `out`. PSD_BAD_INPUT if the level is none of the five or more than
 * the card's i parameter offers. */
psd_result psd_host_scp03_authenticate(psd_host_scp03 *session, psd_security_level level, psd_apdu *command,
                                       psd_buffer *out, psd_error *error);

/* Secures `plain` into `wrapped`, whose data are appended to `out`. */
psd_result psd_host_scp03_wrap(psd_host_scp03 *session, const psd_apdu *plain, psd_apdu *wrapped, psd_buffer *out,
                               psd_error *error);

/* Checks and deciphers the data of an answer with this status word, and appends them to `out`. Errors carry neither
 * data nor MAC (Amendment D, 6.2.5). PSD_BAD_ANSWER when the MAC or the padding is wrong: the session must then be
 * ended. */
psd_result psd_host_scp03_unwrap(psd_host_scp03 *session, psd_cursor answer, uint16_t status, psd_buffer *out,
                                 psd_error *error);

void psd_host_scp03_wipe(psd_host_scp03 *session);

/* First 3 bytes of AES(key, 16 bytes 01): the key check value (Card Specification v2.3.1, B.5). */
psd_result psd_host_key_check(const uint8_t *key, size_t size, uint8_t check[3], psd_error *error);

/* Appends the data of PUT KEY (Card Specification v2.3.1, 11.8.2.3): the new version, and three AES keys enciphered
 * under the static DEK of `current`, with key check values. */
psd_result psd_host_put_key_data(const psd_host_keys *current, const psd_host_keys *next, psd_buffer *out,
                                 psd_error *error);

/* Opens a secure channel to the selected application: INITIALIZE UPDATE and EXTERNAL AUTHENTICATE. `challenge_size` is
 * 8 or 16. From here on psd_host_send secures what the table does not send in clear, until
 * an application is selected or a message turns out altered. Wrong keys are PSD_REFUSED. */
psd_result psd_host_secure(psd_host *host, const psd_host_keys *keys, psd_security_level level, size_t challenge_size);

/* Replaces the transport keys and checks the key check values the card answers. Needs a secure channel. */
psd_result psd_host_replace_keys(psd_host *host, const psd_host_keys *current, const psd_host_keys *next);

#endif
