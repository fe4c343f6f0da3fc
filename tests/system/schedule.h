/* A schedule: what people do with the whole system, one step after the other, and what goes wrong meanwhile. It is a
 * text as well, a line a step, such as "refill 0 50000 cut=7 how=2", so that one that found something can be kept. */
#ifndef PSD_SYSTEM_SCHEDULE_H
#define PSD_SYSTEM_SCHEDULE_H

#include <stdio.h>

#include "world.h"

typedef enum step_kind {
  /* At a Host: */
  STEP_AUDIT,
  STEP_REFILL,
  STEP_TWICE, /* two refills in one session */
  STEP_WITHDRAW,
  STEP_RETIRE,   /* everything, for good */
  STEP_STRANGER, /* the user of another account signs on */
  /* The operator, for the meter or its account: */
  STEP_DEPOSIT,
  STEP_PAYOUT,
  STEP_PAY,
  STEP_CREDIT, /* of the account */
  STEP_SUSPEND,
  STEP_RESUME,
  STEP_LOCK,
  STEP_UNLOCK,
  STEP_ACCEPT, /* unlocks, and takes the card's word */
  STEP_MOVE,
  STEP_LIMITS,   /* maximum descending register */
  STEP_WATCHDOG, /* days */
  STEP_LINE,     /* credit limit of a current-account meter */
  STEP_CLOCK,
  /* Whoever has the meter: */
  STEP_PRINT,
  STEP_WAIT,  /* seconds */
  STEP_SUITE, /* 1 p256, 4 shared */
  /* Whoever attacks it (attack.h); the amount is which of two images: */
  STEP_KEEP,    /* the card's memory is read out */
  STEP_RESTORE, /* and put back */
  STEP_SWAP,    /* a clone is used instead of it, or it instead of the clone */
  STEP_KINDS
} step_kind;

typedef struct step {
  step_kind kind;
  unsigned meter;
  psd_group group;
  uint64_t amount; /* mills, where nothing else is said */
  fault_plan plan;
} step;

#define SCHEDULE_STEPS 28U
typedef struct schedule {
  uint64_t seed; /* of what the cards draw by lot */
  size_t count;
  step steps[SCHEDULE_STEPS];
} schedule;

/* What came about in all schedules that were played: without it nothing would be shown. */
typedef struct schedule_tally {
  unsigned steps, done[STEP_KINDS], faults, recovered, alarms;
} schedule_tally;
extern schedule_tally schedule_tallied;

/* The schedule of this seed; with `attacked`, one in which somebody attacks the meters. */
void schedule_make(schedule *s, uint64_t seed, bool attacked);
/* Plays it in a new world, with everything repaired and finished in the end. False if an invariant did not hold;
 * `wrong` gets which, and after how many steps. */
bool schedule_play(const schedule *s, char wrong[200]);

/* schedule_text.c. As many steps and faults taken away as can be, so that it still fails. */
void schedule_shrink(schedule *s);
void schedule_print(const schedule *s, FILE *to);
/* False for what is no schedule. */
bool schedule_read(schedule *s, FILE *from);

/* True for what is done at a Host, and can be hit by faults; for what the operator does. */
bool step_at_host(step_kind kind);
bool step_of_operator(step_kind kind);
/* operator.c: one transaction; true if it was taken. */
bool operator_step(world *w, const step *at);

#endif
