/* What a store should hold: a version number for each record. A value follows from its record and version, so that
 * whole states are cheap to keep and to compare. */
#ifndef PSD_STORE_MODEL_H
#define PSD_STORE_MODEL_H

#include "store/store.h"

#define PSD_MODEL_PUTS 4U

typedef struct psd_model {
  uint32_t version[PSD_STORE_RECORDS_MAX]; /* 0: no such record */
  uint32_t longest;                        /* bytes of a value, at most */
} psd_model;

/* A change, and what the model is after it. */
typedef struct psd_model_change {
  psd_store_put puts[PSD_MODEL_PUTS];
  size_t count;
  psd_model after;
  uint8_t values[PSD_MODEL_PUTS][PSD_STORE_VALUE_MAX];
} psd_model_change;

/* The next number of a seeded sequence (SplitMix64). */
uint64_t psd_model_chance(uint64_t *seed);

/* The value of a record; returns its length. */
uint16_t psd_model_value(const psd_model *model, uint16_t record, uint8_t value[PSD_STORE_VALUE_MAX]);

/* A change of one to PSD_MODEL_PUTS of the first `records` records of `before`: most are written, some removed. */
void psd_model_change_make(psd_model_change *change, const psd_model *before, unsigned records, uint64_t *seed);

/* Commits it. */
psd_store_result psd_model_change_commit(psd_store *store, const psd_model_change *change);

/* Whether the store holds exactly this. */
bool psd_model_matches(const psd_model *model, const psd_store *store);

#endif
