/* The card: power, reset, answer to reset, command and response. ISO/IEC 7816-3 and 7816-4.
 *
 * A card is one fixed-size context in memory that the caller owns; it allocates nothing of its own, and reaches the
 * world only through its ports. It is not reentrant: one thread at a time drives one card; several cards in one
 * process are independent. */
#ifndef PSD_CARD_H
#define PSD_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "psd/ports.h"

/* Data bytes of the longest command and of the longest response, chained or extended. */
#define PSD_CARD_DATA_MAX 2048U
/* Bytes of the longest answer: the data and SW1-SW2. */
#define PSD_CARD_RESPONSE_MAX (PSD_CARD_DATA_MAX + 2U)
/* Bytes of the longest answer to reset (ISO/IEC 7816-3:2006, 8.1). */
#define PSD_CARD_ATR_MAX 33U
/* Logical channels: the basic one and 1 to 3 (ISO/IEC 7816-4:2005, 5.1.1.2). */
#define PSD_CARD_CHANNELS 4U

typedef struct psd_card psd_card;

/* Bytes of memory one card needs, and the alignment they need (that of max_align_t). */
size_t psd_card_size(void);

/* Makes a card, powered off, in `memory` (psd_card_size() bytes, owned by the caller, kept until the card is no longer
 * used). The ports are copied; what they point at stays the caller's. Never fails. */
psd_card *psd_card_init(void *memory, const psd_ports *ports);

/* What a factory gives a blank card. Transport keys: AES, `key_size` 16, 24 or 32 bytes each. */
typedef struct psd_card_birth {
  uint8_t vendor[2]; /* printable ASCII */
  uint8_t model[2];  /* printable ASCII */
  uint32_t serial;
  uint8_t key_version; /* 1 to 127 */
  uint8_t key_size;
  uint8_t enc[32], mac[32], dek[32];
} psd_card_birth;

/* Writes a blank card, in state MANUFACTURED, to erased non-volatile memory. The card must be powered off. Returns
 * false if the memory is not erased, failed, or an argument is out of its range; nothing is half-written then: the next
 * call of psd_card_power_on finds either the blank card or no card. */
bool psd_card_manufacture(psd_card *card, const psd_card_birth *birth);

/* Power on: recovers the store, checks every invariant and runs the self-tests that are due at power-up. A card that
 * finds itself damaged powers up in state FAULTED and answers status only: powering up never fails. */
void psd_card_power_on(psd_card *card);

/* Power off: every volatile state is gone (sessions, PIN status, channels, buffers) and secrets in RAM are wiped. */
void psd_card_power_off(psd_card *card);

/* Warm reset: power off and on at once. */
void psd_card_reset(psd_card *card);

/* True between psd_card_power_on and psd_card_power_off. */
bool psd_card_is_on(const psd_card *card);

/* The answer to reset; costs nothing and touches no state. `*length` is 0 for a card that is off. The bytes are the
 * card's and stay valid while it is on. */
const uint8_t *psd_card_atr(const psd_card *card, size_t *length);

/* One command APDU in, one response APDU out. `response` has room for PSD_CARD_RESPONSE_MAX bytes; the answer always
 * has at least SW1-SW2, whatever the command was. `command` and `response` must not overlap. Returns the answer's
 * length; 0 only if the card is off. */
size_t psd_card_transmit(psd_card *card, const uint8_t *command, size_t length, uint8_t *response);

#endif
