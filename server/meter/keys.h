/* Session keys as docs/handshake.md derives them, and the records they seal. */
#ifndef PSD_METER_KEYS_H
#define PSD_METER_KEYS_H

#include "crypto/evp.h"

/* The key of one direction. */
typedef struct psd_meter_traffic {
  uint8_t key[PSD_AES_KEY];
  uint8_t vector[PSD_GCM_NONCE];
  uint64_t sequence; /* of the next record */
  const psd_cipher *cipher;
} psd_meter_traffic;

typedef struct psd_meter_keys {
  uint64_t suite;
  uint8_t prk[PSD_HASH];
  psd_meter_traffic from_card, to_card;
  psd_meter_traffic from_host, to_host; /* derived when the Host first needs them */
  bool host;
} psd_meter_keys;

/* context = Hash("psd call" || GREETING || ordinal). */
bool psd_meter_context(const uint8_t greeting[PSD_SIZE_GREETING], uint32_t ordinal, uint8_t context[PSD_CONTEXT_SIZE]);

/* A sign-on, M1, taken apart; the bytes stay where they are. */
typedef struct psd_meter_sign_on {
  const uint8_t *m1;
  size_t length;
  psd_sign_on head;
  const uint8_t *wrapped;
  size_t wrapped_length;
  const uint8_t *sealed; /* PSD_SEALED_USER bytes */
} psd_meter_sign_on;
/* False if `m1` cannot be a sign-on: its version, its length for its suite. Says nothing about which suites are
 * offered. */
bool psd_meter_sign_on_parse(const uint8_t *m1, size_t length, psd_meter_sign_on *sign_on);
/* Opens the user's identification under K_S. False (and `user` wiped) if it is not authentic. */
bool psd_meter_open_user(const psd_meter_sign_on *sign_on, const uint8_t context[PSD_CONTEXT_SIZE],
                         const uint8_t session_key[PSD_SESSION_KEY], psd_user *user);

/* Derives the card's two keys for this suite, false if it was not built; `shared` is DH, NULL without forward secrecy.
 * `th1` is Hash(context || M1), `response` the head of M2. */
bool psd_meter_keys_derive(psd_meter_keys *keys, uint64_t suite, const uint8_t th1[PSD_HASH],
                           const uint8_t response[PSD_SIZE_SIGN_ON_RESPONSE],
                           const uint8_t session_key[PSD_SESSION_KEY], const uint8_t *shared);
/* Derives the Host's two as well, unless they are there. */
bool psd_meter_keys_host(psd_meter_keys *keys);

/* Bytes of the longest text of a record. */
#define PSD_METER_RECORD_TEXT (4096U - PSD_GCM_TAG)
/* Seals `length` bytes into `length` + 16 at `out`. `head` is the additional data, at most PSD_SIZE_SIGN_ON_RESPONSE
 * bytes. */
bool psd_meter_seal(psd_meter_traffic *traffic, psd_frame_type type, psd_part head, const void *text, size_t length,
                    uint8_t *out);
/* Opens a record of `length` bytes into `length` - 16 at `out`; false (and `out` wiped) if it is not authentic. */
bool psd_meter_open(psd_meter_traffic *traffic, psd_frame_type type, const uint8_t *record, size_t length,
                    uint8_t *out);

#endif
