#include "psd/spec/lifecycle.h"

#define PSD_STATE(name, value, iso, words) {PSD_STATE_##name, iso, #name, words},
const psd_state_row psd_states[] = {
#include "lifecycle.def"
};

#define PSD_TRANSITION(from, to, by) {PSD_STATE_##from, PSD_STATE_##to, by},
const psd_transition_row psd_transitions[] = {
#include "lifecycle.def"
};

#define PSD_EVENT(name, value, words) {PSD_EVENT_##name, #name, words},
const psd_event_row psd_events[] = {
#include "lifecycle.def"
};

#define PSD_FAULT(name, value, words) {PSD_FAULT_##name, #name, words},
const psd_fault_row psd_faults[] = {
#include "lifecycle.def"
};

const size_t psd_fault_count = sizeof psd_faults / sizeof psd_faults[0];
const size_t psd_event_count = sizeof psd_events / sizeof psd_events[0];
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

const psd_event_row *psd_event_of(unsigned value) {
  for (size_t i = 0; i < psd_event_count; i++)
    if ((unsigned)psd_events[i].event == value)
      return &psd_events[i];
  return NULL;
}

const psd_fault_row *psd_fault_of(unsigned value) {
  for (size_t i = 0; i < psd_fault_count; i++)
    if ((unsigned)psd_faults[i].fault == value)
      return &psd_faults[i];
  return NULL;
}
