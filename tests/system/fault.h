/* What goes wrong in one step of a schedule, and when: each number counts from 1 as the step begins; 0 is never. */
#ifndef PSD_SYSTEM_FAULT_H
#define PSD_SYSTEM_FAULT_H

#include <stdbool.h>
#include <stddef.h>

typedef enum fault_kind {
  FAULT_LOSE,    /* this frame between Host and meter server is lost, and the connection with it */
  FAULT_REPEAT,  /* this frame of the Host arrives twice */
  FAULT_OLD,     /* instead of this frame comes what came in its place on the connection before */
  FAULT_LATE,    /* this frame arrives after an authorization's time is over */
  FAULT_CUT,     /* the card's power goes at this operation on its memory; `how` is a psd_nvm_ram_cut */
  FAULT_PROGRAM, /* this page of its memory is not programmed, and it is told so */
  FAULT_SYNC,    /* the same of what should be made durable */
  FAULT_ENTROPY, /* its source of entropy fails at this reading; the card is put in anew for it */
  FAULT_KILL,    /* the meter server is killed at this call of its database, and what was not committed is gone */
  FAULT_KILLED,  /* the same, right after the call took effect */
  FAULT_DOUBT,   /* it is told that this transaction has failed, though it was committed */
  FAULT_FAIL,    /* this call of the database fails, and all after it, until the server has given up */
  FAULT_BUSY,    /* another connection is in the way of it, once */
  FAULT_SILENCE, /* the key management system is gone at this request, before it has done it */
  FAULT_DEAF,    /* the same, after it has: the answer is lost */
  FAULT_KINDS
} fault_kind;

typedef struct fault_plan {
  unsigned at[FAULT_KINDS];
  unsigned how; /* of FAULT_CUT */
} fault_plan;

extern const char *const fault_names[FAULT_KINDS];

/* How often each of them could have gone wrong so far in this step, and how many did. */
typedef struct fault_count {
  unsigned seen[FAULT_KINDS];
  unsigned hit;
} fault_count;

/* One more chance of this kind: true if it goes wrong now. */
bool fault_now(const fault_plan *plan, fault_count *count, fault_kind kind);
/* True if nothing is to go wrong. */
bool fault_none(const fault_plan *plan);

#endif
