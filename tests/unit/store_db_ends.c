/* Meters that do not come back, and evidence that somebody has looked at. */
#include <string.h>

#include "psd/spec/objects.h"
#include "store_db_funds.h"

#define PAID_IN 1000
#define LOADED 600

/* A meter with LOADED, audited so. */
static psd_db *with_funds(int64_t *account, psd_audit *audit) {
  bench_clear();
  psd_db *db = bench_open();
  *account = with_account(db, PAID_IN);
  meter_put(db, 1);
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 1, LOADED, 0),
             s3 = receipt_of(PSD_OPERATION_LOADED, 1, 1, LOADED, LOADED);
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(settle(db, &s3), PSD_SIGNAL_NONE);
  *audit = card_audit(1, PSD_OPERATION_LOADED, 1, LOADED, LOADED);
  audit->piece_count = audit->log_count = 10;
  CU_ASSERT_EQUAL(audited(db, audit), PSD_FOUND_AGREEMENT);
  return db;
}

static psd_db_result write_off(psd_db *db, uint32_t serial) {
  uint8_t device[8];
  device_named(serial, device);
  psd_db_result result = psd_db_begin(db, true);
  if (result == PSD_DB_DONE)
    result = psd_dc_write_off(db, device, NOW);
  if (result == PSD_DB_DONE)
    return psd_db_commit(db);
  psd_db_rollback(db);
  return result;
}

static bool keep_line(void *user, const psd_dc_line *line) {
  psd_dc_line *kept = user;
  *kept = *line;
  return true;
}

static psd_dc_line line_of(psd_db *db) {
  psd_dc_line line = {.balanced = false};
  psd_dc_totals totals;
  CU_ASSERT_EQUAL(psd_dc_reconcile(db, keep_line, &line, &totals), PSD_DB_DONE);
  CU_ASSERT_EQUAL(totals.sum, 0);
  CU_ASSERT_EQUAL(totals.oversold, line.oversold ? 1 : 0);
  return line;
}

static void seen(psd_db *db, uint32_t piece, uint64_t amount) {
  psd_evidence evidence = {.piece = piece, .amount = amount};
  device_named(1, evidence.device);
  psd_db_result result = psd_db_evidence_add(db, &evidence);
  CU_ASSERT(result == PSD_DB_DONE || result == PSD_DB_EXISTS || result == PSD_DB_REFUSED);
}

static void accept(psd_db *db) {
  uint8_t device[8];
  device_named(1, device);
  CU_ASSERT_EQUAL(psd_db_evidence_accept(db, device, NOW), PSD_DB_DONE);
}

/* Put back before a number that is known, with a refill reserved: nothing unlocks it. */
TEST(test_write_off) {
  int64_t account;
  psd_audit audit;
  psd_db *db = with_funds(&account, &audit);
  uint8_t device[8];
  device_named(1, device);
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 2, 100, LOADED);
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
  audit = card_audit(1, PSD_OPERATION_NONE, 0, 0, 0);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_RESTORED);
  CU_ASSERT_EQUAL(psd_dc_unlock(db, device, true, NOW), PSD_DB_REFUSED);
  seen(db, 1, LOADED + 1);
  CU_ASSERT_TRUE(line_of(db).oversold);

  CU_ASSERT_EQUAL(write_off(db, 1), PSD_DB_DONE);
  psd_meter_row row = meter_of(db, 1);
  CU_ASSERT(row.withdrawn && row.device.revoked && row.lock == PSD_METER_LOCKED && row.open_sequence == 0);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), PAID_IN - LOADED);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_BANK, 0), LOADED - PAID_IN);
  CU_ASSERT(balance_of_meter(db, PSD_BOOK_METER, 1) == 0 && balance_of_meter(db, PSD_BOOK_RESERVED, 1) == 0);
  psd_dc_line line = line_of(db);
  CU_ASSERT(line.balanced && !line.oversold && !line.contradicted && !line.copied);
  seen(db, 2, 1); /* whoever has it prints on */
  CU_ASSERT_TRUE(line_of(db).oversold);
  CU_ASSERT_EQUAL(write_off(db, 1), PSD_DB_REFUSED); /* once */
  CU_ASSERT_EQUAL(write_off(db, 9), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL_FATAL(device_add(db, 2), PSD_DB_DONE);
  CU_ASSERT_EQUAL(write_off(db, 2), PSD_DB_REFUSED); /* nobody's */
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}

