/* A card on a bench: memory in RAM, a clock that is set by hand, entropy from a seed. Every whole-card test uses it. */
#ifndef PSD_TEST_RIG_H
#define PSD_TEST_RIG_H

#include "context.h"
#include "port/nvm_ram.h"

/* Transport keys, PIN and PUK of a card made here. */
#define RIG_PIN "123456"
#define RIG_PUK "87654321"
#define RIG_SERIAL 0x00C0FFEEU
#define RIG_KEY_VERSION 1U
/* 2026-01-01 00:00:00 UTC, where the clock starts. */
#define RIG_TIME UINT64_C(1767225600)

typedef struct rig {
  psd_nvm_ram ram;
  psd_card *card; /* lives in malloc'ed memory of exactly psd_card_size() bytes */
  uint64_t seconds;
  uint64_t entropy_state;
  uint64_t entropy_fail_in; /* calls until the entropy port fails for good; 0 never */
  bool entropy_stuck;       /* it repeats one byte */
  uint8_t response[PSD_CARD_RESPONSE_MAX];
  size_t length; /* of the last answer's data, without SW1-SW2 */
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

/* Opens the secure channel with the rig's keys at `level`; host challenge of 8 bytes. Wrapping is by rig_secure. */
uint16_t rig_open_channel(rig *r, uint8_t level);
/* Sends a command (in clear, hexadecimal) through the open secure channel, and takes the answer out of it; the answer's
 * MAC is asserted. */
uint16_t rig_secure(rig *r, const char *command);

#endif
