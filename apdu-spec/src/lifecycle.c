#include "psd/spec/lifecycle.h"

#define PSD_STATE(name, value, iso, words) {PSD_STATE_##name, iso, #name, words},
const psd_state_row psd_states[] = {
#include "lifecycle.def"
};

#define PSD_TRANSITION(from, to, by) {PSD_STATE_##from, PSD_STATE_##to, by},
const psd_transition_row psd_transitions[] = {
#include "lifecycle.def"
};

const size_t psd_state_count = sizeof psd_states / sizeof psd_states[0];
const size_t psd_transition_count = sizeof psd_transitions / sizeof psd_transitions[0];

const psd_state_row *psd_state_of(unsigned value) {
  for (size_t i = 0; i < psd_state_count; i++)
    if ((unsigned)psd_states[i].state == value)
      return &psd_states[i];
  return NULL;
}

bool psd_transition_allowed(psd_state from, psd_state to) {
  for (size_t i = 0; i < psd_transition_count; i++)
    if (psd_transitions[i].from == from && psd_transitions[i].to == to)
      return true;
  return false;
}
