/* One refill, one withdrawal and one refill that has to be cancelled, each with one fault at every place where there
 * can be one: each operation on the card's memory in each way power can go, each message lost or repeated, each call of
 * the database, each request to the key management system. And once more a second fault while it recovers. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "psd/spec/lifecycle.h"
#include "world.h"

#define PAID_IN 300000U
#define LOADED 100000U
#define MOVED 40000U
#define CUTS 7U

typedef enum scene { SCENE_REFILL, SCENE_WITHDRAWAL, SCENE_CANCELLED, SCENES } scene;
static const char *const names[SCENES] = {"refill", "withdrawal", "cancelled refill"};

static const fault_plan none;
static unsigned played;

static void fatal(world *w, bool holds, const char *where) {
  if (holds)
    return;
  printf("\n%s: %s\n", where, w->wrong);
  CU_FAIL_FATAL("an invariant did not hold");
}

static void deposit(world *w) {
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(w->db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_dc_set_credit(w->db, w->account, 0), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_dc_deposit(w->db, w->account, PAID_IN, "", world_seconds), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(w->db), PSD_DB_DONE);
  w->paid_in = PAID_IN;
}

static void set_scene(world *w, uint64_t seed) {
  world_begin(w, seed);
  deposit(w);
  world_plan(w, 0, &none);
  CU_ASSERT_TRUE_FATAL(world_refill(w, 0, LOADED));
  world_mend(w, 0);
}

static bool act(world *w, scene what) {
  switch (what) {
  case SCENE_REFILL:
    return world_refill(w, 0, MOVED);
  case SCENE_WITHDRAWAL:
    return world_withdraw(w, 0, MOVED, false);
  default:
    return world_refill(w, 0, PAID_IN); /* more than the account has left */
  }
}

/* Where the descending register may be when all is over. */
static bool ended_well(world *w, scene what, bool done) {
  world_purse purse;
  world_card_purse(w->cards[0], &purse);
  uint64_t before = LOADED, after = what == SCENE_REFILL ? LOADED + MOVED : LOADED - MOVED;
  if (what == SCENE_CANCELLED)
    after = before;
  if (purse.descending == after || (purse.descending == before && !done))
    return true;
  (void)snprintf(w->wrong, sizeof w->wrong, "the card has %llu in the end", (unsigned long long)purse.descending);
  return false;
}

static void play(scene what, const fault_plan *plan, const fault_plan *again, fault_count *count) {
  world w;
  char where[160];
  (void)snprintf(where, sizeof where, "%s:", names[what]);
  for (unsigned kind = 0; kind < FAULT_KINDS; kind++)
    if (plan->at[kind] != 0 || again->at[kind] != 0) {
      size_t length = strlen(where);
      (void)snprintf(where + length, sizeof where - length, " %s=%u/%u", fault_names[kind], plan->at[kind],
                     again->at[kind]);
    }
  set_scene(&w, 1000 + played++);
  world_plan(&w, 0, plan);
  bool done = act(&w, what);
  world_mend(&w, 0);
  *count = w.count;
  fatal(&w, world_holds(&w, false), where);
  world_plan(&w, 0, again);
  (void)world_audit(&w, 0);
  world_mend(&w, 0);
  fatal(&w, world_holds(&w, false), where);
  world_plan(&w, 0, &none);
  (void)world_audit(&w, 0);
  world_mend(&w, 0);
  fatal(&w, world_holds(&w, true) && ended_well(&w, what, done), where);
  world_end(&w);
}

/* Every place of one kind of fault; with `twice`, a second one of the same kind in the session after it. */
static void every_place(scene what, fault_kind kind, unsigned how, bool twice) {
  fault_count count;
  play(what, &none, &none, &count);
  unsigned places = count.seen[kind];
  CU_ASSERT_TRUE_FATAL(places > 0 || what == SCENE_CANCELLED);
  for (unsigned at = 1; at <= places; at++) {
    fault_plan plan = {.how = how}, again = none;
    plan.at[kind] = at;
    play(what, &plan, &again, &count);
    CU_ASSERT_TRUE(count.hit > 0);
    again.how = how;
    for (again.at[kind] = 1; twice && again.at[kind] <= places; again.at[kind] += 1 + places / 8)
      play(what, &plan, &again, &count);
  }
}

static void test_cuts(void) {
  for (unsigned what = 0; what < SCENES; what++)
    for (unsigned how = 0; how < CUTS; how++)
      every_place((scene)what, FAULT_CUT, how, how == 1);
}

static void every_scene(fault_kind kind) {
  for (unsigned what = 0; what < SCENES; what++)
    every_place((scene)what, kind, 0, true);
}

static void test_lost(void) {
  every_scene(FAULT_LOSE);
}

static void test_repeated(void) {
  every_scene(FAULT_REPEAT);
}

static void test_killed(void) {
  every_scene(FAULT_KILL);
  every_scene(FAULT_KILLED);
}

static void test_kms(void) {
  every_scene(FAULT_SILENCE);
  every_scene(FAULT_DEAF);
}

static void test_forget(void) {
  printf(" %u runs ", played);
  world_forget();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the card's power goes at every operation on its memory, in every way", test_cuts},
      {"every message is lost, and the connection with it", test_lost},
      {"every message arrives twice", test_repeated},
      {"the meter server is killed before and after every call of its database", test_killed},
      {"the key management system is gone before and after every request", test_kms},
      {"it leaves nothing behind", test_forget},
  };
  return psd_check_run("system_exhaustive", tests, PSD_CHECK_COUNT(tests));
}
