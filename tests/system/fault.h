/* What goes wrong in one step of a schedule, and when: each number counts from 1 as the step begins; 0 is never. */
#ifndef PSD_SYSTEM_FAULT_H
#define PSD_SYSTEM_FAULT_H

#include <stdbool.h>
#include <stddef.h>

typedef enum fault_kind {
  FAULT_LOSE,    /* this frame between Host and meter server is lost, and the connection with it */
  FAULT_REPEAT,  /* this frame arrives twice */
  FAULT_CUT,     /* the card's power goes at this operation on its memory; `how` is a psd_nvm_ram_cut */
  FAULT_KILL,    /* the meter server is killed at this call of its database, and what was not committed is gone */
  FAULT_KILLED,  /* the same, right after the call took effect */
  FAULT_SILENCE, /* the key management system is gone at this request, before it has done it */
  FAULT_DEAF,    /* the same, after it has: the answer is lost */
  FAULT_KINDS
} fault_kind;

typedef struct fault_plan {
  unsigned at[FAULT_KINDS];
  unsigned how; /* of FAULT_CUT */
} fault_plan;

extern const char *const fault_names[FAULT_KINDS];

/* How often each of them could have gone wrong so far in this step, and whether one did. */
typedef struct fault_count {
  unsigned seen[FAULT_KINDS];
  unsigned hit;
} fault_count;

/* One more chance of this kind: true if it goes wrong now. */
bool fault_now(const fault_plan *plan, fault_count *count, fault_kind kind);

#endif
