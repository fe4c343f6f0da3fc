/* The whole card while its memory loses power or fails. One scene is one command that changes something. Power is cut
 * at every operation on the memory that the command makes, in every way a memory can fail, and then again at every
 * operation of what comes after: powering up, and the command once more. Or each call of the memory fails in turn. */
#ifndef PSD_TEST_CARD_SCENE_H
#define PSD_TEST_CARD_SCENE_H

#include "card_picture.h"

/* What a command may leave behind before it is done, beside nothing: each is a commit of its own, in this order. */
typedef enum scene_step {
  STEP_END,
  STEP_PIN_COUNTED, /* one try fewer */
  STEP_PIN_FULL,    /* all tries back */
  STEP_PUK_COUNTED,
  STEP_SESSION_COUNTED, /* a secure channel more was opened */
} scene_step;
#define SCENE_STEPS 4U
#define SCENE_BLOCKS 8U

typedef struct scene {
  const char *name;
  psd_state state;             /* of the card */
  bool erased;                 /* there is no card yet */
  bool faults;                 /* the command makes the card FAULTED, until it is reset */
  void (*set)(rig *r);         /* makes the card that it is to begin with; may be NULL */
  uint16_t (*prepare)(rig *r); /* after SELECT, before each command: rights; may be NULL. 9000 if it went well */
  uint16_t (*command)(rig *r); /* what is tested; returns its status word */
  uint16_t answer;             /* that it must have the first time */
  bool brief;                  /* one of many alike: with room in the store and across the hand-over alone */
  bool once;                   /* one whose like is played in full: power is not cut again, but with "every" */
  unsigned pages;              /* for a command that hands over in any case: those that its commit takes; else 0 */
  unsigned blocks;             /* of the memory, for a card that has much in it; 0 for SCENE_BLOCKS */
  unsigned changes;            /* parts of the picture that it must change, exactly these */
  scene_step prepared[SCENE_STEPS], commanded[SCENE_STEPS]; /* what both may leave behind on their way */
} scene;

/* Call it first. Without an argument power is cut, the second time in the same way as the first (seconds); with
 * "every", the second time in every way (minutes). With "failures" the memory fails instead, at every call, once and
 * for good. */
void scene_begin(int argc, char **argv);
/* Plays one scene: with much room in the store, right before the store hands over to its other bank, and across the
 * hand-over. */
void scene_play(const scene *s);
/* Prints how many cuts or failures there were since the last call; fails if there were none. */
void scene_report(void);

#endif
