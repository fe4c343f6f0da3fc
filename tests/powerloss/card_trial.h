/* One scene with one card on the bench: what the programs of power loss and of failing memory share. */
#ifndef PSD_TEST_CARD_TRIAL_H
#define PSD_TEST_CARD_TRIAL_H

#include "card_scene.h"

#define ALLOWED_MOST (2U + 2U * SCENE_STEPS)

/* States that may be found; the last one is that of everything done. */
typedef struct choice {
  picture allowed[ALLOWED_MOST];
  size_t count;
} choice;

typedef struct trial {
  const scene *scene;
  rig *bench;
  unsigned fill;  /* commits of no note that went before */
  rig_copy ready; /* prepared: the command is all that is left */
  picture before;
  picture after; /* of a command that nothing happened to */
  choice first;  /* what may be found when something happened to it */
} trial;

/* Restores power to the memory, and resets the card. */
void trial_power_up(const trial *t);
/* SELECT, what gives the right, the command. */
uint16_t trial_run_whole(const trial *t);
/* True if what was asked for was done, or a guess was judged: the card may not say so before it is durable. */
bool trial_acknowledged(uint16_t status);
/* What may be found when a command is given to a card like `before` and would make it one like `after`. */
void trial_allow(const trial *t, const picture *before, const picture *after, bool prepared, choice *c);
/* The state of the card, as it is on the bench, is one of those allowed, and an answer that was given was true. What it
 * is goes to `found`. */
bool trial_found(const trial *t, const choice *c, uint16_t status, picture *found);
/* The card takes the command once more, and everything is as it should be after it: `now` became `after`. */
bool trial_goes_on(const trial *t, const picture *now, picture *after);

/* Plays all cuts, or all failures, on a trial that is ready, and adds their numbers. */
void trial_cut(const trial *t, bool in_every_way, unsigned long *singles_made, unsigned long *pairs_made);
void trial_fail(const trial *t, unsigned long *failures_made);

#endif
