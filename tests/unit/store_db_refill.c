/* Refills and withdrawals: nothing lost, nothing made, whatever is repeated or cut off. */
#include <string.h>

#include "store_db_funds.h"

TEST(test_refill) {
  bench_clear();
  psd_db *db = bench_open();
  int64_t account = with_account(db, 1000);
  meter_put(db, 1);
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 1, 600, 0), other = s1;
  funds_said s3 = receipt_of(PSD_OPERATION_LOADED, 1, 1, 600, 600);
  other.bytes[other.length - 1] ^= 1;
  for (unsigned i = 0; i < 2; i++) {
    CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
    CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 400);
    CU_ASSERT_EQUAL(balance_of_meter(db, PSD_BOOK_RESERVED, 1), 600);
  }
  CU_ASSERT_EQUAL(meter_of(db, 1).open_sequence, 1);
  for (unsigned i = 0; i < 2; i++) {
    CU_ASSERT_EQUAL(settle(db, &s3), PSD_SIGNAL_NONE);
    CU_ASSERT_EQUAL(balance_of_meter(db, PSD_BOOK_RESERVED, 1), 0);
    CU_ASSERT_EQUAL(balance_of_meter(db, PSD_BOOK_METER, 1), 600);
  }
  CU_ASSERT_EQUAL(meter_of(db, 1).open_sequence, 0);
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE); /* late, and the same */
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 400);
  CU_ASSERT(meter_of(db, 1).lock == PSD_METER_FREE);

  /* Another request with the number that was used. */
  CU_ASSERT_EQUAL(reserve(db, &other), PSD_SIGNAL_BALANCE);
  psd_meter_row row = meter_of(db, 1);
  CU_ASSERT(row.lock == PSD_METER_ALARMED && (row.due & PSD_ACTION_DISABLE) != 0);
  funds_said next = request_of(PSD_OPERATION_LOADING, 1, 2, 100, 600);
  CU_ASSERT_EQUAL(reserve(db, &next), PSD_SIGNAL_LOCKED);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}

TEST(test_refill_refused) {
  bench_clear();
  psd_db *db = bench_open();
  int64_t account = with_account(db, 1000);
  meter_put(db, 1);
  CU_ASSERT_EQUAL_FATAL(device_add(db, 2), PSD_DB_DONE);
  funds_said more = request_of(PSD_OPERATION_LOADING, 1, 1, 1001, 0);
  CU_ASSERT_EQUAL(reserve(db, &more), PSD_SIGNAL_FUNDS);
  CU_ASSERT_EQUAL(psd_dc_set_credit(db, account, 1), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_account_set_suspended(db, "1000", true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(reserve(db, &more), PSD_SIGNAL_SUSPENDED);
  CU_ASSERT_EQUAL(psd_db_account_set_suspended(db, "1000", false), PSD_DB_DONE);
  funds_said none = request_of(PSD_OPERATION_LOADING, 1, 1, 0, 0);
  CU_ASSERT_EQUAL(reserve(db, &none), PSD_SIGNAL_LIMIT);
  funds_said huge = request_of(PSD_OPERATION_LOADING, 1, 1, UINT64_MAX, 0);
  CU_ASSERT_EQUAL(reserve(db, &huge), PSD_SIGNAL_LIMIT);
  funds_said nobody = request_of(PSD_OPERATION_LOADING, 2, 1, 10, 0);
  CU_ASSERT_EQUAL(reserve(db, &nobody), PSD_SIGNAL_STATE);
  funds_said absent = request_of(PSD_OPERATION_LOADING, 3, 1, 10, 0);
  CU_ASSERT_EQUAL(reserve(db, &absent), PSD_SIGNAL_STATE);
  funds_said wrong = request_of(PSD_OPERATION_WITHDRAWING, 1, 1, 10, 0);
  CU_ASSERT_EQUAL(reserve(db, &wrong), PSD_SIGNAL_STATE);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 1000);
  CU_ASSERT_EQUAL(reserve(db, &more), PSD_SIGNAL_NONE); /* to the last mill of the credit */
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), -1);
  CU_ASSERT_EQUAL(psd_dc_set_credit(db, account, 0), PSD_DB_REFUSED);
  /* A control total that is not the ledger's. */
  meter_put(db, 4);
  funds_said off = request_of(PSD_OPERATION_LOADING, 4, 1, 1, 1);
  CU_ASSERT_EQUAL(reserve(db, &off), PSD_SIGNAL_BALANCE);
  CU_ASSERT_EQUAL(meter_of(db, 4).lock, PSD_METER_ALARMED);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}

