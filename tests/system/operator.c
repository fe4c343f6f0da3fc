/* What the operator does: psd-server's commands, without their command line. */
#include "check.h"
#include "psd/spec/session.h"
#include "schedule.h"

#define DAY 86400U

static psd_db_result order(world *w, const uint8_t *device, unsigned action, psd_message_id layout,
                           const void *content) {
  uint8_t bytes[64];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&out, layout, content);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return psd_dc_order(w->db, device, action, out.data, out.length, world_seconds);
}

static psd_db_result set(world *w, const uint8_t *device, const step *at) {
  switch (at->kind) {
  case STEP_LIMITS:
    return order(w, device, PSD_ACTION_LIMITS, PSD_MESSAGE_LIMITS,
                 &(psd_limits){.minimum_postage = 10,
                               .maximum_postage = 99990,
                               .maximum_descending = at->amount,
                               .minimum_refill = 1000,
                               .maximum_refill = 500000});
  case STEP_WATCHDOG:
    return order(w, device, PSD_ACTION_WATCHDOG, PSD_MESSAGE_WATCHDOG,
                 &(psd_watchdog){.warn_after = at->amount * DAY, .lock_after = (at->amount + 10) * DAY});
  case STEP_LINE:
    return order(w, device, PSD_ACTION_CREDIT_LIMIT, PSD_MESSAGE_CREDIT_LINE,
                 &(psd_credit_line){.credit_limit = at->amount});
  case STEP_CLOCK:
    return order(w, device, PSD_ACTION_CLOCK, PSD_MESSAGE_CLOCK, &(psd_clock){.now = world_seconds, .set = 1});
  default:
    return psd_dc_move(w->db, device, (uint32_t)at->amount, 4711, world_seconds);
  }
}

static psd_db_result operate(world *w, const step *at) {
  const uint8_t *device = w->meters[at->meter].device;
  unsigned owner = w->meters[at->meter].owner;
  int64_t account = w->owners[owner].account;
  switch (at->kind) {
  case STEP_DEPOSIT:
    return psd_dc_deposit(w->db, account, at->amount, "", world_seconds);
  case STEP_PAYOUT:
    return psd_dc_payout(w->db, account, at->amount, "", world_seconds);
  case STEP_PAY:
    return psd_dc_pay(w->db, account, at->amount, "", world_seconds);
  case STEP_CREDIT:
    return psd_dc_set_credit(w->db, account, at->amount);
  case STEP_SUSPEND:
  case STEP_RESUME:
    return psd_db_account_set_suspended(w->db, world_numbers[owner], at->kind == STEP_SUSPEND);
  case STEP_LOCK:
    return psd_dc_lock(w->db, device, world_seconds);
  case STEP_UNLOCK:
  case STEP_ACCEPT:
    return psd_dc_unlock(w->db, device, at->kind == STEP_ACCEPT, world_seconds);
  default:
    return set(w, device, at);
  }
}

static int64_t bank(world *w) {
  int64_t balance = 0, least = 0;
  CU_ASSERT_EQUAL_FATAL(psd_db_book_find(w->db, (psd_book){PSD_BOOK_BANK, 0}, &balance, &least), PSD_DB_DONE);
  return balance;
}

/* Whoever has looked at the card takes its word: what was seen of it before counts no more. An honest card's word makes
 * nothing. */
static void unlocked(world *w, world_meter *meter, int64_t from_bank) {
  meter->shown = (world_purse){.sequence = 0};
  if (meter->tampered)
    w->owners[meter->owner].paid_in += from_bank;
}

bool operator_step(world *w, const step *at) {
  world_meter *meter = &w->meters[at->meter];
  int64_t before = bank(w);
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(w->db, true), PSD_DB_DONE);
  psd_db_result result = operate(w, at);
  if (result == PSD_DB_DONE)
    result = psd_db_commit(w->db);
  else
    psd_db_rollback(w->db);
  if (result != PSD_DB_DONE)
    return false;
  if (at->kind == STEP_DEPOSIT)
    w->owners[meter->owner].paid_in += (int64_t)at->amount;
  if (at->kind == STEP_PAYOUT)
    w->owners[meter->owner].paid_in -= (int64_t)at->amount;
  if (at->kind == STEP_UNLOCK || at->kind == STEP_ACCEPT)
    unlocked(w, meter, before - bank(w));
  return true;
}
