/* Schedules are drawn by lot, but for their beginning: money is paid in. */
#include "schedule.h"

#include "psd/spec/session.h"

#define DAY 86400U
#define PAID_IN 2000000U

/* How often each comes, honest and attacked. */
static const unsigned weights[STEP_KINDS][2] = {
    [STEP_AUDIT] = {12, 16},  [STEP_REFILL] = {44, 30}, [STEP_TWICE] = {3, 0},   [STEP_WITHDRAW] = {16, 10},
    [STEP_RETIRE] = {2, 1},   [STEP_STRANGER] = {2, 1}, [STEP_DEPOSIT] = {8, 4}, [STEP_PAYOUT] = {4, 2},
    [STEP_PAY] = {3, 1},      [STEP_CREDIT] = {1, 0},   [STEP_SUSPEND] = {2, 0}, [STEP_RESUME] = {3, 0},
    [STEP_LOCK] = {2, 1},     [STEP_UNLOCK] = {4, 4},   [STEP_ACCEPT] = {2, 4},  [STEP_MOVE] = {2, 1},
    [STEP_LIMITS] = {2, 1},   [STEP_WATCHDOG] = {1, 0}, [STEP_LINE] = {2, 1},    [STEP_CLOCK] = {1, 0},
    [STEP_PRINT] = {16, 10},  [STEP_WAIT] = {5, 3},     [STEP_SUITE] = {1, 1},   [STEP_KEEP] = {0, 10},
    [STEP_RESTORE] = {0, 10}, [STEP_SWAP] = {0, 8},
};

/* How far into a step each fault may come; beyond the end of it nothing happens, which is a fault that missed. */
static const unsigned reach[FAULT_KINDS] = {
    [FAULT_LOSE] = 16,    [FAULT_REPEAT] = 12, [FAULT_OLD] = 16,    [FAULT_LATE] = 16,   [FAULT_CUT] = 48,
    [FAULT_PROGRAM] = 40, [FAULT_SYNC] = 6,    [FAULT_ENTROPY] = 8, [FAULT_KILL] = 64,   [FAULT_KILLED] = 64,
    [FAULT_DOUBT] = 8,    [FAULT_FAIL] = 64,   [FAULT_BUSY] = 64,   [FAULT_SILENCE] = 6, [FAULT_DEAF] = 6,
};

static uint64_t draw(uint64_t *state, uint64_t below) { /* splitmix64 */
  uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return (z ^ (z >> 31)) % below;
}

static step_kind draw_kind(uint64_t *state, bool attacked) {
  unsigned sum = 0;
  for (unsigned i = 0; i < STEP_KINDS; i++)
    sum += weights[i][attacked];
  uint64_t at = draw(state, sum);
  unsigned kind = 0;
  for (; at >= weights[kind][attacked]; kind++)
    at -= weights[kind][attacked];
  return (step_kind)kind;
}

/* Amounts that matter: the limits of the cards, and one beyond; and any. */
static uint64_t draw_amount(uint64_t *state) {
  static const uint64_t edges[] = {0, 1, 999, 1000, 1001, 499999, 500000, 500001, 1000000, 1000001, UINT64_MAX};
  if (draw(state, 4) == 0)
    return edges[draw(state, sizeof edges / sizeof edges[0])];
  return 1000 + draw(state, 300000);
}

static uint64_t draw_limit(uint64_t *state) {
  static const uint64_t limits[] = {0, 100000, 1000000, 1000000, 2000000, 2000000, 5000000};
  return limits[draw(state, sizeof limits / sizeof limits[0])];
}

static uint64_t draw_value(step_kind kind, uint64_t *state) {
  switch (kind) {
  case STEP_WAIT:
    return draw(state, 3) == 0 ? draw(state, 130 * DAY) : draw(state, 7200);
  case STEP_MOVE:
    return 10000 + draw(state, 80000);
  case STEP_SUITE:
    return draw(state, 2) == 0 ? PSD_SUITE_P256 : PSD_SUITE_SHARED;
  case STEP_CREDIT:
  case STEP_LIMITS:
  case STEP_LINE:
    return draw_limit(state);
  case STEP_WATCHDOG:
    return 1 + draw(state, 180);
  case STEP_PRINT:
    return draw(state, 8) == 0 ? draw_amount(state) : 1 + draw(state, 60000);
  case STEP_KEEP:
  case STEP_RESTORE:
  case STEP_SWAP:
    return draw(state, 2);
  default:
    return draw_amount(state);
  }
}

static void draw_fault(step *to, uint64_t *state) {
  unsigned kind = (unsigned)draw(state, FAULT_KINDS);
  to->plan.at[kind] = 1 + (unsigned)draw(state, reach[kind]);
}

static void draw_faults(step *to, uint64_t *state) {
  for (uint64_t faults = draw(state, 8); faults > 0 && faults < 4; faults--)
    draw_fault(to, state);
  if (draw(state, 2) == 0)
    draw_fault(to, state);
  to->plan.how = (unsigned)draw(state, 7);
}

/* What a meter of this kind does; what it refuses whatever comes is drawn now and then all the same. */
static void suit(step *at, uint64_t *state) {
  bool odd = draw(state, 12) == 0;
  if (at->meter == 0 && !odd)
    at->group = PSD_GROUP_POSTAGE;
  if (at->meter == 2 && !odd && (at->kind == STEP_REFILL || at->kind == STEP_WITHDRAW)) {
    at->kind = at->kind == STEP_REFILL ? STEP_PRINT : STEP_AUDIT;
    at->amount %= 100000;
  }
}

/* Money for one, then for the other; what was cut off is what an attacker keeps with preference; most steps are at one
 * meter, so that they have to do with each other. */
void schedule_make(schedule *s, uint64_t seed, bool attacked) {
  uint64_t state = seed;
  *s = (schedule){.seed = seed, .count = 6 + draw(&state, SCHEDULE_STEPS - 6)};
  unsigned favourite = (unsigned)draw(&state, WORLD_METERS);
  for (size_t i = 0; i < s->count; i++) {
    step *at = &s->steps[i];
    at->kind = i < WORLD_ACCOUNTS ? STEP_DEPOSIT : draw_kind(&state, attacked);
    at->meter = draw(&state, 3) == 0 ? (unsigned)draw(&state, WORLD_METERS) : favourite;
    at->group = draw(&state, 4) == 0 ? PSD_GROUP_CERTIFICATE : PSD_GROUP_POSTAGE;
    at->amount = draw_value(at->kind, &state);
    suit(at, &state);
    if (attacked && i > WORLD_ACCOUNTS && at[-1].kind <= STEP_WITHDRAW && !fault_none(&at[-1].plan) &&
        draw(&state, 2) == 0)
      *at = (step){.kind = STEP_KEEP, .meter = at[-1].meter, .amount = draw(&state, 2)};
    if (i < WORLD_ACCOUNTS) {
      at->meter = (unsigned)i;
      at->amount = PAID_IN;
    }
    if (step_at_host(at->kind) || at->kind == STEP_PRINT)
      draw_faults(at, &state);
  }
}