/* The account has what was withdrawn, and keeps it; the other group goes with the first. */
TEST(test_write_off_withdrawing) {
  int64_t account;
  psd_audit audit;
  psd_db *db = with_funds(&account, &audit);
  funds_said out = request_of(PSD_OPERATION_WITHDRAWING, 1, 2, 200, 400);
  CU_ASSERT_EQUAL(withdrawn(db, &out), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(write_off(db, 1), PSD_DB_DONE);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), PAID_IN - 400);
  CU_ASSERT(balance_of_meter(db, PSD_BOOK_METER, 1) == 0 && balance_of_meter(db, PSD_BOOK_SERVICES, 1) == 0);
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 3, 100, 0);
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_STATE);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}

/* What was looked at is told of no more, until there is more of it. */
TEST(test_evidence_accepted) {
  int64_t account;
  psd_audit audit;
  psd_db *db = with_funds(&account, &audit);
  uint8_t device[8];
  device_named(9, device);
  CU_ASSERT_EQUAL(psd_db_evidence_accept(db, device, NOW), PSD_DB_ABSENT);
  accept(db); /* nothing was seen yet */
  seen(db, 1, LOADED);
  seen(db, 1, LOADED);
  seen(db, 2, 1);
  seen(db, 2, 2);
  psd_dc_line line = line_of(db);
  CU_ASSERT(line.oversold && line.contradicted && line.copied);
  accept(db);
  line = line_of(db);
  CU_ASSERT(!line.oversold && !line.contradicted && !line.copied);
  CU_ASSERT(line.seen.copies == 1 && line.seen.contradictions == 1 && line.seen.amount == LOADED + 1);
  seen(db, 2, 1);
  line = line_of(db);
  CU_ASSERT(!line.oversold && !line.contradicted && line.copied);
  seen(db, 1, 1);
  seen(db, 3, 1);
  line = line_of(db);
  CU_ASSERT(line.oversold && line.contradicted && line.copied);
  accept(db);
  line = line_of(db);
  CU_ASSERT(!line.oversold && !line.contradicted && !line.copied);
  psd_db_close(db);
}

typedef struct listed {
  uint32_t last;
  unsigned count, most;
} listed;

static bool take_op(void *user, const psd_op *op) {
  listed *at = user;
  CU_ASSERT(at->count == 0 || op->sequence < at->last);
  at->last = op->sequence;
  return ++at->count < at->most;
}

/* One PSD's, newest first, however many there are. */
TEST(test_operation_list) {
  uint8_t device[8];
  int64_t account;
  psd_audit audit;
  psd_db *db = with_funds(&account, &audit);
  meter_put(db, 2);
  for (uint32_t number = 2; number <= 150; number++) {
    funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, number, 1, LOADED),
               s3 = receipt_of(PSD_OPERATION_LOAD_CANCELLED, 1, number, 1, LOADED);
    CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
    CU_ASSERT_EQUAL(release(db, &s3), PSD_SIGNAL_NONE);
  }
  funds_said other = request_of(PSD_OPERATION_LOADING, 2, 1, 1, 0);
  CU_ASSERT_EQUAL(reserve(db, &other), PSD_SIGNAL_NONE);
  listed at = {.most = 1000};
  device_named(1, device);
  CU_ASSERT_EQUAL(psd_db_op_list(db, device, take_op, &at), PSD_DB_DONE);
  CU_ASSERT(at.count == 150 && at.last == 1);
  at = (listed){.most = 3};
  CU_ASSERT_EQUAL(psd_db_op_list(db, device, take_op, &at), PSD_DB_DONE);
  CU_ASSERT(at.count == 3 && at.last == 148);
  at = (listed){.most = 1000};
  device_named(9, device);
  CU_ASSERT_EQUAL(psd_db_op_list(db, device, take_op, &at), PSD_DB_DONE);
  CU_ASSERT_EQUAL(at.count, 0);
  psd_db_close(db);
}

/* A PSD that has signed what does not verify is locked; its open operation is left as it is. */
TEST(test_distrust) {
  uint8_t device[8];
  int64_t account;
  psd_audit audit;
  psd_db *db = with_funds(&account, &audit);
  device_named(1, device);
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 2, 100, LOADED);
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(psd_dc_distrust(db, device, "a signature that does not verify", NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_distrust(db, device, "another", NOW), PSD_DB_DONE); /* one alarm for each reason */
  psd_meter_row row = meter_of(db, 1);
  CU_ASSERT(row.lock == PSD_METER_ALARMED && (row.due & PSD_ACTION_DISABLE) != 0 && row.open_sequence == 2);
  CU_ASSERT_EQUAL(psd_dc_unlock(db, device, false, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(meter_of(db, 1).lock, PSD_METER_FREE);
  device_named(9, device);
  CU_ASSERT_EQUAL(psd_dc_distrust(db, device, "nobody", NOW), PSD_DB_ABSENT);
  psd_db_close(db);
}
