/* Refills and withdrawals on two servers at once, cut off at each statement, and in random schedules. */
#include <string.h>

#include "store_db_funds.h"

/* Two servers on one database
 * ------------------------------------------------------------------------------------------
 */

/* In a transaction that may conflict: the result, and the signal of a commit that was made. */
static psd_db_result try_reserve(psd_db *db, const funds_said *said, psd_signal *signal) {
  uint64_t available = 0;
  psd_db_result result = psd_db_begin(db, true);
  if (result != PSD_DB_DONE)
    return result;
  result = psd_dc_reserve(db, &said->request, said->bytes, said->length, NOW, signal, &available);
  if (result == PSD_DB_DONE)
    return psd_db_commit(db);
  psd_db_rollback(db);
  return result;
}

/* The first is left open while the second tries; whoever is told BUSY begins again. */
static psd_signal at_once(psd_db *first, psd_db *second, const funds_said *a, const funds_said *b, psd_signal *other) {
  psd_signal signal = PSD_SIGNAL_INTERNAL, ignored = PSD_SIGNAL_INTERNAL;
  uint64_t available = 0;
  psd_db_set_patience(second, 100);
  CU_ASSERT_EQUAL(psd_db_begin(first, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_reserve(first, &a->request, a->bytes, a->length, NOW, &signal, &available), PSD_DB_DONE);
  CU_ASSERT_EQUAL(try_reserve(second, b, &ignored), PSD_DB_BUSY);
  CU_ASSERT_EQUAL(psd_db_commit(first), PSD_DB_DONE);
  CU_ASSERT_EQUAL(try_reserve(second, b, other), PSD_DB_DONE);
  return signal;
}

TEST(test_two_servers) {
  bench_clear();
  psd_db *db = bench_open(), *second = bench_open();
  int64_t account = with_account(db, 1000);
  psd_signal other = PSD_SIGNAL_INTERNAL;
  meter_put(db, 1);
  meter_put(db, 2);
  meter_put(db, 3);
  /* The same request: reserved once. */
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 1, 600, 0);
  CU_ASSERT_EQUAL(at_once(db, second, &s1, &s1, &other), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(other, PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 400);
  /* One account, two meters: never below its least. */
  funds_said a = request_of(PSD_OPERATION_LOADING, 2, 1, 300, 0), b = request_of(PSD_OPERATION_LOADING, 3, 1, 300, 0);
  CU_ASSERT_EQUAL(at_once(db, second, &a, &b, &other), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(other, PSD_SIGNAL_FUNDS);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 100);
  /* Another request with the same number. */
  funds_said c = request_of(PSD_OPERATION_LOADING, 3, 1, 10, 0), d = request_of(PSD_OPERATION_LOADING, 3, 1, 20, 0);
  CU_ASSERT_EQUAL(at_once(db, second, &c, &d, &other), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(other, PSD_SIGNAL_BALANCE);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 90);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
  psd_db_close(second);
}

/* A crash at every statement
 * -------------------------------------------------------------------------------------------
 */

static const psd_engine *whole;
static unsigned statements_left;

static psd_db_result start_or_fail(void *connection, psd_sql sql, const char *text, const psd_value *values,
                                   size_t count) {
  if (statements_left == 0)
    return PSD_DB_FAILED;
  statements_left--;
  return whole->start(connection, sql, text, values, count);
}

typedef psd_db_result funds_step(psd_db *db, const funds_said *said, psd_signal *signal);

static psd_db_result step_reserve(psd_db *db, const funds_said *said, psd_signal *signal) {
  uint64_t available = 0;
  return psd_dc_reserve(db, &said->request, said->bytes, said->length, NOW, signal, &available);
}

static psd_db_result step_settle(psd_db *db, const funds_said *said, psd_signal *signal) {
  uint64_t available = 0;
  return psd_dc_settle(db, &said->receipt, said->bytes, said->length, NOW, signal, &available);
}

static psd_db_result step_withdrawn(psd_db *db, const funds_said *said, psd_signal *signal) {
  uint64_t available = 0;
  return psd_dc_withdrawn(db, &said->request, said->bytes, said->length, NOW, signal, &available);
}

/* The connection is gone after `statements`, or before the commit: false when there were fewer. */
static bool cut_after(unsigned statements, funds_step *step, const funds_said *said) {
  psd_signal signal = PSD_SIGNAL_INTERNAL;
  psd_db *db = bench_open();
  psd_engine faulty = *db->engine;
  whole = db->engine;
  faulty.start = start_or_fail;
  statements_left = statements;
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  db->engine = &faulty;
  psd_db_result result = step(db, said, &signal);
  db->engine = whole;
  psd_db_close(db);
  CU_ASSERT(result == PSD_DB_FAILED || result == PSD_DB_DONE);
  return result == PSD_DB_FAILED;
}

/* Nothing of it, at each cut; then all of it, and a second time the same. */
static void cut_everywhere(psd_db *db, funds_step *step, const funds_said *said, psd_book_kind kind, int64_t before,
                           int64_t after) {
  unsigned cuts = 0;
  while (cut_after(cuts, step, said)) {
    CU_ASSERT_EQUAL(balance_of_meter(db, kind, 1), before);
    cuts++;
  }
  CU_ASSERT(cuts > 4);
  CU_ASSERT_EQUAL(balance_of_meter(db, kind, 1), before); /* all statements, and no commit */
  for (unsigned i = 0; i < 2; i++) {
    psd_signal signal = PSD_SIGNAL_INTERNAL;
    CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
    CU_ASSERT_EQUAL(step(db, said, &signal), PSD_DB_DONE);
    CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
    CU_ASSERT_EQUAL(signal, PSD_SIGNAL_NONE);
    CU_ASSERT_EQUAL(balance_of_meter(db, kind, 1), after);
  }
  CU_ASSERT(zero_sum(db));
}

TEST(test_cut_everywhere) {
  bench_clear();
  psd_db *db = bench_open();
  int64_t account = with_account(db, 1000);
  meter_put(db, 1);
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 1, 600, 0),
             s3 = receipt_of(PSD_OPERATION_LOADED, 1, 1, 600, 600);
  funds_said out = request_of(PSD_OPERATION_WITHDRAWING, 1, 2, 200, 400);
  cut_everywhere(db, step_reserve, &s1, PSD_BOOK_RESERVED, 0, 600);
  cut_everywhere(db, step_settle, &s3, PSD_BOOK_METER, 0, 600);
  cut_everywhere(db, step_withdrawn, &out, PSD_BOOK_METER, 600, 400);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 600);
  psd_db_close(db);
}

