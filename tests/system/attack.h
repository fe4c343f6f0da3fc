/* Whoever has a card can read out its memory, put it back, and make a clone of it; whoever has the wire can record it
 * (FAULT_OLD). What must be true all the same: no mill is credited a second time, and a card that was put back to
 * before what was shown in an audit is found at its next one. */
#ifndef PSD_SYSTEM_ATTACK_H
#define PSD_SYSTEM_ATTACK_H

#include "schedule.h"

/* True if there was anything to do. */
bool attack_step(world *w, const step *at);

/* How a meter stands before a step at a Host. */
typedef struct attack_before {
  world_purse purse;
  uint32_t known;  /* the last sequence number that the server knows */
  bool operation;  /* the server knows the card's operation, */
  psd_op_state op; /* and has it there */
} attack_before;
void attack_look(world *w, unsigned meter, attack_before *before);
/* After it. False, and w->wrong, if the attack has succeeded. */
bool attack_failed(world *w, unsigned meter, const attack_before *before);

#endif
