/* Power loss in the store: every operation of a workload is cut, in every way, and then every operation of what comes
 * after it. What is found then is the state before the change or the state after it, and never another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "port/nvm_ram.h"
#include "store/store.h"
#include "store_model.h"

#define PAGE 64U
#define BLOCK 256U
#define BLOCKS 12U
#define SIZE (BLOCK * BLOCKS)
#define RECORDS 6U
#define LONGEST 80U
#define COMMITS 16U

typedef struct power_cut {
  psd_nvm_ram_cut kind;
  uint64_t seed;
} power_cut;

static const power_cut first_cuts[] = {
    {PSD_NVM_RAM_CLEAN, 0},   {PSD_NVM_RAM_HALF, 0},    {PSD_NVM_RAM_REST, 0},
    {PSD_NVM_RAM_WEAK, 1},    {PSD_NVM_RAM_NOISE, 1},   {PSD_NVM_RAM_REORDER, 1},
    {PSD_NVM_RAM_REORDER, 2}, {PSD_NVM_RAM_REORDER, 3}, {PSD_NVM_RAM_KILL, 0},
};
static const power_cut second_cuts[] = {
    {PSD_NVM_RAM_CLEAN, 0}, {PSD_NVM_RAM_HALF, 0}, {PSD_NVM_RAM_WEAK, 2}, {PSD_NVM_RAM_REORDER, 4}};

/* What is cut: on an open store or on blank memory, with the change it makes. */
typedef psd_store_result (*action)(psd_store *store, const psd_nvm *nvm, const psd_model_change *change);

typedef struct cut_trial {
  const char *name;
  unsigned number; /* of the action in its workload */
  const uint8_t *image;
  psd_store_result opens; /* what psd_store_open finds in the image */
  const psd_model *before;
  const psd_model_change *change;
  action run;
} cut_trial;

static psd_nvm_ram ram;
static psd_nvm nvm;
static unsigned long singles, pairs;

static void cut_in(uint64_t operations, const power_cut *how) {
  ram.cut_in = operations;
  ram.cut = how->kind;
  ram.seed = how->seed * 1000003U + operations;
}

static psd_store_result commit(psd_store *store, const psd_nvm *memory, const psd_model_change *change) {
  (void)memory;
  return psd_model_change_commit(store, change);
}

static psd_store_result scrub(psd_store *store, const psd_nvm *memory, const psd_model_change *change) {
  (void)memory;
  (void)change;
  return psd_store_scrub(store);
}

static psd_store_result manufacture(psd_store *store, const psd_nvm *memory, const psd_model_change *change) {
  psd_store_result result = psd_store_format(store, memory);
  return result == PSD_STORE_OK ? psd_model_change_commit(store, change) : result;
}

/* Opens, and says which of the two states is there; NULL if it is neither. */
static const psd_model *found(const cut_trial *trial, psd_store *store) {
  psd_store_result result = psd_store_open(store, &nvm);
  if (result == PSD_STORE_OK && psd_model_matches(&trial->change->after, store))
    return &trial->change->after;
  if (result != trial->opens)
    return NULL;
  return result == PSD_STORE_BLANK || psd_model_matches(trial->before, store) ? trial->before : NULL;
}

static void complain(const cut_trial *trial, const char *what, const power_cut *first, uint64_t n,
                     const power_cut *second, uint64_t m) {
  CU_FAIL("power loss");
  fprintf(stderr, "%s %u: %s; cut %d seed %llu at %llu", trial->name, trial->number, what, (int)first->kind,
          (unsigned long long)first->seed, (unsigned long long)n);
  if (second != NULL)
    fprintf(stderr, ", then cut %d seed %llu at %llu", (int)second->kind, (unsigned long long)second->seed,
            (unsigned long long)m);
  fprintf(stderr, "\n");
}

/* Runs the trial with power cut at operation `n`, and restores power; false if it did not last that long. */
static bool cut_once(const cut_trial *trial, const power_cut *how, uint64_t n) {
  psd_store store;
  psd_nvm_ram_load(&ram, trial->image);
  psd_store_result opened = psd_store_open(&store, &nvm);
  cut_in(n, how);
  psd_store_result result = trial->run(&store, &nvm, trial->change);
  bool cut = ram.off;
  if (opened != trial->opens || result != (cut ? PSD_STORE_IO : PSD_STORE_OK))
    complain(trial, "wrong result", how, n, NULL, 0);
  psd_nvm_ram_power_on(&ram);
  return cut;
}

