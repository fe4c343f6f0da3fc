/* A customer who has broken his own PSD has its K3: everything it says is signed, and may be a lie. */
#include "psd/spec/objects.h"
#include "store_db_funds.h"

#define PAID_IN 1000
#define LOADED 600

/* A meter with LOADED in its postage group, of which `spent` was printed, and audited so. */
static void printed(psd_db *db, uint64_t spent) {
  meter_put(db, 1);
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 1, LOADED, 0),
             s3 = receipt_of(PSD_OPERATION_LOADED, 1, 1, LOADED, LOADED);
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(settle(db, &s3), PSD_SIGNAL_NONE);
  psd_audit audit = card_audit(1, PSD_OPERATION_LOADED, 1, LOADED, LOADED);
  audit.ascending = spent;
  audit.descending -= spent;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_AGREEMENT);
}

/* What was printed with is withdrawn as if it had not been. */
TEST(test_spent_withdrawn) {
  bench_clear();
  psd_db *db = bench_open();
  int64_t account = with_account(db, PAID_IN);
  printed(db, 400);
  funds_said all = request_of(PSD_OPERATION_WITHDRAWING, 1, 2, LOADED, 0);
  CU_ASSERT_EQUAL(withdrawn(db, &all), PSD_SIGNAL_BALANCE);
  funds_said one_more = request_of(PSD_OPERATION_WITHDRAWING, 1, 2, 201, 399);
  CU_ASSERT_EQUAL(withdrawn(db, &one_more), PSD_SIGNAL_BALANCE);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), PAID_IN - LOADED);
  funds_said rest = request_of(PSD_OPERATION_WITHDRAWING, 1, 2, 200, 400);
  CU_ASSERT_EQUAL(withdrawn(db, &rest), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), PAID_IN - 400);
  psd_db_close(db);
}

/* What was charged and never paid is said to be funds, or funds are said to be a current account: at each audit anew,
 * and after the operator has looked. */
TEST(test_another_mode) {
  bench_clear();
  psd_db *db = bench_open();
  int64_t account = with_account(db, 0);
  meter_put(db, 1);
  psd_audit audit = card_audit(1, PSD_OPERATION_NONE, 0, 0, 0);
  audit.mode = PSD_FUNDS_ACCOUNT;
  audit.ascending = 500;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_CHARGE);
  audit.mode = PSD_FUNDS_SEPARATE;
  audit.control_total = 500;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_IMBALANCE);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_IMBALANCE);
  funds_said out = request_of(PSD_OPERATION_WITHDRAWING, 1, 1, 500, 0);
  CU_ASSERT_EQUAL(withdrawn(db, &out), PSD_SIGNAL_BALANCE);
  uint8_t device[8];
  device_named(1, device);
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_unlock(db, device, true, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_IMBALANCE);
  CU_ASSERT_EQUAL(withdrawn(db, &out), PSD_SIGNAL_BALANCE);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 0);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_DEBT, account), -500);
  psd_db_close(db);
}

/* A charge beyond everything would fill the books so that no report could add them up: for everybody, for ever. */
TEST(test_monstrous) {
  bench_clear();
  psd_db *db = bench_open();
  int64_t account = with_account(db, 0);
  meter_put(db, 1);
  psd_audit audit = card_audit(1, PSD_OPERATION_NONE, 0, 0, 0);
  audit.mode = PSD_FUNDS_ACCOUNT;
  audit.ascending = INT64_MAX;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_IMBALANCE);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_DEBT, account), 0);
  /* Nor does an operator bring the ledger there who takes a PSD's word. */
  meter_put(db, 2);
  audit = card_audit(2, PSD_OPERATION_NONE, 0, 0, INT64_MAX);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_IMBALANCE);
  uint8_t device[8];
  device_named(2, device);
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_unlock(db, device, true, NOW), PSD_DB_REFUSED);
  psd_db_rollback(db);
  CU_ASSERT_EQUAL(balance_of_meter(db, PSD_BOOK_METER, 2), 0);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}
