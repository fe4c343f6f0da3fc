/* Names and words of certificate.def, for programs: the card has no use for them. */
#include "psd/spec/certificate.h"

#include <string.h>

static const psd_named services[] = {
#define PSD_SERVICE(NAME, value, price, name, words) {value, name, words},
#include "certificate.def"
};
static const psd_named purposes[] = {
#define PSD_PURPOSE(NAME, value, name, words) {value, name, words},
#include "certificate.def"
};
static const psd_named algorithms[] = {
#define PSD_ALGORITHM(NAME, value, name, words) {value, name, words},
#include "certificate.def"
};
static const psd_named states[] = {
#define PSD_SLOT_STATE(NAME, value, name, words) {value, name, words},
#include "certificate.def"
};
static const psd_named reasons[] = {
#define PSD_REASON(NAME, value, name, words) {value, name, words},
#include "certificate.def"
};
static const psd_named statuses[] = {
#define PSD_AUTHORITY_STATUS(NAME, value, name, words) {value, name, words},
#include "certificate.def"
};
static const psd_named confirmations[] = {
#define PSD_CONFIRMED(NAME, value, name, words) {value, name, words},
#include "certificate.def"
};
static const psd_named verdicts[] = {
#define PSD_VERDICT(NAME, value, figure, name, words) {value, name, words},
#include "certificate.def"
};
#define ROW(table, value) row_of(table, sizeof(table) / sizeof((table)[0]), value)
#define NAMED(table, name) named(table, sizeof(table) / sizeof((table)[0]), name)

static const psd_named *row_of(const psd_named *table, size_t count, uint64_t value) {
  static const psd_named none = {0, NULL, NULL};
  for (size_t i = 0; i < count; i++)
    if (table[i].value == value)
      return &table[i];
  return &none;
}

static const psd_named *named(const psd_named *table, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(table[i].name, name) == 0)
      return &table[i];
  return NULL;
}

const psd_named *psd_service_row(uint64_t service) {
  return ROW(services, service);
}

const psd_named *psd_purpose_row(uint64_t purpose) {
  return ROW(purposes, purpose);
}

const psd_named *psd_purpose_named(const char *name) {
  return NAMED(purposes, name);
}

const psd_named *psd_algorithm_row(uint64_t algorithm) {
  return ROW(algorithms, algorithm);
}

const psd_named *psd_algorithm_named(const char *name) {
  return NAMED(algorithms, name);
}

const psd_named *psd_slot_state_row(uint64_t state) {
  return ROW(states, state);
}

const psd_named *psd_reason_row(uint64_t reason) {
  return ROW(reasons, reason);
}

const psd_named *psd_reason_named(const char *name) {
  return NAMED(reasons, name);
}

const psd_named *psd_authority_status_row(uint64_t status) {
  return ROW(statuses, status);
}

const psd_named *psd_confirmed_row(uint64_t confirmed) {
  return ROW(confirmations, confirmed);
}

const psd_named *psd_verdict_row(uint64_t verdict) {
  return ROW(verdicts, verdict);
}

unsigned psd_verdict_step(uint64_t verdict) {
  switch (verdict) {
#define PSD_VERDICT(NAME, value, figure, name, words)                                                                  \
  case PSD_VERDICT_##NAME:                                                                                             \
    return figure;
#include "certificate.def"
  default:
    return 0;
  }
}