/* Random schedules
 * -----------------------------------------------------------------------------------------------------
 */

#define METERS 3U
typedef struct random_card {
  uint64_t total, amount;
  uint32_t sequence;
  psd_operation_state operation;
} random_card;

static uint64_t seed = 0x9E3779B97F4A7C15U;

static unsigned draw(unsigned most) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (unsigned)(seed % most);
}

/* The card's part is done; the server hears of it at once, later, or by an audit alone. */
static void random_step(psd_db *db, uint32_t serial, random_card *card) {
  funds_said said;
  bool heard = draw(3) != 0;
  if (card->operation == PSD_OPERATION_LOADING) {
    bool credited = draw(2) != 0 && meter_of(db, serial).open_sequence == card->sequence;
    card->total += credited ? card->amount : 0;
    card->operation = credited ? PSD_OPERATION_LOADED : PSD_OPERATION_LOAD_CANCELLED;
    said = receipt_of(card->operation, serial, card->sequence, card->amount, card->total);
    if (heard)
      CU_ASSERT_EQUAL(credited ? settle(db, &said) : release(db, &said), PSD_SIGNAL_NONE);
  } else if (card->operation == PSD_OPERATION_WITHDRAWING) {
    said = request_of(card->operation, serial, card->sequence, card->amount, card->total);
    CU_ASSERT_EQUAL(withdrawn(db, &said), PSD_SIGNAL_NONE);
    card->operation = PSD_OPERATION_WITHDRAWN;
    said = receipt_of(card->operation, serial, card->sequence, card->amount, card->total);
    if (heard)
      CU_ASSERT_EQUAL(closed(db, &said), PSD_SIGNAL_NONE);
  } else {
    bool in = card->total == 0 || draw(2) != 0;
    card->amount = in ? 1 + draw(400) : 1 + draw((unsigned)card->total);
    card->sequence++;
    card->total -= in ? 0 : card->amount;
    card->operation = in ? PSD_OPERATION_LOADING : PSD_OPERATION_WITHDRAWING;
    said = request_of(card->operation, serial, card->sequence, card->amount, card->total);
    psd_signal signal = in && heard ? reserve(db, &said) : PSD_SIGNAL_NONE;
    CU_ASSERT(signal == PSD_SIGNAL_NONE || signal == PSD_SIGNAL_FUNDS);
  }
}

TEST(test_random_schedules) {
  random_card cards[METERS] = {{.total = 0}};
  bench_clear();
  psd_db *db = bench_open();
  int64_t account = with_account(db, 2000);
  for (uint32_t i = 0; i < METERS; i++)
    meter_put(db, i + 1);
  for (unsigned round = 0; round < 400; round++) {
    uint32_t which = draw(METERS);
    random_card *card = &cards[which];
    /* Each session begins with an audit: it never finds a reason for an alarm. */
    psd_audit audit = card_audit(which + 1, card->operation, card->sequence, card->amount, card->total);
    audit.log_count = round;
    CU_ASSERT(!psd_dc_alarming(audited(db, &audit)));
    random_step(db, which + 1, card);
    int64_t reserved = 0, meters = 0, held = 0;
    for (uint32_t i = 0; i < METERS; i++) {
      reserved += balance_of_meter(db, PSD_BOOK_RESERVED, i + 1);
      meters += balance_of_meter(db, PSD_BOOK_METER, i + 1);
      held += (int64_t)cards[i].total;
    }
    CU_ASSERT(zero_sum(db) && balance_of(db, PSD_BOOK_ACCOUNT, account) + reserved + meters == 2000);
    CU_ASSERT(balance_of(db, PSD_BOOK_ACCOUNT, account) >= 0 && held <= 2000);
  }
  for (uint32_t i = 0; i < METERS; i++) {
    while (cards[i].operation == PSD_OPERATION_LOADING || cards[i].operation == PSD_OPERATION_WITHDRAWING)
      random_step(db, i + 1, &cards[i]);
    psd_audit audit = card_audit(i + 1, cards[i].operation, cards[i].sequence, cards[i].amount, cards[i].total);
    audit.log_count = 1000;
    CU_ASSERT(!psd_dc_alarming(audited(db, &audit)));
    CU_ASSERT_EQUAL(balance_of_meter(db, PSD_BOOK_RESERVED, i + 1), 0);
    CU_ASSERT_EQUAL(balance_of_meter(db, PSD_BOOK_METER, i + 1), (int64_t)cards[i].total);
  }
  psd_db_close(db);
}
