/* What keys.def has. */
#ifndef PSD_KMS_KEY_TABLE_H
#define PSD_KMS_KEY_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "psd/spec/evidence.h"

/* Which key management systems keep keys of a kind; of those that none keeps only the log knows. */
typedef enum psd_kms_systems { PSD_KMS_KEPT_BY_NONE, PSD_KMS_KEPT_BY_VENDOR, PSD_KMS_KEPT_BY_EVERY } psd_kms_systems;
typedef enum psd_kms_form { PSD_KMS_FORM_PAIR, PSD_KMS_FORM_SECRET, PSD_KMS_FORM_RSA } psd_kms_form;

#define PSD_KMS_KIND(NAME, value, name, FORM, rotates, SYSTEMS, words) PSD_KMS_##NAME = (value),
typedef enum psd_kms_kind {
#include "kms/keys.def"
} psd_kms_kind;

#define PSD_KMS_STATE(NAME, value, name, issues, opens, words) PSD_KMS_STATE_##NAME = (value),
typedef enum psd_kms_state {
  PSD_KMS_STATE_NONE = 0,
#include "kms/keys.def"
} psd_kms_state;

#define PSD_KMS_EVENT(NAME, value, name, changes, words) PSD_KMS_EVENT_##NAME = (value),
typedef enum psd_kms_event_id {
#include "kms/keys.def"
} psd_kms_event_id;

typedef struct psd_kms_kind_row {
  psd_kms_kind kind;
  const char *name;
  psd_kms_form form;
  bool rotates;
  psd_kms_systems kept_by;
  const char *words;
} psd_kms_kind_row;

typedef struct psd_kms_state_row {
  psd_kms_state state;
  const char *name;
  bool issues, opens;
  const char *words;
} psd_kms_state_row;

typedef struct psd_kms_event_row {
  psd_kms_event_id event;
  const char *name;
  bool changes;
  const char *words;
} psd_kms_event_row;

/* The kinds there are, one after the other. */
extern const size_t psd_kms_kind_count;
const psd_kms_kind_row *psd_kms_kind_at(size_t i);
/* True if a key management system of the domain keeps keys of the kind. */
bool psd_kms_kind_kept(const psd_kms_kind_row *row, psd_token_domain domain);
/* The row of a number or a name; NULL where there is none. */
const psd_kms_kind_row *psd_kms_kind_of(unsigned kind);
const psd_kms_kind_row *psd_kms_kind_named(const char *name);
const psd_kms_state_row *psd_kms_state_of(unsigned state);
const psd_kms_event_row *psd_kms_event_of(unsigned event);
/* True if the table has this transition. */
bool psd_kms_may_move(psd_kms_state from, psd_kms_state to);

#endif
