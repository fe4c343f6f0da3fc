/* The life of a card (lifecycle.def), and sets of states as the other tables use them. */
#ifndef PSD_SPEC_LIFECYCLE_H
#define PSD_SPEC_LIFECYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PSD_STATE(name, value, iso, words) PSD_STATE_##name = (value),
typedef enum psd_state {
#include "lifecycle.def"
} psd_state;

#define PSD_EVENT(name, value, words) PSD_EVENT_##name = (value),
typedef enum psd_event {
#include "lifecycle.def"
} psd_event;

#define PSD_FAULT(name, value, words) PSD_FAULT_##name = (value),
typedef enum psd_fault {
#include "lifecycle.def"
} psd_fault;

/* A set of states: bit number `state`. */
typedef uint16_t psd_state_set;
#define PSD_STATE_BIT(state) ((psd_state_set)(1U << (state)))

enum psd_state_sets {
  PSD_IN_NONE = 0,
  PSD_IN_MANUFACTURED = 1 << PSD_STATE_MANUFACTURED,
  PSD_IN_INITIALIZED = 1 << PSD_STATE_INITIALIZED,
  PSD_IN_LOCKED = 1 << PSD_STATE_LOCKED,
  PSD_IN_FAULTED = 1 << PSD_STATE_FAULTED,
  PSD_IN_WITHDRAWN = 1 << PSD_STATE_WITHDRAWN,
  PSD_IN_ZEROIZED = 1 << PSD_STATE_ZEROIZED,
  /* The meter does what a meter is for. */
  PSD_IN_OPERATION = 1 << PSD_STATE_OPERATIONAL | 1 << PSD_STATE_INSPECTION_DUE,
  /* AUTHORIZE may come, and come again. */
  PSD_IN_AUTHORIZING = PSD_IN_INITIALIZED | 1 << PSD_STATE_AUTHORIZED | PSD_IN_OPERATION,
  /* It has its keys and has not left service. */
  PSD_IN_SERVICE = PSD_IN_INITIALIZED | 1 << PSD_STATE_AUTHORIZED | PSD_IN_OPERATION | PSD_IN_LOCKED,
  /* The meter server is talked to; a faulted or withdrawn card is still audited. */
  PSD_IN_SESSION = PSD_IN_SERVICE | PSD_IN_FAULTED | PSD_IN_WITHDRAWN,
  PSD_IN_ANY = PSD_IN_SESSION | PSD_IN_MANUFACTURED | PSD_IN_ZEROIZED,
  PSD_IN_UNBROKEN = PSD_IN_ANY & ~PSD_IN_FAULTED,
};

typedef struct psd_state_row {
  psd_state state;
  uint8_t iso; /* life cycle status byte, ISO/IEC 7816-4:2005, 5.3.3.2, table 13 */
  const char *name;
  const char *words;
} psd_state_row;

typedef struct psd_transition_row {
  psd_state from, to;
  const char *by;
} psd_transition_row;

typedef struct psd_event_row {
  psd_event event;
  const char *name;
  const char *words;
} psd_event_row;

typedef struct psd_fault_row {
  psd_fault fault;
  const char *name;
  const char *words;
} psd_fault_row;

extern const psd_fault_row psd_faults[];
extern const size_t psd_fault_count;
extern const psd_event_row psd_events[];
extern const size_t psd_event_count;
extern const psd_state_row psd_states[];
extern const size_t psd_state_count;
extern const psd_transition_row psd_transitions[];
extern const size_t psd_transition_count;

/* The row of a state; NULL for a number that is none. */
const psd_state_row *psd_state_of(unsigned value);
/* The row of a fault code; NULL for a number that is none. */
const psd_fault_row *psd_fault_of(unsigned value);
/* The row of a log event; NULL for a number that is none. */
const psd_event_row *psd_event_of(unsigned value);
/* True if the table has this change. */
bool psd_transition_allowed(psd_state from, psd_state to);

#endif