TEST(test_release) {
  bench_clear();
  psd_db *db = bench_open();
  int64_t account = with_account(db, 1000);
  meter_put(db, 1);
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 1, 600, 0);
  funds_said cancelled = receipt_of(PSD_OPERATION_LOAD_CANCELLED, 1, 1, 600, 0);
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
  for (unsigned i = 0; i < 2; i++) {
    CU_ASSERT_EQUAL(release(db, &cancelled), PSD_SIGNAL_NONE);
    CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 1000);
  }
  /* The number is burned: what comes late is not reserved again, and nothing is wrong. */
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_STATE);
  /* One that was never reserved. */
  funds_said unknown = receipt_of(PSD_OPERATION_LOAD_CANCELLED, 1, 2, 50, 0);
  funds_said late = request_of(PSD_OPERATION_LOADING, 1, 2, 50, 0);
  CU_ASSERT_EQUAL(release(db, &unknown), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(meter_of(db, 1).sequence, 2);
  CU_ASSERT_EQUAL(reserve(db, &late), PSD_SIGNAL_STATE);
  CU_ASSERT_EQUAL(meter_of(db, 1).lock, PSD_METER_FREE);
  /* Credited after all: a contradiction. */
  funds_said s3 = receipt_of(PSD_OPERATION_LOADED, 1, 1, 600, 600);
  CU_ASSERT_EQUAL(settle(db, &s3), PSD_SIGNAL_BALANCE);
  CU_ASSERT_EQUAL(meter_of(db, 1).lock, PSD_METER_ALARMED);
  CU_ASSERT_EQUAL(balance_of_meter(db, PSD_BOOK_METER, 1), 0);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}

TEST(test_withdrawal) {
  bench_clear();
  psd_db *db = bench_open();
  int64_t account = with_account(db, 1000);
  meter_put(db, 1);
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 1, 600, 0),
             s3 = receipt_of(PSD_OPERATION_LOADED, 1, 1, 600, 600);
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(settle(db, &s3), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(psd_db_account_set_suspended(db, "1000", true), PSD_DB_DONE);
  funds_said out = request_of(PSD_OPERATION_WITHDRAWING, 1, 2, 200, 400);
  funds_said ack = receipt_of(PSD_OPERATION_WITHDRAWN, 1, 2, 200, 400);
  CU_ASSERT_EQUAL(closed(db, &s3), PSD_SIGNAL_BALANCE); /* no withdrawal's receipt */
  for (unsigned i = 0; i < 2; i++) {
    CU_ASSERT_EQUAL(withdrawn(db, &out), PSD_SIGNAL_NONE); /* suspended, locked: debited is debited */
    CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 600);
    CU_ASSERT_EQUAL(balance_of_meter(db, PSD_BOOK_METER, 1), 400);
  }
  for (unsigned i = 0; i < 2; i++)
    CU_ASSERT_EQUAL(closed(db, &ack), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(meter_of(db, 1).open_sequence, 0);
  CU_ASSERT_EQUAL(withdrawn(db, &out), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 600);
  /* The same number with another amount; a control total that is wrong. */
  funds_said forged = request_of(PSD_OPERATION_WITHDRAWING, 1, 2, 201, 399);
  CU_ASSERT_EQUAL(withdrawn(db, &forged), PSD_SIGNAL_BALANCE);
  funds_said off = request_of(PSD_OPERATION_WITHDRAWING, 1, 3, 200, 300);
  CU_ASSERT_EQUAL(withdrawn(db, &off), PSD_SIGNAL_BALANCE);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 600);
  CU_ASSERT(!meter_of(db, 1).withdrawn);
  psd_db_close(db);
}

TEST(test_final_withdrawal) {
  bench_clear();
  psd_db *db = bench_open();
  (void)with_account(db, 1000);
  meter_put(db, 1);
  funds_said out = request_of(PSD_OPERATION_WITHDRAWING, 1, 1, 0, 0),
             ack = receipt_of(PSD_OPERATION_WITHDRAWN, 1, 1, 0, 0);
  CU_ASSERT_EQUAL(withdrawn(db, &out), PSD_SIGNAL_BALANCE); /* nothing, and not final */
  out.request.final = 1;
  CU_ASSERT_EQUAL(withdrawn(db, &out), PSD_SIGNAL_NONE);
  CU_ASSERT(!meter_of(db, 1).withdrawn);
  CU_ASSERT_EQUAL(closed(db, &ack), PSD_SIGNAL_NONE);
  CU_ASSERT(meter_of(db, 1).withdrawn);
  funds_said more = request_of(PSD_OPERATION_LOADING, 1, 2, 1, 0);
  CU_ASSERT_EQUAL(reserve(db, &more), PSD_SIGNAL_STATE);
  psd_db_close(db);
}
