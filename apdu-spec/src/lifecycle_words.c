/* What events and faults are called: for those who talk to a card, not for the card. */
#include "psd/spec/lifecycle.h"

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
