#include "kms/key_table.h"

#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define PSD_KMS_KIND(NAME, value, name, FORM, rotates, SYSTEMS, words)                                                 \
  {PSD_KMS_##NAME, name, PSD_KMS_FORM_##FORM, rotates, PSD_KMS_KEPT_BY_##SYSTEMS, words},
static const psd_kms_kind_row kinds[] = {
#include "kms/keys.def"
};

#define PSD_KMS_STATE(NAME, value, name, issues, opens, words) {PSD_KMS_STATE_##NAME, name, issues, opens, words},
static const psd_kms_state_row states[] = {
#include "kms/keys.def"
};

#define PSD_KMS_EVENT(NAME, value, name, changes, words) {PSD_KMS_EVENT_##NAME, name, changes, words},
static const psd_kms_event_row events[] = {
#include "kms/keys.def"
};

#define PSD_KMS_MOVE(FROM, TO) {PSD_KMS_STATE_##FROM, PSD_KMS_STATE_##TO},
static const struct {
  psd_kms_state from, to;
} moves[] = {
#include "kms/keys.def"
};

const size_t psd_kms_kind_count = COUNT(kinds);

const psd_kms_kind_row *psd_kms_kind_at(size_t i) {
  return &kinds[i];
}

bool psd_kms_kind_kept(const psd_kms_kind_row *row, psd_token_domain domain) {
  return row->kept_by == PSD_KMS_KEPT_BY_EVERY ||
         (row->kept_by == PSD_KMS_KEPT_BY_VENDOR && domain == PSD_TOKENS_VENDOR);
}

const psd_kms_kind_row *psd_kms_kind_of(unsigned kind) {
  for (size_t i = 0; i < COUNT(kinds); i++)
    if (kinds[i].kind == kind)
      return &kinds[i];
  return NULL;
}

const psd_kms_kind_row *psd_kms_kind_named(const char *name) {
  for (size_t i = 0; i < COUNT(kinds); i++)
    if (strcmp(kinds[i].name, name) == 0)
      return &kinds[i];
  return NULL;
}

const psd_kms_state_row *psd_kms_state_of(unsigned state) {
  for (size_t i = 0; i < COUNT(states); i++)
    if (states[i].state == state)
      return &states[i];
  return NULL;
}

const psd_kms_event_row *psd_kms_event_of(unsigned event) {
  for (size_t i = 0; i < COUNT(events); i++)
    if (events[i].event == event)
      return &events[i];
  return NULL;
}

bool psd_kms_may_move(psd_kms_state from, psd_kms_state to) {
  for (size_t i = 0; i < COUNT(moves); i++)
    if (moves[i].from == from && moves[i].to == to)
      return true;
  return false;
}
