/* What a conversation is made of, in words: frames, signals, steps, actions, operations, roles. A card does without. */
#include "psd/spec/session.h"

#include <string.h>

#define PSD_FRAME(NAME, value, name, words) {PSD_FRAME_##NAME, name, words},
static const psd_frame_row frames[] = {
#include "session.def"
};

#define PSD_SIGNAL(NAME, value, step, words) {PSD_SIGNAL_##NAME, (psd_step)(step), #NAME, words},
const psd_signal_row psd_signals[] = {
#include "session.def"
};
const size_t psd_signal_count = sizeof psd_signals / sizeof psd_signals[0];

#define PSD_STEP(number, NAME, words) {PSD_STEP_##NAME, words},
const psd_step_row psd_steps[] = {
#include "session.def"
};
const size_t psd_step_count = sizeof psd_steps / sizeof psd_steps[0];

#define PSD_ACTION(NAME, value, words) {value, #NAME, words},
const psd_action_row psd_actions[] = {
#include "session.def"
};
const size_t psd_action_count = sizeof psd_actions / sizeof psd_actions[0];

#define PSD_OPERATION(NAME, value, name, words) {PSD_OPERATION_##NAME, name, words},
static const psd_operation_row operations[] = {
#include "session.def"
};

#define PSD_ROLE(NAME, value, name, words) {PSD_ROLE_##NAME, name},
static const struct {
  psd_role role;
  const char *name;
} roles[] = {
#include "session.def"
};

const psd_frame_row *psd_frame_of(unsigned type) {
  for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
    if (frames[i].type == type)
      return &frames[i];
  return NULL;
}

const psd_signal_row *psd_signal_of(unsigned value) {
  for (size_t i = 0; i < psd_signal_count; i++)
    if (psd_signals[i].signal == value)
      return &psd_signals[i];
  return NULL;
}

const psd_operation_row *psd_operation_of(unsigned value) {
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
    if (operations[i].operation == value)
      return &operations[i];
  return NULL;
}

const psd_step_row *psd_step_of(unsigned number) {
  for (size_t i = 0; i < psd_step_count; i++)
    if (psd_steps[i].step == number)
      return &psd_steps[i];
  return NULL;
}

psd_role psd_role_named(const char *name) {
  for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
    if (strcmp(roles[i].name, name) == 0)
      return roles[i].role;
  return (psd_role)0;
}

const char *psd_role_name(unsigned role) {
  for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
    if (roles[i].role == role)
      return roles[i].name;
  return NULL;
}
