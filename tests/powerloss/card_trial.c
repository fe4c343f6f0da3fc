#include "card_trial.h"

#include "check.h"

#include <stdio.h>

void trial_power_up(const trial *t) {
  psd_nvm_ram_power_on(&t->bench->ram);
  psd_card_reset(t->bench->card);
}

uint16_t trial_run_whole(const trial *t) {
  rig *r = t->bench;
  if (t->scene->erased)
    return t->scene->command(r);
  uint16_t status = rig_select(r);
  if (status == PSD_SW_OK && t->scene->prepare != NULL)
    status = t->scene->prepare(r);
  return status == PSD_SW_OK ? t->scene->command(r) : status;
}

bool trial_acknowledged(uint16_t status) {
  return status == PSD_SW_OK || status >> 8 == 0x61 || (status & 0xFFF0) == PSD_SW_TRIES_LEFT;
}

static bool take_step(picture *at, scene_step step) {
  switch (step) {
  case STEP_PIN_COUNTED:
    if (at->pin.tries > 0)
      at->pin.tries--;
    return true;
  case STEP_PIN_FULL:
    at->pin.tries = at->core.pins.pin_tries;
    return true;
  case STEP_PUK_COUNTED:
    if (at->puk.tries > 0)
      at->puk.tries--;
    return true;
  case STEP_SESSION_COUNTED:
    at->keys.sequence++;
    return true;
  case STEP_END:
  default:
    return false;
  }
}

static void allow_steps(choice *c, const scene_step steps[SCENE_STEPS]) {
  picture at = c->allowed[c->count - 1];
  for (size_t i = 0; i < SCENE_STEPS && take_step(&at, steps[i]); i++)
    c->allowed[c->count++] = at;
}

void trial_allow(const trial *t, const picture *before, const picture *after, bool prepared, choice *c) {
  c->allowed[0] = *before;
  c->count = 1;
  if (!prepared)
    allow_steps(c, t->scene->prepared);
  allow_steps(c, t->scene->commanded);
  c->allowed[c->count++] = *after;
}

static bool is_allowed(const choice *c, const picture *found) {
  for (size_t i = 0; i < c->count; i++)
    if (picture_same(&c->allowed[i], found))
      return true;
  for (size_t i = 0; i < c->count; i++)
    fprintf(stderr, "\n  differs from allowed state %zu by %04X", i, picture_difference(&c->allowed[i], found));
  return false;
}

bool trial_found(const trial *t, const choice *c, uint16_t status, picture *found) {
  picture_take(t->bench, found);
  return is_allowed(c, found) && (!trial_acknowledged(status) || picture_same(found, &c->allowed[c->count - 1]));
}

/* A guess was counted if it was answered, and nothing came back that was used up. */
static bool guess_counted(uint16_t status, const picture *before, const picture *after) {
  if ((status & 0xFFF0) != PSD_SW_TRIES_LEFT)
    return true;
  uint64_t left = status & 0x0F;
  bool pin = after->pin.tries == left && before->pin.tries == left + 1 && after->puk.tries == before->puk.tries;
  bool puk = after->puk.tries == left && before->puk.tries == left + 1 && after->pin.tries == before->pin.tries;
  return pin || puk;
}

/* What the command may change when it is given again: a counter that a cut left behind may be put right too. */
static unsigned may_change(const scene *s) {
  unsigned parts = s->changes;
  for (size_t i = 0; i < SCENE_STEPS; i++) {
    scene_step both[] = {s->prepared[i], s->commanded[i]};
    for (size_t j = 0; j < 2; j++) {
      if (both[j] == STEP_PIN_COUNTED || both[j] == STEP_PIN_FULL)
        parts |= PICTURE_PIN_TRIES;
      if (both[j] == STEP_PUK_COUNTED)
        parts |= PICTURE_PUK_TRIES;
      if (both[j] == STEP_SESSION_COUNTED)
        parts |= PICTURE_SEQUENCE;
    }
  }
  return parts;
}

bool trial_goes_on(const trial *t, const picture *now, picture *after) {
  static const psd_store_put no_change = {.record = PSD_STORE_RECORDS_MAX - 1U};
  rig *r = t->bench;
  uint16_t status = trial_run_whole(t);
  trial_power_up(t);
  picture_take(r, after);
  if ((picture_difference(now, after) & ~may_change(t->scene)) != 0 || !guess_counted(status, now, after))
    return false;
  picture again;
  bool committed = psd_store_commit(&r->card->store, &no_change, 1) == PSD_STORE_OK && !r->card->store.stale;
  trial_power_up(t);
  picture_take(r, &again);
  return committed && picture_same(after, &again);
}
