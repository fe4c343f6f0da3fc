#include "kms/day_table.h"

#include <stdlib.h>
#include <string.h>

#include "kms/token_keys.h"

#define SIGNATURE 64U

static bool in_table(const psd_kms_token *token, uint64_t set) {
  return token->set == set && token->order == PSD_TOKEN_BY_METER && psd_kms_state_of(token->state)->opens;
}

size_t psd_kms_day_meters(const psd_kms_archive *archive, uint64_t set) {
  size_t count = 0;
  for (size_t i = 0; i < psd_kms_archive_count(archive); i++)
    count += in_table(psd_kms_archive_at(archive, i), set) ? 1U : 0U;
  return count;
}

static int by_device(const void *a, const void *b) {
  const psd_kms_token *const *one = a, *const *other = b;
  return memcmp((*one)->device.bytes, (*other)->device.bytes, sizeof(*one)->device.bytes);
}

/* The meters of the table, in their order; to be freed. */
static const psd_kms_token **meters_of(const psd_kms_archive *archive, uint64_t set, size_t count) {
  const psd_kms_token **meters = calloc(count + 1U, sizeof(const psd_kms_token *));
  size_t at = 0;
  for (size_t i = 0; meters != NULL && i < psd_kms_archive_count(archive); i++)
    if (in_table(psd_kms_archive_at(archive, i), set))
      meters[at++] = psd_kms_archive_at(archive, i);
  if (meters != NULL)
    qsort(meters, count, sizeof(const psd_kms_token *), by_device);
  return meters;
}

static bool put_meters(const psd_kms_archive *archive, const psd_kms_key *set, uint32_t date, size_t count,
                       psd_buffer *out) {
  const psd_kms_token **meters = meters_of(archive, set->identifier, count);
  bool done = meters != NULL;
  for (size_t i = 0; done && i < count; i++) {
    psd_put(out, meters[i]->device.bytes, sizeof meters[i]->device.bytes);
    uint8_t *key = psd_put_room(out, PSD_TOKEN_KEY_SIZE);
    done = key != NULL && psd_kms_token_final(set, meters[i], date, key);
  }
  free(meters);
  return done;
}

static bool put_pointers(const psd_kms_key *set, uint32_t date, psd_buffer *out) {
  uint8_t set_key[PSD_TOKEN_SET_KEY];
  bool done = true;
  for (uint64_t pointer = 0; done && pointer < PSD_TOKEN_KEYS; pointer++) {
    uint8_t *key = psd_put_room(out, PSD_TOKEN_KEY_SIZE);
    done = key != NULL && psd_kms_token_set_key(set, pointer, set_key) && psd_token_day_key(set_key, date, key);
  }
  psd_secret_wipe(set_key, sizeof set_key);
  return done;
}

static void put_head(const psd_kms_key *set, const psd_kms_day *day, size_t count, psd_buffer *out) {
  const psd_day_table head = {.magic = {'P', 'S', 'D', 'T'},
                              .format = 1,
                              .domain = day->domain,
                              .order = day->order,
                              .set = set->identifier,
                              .date = day->date,
                              .made = day->made,
                              .count = count};
  psd_put_message(out, PSD_MESSAGE_DAY_TABLE, &head);
}

static bool sign(const psd_kms_key *signer, psd_buffer *out) {
  const psd_part parts[] = {{PSD_DAY_TABLE_LABEL, sizeof PSD_DAY_TABLE_LABEL - 1U}, {out->data, out->length}};
  uint8_t *signature = psd_put_room(out, SIGNATURE);
  return signature != NULL && psd_pair_sign(signer->pair, parts, 2, signature);
}

bool psd_kms_day_make(const psd_kms_archive *archive, const psd_kms_key *set, const psd_kms_key *signer,
                      const psd_kms_day *day, psd_kms_day_table *table) {
  bool by_meter = day->order == PSD_TOKEN_BY_METER;
  size_t count = by_meter ? psd_kms_day_meters(archive, set->identifier) : PSD_TOKEN_KEYS;
  size_t row = by_meter ? PSD_SIZE_METER_KEY : PSD_SIZE_DAY_KEY;
  *table = (psd_kms_day_table){.length = PSD_SIZE_DAY_TABLE + count * row + SIGNATURE};
  table->bytes = malloc(table->length);
  psd_buffer out = psd_buffer_over(table->bytes, table->bytes != NULL ? table->length : 0);
  put_head(set, day, count, &out);
  if (!out.overflow &&
      (by_meter ? put_meters(archive, set, day->date, count, &out) : put_pointers(set, day->date, &out)) &&
      sign(signer, &out))
    return true;
  psd_kms_day_free(table);
  return false;
}

void psd_kms_day_free(psd_kms_day_table *table) {
  if (table->bytes != NULL)
    psd_secret_wipe(table->bytes, table->length);
  free(table->bytes);
  table->bytes = NULL;
}