/* Everything goes on from here: what was found is found again, and a change can be made. */
static bool goes_on(const cut_trial *trial, const psd_model *model) {
  static psd_model_change last;
  psd_store store;
  uint64_t seed = trial->number + 77U;
  psd_store_result opened = psd_store_open(&store, &nvm);
  psd_model_change_make(&last, model, RECORDS, &seed);
  if (opened == PSD_STORE_BLANK && psd_store_format(&store, &nvm) != PSD_STORE_OK)
    return false;
  if (opened == PSD_STORE_OK && !psd_model_matches(model, &store))
    return false;
  return psd_model_change_commit(&store, &last) == PSD_STORE_OK && psd_model_matches(&last.after, &store) &&
         psd_store_open(&store, &nvm) == PSD_STORE_OK && psd_model_matches(&last.after, &store) && !store.stale;
}

/* After the first cut: power comes back, and fails again at operation `m` of recovery and of the next action. */
static bool cut_again(const cut_trial *first, const power_cut *how, uint64_t n, const power_cut *again, uint64_t m) {
  static psd_model_change change;
  psd_store store;
  cut_once(first, how, n);
  cut_in(m, again);
  const psd_model *base = found(first, &store);
  if (ram.off) { /* in the sync of recovery: both states are still open */
    psd_nvm_ram_power_on(&ram);
    base = found(first, &store);
    if (base == NULL || !goes_on(first, base))
      complain(first, "lost by a second cut in recovery", how, n, again, m);
    return true;
  }
  if (base == NULL)
    return false; /* the first cut has said so */
  uint64_t seed = first->number + 33U;
  bool made = store.open;
  psd_model_change_make(&change, base, RECORDS, &seed);
  cut_trial second = {.name = first->name,
                      .number = first->number,
                      .opens = made ? PSD_STORE_OK : PSD_STORE_BLANK,
                      .before = base,
                      .change = &change,
                      .run = made ? commit : manufacture};
  second.run(&store, &nvm, &change);
  bool cut = ram.off;
  psd_nvm_ram_power_on(&ram);
  const psd_model *after = found(&second, &store);
  if (after == NULL || (!cut && after != &change.after))
    complain(first, "neither state after the second cut", how, n, again, m);
  else if (!goes_on(&second, after))
    complain(first, "does not go on after the second cut", how, n, again, m);
  return cut;
}

static void cut_everywhere(const cut_trial *trial) {
  psd_store store;
  for (size_t i = 0; i < PSD_CHECK_COUNT(first_cuts); i++) {
    const power_cut *how = &first_cuts[i];
    for (uint64_t n = 1; cut_once(trial, how, n); n++) {
      singles++;
      const psd_model *base = found(trial, &store);
      if (base == NULL)
        complain(trial, "neither state", how, n, NULL, 0);
      else if (!goes_on(trial, base))
        complain(trial, "does not go on", how, n, NULL, 0);
      for (size_t j = 0; j < PSD_CHECK_COUNT(second_cuts); j++)
        for (uint64_t m = 1; cut_again(trial, how, n, &second_cuts[j], m); m++)
          pairs++;
    }
  }
}

static void power(bool on) {
  if (on) {
    CU_ASSERT_FATAL(psd_nvm_ram_create(&ram, PAGE, BLOCK, BLOCKS));
    nvm = psd_nvm_ram_port(&ram);
    singles = pairs = 0;
    return;
  }
  CU_ASSERT(ram.violations == 0);
  CU_ASSERT(singles > 0 && pairs > singles);
  printf("(%lu cuts, %lu pairs of cuts) ", singles, pairs);
  psd_nvm_ram_destroy(&ram);
}

