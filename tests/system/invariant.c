#include <stdarg.h>
#include <stdio.h>

#include "check.h"
#include "psd/spec/lifecycle.h"
#include "world.h"

bool world_wrong(world *w, const char *format, ...) {
  va_list values;
  va_start(values, format);
  if (w->wrong[0] == '\0')
    (void)vsnprintf(w->wrong, sizeof w->wrong, format, values);
  va_end(values);
  return false;
}

psd_meter_row world_row(world *w, unsigned meter) {
  psd_meter_row row;
  CU_ASSERT_EQUAL_FATAL(psd_db_meter_find(w->db, w->meters[meter].device, &row), PSD_DB_DONE);
  return row;
}

/* 0 for a book that nobody has opened yet. */
static int64_t balance(world *w, psd_book book) {
  int64_t amount = 0, least = 0;
  psd_db_result result = psd_db_book_find(w->db, book, &amount, &least);
  CU_ASSERT_FATAL(result == PSD_DB_DONE || result == PSD_DB_ABSENT);
  return amount;
}

/* An account, its debt, and what is reserved for its meters and in them, is what was paid in. */
static bool account_whole(world *w, unsigned owner) {
  static const psd_book_kind kinds[] = {PSD_BOOK_RESERVED, PSD_BOOK_METER, PSD_BOOK_SERVICES};
  int64_t account = w->owners[owner].account;
  int64_t inside = balance(w, (psd_book){PSD_BOOK_ACCOUNT, account}) + balance(w, (psd_book){PSD_BOOK_DEBT, account});
  for (unsigned i = 0; i < WORLD_METERS; i++)
    for (unsigned kind = 0; w->meters[i].owner == owner && kind < sizeof kinds / sizeof kinds[0]; kind++)
      inside += balance(w, psd_book_of_device(kinds[kind], w->meters[i].device));
  if (inside == w->owners[owner].paid_in)
    return true;
  return world_wrong(w, "account %s: %lld are in its books, %lld were paid in", world_numbers[owner], (long long)inside,
                     (long long)w->owners[owner].paid_in);
}

static bool ledger_whole(world *w) {
  int64_t sum = 0;
  uint64_t movements = 0;
  CU_ASSERT_EQUAL_FATAL(psd_db_ledger_sum(w->db, &sum, &movements), PSD_DB_DONE);
  if (sum != 0)
    return world_wrong(w, "the books sum to %lld", (long long)sum);
  for (unsigned i = 0; i < WORLD_ACCOUNTS; i++)
    if (!account_whole(w, i))
      return false;
  return true;
}

static bool balanced(world *w, unsigned meter, const world_purse *purse) {
  uint64_t spent = 0;
  for (unsigned group = 0; group < 2; group++) {
    const psd_registers *at = &purse->groups[group];
    spent += at->ascending;
    if (purse->mode != PSD_FUNDS_ACCOUNT && at->ascending + at->descending != at->control_total)
      return world_wrong(w, "meter %u: its registers do not balance", meter);
  }
  if (purse->mode == PSD_FUNDS_ACCOUNT && spent > purse->credit_limit)
    return world_wrong(w, "meter %u: it has gone beyond its credit", meter);
  return true;
}

/* A number stands for one amount, and none comes again. */
static bool numbers_rise(world *w, unsigned meter, const world_purse *purse) {
  world_meter *at = &w->meters[meter];
  if (purse->sequence < at->highest)
    return world_wrong(w, "meter %u: number %u after %u", meter, (unsigned)purse->sequence, (unsigned)at->highest);
  if (purse->sequence == at->highest && purse->sequence != 0 && purse->amount != at->amount)
    return world_wrong(w, "meter %u: number %u stands for two amounts", meter, (unsigned)purse->sequence);
  at->highest = purse->sequence;
  at->amount = purse->amount;
  return true;
}

