#include <stdarg.h>
#include <stdio.h>

#include "check.h"
#include "world.h"

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static bool
wrong(world *w, const char *format, ...) {
  va_list values;
  va_start(values, format);
  if (w->wrong[0] == '\0')
    (void)vsnprintf(w->wrong, sizeof w->wrong, format, values);
  va_end(values);
  return false;
}

static int64_t sum_of(world *w, psd_book_kind kind) {
  int64_t sum = 0;
  uint64_t books = 0;
  CU_ASSERT_EQUAL_FATAL(psd_db_book_sum(w->db, kind, &sum, &books), PSD_DB_DONE);
  return sum;
}

/* Accounts, reservations and meters together have what was paid in, and the ledger sums to nothing. */
static bool ledger_whole(world *w) {
  int64_t sum = 0;
  uint64_t movements = 0;
  CU_ASSERT_EQUAL_FATAL(psd_db_ledger_sum(w->db, &sum, &movements), PSD_DB_DONE);
  int64_t inside = sum_of(w, PSD_BOOK_ACCOUNT) + sum_of(w, PSD_BOOK_RESERVED) + sum_of(w, PSD_BOOK_METER) +
                   sum_of(w, PSD_BOOK_SERVICES) + sum_of(w, PSD_BOOK_DEBT);
  if (sum != 0)
    return wrong(w, "the books sum to %lld", (long long)sum);
  if (inside != w->paid_in)
    return wrong(w, "%lld are in the books, %lld were paid in", (long long)inside, (long long)w->paid_in);
  return true;
}

/* A number stands for one amount, and none comes again. */
static bool numbers_rise(world *w, unsigned meter, const world_purse *purse) {
  if (purse->sequence < w->highest[meter])
    return wrong(w, "meter %u: number %u after %u", meter, (unsigned)purse->sequence, (unsigned)w->highest[meter]);
  if (purse->sequence == w->highest[meter] && purse->sequence != 0 && purse->amount != w->amounts[meter])
    return wrong(w, "meter %u: number %u stands for two amounts", meter, (unsigned)purse->sequence);
  w->highest[meter] = purse->sequence;
  w->amounts[meter] = purse->amount;
  return true;
}

/* What the card holds is what the ledger has for it, but for the one operation that only the card knows the end of. */
static bool ledger_agrees(world *w, unsigned meter, const world_purse *purse) {
  psd_meter_row row;
  psd_op op = {.state = PSD_OP_CLOSED};
  int64_t reserved = 0, least = 0;
  CU_ASSERT_EQUAL_FATAL(psd_db_meter_find(w->db, w->devices[meter], &row), PSD_DB_DONE);
  if (purse->sequence != 0)
    (void)psd_db_op_find(w->db, w->devices[meter], purse->sequence, &op);
  bool known = op.amount != 0 || op.final;
  uint64_t expected = (uint64_t)row.control_total[0];
  if (purse->operation == PSD_OPERATION_LOADED && op.state == PSD_OP_RESERVED)
    expected += purse->amount;
  if (purse->operation == PSD_OPERATION_WITHDRAWING && !known)
    expected -= purse->amount;
  if (purse->control_total != expected)
    return wrong(w, "meter %u holds %llu, the ledger has %llu for it", meter, (unsigned long long)purse->control_total,
                 (unsigned long long)expected);
  (void)psd_db_book_find(w->db, psd_book_of_device(PSD_BOOK_RESERVED, w->devices[meter]), &reserved, &least);
  bool open = row.open_sequence != 0 &&
              psd_db_op_find(w->db, w->devices[meter], row.open_sequence, &op) == PSD_DB_DONE &&
              op.state == PSD_OP_RESERVED;
  if (reserved != (open ? (int64_t)op.amount : 0))
    return wrong(w, "meter %u: %lld reserved for no operation", meter, (long long)reserved);
  if (row.lock == PSD_METER_ALARMED)
    return wrong(w, "meter %u: a false alarm", meter);
  return true;
}

static bool at_rest(world *w, unsigned meter, const world_purse *purse) {
  psd_meter_row row;
  CU_ASSERT_EQUAL_FATAL(psd_db_meter_find(w->db, w->devices[meter], &row), PSD_DB_DONE);
  if (purse->operation == PSD_OPERATION_LOADING || purse->operation == PSD_OPERATION_WITHDRAWING)
    return wrong(w, "meter %u: the card's operation %u was never finished", meter, (unsigned)purse->sequence);
  if (row.open_sequence != 0)
    return wrong(w, "meter %u: the server's operation %u was never finished", meter, (unsigned)row.open_sequence);
  return true;
}

bool world_holds(world *w, bool settled) {
  bool holds = ledger_whole(w);
  for (unsigned i = 0; i < WORLD_METERS && holds; i++) {
    world_purse purse;
    world_card_purse(w->cards[i], &purse);
    if (purse.ascending + purse.descending != purse.control_total)
      holds = wrong(w, "meter %u: its registers do not balance", i);
    holds = holds && numbers_rise(w, i, &purse) && ledger_agrees(w, i, &purse) && (!settled || at_rest(w, i, &purse));
  }
  return holds;
}
