#include "store_model.h"

#include <string.h>

uint64_t psd_model_chance(uint64_t *seed) {
  *seed += UINT64_C(0x9E3779B97F4A7C15);
  uint64_t z = *seed;
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

uint16_t psd_model_value(const psd_model *model, uint16_t record, uint8_t value[PSD_STORE_VALUE_MAX]) {
  uint64_t seed = (uint64_t)record << 32 | model->version[record];
  uint16_t length = (uint16_t)(psd_model_chance(&seed) % (model->longest + 1U));
  for (uint16_t i = 0; i < length; i++)
    value[i] = (uint8_t)psd_model_chance(&seed);
  return length;
}

static bool has(const psd_model_change *change, uint16_t record) {
  for (size_t i = 0; i < change->count; i++)
    if (change->puts[i].record == record)
      return true;
  return false;
}

void psd_model_change_make(psd_model_change *change, const psd_model *before, unsigned records, uint64_t *seed) {
  change->after = *before;
  change->count = 0;
  size_t wanted = 1U + psd_model_chance(seed) % PSD_MODEL_PUTS;
  while (change->count < wanted) {
    uint16_t record = (uint16_t)(psd_model_chance(seed) % records);
    if (has(change, record))
      continue;
    psd_store_put *put = &change->puts[change->count];
    *put = (psd_store_put){.record = record};
    if (psd_model_chance(seed) % 6U == 0) {
      change->after.version[record] = 0;
    } else {
      change->after.version[record] = (uint32_t)psd_model_chance(seed) | 1U;
      put->value = change->values[change->count];
      put->length = psd_model_value(&change->after, record, change->values[change->count]);
    }
    change->count++;
  }
}

psd_store_result psd_model_change_commit(psd_store *store, const psd_model_change *change) {
  return psd_store_commit(store, change->puts, change->count);
}

static bool record_matches(const psd_model *model, const psd_store *store, uint16_t record) {
  uint8_t expected[PSD_STORE_VALUE_MAX];
  uint8_t found[PSD_STORE_VALUE_MAX];
  size_t length = 0;
  psd_store_result result = psd_store_read(store, record, found, sizeof found, &length);
  if (model->version[record] == 0)
    return result == PSD_STORE_ABSENT && psd_store_length(store, record) == -1;
  uint16_t wanted = psd_model_value(model, record, expected);
  return result == PSD_STORE_OK && length == wanted && psd_store_length(store, record) == wanted &&
         memcmp(found, expected, wanted) == 0;
}

bool psd_model_matches(const psd_model *model, const psd_store *store) {
  for (uint16_t record = 0; record < PSD_STORE_RECORDS_MAX; record++)
    if (!record_matches(model, store, record))
      return false;
  return true;
}