/* What the card holds is what the ledger has for it, but for the one operation that only the card knows the end of. */
static bool funds_agree(world *w, unsigned meter, const psd_meter_row *row, const world_purse *purse) {
  psd_op op = {.state = PSD_OP_CLOSED};
  bool known = psd_db_op_find(w->db, w->meters[meter].device, purse->sequence, &op) == PSD_DB_DONE;
  for (unsigned group = 0; group < 2; group++) {
    bool its = purse->group == (psd_group)group;
    uint64_t expected = (uint64_t)row->control_total[group];
    if (its && purse->operation == PSD_OPERATION_LOADED && known && op.state == PSD_OP_RESERVED)
      expected += purse->amount;
    if (its && purse->operation == PSD_OPERATION_WITHDRAWING && !known)
      expected -= purse->amount;
    if (purse->groups[group].control_total != expected)
      return world_wrong(w, "meter %u holds %llu in group %u, the ledger has %llu for it", meter,
                         (unsigned long long)purse->groups[group].control_total, group, (unsigned long long)expected);
  }
  return true;
}

/* What was charged is what was spent, up to the last audit. */
static bool charges_agree(world *w, unsigned meter, const psd_meter_row *row, const world_purse *purse, bool settled) {
  uint64_t charged = (uint64_t)row->control_total[0];
  uint64_t spent = purse->groups[0].ascending + purse->groups[1].ascending;
  if (charged == spent || (!settled && charged < spent))
    return true;
  return world_wrong(w, "meter %u has spent %llu and was charged %llu", meter, (unsigned long long)spent,
                     (unsigned long long)charged);
}

static bool reserved_agrees(world *w, unsigned meter, const psd_meter_row *row) {
  psd_op op;
  const uint8_t *device = w->meters[meter].device;
  int64_t reserved = balance(w, psd_book_of_device(PSD_BOOK_RESERVED, device));
  bool open = row->open_sequence != 0 && psd_db_op_find(w->db, device, row->open_sequence, &op) == PSD_DB_DONE &&
              op.state == PSD_OP_RESERVED;
  if (reserved == (open ? (int64_t)op.amount : 0))
    return true;
  return world_wrong(w, "meter %u: %lld reserved for no operation", meter, (long long)reserved);
}

/* Nothing is under way, and the card is locked or open as the ledger has it. */
static bool at_rest(world *w, unsigned meter, const psd_meter_row *row, const world_purse *purse) {
  if (purse->operation == PSD_OPERATION_LOADING || purse->operation == PSD_OPERATION_WITHDRAWING)
    return world_wrong(w, "meter %u: the card's operation %u was never finished", meter, (unsigned)purse->sequence);
  if (row->open_sequence != 0)
    return world_wrong(w, "meter %u: the server's operation %u was never finished", meter,
                       (unsigned)row->open_sequence);
  if (row->withdrawn != (purse->state == PSD_STATE_WITHDRAWN))
    return world_wrong(w, "meter %u: out of service on one side alone", meter);
  bool locked = purse->state == PSD_STATE_LOCKED;
  /* One that was put back to where it was locked can be opened once more. */
  if (!row->withdrawn && (row->lock != PSD_METER_FREE ? !locked : locked && !w->meters[meter].tampered))
    return world_wrong(w, "meter %u: locked on one side alone", meter);
  return true;
}

static bool meter_holds(world *w, unsigned meter, bool settled) {
  world_purse purse;
  psd_meter_row row = world_row(w, meter);
  world_card_purse(w->meters[meter].card, &purse);
  bool account = purse.mode == PSD_FUNDS_ACCOUNT;
  bool doubted = w->meters[meter].tampered && (!settled || row.lock == PSD_METER_ALARMED);
  if (!balanced(w, meter, &purse) || !reserved_agrees(w, meter, &row))
    return false;
  if (doubted)
    return true;
  if (row.lock == PSD_METER_ALARMED)
    return world_wrong(w, "meter %u: a false alarm", meter);
  if (!w->meters[meter].tampered && !numbers_rise(w, meter, &purse))
    return false;
  return (account ? charges_agree(w, meter, &row, &purse, settled) : funds_agree(w, meter, &row, &purse)) &&
         (!settled || at_rest(w, meter, &row, &purse));
}

bool world_holds(world *w, bool settled) {
  if (w->wrong[0] != '\0' || !ledger_whole(w))
    return false;
  for (unsigned i = 0; i < WORLD_METERS; i++)
    if (!meter_holds(w, i, settled))
      return false;
  return true;
}
