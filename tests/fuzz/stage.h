/* Cards that are ready when an input comes: made once on the rig, then restored by copying. */
#ifndef PSD_FUZZ_STAGE_H
#define PSD_FUZZ_STAGE_H

#include "rig.h"

/* How a card is found at the start of an input. */
typedef struct stage_start {
  psd_state state;
  uint8_t key_size; /* of the transport keys: 16, 24 or 32 */
  bool selected;    /* the PSD application is selected */
  bool verified;    /* and the PIN verified, where there is one */
  bool tight;       /* next to no room is left in the store's bank: it hands over soon */
} stage_start;

/* Makes all cards; call it once. Ends the process if that fails. */
void stage_open(void);
/* Takes the start from the first two bytes of an input. */
stage_start stage_take(psd_cursor *input);
/* The one card there is, in that condition, powered on; everything from before is gone. Its rig_ functions that assert
 * must not be used: there is no CUnit. */
rig *stage_enter(const stage_start *start);

/* Sends a command, given in memory of exactly its size, and checks what holds of every answer: its lengths, that its
 * status word is in the table, that errors carry no data, that no secret of the card is in it. Returns SW1-SW2; the
 * data is in `r->response`, `r->length` bytes. */
uint16_t stage_send(rig *r, const uint8_t *command, size_t length);
/* The session with the meter server, open on the basic channel under keys of zeroes; nothing without the PSD selected.
 */
void stage_open_session(rig *r);
/* A command of the provider in a record under those keys, and what holds of the answer inside. */
void stage_send_record(rig *r, const uint8_t *text, size_t length);
/* What holds of the card between commands. `sound`: nothing was done to it that may make it FAULTED. */
void stage_check(const rig *r, bool sound);
/* The end of an input: everything works again, the card is reset, and is not FAULTED unless it began so. */
void stage_close(rig *r);

#endif
