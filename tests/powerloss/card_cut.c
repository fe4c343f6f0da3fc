/* Power is cut at every operation of a command, and again at every operation of what comes after it. */
#include "card_trial.h"
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEN_MOST 1021U

typedef struct power_cut {
  psd_nvm_ram_cut kind;
  uint64_t seed;
} power_cut;

static const power_cut cuts[] = {
    {PSD_NVM_RAM_CLEAN, 0},   {PSD_NVM_RAM_HALF, 0},    {PSD_NVM_RAM_REST, 0},
    {PSD_NVM_RAM_WEAK, 1},    {PSD_NVM_RAM_NOISE, 1},   {PSD_NVM_RAM_REORDER, 1},
    {PSD_NVM_RAM_REORDER, 2}, {PSD_NVM_RAM_REORDER, 3}, {PSD_NVM_RAM_KILL, 0},
};
#define CUTS (sizeof cuts / sizeof cuts[0])

/* Memories that were met, by their hashes: what comes after the same memory is the same. */
typedef struct memories {
  uint64_t hash[SEEN_MOST];
} memories;
static memories after_one, after_two;

static bool every_pair;
static unsigned long singles, pairs;

static uint64_t hash_words(uint64_t hash, const uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i += sizeof hash) {
    uint64_t word;
    memcpy(&word, bytes + i, sizeof word);
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    hash ^= hash >> 29;
  }
  return hash;
}

/* True the first time that the memory as it is now is met. */
static bool is_new(const psd_nvm_ram *ram, memories *met) {
  size_t size = psd_nvm_ram_size(ram);
  uint64_t hash = hash_words(hash_words(ram->pending_count + 1, ram->bytes, size), ram->durable, size) | 1U;
  for (size_t at = hash % SEEN_MOST, tried = 0; tried < SEEN_MOST; at = (at + 1) % SEEN_MOST, tried++) {
    if (met->hash[at] == hash)
      return false;
    if (met->hash[at] == 0) {
      met->hash[at] = hash;
      return true;
    }
  }
  return true;
}

static void complain(const trial *t, const char *what, const power_cut *first, uint64_t n, const power_cut *second,
                     uint64_t m) {
  CU_FAIL("power loss");
  fprintf(stderr, "\n  %s, fill %u: %s; cut %d seed %llu at %llu", t->scene->name, t->fill, what, (int)first->kind,
          (unsigned long long)first->seed, (unsigned long long)n);
  if (second != NULL)
    fprintf(stderr, ", then cut %d seed %llu at %llu", (int)second->kind, (unsigned long long)second->seed,
            (unsigned long long)m);
  fputc('\n', stderr);
}

static void arm(const trial *t, const power_cut *how, uint64_t operations) {
  psd_nvm_ram *ram = &t->bench->ram;
  ram->cut_in = operations;
  ram->cut = how->kind;
  ram->seed = how->seed * 1000003U + operations;
}

/* Memory as it is after the first cut, to go on from. What is not durable after a kill cannot be copied: that cut is
 * made again. */
typedef struct aftermath {
  const power_cut *how;
  uint64_t at;
  uint8_t *image;
} aftermath;

static void go_back(const trial *t, const aftermath *from) {
  rig *r = t->bench;
  if (from->how->kind == PSD_NVM_RAM_KILL) {
    rig_restore(r, &t->ready);
    arm(t, from->how, from->at);
    t->scene->command(r);
    psd_nvm_ram_power_on(&r->ram);
  } else {
    psd_nvm_ram_load(&r->ram, from->image);
  }
  r->entropy_state = 7;
}

/* One second cut; false if all was over before it. */
static bool cut_again(const trial *t, const choice *c, const aftermath *from, const power_cut *how, uint64_t m) {
  rig *r = t->bench;
  picture found;
  go_back(t, from);
  arm(t, how, m);
  psd_card_reset(r->card);
  bool recovering = r->ram.off;
  uint16_t status = recovering ? PSD_SW_MEMORY_FAILURE : trial_run_whole(t);
  if (!r->ram.off)
    return false;
  pairs++;
  if (!is_new(&r->ram, &after_two) && !trial_acknowledged(status))
    return true;
  trial_power_up(t);
  /* Until powering up has made sure of what it found, and that is before anything is answered, both are possible. */
  if (!trial_found(t, recovering ? &t->first : c, status, &found))
    complain(t, "wrong state after the second cut", from->how, from->at, how, m);
  return true;
}

/* Cuts again at every operation of powering up and of the command once more: in the way of the first cut, or in every
 * way. */
static void cut_all_again(const trial *t, const choice *c, const aftermath *from) {
  memset(&after_two, 0, sizeof after_two);
  for (size_t i = 0; i < CUTS; i++)
    if (every_pair || cuts[i].kind == from->how->kind)
      for (uint64_t m = 1; cut_again(t, c, from, &cuts[i], m); m++)
        ;
}

static void go_on_from(const trial *t, const aftermath *from, const picture *now) {
  static choice c;
  picture after;
  go_back(t, from);
  psd_card_reset(t->bench->card);
  if (!trial_goes_on(t, now, &after)) {
    complain(t, "does not go on", from->how, from->at, NULL, 0);
    return;
  }
  trial_allow(t, now, &after, false, &c);
  if (!t->scene->once || every_pair)
    cut_all_again(t, &c, from);
}

/* One first cut; false if the command was over before it. */
static bool cut_once(const trial *t, const power_cut *how, uint64_t n, uint8_t *image) {
  rig *r = t->bench;
  picture found;
  rig_restore(r, &t->ready);
  arm(t, how, n);
  uint16_t status = t->scene->command(r);
  if (!r->ram.off)
    return false;
  singles++;
  psd_nvm_ram_power_on(&r->ram);
  bool fresh = is_new(&r->ram, &after_one);
  psd_nvm_ram_save(&r->ram, image);
  psd_card_reset(r->card);
  if (!trial_found(t, &t->first, status, &found) || (!found.blank && !picture_told(r, &found)))
    complain(t, "wrong state", how, n, NULL, 0);
  else if (fresh)
    go_on_from(t, &(aftermath){.how = how, .at = n, .image = image}, &found);
  return true;
}

void trial_cut(const trial *t, bool in_every_way, unsigned long *singles_made, unsigned long *pairs_made) {
  uint8_t *image = malloc(psd_nvm_ram_size(&t->bench->ram));
  CU_ASSERT_PTR_NOT_NULL_FATAL(image);
  memset(&after_one, 0, sizeof after_one);
  every_pair = in_every_way;
  singles = pairs = 0;
  for (size_t i = 0; i < CUTS; i++)
    for (uint64_t n = 1; cut_once(t, &cuts[i], n, image); n++)
      ;
  *singles_made += singles;
  *pairs_made += pairs;
  free(image);
}
