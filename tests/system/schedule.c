#include "schedule.h"

#include <string.h>

#include "check.h"
#include "psd/spec/session.h"

#define DAY 86400U

static const struct {
  const char *name;
  unsigned weight;
} kinds[STEP_KINDS] = {
    [STEP_AUDIT] = {"audit", 12},    [STEP_REFILL] = {"refill", 40},  [STEP_WITHDRAW] = {"withdraw", 14},
    [STEP_RETIRE] = {"retire", 2},   [STEP_DEPOSIT] = {"deposit", 8}, [STEP_PAYOUT] = {"payout", 4},
    [STEP_SUSPEND] = {"suspend", 2}, [STEP_RESUME] = {"resume", 3},   [STEP_LOCK] = {"lock", 2},
    [STEP_UNLOCK] = {"unlock", 4},   [STEP_MOVE] = {"move", 3},       [STEP_WAIT] = {"wait", 5},
    [STEP_SUITE] = {"suite", 1},
};

/* How far into a step each fault may come; beyond the end of it nothing happens, which is a fault that missed. */
static const unsigned reach[FAULT_KINDS] = {
    [FAULT_LOSE] = 16,   [FAULT_REPEAT] = 12, [FAULT_CUT] = 48, [FAULT_KILL] = 64,
    [FAULT_KILLED] = 64, [FAULT_SILENCE] = 6, [FAULT_DEAF] = 6,
};

schedule_tally schedule_tallied;

static uint64_t draw(uint64_t *state, uint64_t below) { /* splitmix64 */
  uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return (z ^ (z >> 31)) % below;
}

static step_kind draw_kind(uint64_t *state) {
  unsigned sum = 0;
  for (unsigned i = 0; i < STEP_KINDS; i++)
    sum += kinds[i].weight;
  uint64_t at = draw(state, sum);
  unsigned kind = 0;
  for (; at >= kinds[kind].weight; kind++)
    at -= kinds[kind].weight;
  return (step_kind)kind;
}

/* Amounts that matter: the limits of the cards, and one beyond; and any. */
static uint64_t draw_amount(uint64_t *state) {
  static const uint64_t edges[] = {0, 1, 999, 1000, 1001, 499999, 500000, 500001, 1000000, 1000001, UINT64_MAX};
  if (draw(state, 4) == 0)
    return edges[draw(state, sizeof edges / sizeof edges[0])];
  return 1000 + draw(state, 300000);
}

static uint64_t draw_value(step_kind kind, uint64_t *state) {
  switch (kind) {
  case STEP_WAIT:
    return draw(state, 3) == 0 ? draw(state, 130 * DAY) : draw(state, 7200);
  case STEP_MOVE:
    return 10000 + draw(state, 80000);
  case STEP_SUITE:
    return draw(state, 2) == 0 ? PSD_SUITE_P256 : PSD_SUITE_SHARED;
  default:
    return draw_amount(state);
  }
}

static bool signs_on(step_kind kind) {
  return kind <= STEP_RETIRE;
}

static void draw_faults(step *to, uint64_t *state) {
  for (uint64_t faults = draw(state, 8); faults > 0 && faults < 4; faults--) {
    unsigned kind = (unsigned)draw(state, FAULT_KINDS);
    to->plan.at[kind] = 1 + (unsigned)draw(state, reach[kind]);
  }
  if (draw(state, 2) == 0) {
    unsigned kind = (unsigned)draw(state, FAULT_KINDS);
    to->plan.at[kind] = 1 + (unsigned)draw(state, reach[kind]);
  }
  to->plan.how = (unsigned)draw(state, 7);
}

void schedule_make(schedule *s, uint64_t seed) {
  uint64_t state = seed;
  *s = (schedule){.seed = seed, .count = 4 + draw(&state, SCHEDULE_STEPS - 4)};
  for (size_t i = 0; i < s->count; i++) {
    step *at = &s->steps[i];
    at->kind = i == 0 ? STEP_DEPOSIT : draw_kind(&state);
    at->meter = (unsigned)draw(&state, WORLD_METERS);
    at->amount = i == 0 ? 2000000 : draw_value(at->kind, &state);
    if (signs_on(at->kind))
      draw_faults(at, &state);
  }
}

