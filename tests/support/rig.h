/* A card on a bench: memory in RAM, a clock that is set by hand, entropy from a seed. Every whole-card test uses it. */
#ifndef PSD_TEST_RIG_H
#define PSD_TEST_RIG_H

#include "context.h"
#include "port/nvm_ram.h"
#include "staged.h"

/* Transport keys, PIN and PUK of a card made here. */
#define RIG_PIN STAGED_PIN
#define RIG_PUK STAGED_PUK
#define RIG_SERIAL 0x00C0FFEEU
#define RIG_KEY_VERSION 1U
/* 2026-01-01 00:00:00 UTC, where the clock starts. */
#define RIG_TIME UINT64_C(1767225600)

/* The host's end of a secure channel. */
typedef struct rig_host {
  uint8_t key_size, mac_size, level, channel;
  uint32_t counter;
  uint8_t enc[32], mac[32], rmac[32], chaining[16], cryptogram[16];
} rig_host;

typedef struct rig {
  psd_nvm_ram ram;
  psd_card *card; /* lives in malloc'ed memory of exactly psd_card_size() bytes */
  uint64_t seconds;
  uint64_t entropy_state;
  uint64_t entropy_fail_in; /* calls until the entropy port fails for good; 0 never */
  bool entropy_stuck;       /* it repeats one byte */
  uint8_t response[PSD_CARD_RESPONSE_MAX];
  size_t length; /* of the last answer's data, without SW1-SW2 */
  rig_host host;
} rig;

/* A blank card, manufactured with the keys of rig_birth, powered on. Fatal CUnit assertion on failure. */
void rig_create(rig *r);
/* The same, with erased memory and no card made. */
void rig_create_erased(rig *r);
void rig_destroy(rig *r);
/* What rig_create manufactures: 128-bit keys 40..4F, 50..5F, 60..6F. */
psd_card_birth rig_birth(void);
psd_ports rig_ports(rig *r);

/* Sends a command given in bytes, from memory of exactly `length` bytes; returns SW1-SW2, the data in r->response. */
uint16_t rig_send(rig *r, const void *command, size_t length);
/* The same from hexadecimal text; blanks are skipped. */
uint16_t rig_hex(rig *r, const char *command);
/* The same, and what waits behind 61xx is fetched too: the data are whole, the status word is the last one. */
uint16_t rig_whole(rig *r, const char *command);
/* SELECT the PSD by its identifier. */
uint16_t rig_select(rig *r);
/* VERIFY with `pin`. */
uint16_t rig_verify(rig *r, const char *pin);

/* Puts the card into a state by writing its memory, as if it had got there: powered off, changed, powered on. The card
 * has PIN RIG_PIN, PUK RIG_PUK, and balanced registers. INSPECTION_DUE and LOCKED by the clock are reached through the
 * clock. */
void rig_enter(rig *r, psd_state state);
/* Replaces the core by `core` the same way. */
void rig_set_core(rig *r, const psd_core *core);

/* The card, its memory and the bench as they are now, to come back to. */
typedef struct rig_copy {
  rig bench;
  void *card;
  uint8_t *memory;
} rig_copy;
void rig_save(const rig *r, rig_copy *copy);
void rig_restore(rig *r, const rig_copy *copy);
void rig_forget(rig_copy *copy);

/* Stores the value of an object that is kept in a record of its own, whoever may write it. */
void rig_put_object(rig *r, psd_object_id id, const void *value, size_t length);
/* Whether the memory holds these bytes, or eight of them in a row, anywhere: in reach of the card or not. */
bool rig_memory_holds(const rig *r, const uint8_t *bytes, size_t length);
/* Replaces the transport keys, sequence counter included. The card is reset. */
void rig_set_keys(rig *r, const psd_transport_keys *keys);

/* Opens the secure channel with the rig's keys at `level`; host challenge of 8 bytes. Wrapping is by rig_secure. */
uint16_t rig_open_channel(rig *r, uint8_t level);
/* The same with these transport keys, challenges and MACs of `mac_size` (8 or 16) bytes, on a logical channel. */
uint16_t rig_open_channel_as(rig *r, const psd_card_birth *keys, uint8_t mac_size, uint8_t channel, uint8_t level);
/* Both halves of it: INITIALIZE UPDATE, whose answer is checked, and EXTERNAL AUTHENTICATE. */
uint16_t rig_begin_channel(rig *r, const psd_card_birth *keys, uint8_t mac_size, uint8_t channel);
uint16_t rig_authenticate(rig *r, uint8_t level);
/* The bytes that rig_secure would send, and what it does with the answer: for tests that change them on the way. The
 * command's own form, short or extended, is kept. */
size_t rig_wrap(rig *r, const char *command, uint8_t *out, size_t capacity);
size_t rig_wrap_bytes(rig *r, const uint8_t *command, size_t length, uint8_t *out, size_t capacity);
void rig_unwrap(rig *r, uint16_t status);
/* Sends a command (in clear, hexadecimal) through the open secure channel, and takes the answer out of it; the answer's
 * MAC is asserted. */
uint16_t rig_secure(rig *r, const char *command);

#endif
