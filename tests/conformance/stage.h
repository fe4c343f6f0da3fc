/* Where a cell of the conformance matrix is tried: a card in one life cycle state, with one level of access. */
#ifndef PSD_CONFORMANCE_STAGE_H
#define PSD_CONFORMANCE_STAGE_H

#include "rig.h"

typedef struct stage_access {
  const char *name;
  bool pin;      /* the PIN is verified */
  uint8_t level; /* the secure channel's; 0: none is open */
  bool in_clear; /* commands go in clear although it is open */
  bool session;  /* commands come in records of the meter server's session */
} stage_access;

extern const stage_access stage_accesses[];
extern const size_t stage_access_count;

/* A card in `state` with `access`; the PSD is selected, every object loaded that can be. The access is got in
 * OPERATIONAL, and the state put into memory afterwards: so every combination exists, those that no command reaches
 * too. */
void stage_enter(rig *r, psd_state state, const stage_access *access);
/* The card on the bench goes, and its meter server. */
void stage_leave(rig *r);
/* The card of rig_restore needs the meter server as it was, too: call it before and after. */
void stage_save(void);
void stage_restore(void);

/* What a command sent with this access may claim, as commands.def and objects.def write it. */
psd_access_set stage_granted(const stage_access *access, const psd_command *row);

/* True for a state in which the card takes records at all. */
bool stage_has_records(psd_state state);

/* Sends a command of row `row` the way the access has it: secured, unless the row goes in clear; in a record. 61xx
 * counts as 9000. */
uint16_t stage_send(rig *r, const stage_access *access, const psd_command *row, const psd_apdu *apdu);

/* What reading or writing this object must end in, from its row alone, once the command itself is admitted. */
uint16_t stage_read_status(const psd_object *object, psd_state state, psd_access_set granted);
uint16_t stage_write_status(const psd_object *object, psd_state state, psd_access_set granted, uint8_t level);

/* "PUT DATA, LOCKED, PIN": 6985 where 6982 … on standard error; false. */
bool stage_check(const char *what, psd_state state, const stage_access *access, uint16_t status, uint16_t expected);

#endif