static psd_db_result operate(world *w, const step *at) {
  const uint8_t *device = w->devices[at->meter];
  switch (at->kind) {
  case STEP_DEPOSIT:
    return psd_dc_deposit(w->db, w->account, at->amount, "", world_seconds);
  case STEP_PAYOUT:
    return psd_dc_payout(w->db, w->account, at->amount, "", world_seconds);
  case STEP_SUSPEND:
  case STEP_RESUME:
    return psd_db_account_set_suspended(w->db, WORLD_NUMBER, at->kind == STEP_SUSPEND);
  case STEP_LOCK:
    return psd_dc_lock(w->db, device, world_seconds);
  case STEP_UNLOCK:
    return psd_dc_unlock(w->db, device, false, world_seconds);
  default:
    return psd_dc_move(w->db, device, (uint32_t)at->amount, 4711, world_seconds);
  }
}

/* What the operator does is one transaction, and counts if it was taken. */
static void operator_step(world *w, const step *at) {
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(w->db, true), PSD_DB_DONE);
  psd_db_result result = operate(w, at);
  if (result == PSD_DB_DONE)
    result = psd_db_commit(w->db);
  else
    psd_db_rollback(w->db);
  if (result != PSD_DB_DONE)
    return;
  schedule_tallied.done[at->kind]++;
  if (at->kind == STEP_DEPOSIT)
    w->paid_in += (int64_t)at->amount;
  if (at->kind == STEP_PAYOUT)
    w->paid_in -= (int64_t)at->amount;
}

static bool was_open(const world_purse *purse) {
  return purse->operation == PSD_OPERATION_LOADING || purse->operation == PSD_OPERATION_WITHDRAWING;
}

/* A Host that was told that it is done has been told the truth: the card is where it should be. */
static bool host_step(world *w, const step *at) {
  world_purse before, after;
  world_card_purse(w->cards[at->meter], &before);
  bool done = false;
  world_plan(w, at->meter, &at->plan);
  switch (at->kind) {
  case STEP_REFILL:
    done = world_refill(w, at->meter, at->amount);
    break;
  case STEP_WITHDRAW:
    done = world_withdraw(w, at->meter, at->amount, false);
    break;
  case STEP_RETIRE:
    done = world_withdraw(w, at->meter, before.descending, true);
    break;
  default:
    done = world_audit(w, at->meter);
    break;
  }
  world_mend(w, at->meter);
  world_card_purse(w->cards[at->meter], &after);
  schedule_tallied.done[at->kind] += done;
  schedule_tallied.faults += w->count.hit;
  schedule_tallied.recovered += was_open(&before) && !was_open(&after);
  if (at->kind == STEP_AUDIT)
    return true;
  psd_operation_state expected = at->kind == STEP_REFILL ? PSD_OPERATION_LOADED : PSD_OPERATION_WITHDRAWN;
  uint64_t amount = at->kind == STEP_RETIRE ? after.amount : at->amount;
  return !done || (after.operation == expected && after.amount == amount);
}

static bool play_step(world *w, const step *at) {
  schedule_tallied.steps++;
  if (at->kind == STEP_WAIT)
    world_seconds += at->amount;
  else if (at->kind == STEP_SUITE)
    w->suite = (psd_suite)at->amount;
  else if (!signs_on(at->kind))
    operator_step(w, at);
  else if (!host_step(w, at)) {
    (void)snprintf(w->wrong, sizeof w->wrong, "the Host was told what is not so");
    return false;
  }
  return world_holds(w, false);
}

/* In the end everything works, and whoever signs on finishes what was left behind. */
static bool come_to_rest(world *w) {
  static const fault_plan none;
  for (unsigned i = 0; i < WORLD_METERS; i++) {
    world_plan(w, i, &none);
    (void)world_audit(w, i);
    world_mend(w, i);
  }
  return world_holds(w, true);
}

