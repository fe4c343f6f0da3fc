#include <string.h>

#include "attack.h"
#include "check.h"
#include "psd/spec/lifecycle.h"

schedule_tally schedule_tallied;

bool step_at_host(step_kind kind) {
  return kind <= STEP_STRANGER;
}

bool step_of_operator(step_kind kind) {
  return kind > STEP_STRANGER && kind < STEP_PRINT;
}

static bool was_open(const world_purse *purse) {
  return purse->operation == PSD_OPERATION_LOADING || purse->operation == PSD_OPERATION_WITHDRAWING;
}

static bool act(world *w, const step *at, const world_purse *before) {
  switch (at->kind) {
  case STEP_REFILL:
    return world_refill(w, at->meter, at->group, at->amount);
  case STEP_TWICE:
    return world_refill_twice(w, at->meter, at->group, at->amount);
  case STEP_WITHDRAW:
    return world_withdraw(w, at->meter, at->group, at->amount, false);
  case STEP_RETIRE:
    return world_withdraw(w, at->meter, at->group, before->groups[at->group].descending, true);
  case STEP_STRANGER:
    return world_strange_audit(w, at->meter);
  default:
    return world_audit(w, at->meter);
  }
}

static bool takes_refill(const step *at, const world_purse *purse, uint64_t available) {
  const psd_limits *limits = &purse->limits;
  uint64_t to_come = purse->operation == PSD_OPERATION_LOADING ? purse->amount : 0;
  uint64_t held = purse->groups[at->group].descending + to_come;
  return at->amount >= limits->minimum_refill && at->amount <= limits->maximum_refill && at->amount <= available &&
         held <= limits->maximum_descending && at->amount <= limits->maximum_descending - held;
}

/* Nothing speaks against this refill or withdrawal: it has to succeed, whatever was left behind by the steps before. */
static bool must_succeed(world *w, const step *at, const world_purse *purse) {
  psd_meter_row row = world_row(w, at->meter);
  psd_dc_funds funds;
  CU_ASSERT_EQUAL_FATAL(psd_dc_account(w->db, row.device.account, &funds), PSD_DB_DONE);
  if (!fault_none(&at->plan) || row.lock != PSD_METER_FREE || row.withdrawn || row.account_suspended || row.due != 0 ||
      purse->final || purse->mode == PSD_FUNDS_ACCOUNT ||
      (purse->mode == PSD_FUNDS_MERGED && at->group != PSD_GROUP_POSTAGE) || w->meters[at->meter].tampered)
    return false;
  if (at->kind == STEP_REFILL)
    return takes_refill(at, purse, funds.available);
  return at->kind == STEP_WITHDRAW && at->amount > 0 && at->amount <= purse->groups[at->group].descending;
}

/* A meter that is locked or out of service, or whose account is suspended, is given nothing. */
static bool must_fail(world *w, const step *at) {
  psd_meter_row row = world_row(w, at->meter);
  bool refill = at->kind == STEP_REFILL || at->kind == STEP_TWICE;
  return at->kind == STEP_STRANGER || row.withdrawn || row.lock == PSD_METER_ALARMED
             ? at->kind != STEP_AUDIT
             : refill && (row.lock != PSD_METER_FREE || row.account_suspended);
}

/* What was credited in this step is within the limit of the card. */
static bool within_limit(world *w, unsigned meter, const world_purse *before, const world_purse *after) {
  if (after->operation != PSD_OPERATION_LOADED ||
      (before->operation == PSD_OPERATION_LOADED && before->sequence == after->sequence) ||
      after->groups[after->group].descending <= after->limits.maximum_descending)
    return true;
  return world_wrong(w, "meter %u: it was loaded beyond its limit", meter);
}

/* Where nothing goes wrong, nothing is left under way. */
static bool all_finished(world *w, const step *at, const world_purse *after) {
  const world_meter *meter = &w->meters[at->meter];
  if (!fault_none(&at->plan) || !w->audited || meter->tampered || after->mode == PSD_FUNDS_ACCOUNT || !was_open(after))
    return true;
  return world_wrong(w, "meter %u: operation %u is left under way, and nothing went wrong", at->meter,
                     (unsigned)after->sequence);
}

