/* The memory fails at every call of a command: once, or for good. Nothing is reset in between: the card has to tell the
 * truth with what it has. */
#include "card_trial.h"
#include "check.h"

#include <stdio.h>

static unsigned long failures;

typedef enum call { CALL_READ, CALL_PROGRAM, CALL_ERASE, CALL_SYNC } call;
static const char *const call_names[] = {"read", "program", "erase", "sync"};
#define CALLS (sizeof call_names / sizeof call_names[0])

static uint64_t *counter(psd_nvm_ram *ram, call which) {
  switch (which) {
  case CALL_READ:
    return &ram->fail_read_in;
  case CALL_PROGRAM:
    return &ram->fail_program_in;
  case CALL_ERASE:
    return &ram->fail_erase_in;
  case CALL_SYNC:
  default:
    return &ram->fail_sync_in;
  }
}

static void complain(const trial *t, const char *what, const char *of, uint64_t n, uint16_t status) {
  CU_FAIL("failing memory");
  fprintf(stderr, "\n  %s, fill %u: %s; %s %llu, answer %04X\n", t->scene->name, t->fill, what, of,
          (unsigned long long)n, status);
}

/* The words for what happened to the memory. */
static bool is_right_error(uint16_t status) {
  return status == PSD_SW_MEMORY_FAILURE || status == PSD_SW_EXECUTION_ERROR;
}

/* One call fails, all others work; false if the command was over before it. */
static bool fail_once(const trial *t, call which, uint64_t n) {
  rig *r = t->bench;
  picture found;
  picture after;
  uint64_t *in = counter(&r->ram, which);
  rig_restore(r, &t->ready);
  *in = n;
  uint16_t status = t->scene->command(r);
  if (*in != 0) {
    *in = 0;
    return false;
  }
  failures++;
  if (t->scene->erased || t->scene->faults)
    trial_power_up(t);
  else if (r->card->fault != PSD_FAULT_NONE) {
    complain(t, "one failure made it FAULTED", call_names[which], n, status);
    return true;
  }
  if (!trial_acknowledged(status) && !is_right_error(status))
    complain(t, "wrong error", call_names[which], n, status);
  if (!trial_found(t, &t->first, status, &found) || (!found.blank && !picture_told(r, &found)))
    complain(t, "wrong state", call_names[which], n, status);
  else if (!trial_goes_on(t, &found, &after))
    complain(t, "does not go on", call_names[which], n, status);
  return true;
}

/* With the memory gone the card says nothing that is not so, and promises nothing. */
static bool is_honest(const trial *t, const picture_answers *before, const picture_answers *after) {
  rig *r = t->bench;
  rig_select(r);
  return !trial_acknowledged(rig_verify(r, RIG_PIN)) && picture_answers_true(r, before, after) &&
         (t->scene->faults || !trial_acknowledged(trial_run_whole(t)));
}

/* From operation `n` on no call works; false if the command was over before it. */
static bool fail_for_good(const trial *t, uint64_t n, const picture_answers *before, const picture_answers *after) {
  rig *r = t->bench;
  picture found;
  rig_restore(r, &t->ready);
  r->ram.cut_in = n;
  r->ram.cut = PSD_NVM_RAM_CLEAN;
  uint16_t status = t->scene->command(r);
  if (!r->ram.off)
    return false;
  failures++;
  if (!t->scene->erased && !is_honest(t, before, after))
    complain(t, "says what is not so", "operations from", n, status);
  trial_power_up(t);
  if (!trial_found(t, &t->first, status, &found))
    complain(t, "wrong state", "operations from", n, status);
  return true;
}

/* What a sound card answers before and after the command. */
static void ask(const trial *t, picture_answers *before, picture_answers *after) {
  rig *r = t->bench;
  rig_restore(r, &t->ready);
  picture_ask(r, before);
  rig_restore(r, &t->ready);
  t->scene->command(r);
  psd_card_reset(r->card);
  picture_ask(r, after);
}

void trial_fail(const trial *t, unsigned long *failures_made) {
  static picture_answers before;
  static picture_answers after;
  failures = 0;
  for (unsigned which = 0; which < CALLS; which++)
    for (uint64_t n = 1; fail_once(t, (call)which, n); n++)
      ;
  if (!t->scene->erased)
    ask(t, &before, &after);
  for (uint64_t n = 1; fail_for_good(t, n, &before, &after); n++)
    ;
  *failures_made += failures;
}
