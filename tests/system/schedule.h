/* A schedule: what people do with the whole system, one step after the other, and what goes wrong meanwhile. It is a
 * text as well, a line a step, such as "refill 0 50000 cut=7 how=2", so that one that found something can be kept. */
#ifndef PSD_SYSTEM_SCHEDULE_H
#define PSD_SYSTEM_SCHEDULE_H

#include <stdio.h>

#include "world.h"

typedef enum step_kind {
  STEP_AUDIT,
  STEP_REFILL,
  STEP_WITHDRAW,
  STEP_RETIRE, /* everything, for good */
  STEP_DEPOSIT,
  STEP_PAYOUT,
  STEP_SUSPEND,
  STEP_RESUME,
  STEP_LOCK,
  STEP_UNLOCK,
  STEP_MOVE,
  STEP_WAIT,  /* seconds */
  STEP_SUITE, /* 1 p256, 4 shared */
  STEP_KINDS
} step_kind;

typedef struct step {
  step_kind kind;
  unsigned meter;
  uint64_t amount; /* mills; seconds for STEP_WAIT, the ZIP for STEP_MOVE */
  fault_plan plan;
} step;

#define SCHEDULE_STEPS 24U
typedef struct schedule {
  uint64_t seed; /* of what the cards draw by lot */
  size_t count;
  step steps[SCHEDULE_STEPS];
} schedule;

/* What came about in all schedules that were played: without it nothing would be shown. */
typedef struct schedule_tally {
  unsigned steps, done[STEP_KINDS], faults, recovered;
} schedule_tally;
extern schedule_tally schedule_tallied;

/* The schedule of this seed. */
void schedule_make(schedule *s, uint64_t seed);
/* Plays it in a new world, with everything repaired and finished in the end. False if an invariant did not hold;
 * `wrong` gets which, and after how many steps. */
bool schedule_play(const schedule *s, char wrong[200]);
/* As many steps and faults taken away as can be, so that it still fails. */
void schedule_shrink(schedule *s);
void schedule_print(const schedule *s, FILE *to);
/* False for what is no schedule. */
bool schedule_read(schedule *s, FILE *from);

#endif
