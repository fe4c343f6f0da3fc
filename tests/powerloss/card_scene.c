#include "card_scene.h"

#include "card_trial.h"
#include "check.h"

#include <stdio.h>
#include <string.h>

#define PAGE 64U
#define BLOCK 1024U
#define FILL_MOST 64U

/* What happens to the scenes. */
typedef enum mode { MODE_CUTS, MODE_EVERY_PAIR, MODE_FAILURES } mode;

static mode playing;
static rig r;
static unsigned long singles, pairs, failures;

/* The card of the scene after `fill` commits of no note, ready for its command. */
static void make_ready(trial *t, const rig_copy *made, unsigned fill) {
  static const psd_store_put no_change = {.record = PSD_STORE_RECORDS_MAX - 1U};
  t->fill = fill;
  rig_restore(&r, made);
  for (unsigned i = 0; i < fill; i++)
    CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &no_change, 1), PSD_STORE_OK);
  if (!t->scene->erased) {
    psd_card_reset(r.card);
    CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
    CU_ASSERT_FATAL(t->scene->prepare == NULL || t->scene->prepare(&r) == PSD_SW_OK);
  }
  rig_save(&r, &t->ready);
}

static uint32_t pages_left(void) {
  uint32_t end = BLOCK * (r.card->store.nvm.block_count / 2U) * (r.card->store.bank + 1U);
  return (end - r.card->store.tail) / PAGE;
}

/* True if the command, not cut, makes the store hand over to make room for what it commits. */
static bool hands_over(trial *t, const rig_copy *made, unsigned fill) {
  make_ready(t, made, fill);
  uint32_t generation = r.card->store.generation;
  uint32_t left = pages_left();
  t->scene->command(&r);
  bool handed_over = t->scene->pages > 0 ? left < t->scene->pages : r.card->store.generation != generation;
  rig_forget(&t->ready);
  return handed_over;
}

/* The command as it is when nothing happens to it. */
static void play_undisturbed(trial *t) {
  t->before = (picture){.blank = true};
  if (!t->scene->erased) {
    psd_card_reset(r.card);
    picture_take(&r, &t->before);
    rig_restore(&r, &t->ready);
  }
  CU_ASSERT_EQUAL(t->scene->command(&r), t->scene->answer);
  trial_power_up(t);
  picture_take(&r, &t->after);
  unsigned changes = picture_difference(&t->before, &t->after);
  if (changes != t->scene->changes)
    fprintf(stderr, "\n  %s, fill %u: changes %04X\n", t->scene->name, t->fill, changes);
  CU_ASSERT_EQUAL(changes, t->scene->changes);
  trial_allow(t, &t->before, &t->after, true, &t->first);
}

/* Everything with one filling of the store. */
static void play_with(trial *t, const rig_copy *made, unsigned fill) {
  make_ready(t, made, fill);
  play_undisturbed(t);
  if (playing == MODE_FAILURES)
    trial_fail(t, &failures);
  else
    trial_cut(t, playing == MODE_EVERY_PAIR, &singles, &pairs);
  CU_ASSERT_EQUAL(r.ram.violations, 0);
  rig_forget(&t->ready);
}

/* Memory much smaller than a real card's: every hand-over is near. */
static void make_card(const scene *s) {
  rig_create_erased(&r);
  psd_nvm_ram_destroy(&r.ram);
  CU_ASSERT_TRUE_FATAL(psd_nvm_ram_create(&r.ram, PAGE, BLOCK, s->blocks > 0 ? s->blocks : SCENE_BLOCKS));
  psd_ports ports = rig_ports(&r);
  psd_card_init(r.card, &ports);
  if (s->erased)
    return;
  psd_card_birth birth = rig_birth();
  CU_ASSERT_TRUE_FATAL(psd_card_manufacture(r.card, &birth));
  psd_card_power_on(r.card);
  rig_enter(&r, s->state);
  if (s->set != NULL)
    s->set(&r);
  r.seconds += 60; /* so that the latest time shown changes with the next record of the log */
  CU_ASSERT_EQUAL_FATAL(psd_store_scrub(&r.card->store), PSD_STORE_OK);
}

void scene_play(const scene *s) {
  static trial t;
  rig_copy made;
  make_card(s);
  rig_save(&r, &made);
  t.scene = s;
  t.bench = &r;
  play_with(&t, &made, 0);
  unsigned first = 1;
  while (!s->erased && first < FILL_MOST && !hands_over(&t, &made, first))
    first++;
  if (!s->erased && first < FILL_MOST) {
    unsigned last = first;
    while (last < FILL_MOST && hands_over(&t, &made, last + 1))
      last++;
    if (!s->brief)
      play_with(&t, &made, first - 1);
    play_with(&t, &made, first);
    if (last > first && !s->brief)
      play_with(&t, &made, last);
  }
  CU_ASSERT(s->erased || first < FILL_MOST);
  rig_forget(&made);
  rig_destroy(&r);
}

void scene_begin(int argc, char **argv) {
  const char *wanted = argc > 1 ? argv[1] : "";
  playing = strcmp(wanted, "every") == 0      ? MODE_EVERY_PAIR
            : strcmp(wanted, "failures") == 0 ? MODE_FAILURES
                                              : MODE_CUTS;
}

void scene_report(void) {
  if (playing == MODE_FAILURES) {
    printf("(%lu failures) ", failures);
    CU_ASSERT(failures > 0);
  } else {
    printf("(%lu cuts, %lu pairs of cuts) ", singles, pairs);
    CU_ASSERT(singles > 0 && pairs > singles);
  }
  singles = pairs = failures = 0;
}