/* The card is where the Host was told that it is. */
static bool as_told(world *w, const step *at) {
  world_purse after;
  bool refill = at->kind == STEP_REFILL || at->kind == STEP_TWICE;
  world_card_purse(w->meters[at->meter].card, &after);
  if (at->kind == STEP_AUDIT)
    return true;
  if (after.operation == (refill ? PSD_OPERATION_LOADED : PSD_OPERATION_WITHDRAWN) && after.group == at->group &&
      (after.amount == at->amount || at->kind == STEP_RETIRE))
    return true;
  return world_wrong(w, "meter %u: the Host was told what is not so", at->meter);
}

static uint64_t movements(world *w) {
  int64_t sum = 0;
  uint64_t made = 0;
  CU_ASSERT_EQUAL_FATAL(psd_db_ledger_sum(w->db, &sum, &made), PSD_DB_DONE);
  return made;
}

static bool host_step(world *w, const step *at) {
  attack_before before;
  world_purse after;
  attack_look(w, at->meter, &before);
  bool must = must_succeed(w, at, &before.purse), must_not = must_fail(w, at);
  bool alarmed = world_row(w, at->meter).lock == PSD_METER_ALARMED;
  uint64_t made = movements(w);
  world_plan(w, at->meter, &at->plan);
  bool done = act(w, at, &before.purse);
  world_mend(w);
  world_card_purse(w->meters[at->meter].card, &after);
  schedule_tallied.done[at->kind] += done;
  schedule_tallied.faults += w->count.hit;
  schedule_tallied.recovered +=
      was_open(&before.purse) && (!was_open(&after) || after.sequence > before.purse.sequence);
  schedule_tallied.alarms += !alarmed && world_row(w, at->meter).lock == PSD_METER_ALARMED;
  if (alarmed && movements(w) != made)
    return world_wrong(w, "meter %u: funds were moved in spite of an alarm", at->meter);
  if (must && !done)
    return world_wrong(w, "meter %u: it was refused, and nothing was in the way", at->meter);
  if (must_not && done)
    return world_wrong(w, "meter %u: it was done, and must not be", at->meter);
  return (!done || as_told(w, at)) && within_limit(w, at->meter, &before.purse, &after) &&
         all_finished(w, at, &after) && attack_failed(w, at->meter, &before);
}

/* Postage, or, until there are services, what they will leave behind. */
static bool print_step(world *w, const step *at) {
  bool done = false, right = true;
  if (at->group == PSD_GROUP_POSTAGE)
    right = world_print(w, at->meter, at->amount, &at->plan, &done);
  else
    done = world_card_serve(w->meters[at->meter].card, at->group, at->amount);
  schedule_tallied.done[STEP_PRINT] += done;
  schedule_tallied.faults += at->group == PSD_GROUP_POSTAGE ? w->count.hit : 0;
  return right;
}

static bool play_step(world *w, const step *at) {
  bool done = true;
  schedule_tallied.steps++;
  if (step_at_host(at->kind))
    return host_step(w, at) && world_holds(w, false);
  if (step_of_operator(at->kind))
    done = operator_step(w, at);
  else if (at->kind == STEP_PRINT)
    return print_step(w, at) && world_holds(w, false);
  else if (at->kind == STEP_WAIT)
    world_wait(w, at->amount);
  else if (at->kind == STEP_SUITE)
    w->suite = (psd_suite)at->amount;
  else
    done = attack_step(w, at);
  schedule_tallied.done[at->kind] += done;
  return world_holds(w, false);
}

/* In the end everything works, and whoever signs on finishes what was left behind. A current-account meter is charged
 * first, and finishes the next time. */
static bool come_to_rest(world *w) {
  static const unsigned visits[] = {0, 1, 2, 2};
  for (size_t i = 0; i < sizeof visits / sizeof visits[0]; i++) {
    const step at = {.kind = STEP_AUDIT, .meter = visits[i]};
    if (!host_step(w, &at))
      return false;
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
