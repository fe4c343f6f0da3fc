/* One refill, one withdrawal, one refill that has to be cancelled, and one of the certificate group by a PSD that signs
 * with its key pair; each with one fault at every place where there can be one: each operation on the card's memory in
 * each way power can go, each message, each call of the database, each request to the key management system. And once
 * more with a second fault while it recovers. system_exhaustive [SCENE]. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "factory.h"
#include "psd/spec/lifecycle.h"
#include "world.h"

#define PAID_IN 300000U
#define LOADED 100000U
#define MOVED 40000U
#define CUTS 7U
#define CUT_HALF 1U /* PSD_NVM_RAM_HALF */

typedef struct scene {
  const char *name;
  unsigned meter;
  psd_group group;
  bool withdraws;
  uint64_t amount;
  bool thorough; /* with a second fault, and in every way */
} scene;

static const scene scenes[] = {
    {"refill", 0, PSD_GROUP_POSTAGE, false, MOVED, true},
    {"withdrawal", 0, PSD_GROUP_POSTAGE, true, MOVED, true},
    {"cancelled", 0, PSD_GROUP_POSTAGE, false, PAID_IN, true}, /* more than the account has left */
    {"certificates", 1, PSD_GROUP_CERTIFICATE, false, MOVED, false},
};
#define SCENES (sizeof scenes / sizeof scenes[0])
static const char *wanted; /* NULL for all */

static const fault_plan none;
static unsigned played;

static void fatal(world *w, bool holds, const char *where) {
  if (holds)
    return;
  printf("\n%s: %s\n", where, w->wrong);
  CU_FAIL_FATAL("an invariant did not hold");
}

static void deposit(world *w, unsigned owner) {
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(w->db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_dc_set_credit(w->db, w->owners[owner].account, 0), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_dc_deposit(w->db, w->owners[owner].account, PAID_IN, "", world_seconds), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(w->db), PSD_DB_DONE);
  w->owners[owner].paid_in = PAID_IN;
}

static void set_scene(world *w, const scene *what, uint64_t seed) {
  world_begin(w, seed);
  deposit(w, w->meters[what->meter].owner);
  world_plan(w, what->meter, &none);
  CU_ASSERT_TRUE_FATAL(world_refill(w, what->meter, what->group, LOADED));
  world_mend(w);
}

static bool act(world *w, const scene *what) {
  return what->withdraws ? world_withdraw(w, what->meter, what->group, what->amount, false)
                         : world_refill(w, what->meter, what->group, what->amount);
}

static void audit(world *w, const scene *what, const fault_plan *plan) {
  world_plan(w, what->meter, plan);
  (void)world_audit(w, what->meter);
  world_mend(w);
}

/* Where the descending register may be when all is over. */
static bool ended_well(world *w, const scene *what, bool done) {
  world_purse purse;
  world_card_purse(w->meters[what->meter].card, &purse);
  uint64_t after = what->withdraws ? LOADED - MOVED : LOADED + MOVED, now = purse.groups[what->group].descending;
  if (what->amount > MOVED)
    after = LOADED;
  if (now == after || (now == LOADED && !done))
    return true;
  return world_wrong(w, "the card has %llu in the end", (unsigned long long)now);
}

static void tell_where(char where[160], const scene *what, const fault_plan *plan, const fault_plan *again) {
  (void)snprintf(where, 160, "%s:", what->name);
  for (unsigned kind = 0; kind < FAULT_KINDS; kind++)
    if (plan->at[kind] != 0 || again->at[kind] != 0) {
      size_t length = strlen(where);
      (void)snprintf(where + length, 160 - length, " %s=%u/%u how=%u", fault_names[kind], plan->at[kind],
                     again->at[kind], plan->how);
    }
}

static void play(const scene *what, const fault_plan *plan, const fault_plan *again, fault_count *count) {
  world w;
  char where[160];
  tell_where(where, what, plan, again);
  set_scene(&w, what, 1000 + played++);
  world_plan(&w, what->meter, plan);
  bool done = act(&w, what);
  world_mend(&w);
  *count = w.count;
  fatal(&w, world_holds(&w, false), where);
  audit(&w, what, again);
  fatal(&w, world_holds(&w, false), where);
  audit(&w, what, &none);
  fatal(&w, world_holds(&w, true) && ended_well(&w, what, done), where);
  world_end(&w);
}

/* Every place of one kind of fault, until there is none any more; with `twice`, a second one of the same kind in the
 * session after it. */
static void every_place(const scene *what, fault_kind kind, unsigned how, bool twice) {
  fault_count count = {.hit = 1};
  play(what, &none, &none, &count);
  unsigned places = count.seen[kind], at = 1;
  for (count.hit = 1; count.hit > 0; at++) {
    fault_plan plan = {.how = how}, again = {.how = how};
    plan.at[kind] = at;
    play(what, &plan, &none, &count);
    for (again.at[kind] = 1; twice && count.hit > 0 && again.at[kind] <= places; again.at[kind] += 1 + places / 8) {
      fault_count ignored;
      play(what, &plan, &again, &ignored);
    }
  }
  CU_ASSERT(at > 2 && at > places);
}

static bool is_wanted(const scene *what) {
  return wanted == NULL || strcmp(wanted, what->name) == 0;
}

static void test_cuts(void) {
  for (size_t i = 0; i < SCENES; i++)
    for (unsigned how = 0; how < CUTS && is_wanted(&scenes[i]); how++)
      if (scenes[i].thorough || how == CUT_HALF)
        every_place(&scenes[i], FAULT_CUT, how, scenes[i].thorough && how == CUT_HALF);
}

static void every_scene(fault_kind kind) {
  for (size_t i = 0; i < SCENES; i++)
    if (is_wanted(&scenes[i]))
      every_place(&scenes[i], kind, 0, scenes[i].thorough);
}

static void test_memory(void) {
  every_scene(FAULT_PROGRAM);
  every_scene(FAULT_SYNC);
  every_scene(FAULT_ENTROPY);
}

static void test_frames(void) {
  every_scene(FAULT_LOSE);
  every_scene(FAULT_REPEAT);
  every_scene(FAULT_OLD);
  every_scene(FAULT_LATE);
}

static void test_killed(void) {
  every_scene(FAULT_KILL);
  every_scene(FAULT_KILLED);
}

static void test_database(void) {
  every_scene(FAULT_DOUBT);
  every_scene(FAULT_FAIL);
  every_scene(FAULT_BUSY);
}

static void test_kms(void) {
  every_scene(FAULT_SILENCE);
  every_scene(FAULT_DEAF);
}

static void test_forget(void) {
  printf(" %u runs ", played);
  factory_forget();
}

int main(int argc, char **argv) {
  static const psd_check_test tests[] = {
      {"the card's power goes at every operation on its memory, in every way", test_cuts},
      {"its memory fails at every operation, and its entropy", test_memory},
      {"every message is lost, arrives twice or late, or an old one instead", test_frames},
      {"the meter server is killed before and after every call of its database", test_killed},
      {"every call of the database fails, and every transaction seems to", test_database},
      {"the key management system is gone before and after every request", test_kms},
      {"it leaves nothing behind", test_forget},
  };
  wanted = argc > 1 ? argv[1] : NULL;
  return psd_check_run("system_exhaustive", tests, PSD_CHECK_COUNT(tests));
}