bool schedule_play(const schedule *s, char wrong[200]) {
  world w;
  size_t i = 0;
  world_begin(&w, s->seed);
  bool holds = true;
  for (; i < s->count && holds; i++)
    holds = play_step(&w, &s->steps[i]);
  holds = holds && come_to_rest(&w);
  (void)snprintf(wrong, 200, "after %zu steps: %s", i, w.wrong);
  world_end(&w);
  return holds;
}

static bool still_fails(const schedule *s) {
  char wrong[200];
  return !schedule_play(s, wrong);
}

static void without(schedule *s, size_t at) {
  memmove(&s->steps[at], &s->steps[at + 1], (s->count - at - 1) * sizeof s->steps[0]);
  s->count--;
}

void schedule_shrink(schedule *s) {
  for (size_t i = s->count; i-- > 0;) {
    schedule less = *s;
    without(&less, i);
    if (still_fails(&less))
      *s = less;
  }
  for (size_t i = 0; i < s->count; i++)
    for (unsigned kind = 0; kind < FAULT_KINDS; kind++) {
      schedule less = *s;
      less.steps[i].plan.at[kind] = 0;
      if (s->steps[i].plan.at[kind] != 0 && still_fails(&less))
        *s = less;
    }
}

void schedule_print(const schedule *s, FILE *to) {
  fprintf(to, "seed %llu\n", (unsigned long long)s->seed);
  for (size_t i = 0; i < s->count; i++) {
    const step *at = &s->steps[i];
    fprintf(to, "%s %u %llu", kinds[at->kind].name, at->meter, (unsigned long long)at->amount);
    for (unsigned kind = 0; kind < FAULT_KINDS; kind++)
      if (at->plan.at[kind] != 0)
        fprintf(to, " %s=%u", fault_names[kind], at->plan.at[kind]);
    if (at->plan.at[FAULT_CUT] != 0)
      fprintf(to, " how=%u", at->plan.how);
    fputc('\n', to);
  }
}

static bool read_fault(step *to, const char *word) {
  char name[16];
  unsigned value = 0;
  if (sscanf(word, "%15[a-z]=%u", name, &value) != 2)
    return false;
  if (strcmp(name, "how") == 0) {
    to->plan.how = value;
    return true;
  }
  for (unsigned kind = 0; kind < FAULT_KINDS; kind++)
    if (strcmp(name, fault_names[kind]) == 0) {
      to->plan.at[kind] = value;
      return true;
    }
  return false;
}

static bool read_faults(step *to, const char *at) {
  char word[32];
  int length = 0;
  for (; sscanf(at, "%31s%n", word, &length) == 1; at += length)
    if (!read_fault(to, word))
      return false;
  return true;
}

static bool read_step(step *to, const char *line) {
  char name[16];
  unsigned long long amount = 0;
  int length = 0;
  *to = (step){.kind = STEP_KINDS};
  if (sscanf(line, "%15[a-z] %u %llu%n", name, &to->meter, &amount, &length) != 3 || to->meter >= WORLD_METERS)
    return false;
  to->amount = amount;
  for (unsigned kind = 0; kind < STEP_KINDS; kind++)
    if (strcmp(name, kinds[kind].name) == 0)
      to->kind = (step_kind)kind;
  return to->kind != STEP_KINDS && read_faults(to, line + length);
}

bool schedule_read(schedule *s, FILE *from) {
  char line[256];
  unsigned long long seed = 0;
  *s = (schedule){.seed = 0};
  while (fgets(line, sizeof line, from) != NULL) {
    if (line[0] == '#' || line[0] == '\n')
      continue;
    if (sscanf(line, "seed %llu", &seed) == 1)
      s->seed = seed;
    else if (s->count == SCHEDULE_STEPS || !read_step(&s->steps[s->count++], line))
      return false;
  }
  return s->count > 0;
}