static void commits_are_all_or_nothing(void) {
  static uint8_t image[SIZE];
  static psd_model_change change;
  psd_model model = {.longest = LONGEST};
  psd_store store;
  uint64_t seed = 2024;
  power(true);
  psd_model_change_make(&change, &model, RECORDS, &seed);
  CU_ASSERT_FATAL(manufacture(&store, &nvm, &change) == PSD_STORE_OK);
  model = change.after;
  for (unsigned i = 0; i < COMMITS; i++) {
    psd_nvm_ram_save(&ram, image);
    psd_model_change_make(&change, &model, RECORDS, &seed);
    cut_everywhere(&(cut_trial){.name = "commit",
                                .number = i,
                                .image = image,
                                .opens = PSD_STORE_OK,
                                .before = &model,
                                .change = &change,
                                .run = commit});
    psd_nvm_ram_load(&ram, image);
    CU_ASSERT_FATAL(psd_store_open(&store, &nvm) == PSD_STORE_OK);
    CU_ASSERT_FATAL(psd_model_change_commit(&store, &change) == PSD_STORE_OK);
    model = change.after;
  }
  CU_ASSERT(store.generation >= 4); /* hand-overs were among them */
  power(false);
}

static void manufacture_is_all_or_nothing(void) {
  static uint8_t image[SIZE];
  static psd_model_change change;
  psd_model model = {.longest = LONGEST};
  uint64_t seed = 5;
  power(true);
  psd_nvm_ram_save(&ram, image);
  psd_model_change_make(&change, &model, RECORDS, &seed);
  cut_everywhere(&(cut_trial){.name = "manufacture",
                              .image = image,
                              .opens = PSD_STORE_BLANK,
                              .before = &model,
                              .change = &change,
                              .run = manufacture});
  power(false);
}

/* On what formats that were cut may leave: anything in the blocks where the headers go. */
static void manufacture_can_be_tried_again(void) {
  static uint8_t image[SIZE];
  static psd_model_change change;
  static const uint32_t blocks[] = {0, BLOCKS / 2U - 1U, BLOCKS / 2U, BLOCKS - 1U};
  psd_model model = {.longest = LONGEST};
  uint64_t seed = 7;
  power(true);
  psd_model_change_make(&change, &model, RECORDS, &seed);
  static const unsigned noisy[] = {1, 6, 15}; /* a bit for each of these blocks */
  for (unsigned i = 0; i < PSD_CHECK_COUNT(noisy); i++) {
    memset(image, 0xFF, sizeof image);
    for (unsigned block = 0; block < 4; block++)
      for (uint32_t byte = 0; byte < BLOCK && (noisy[i] >> block & 1U) != 0; byte++)
        image[blocks[block] * BLOCK + byte] = (uint8_t)psd_model_chance(&seed);
    cut_everywhere(&(cut_trial){.name = "manufacture again",
                                .number = i,
                                .image = image,
                                .opens = PSD_STORE_BLANK,
                                .before = &model,
                                .change = &change,
                                .run = manufacture});
  }
  power(false);
}

static void scrub_changes_no_state(void) {
  static uint8_t image[SIZE];
  static psd_model_change change;
  psd_model model = {.longest = LONGEST};
  psd_store store;
  uint64_t seed = 6;
  power(true);
  psd_model_change_make(&change, &model, RECORDS, &seed);
  CU_ASSERT_FATAL(manufacture(&store, &nvm, &change) == PSD_STORE_OK);
  for (unsigned i = 0; i < 4; i++) {
    model = change.after;
    psd_model_change_make(&change, &model, RECORDS, &seed);
    CU_ASSERT_FATAL(psd_model_change_commit(&store, &change) == PSD_STORE_OK);
  }
  psd_nvm_ram_save(&ram, image);
  cut_everywhere(&(cut_trial){.name = "scrub",
                              .image = image,
                              .opens = PSD_STORE_OK,
                              .before = &change.after,
                              .change = &change,
                              .run = scrub});
  power(false);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"commits are all or nothing", commits_are_all_or_nothing},
      {"format with the first commit is all or nothing", manufacture_is_all_or_nothing},
      {"format with the first commit can be tried again", manufacture_can_be_tried_again},
      {"scrub changes no state", scrub_changes_no_state},
  };
  return psd_check_run("power loss in the store", tests, PSD_CHECK_COUNT(tests));
}
