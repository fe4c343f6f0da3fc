#include "kms/archive.h"

#include <stdlib.h>
#include <string.h>

#include "kms/archive_internal.h"
#include "psd/spec/chars.h"

#define FIRST_SLOTS 64U

psd_kms_archive *psd_kms_archive_new(void) {
  return calloc(1, sizeof(psd_kms_archive));
}

void psd_kms_archive_free(psd_kms_archive *archive) {
  if (archive == NULL)
    return;
  free(archive->tokens);
  free(archive->slots);
  free(archive);
}

size_t psd_kms_archive_count(const psd_kms_archive *archive) {
  return archive->count;
}

const psd_kms_token *psd_kms_archive_at(const psd_kms_archive *archive, size_t i) {
  return &archive->tokens[i];
}

uint32_t psd_kms_archive_changes(const psd_kms_archive *archive) {
  return archive->changes;
}

uint32_t psd_kms_archive_flaws(const psd_kms_archive *archive) {
  return archive->flaws;
}

/* The slot where a token key is, or would be: its number, mixed as SplitMix64 does, and then the next that is free. */
static size_t slot_of(const psd_kms_archive *archive, const psd_kms_device *device, uint64_t set) {
  psd_cursor bytes = psd_cursor_over(device->bytes, sizeof device->bytes);
  uint64_t mixed = psd_take_uint(&bytes, sizeof device->bytes) ^ set << 40U;
  mixed = (mixed ^ mixed >> 30U) * UINT64_C(0xBF58476D1CE4E5B9);
  mixed = (mixed ^ mixed >> 27U) * UINT64_C(0x94D049BB133111EB);
  size_t at = (size_t)(mixed ^ mixed >> 31U) & (archive->slot_count - 1U);
  while (archive->slots[at] != 0) {
    const psd_kms_token *there = &archive->tokens[archive->slots[at] - 1U];
    if (there->set == set && memcmp(there->device.bytes, device->bytes, sizeof device->bytes) == 0)
      break;
    at = (at + 1U) & (archive->slot_count - 1U);
  }
  return at;
}

psd_kms_token *psd_kms_archive_find(const psd_kms_archive *archive, const psd_kms_device *device, uint64_t set) {
  if (archive->slot_count == 0)
    return NULL;
  uint32_t number = archive->slots[slot_of(archive, device, set)];
  return number != 0 ? &archive->tokens[number - 1U] : NULL;
}

const psd_kms_token *psd_kms_archive_token(const psd_kms_archive *archive, const psd_kms_device *device, uint64_t set) {
  return psd_kms_archive_find(archive, device, set);
}

/* Twice the slots, at least half of which stay free. */
static bool grow(psd_kms_archive *archive) {
  size_t wanted = archive->slot_count != 0 ? 2U * archive->slot_count : FIRST_SLOTS;
  psd_kms_token *tokens = realloc(archive->tokens, wanted / 2U * sizeof *tokens);
  if (tokens == NULL)
    return false;
  archive->tokens = tokens;
  uint32_t *slots = calloc(wanted, sizeof *slots);
  if (slots == NULL)
    return false;
  free(archive->slots);
  archive->slots = slots;
  archive->slot_count = wanted;
  archive->capacity = wanted / 2U;
  for (size_t i = 0; i < archive->count; i++)
    slots[slot_of(archive, &tokens[i].device, tokens[i].set)] = (uint32_t)(i + 1U);
  return true;
}

bool psd_kms_archive_add(psd_kms_archive *archive, const psd_kms_token *token) {
  if (archive->count == archive->capacity && !grow(archive))
    return false;
  size_t slot = slot_of(archive, &token->device, token->set);
  archive->tokens[archive->count++] = *token;
  archive->slots[slot] = (uint32_t)archive->count;
  return true;
}

static bool place_of(const uint8_t country[2], size_t *place) {
  if (!psd_country(country))
    return false;
  *place = (size_t)(country[0] - 'A') * 26U + (size_t)(country[1] - 'A');
  return true;
}

psd_kms_rates_row *psd_kms_archive_country(psd_kms_archive *archive, const uint8_t country[2]) {
  size_t place;
  return place_of(country, &place) ? &archive->rates[place] : NULL;
}

const psd_kms_rates_row *psd_kms_archive_rates(const psd_kms_archive *archive, const uint8_t country[2]) {
  size_t place;
  return place_of(country, &place) ? &archive->rates[place] : NULL;
}

uint32_t psd_kms_token_detail(uint64_t order, uint64_t digits, uint64_t pointer) {
  return (uint32_t)(order << 24U | digits << 16U | pointer);
}

void psd_kms_token_details(uint64_t detail, psd_kms_token *token) {
  token->order = (uint8_t)(detail >> 24U);
  token->digits = (uint8_t)(detail >> 16U);
  token->pointer = (uint16_t)detail;
}
