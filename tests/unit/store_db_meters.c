/* Meters, their orders, alarms, and what audits do to them. */
#include <string.h>

#include "psd/spec/objects.h"
#include "store_db_funds.h"

TEST(test_orders) {
  uint8_t device[8], limits[PSD_SIZE_LIMITS] = {1}, clock[PSD_SIZE_CLOCK] = {2};
  psd_order_row order;
  uint32_t number = 0;
  bench_clear();
  psd_db *db = bench_open();
  (void)with_account(db, 0);
  meter_put(db, 1);
  device_named(1, device);
  CU_ASSERT_EQUAL(psd_db_order_next(db, device, 0xFFFF, &order), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_dc_order(db, device, PSD_ACTION_CLOCK, clock, sizeof clock, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_order(db, device, PSD_ACTION_LIMITS, limits, sizeof limits, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_order(db, device, PSD_ACTION_LIMITS, limits, 1, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_dc_order(db, device, PSD_ACTION_ROTATE, limits, 0, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_dc_order(db, device, PSD_ACTION_ENABLE, limits, 0, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_dc_order(db, device, PSD_ACTION_RATES, limits, PSD_SIZE_SERVICE_RATES, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(meter_of(db, 1).due, PSD_ACTION_CLOCK | PSD_ACTION_LIMITS);
  CU_ASSERT_EQUAL(psd_db_order_next(db, device, 0xFFFF, &order), PSD_DB_DONE);
  CU_ASSERT(order.action == PSD_ACTION_LIMITS && order.length == sizeof limits && order.content[0] == 1);
  CU_ASSERT_EQUAL(psd_db_order_next(db, device, PSD_ACTION_CLOCK, &order), PSD_DB_DONE);
  CU_ASSERT_EQUAL(order.action, PSD_ACTION_CLOCK);
  /* Replaced while it was under way: what was carried out is not what waits. */
  clock[0] = 3;
  CU_ASSERT_EQUAL(psd_dc_order(db, device, PSD_ACTION_CLOCK, clock, sizeof clock, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_order_done(db, &order), PSD_DB_ABSENT);
  order.content[0] = 3;
  CU_ASSERT_EQUAL(psd_db_order_done(db, &order), PSD_DB_DONE);
  CU_ASSERT_EQUAL(meter_of(db, 1).due, PSD_ACTION_LIMITS);

  CU_ASSERT_EQUAL(psd_dc_lock(db, device, NOW), PSD_DB_DONE);
  psd_meter_row row = meter_of(db, 1);
  CU_ASSERT(row.lock == PSD_METER_LOCKED && (row.due & PSD_ACTION_DISABLE) != 0);
  CU_ASSERT_EQUAL(psd_dc_unlock(db, device, false, NOW), PSD_DB_DONE);
  row = meter_of(db, 1);
  CU_ASSERT(row.lock == PSD_METER_FREE && (row.due & PSD_ACTION_DISABLE) == 0 && (row.due & PSD_ACTION_ENABLE) != 0);
  CU_ASSERT_EQUAL(psd_dc_move(db, device, 94304, 7, NOW), PSD_DB_DONE);
  row = meter_of(db, 1);
  CU_ASSERT(row.zip == 94304 && row.licence == 7 && (row.due & PSD_ACTION_AUTHORIZE) != 0);
  for (uint32_t i = 1; i <= 3; i++) {
    CU_ASSERT_EQUAL(psd_db_certificate_number(db, &number), PSD_DB_DONE);
    CU_ASSERT_EQUAL(number, i);
  }
  device_named(9, device);
  CU_ASSERT_EQUAL(psd_dc_lock(db, device, NOW), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_dc_order(db, device, PSD_ACTION_CLOCK, clock, sizeof clock, NOW), PSD_DB_ABSENT);
  psd_db_close(db);
}

TEST(test_commands_of_actions) {
  static const struct {
    unsigned action;
    uint8_t ins, p1;
  } expected[] = {{PSD_ACTION_AUTHORIZE, 0x30, 0}, {PSD_ACTION_LIMITS, 0x32, 0},  {PSD_ACTION_CREDIT_LIMIT, 0x32, 1},
                  {PSD_ACTION_WATCHDOG, 0x34, 0},  {PSD_ACTION_CLOCK, 0x36, 0},   {PSD_ACTION_LICENCE, 0x38, 0},
                  {PSD_ACTION_ENABLE, 0x3A, 0},    {PSD_ACTION_DISABLE, 0x3C, 0}, {PSD_ACTION_CERTIFICATE, 0x52, 0},
                  {PSD_ACTION_ZEROIZE, 0x56, 0}};
  uint8_t ins = 0, p1 = 0;
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    CU_ASSERT(psd_dc_command(expected[i].action, &ins, &p1));
    CU_ASSERT(ins == expected[i].ins && p1 == expected[i].p1);
  }
  CU_ASSERT(!psd_dc_command(PSD_ACTION_ROTATE, &ins, &p1) && !psd_dc_command(PSD_ACTION_RECOVER, &ins, &p1));
  CU_ASSERT(!psd_dc_command(PSD_ACTION_RATES, &ins, &p1)); /* no order: the table is signed by itself */
}

static bool count_alarm(void *user, const psd_alarm *alarm) {
  (void)alarm;
  ++*(unsigned *)user;
  return true;
}

static unsigned alarms(psd_db *db, bool all) {
  unsigned seen = 0;
  CU_ASSERT_EQUAL(psd_db_alarm_list(db, NULL, all, count_alarm, &seen), PSD_DB_DONE);
  return seen;
}

/* A meter with 600 mills, audited so. */
static psd_db *with_funds(psd_audit *audit) {
  bench_clear();
  psd_db *db = bench_open();
  (void)with_account(db, 1000);
  meter_put(db, 1);
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 1, 600, 0),
             s3 = receipt_of(PSD_OPERATION_LOADED, 1, 1, 600, 600);
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(settle(db, &s3), PSD_SIGNAL_NONE);
  *audit = card_audit(1, PSD_OPERATION_LOADED, 1, 600, 600);
  audit->piece_count = audit->log_count = 10;
  CU_ASSERT_EQUAL(audited(db, audit), PSD_FOUND_AGREEMENT);
  return db;
}

TEST(test_alarm) {
  uint8_t device[8];
  psd_audit audit;
  psd_db *db = with_funds(&audit);
  device_named(1, device);
  audit.log_count = 9;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_RESTORED);
  psd_meter_row row = meter_of(db, 1);
  CU_ASSERT(row.lock == PSD_METER_ALARMED && (row.due & PSD_ACTION_DISABLE) != 0);
  audit.log_count = 8; /* again: one alarm is enough */
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_RESTORED);
  CU_ASSERT_EQUAL(alarms(db, false), 1);
  CU_ASSERT_EQUAL(psd_dc_unlock(db, device, false, NOW), PSD_DB_DONE); /* funds do agree */
  CU_ASSERT(alarms(db, false) == 0 && alarms(db, true) == 1);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_AGREEMENT);

  audit.control_total = audit.descending = 650;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_IMBALANCE);
  CU_ASSERT_EQUAL(psd_dc_unlock(db, device, false, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(meter_of(db, 1).lock, PSD_METER_ALARMED);
  CU_ASSERT_EQUAL(psd_dc_unlock(db, device, true, NOW), PSD_DB_DONE);
  CU_ASSERT(balance_of_meter(db, PSD_BOOK_METER, 1) == 650 && balance_of(db, PSD_BOOK_BANK, 0) == -1050);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_AGREEMENT);
  audit.control_total = audit.descending = 100;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_IMBALANCE);
  CU_ASSERT_EQUAL(psd_dc_unlock(db, device, true, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(balance_of_meter(db, PSD_BOOK_METER, 1), 100);
  /* Put back to before an operation: not even with `accept`. */
  audit = card_audit(1, PSD_OPERATION_NONE, 0, 0, 0);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_RESTORED);
  CU_ASSERT_EQUAL(psd_dc_unlock(db, device, true, NOW), PSD_DB_REFUSED);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}

/* The card denies what is reserved: with the operator's word it goes back to the account. */
TEST(test_unlock_denied) {
  uint8_t device[8];
  psd_audit audit;
  psd_db *db = with_funds(&audit);
  device_named(1, device);
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 2, 100, 600);
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
  audit = card_audit(1, PSD_OPERATION_LOADED, 3, 50, 650);
  audit.piece_count = audit.log_count = 11;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_IMBALANCE);
  CU_ASSERT_EQUAL(psd_dc_unlock(db, device, false, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(balance_of_meter(db, PSD_BOOK_RESERVED, 1), 100);
  CU_ASSERT_EQUAL(psd_dc_unlock(db, device, true, NOW), PSD_DB_DONE);
  psd_meter_row row = meter_of(db, 1);
  CU_ASSERT(row.sequence == 3 && row.open_sequence == 0 && row.control_total[0] == 650);
  CU_ASSERT(balance_of_meter(db, PSD_BOOK_RESERVED, 1) == 0 && balance_of(db, PSD_BOOK_BANK, 0) == -1050);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, row.device.account), 400);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_AGREEMENT);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}

/* What was cut off is decided by the audit; while an alarm stands, nothing is. */
TEST(test_audit_decides) {
  uint8_t device[8];
  psd_audit audit;
  psd_db *db = with_funds(&audit);
  device_named(1, device);
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 2, 100, 600);
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
  audit = card_audit(1, PSD_OPERATION_LOADING, 2, 100, 600);
  audit.piece_count = audit.log_count = 11;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_LOADING);
  CU_ASSERT_EQUAL(balance_of_meter(db, PSD_BOOK_RESERVED, 1), 100);
  audit.operation = PSD_OPERATION_LOADED;
  audit.control_total = audit.descending = 700;
  audit.log_count = 10;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_RESTORED);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_IMBALANCE); /* an alarm stands */
  CU_ASSERT_EQUAL(balance_of_meter(db, PSD_BOOK_RESERVED, 1), 100);
  CU_ASSERT_EQUAL(psd_dc_unlock(db, device, false, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_CREDITED);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_AGREEMENT);
  CU_ASSERT(balance_of_meter(db, PSD_BOOK_RESERVED, 1) == 0 && balance_of_meter(db, PSD_BOOK_METER, 1) == 700);

  funds_said out = request_of(PSD_OPERATION_WITHDRAWING, 1, 3, 50, 650);
  audit = card_audit(1, PSD_OPERATION_WITHDRAWING, 3, 50, 650);
  audit.piece_count = audit.log_count = 12;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_WITHDRAWING);
  CU_ASSERT_EQUAL(withdrawn(db, &out), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_WITHDRAWING);
  audit.operation = PSD_OPERATION_WITHDRAWN;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_CLOSED);
  CU_ASSERT_EQUAL(meter_of(db, 1).open_sequence, 0);
  CU_ASSERT_EQUAL(alarms(db, false), 0);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}

TEST(test_current_account) {
  psd_dc_funds funds;
  bench_clear();
  psd_db *db = bench_open();
  int64_t account = with_account(db, 100);
  meter_put(db, 1);
  psd_audit audit = card_audit(1, PSD_OPERATION_NONE, 0, 0, 0);
  audit.mode = PSD_FUNDS_ACCOUNT;
  audit.ascending = 70;
  audit.certificate_ascending = 5;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_CHARGE);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_AGREEMENT);
  CU_ASSERT_EQUAL(psd_dc_account(db, account, &funds), PSD_DB_DONE);
  CU_ASSERT(funds.debt == 75 && funds.balance == 100 && funds.available == 100 && funds.reserved == 0);
  CU_ASSERT_EQUAL(psd_dc_pay(db, account, 76, "", NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_dc_pay(db, account, 75, "May", NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_pay(db, account, 75, "May", NOW), PSD_DB_EXISTS);
  CU_ASSERT_EQUAL(psd_dc_payout(db, account, 26, "", NOW), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_dc_set_credit(db, account, 1000), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_payout(db, account, 26, "", NOW), PSD_DB_ABSENT); /* credit is not paid out */
  CU_ASSERT_EQUAL(psd_dc_payout(db, account, 25, "bye", NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_payout(db, account, 25, "bye", NOW), PSD_DB_EXISTS);
  CU_ASSERT_EQUAL(psd_dc_account(db, account, &funds), PSD_DB_DONE);
  CU_ASSERT(funds.debt == 0 && funds.balance == 0 && funds.credit_limit == 1000 && funds.available == 1000);
  CU_ASSERT_EQUAL(psd_dc_account(db, account + 9, &funds), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_dc_deposit(db, account, UINT64_MAX, "", NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_dc_set_credit(db, account, UINT64_MAX), PSD_DB_REFUSED);
  /* It ends by a withdrawal of nothing. */
  funds_said ends = request_of(PSD_OPERATION_WITHDRAWING, 1, 1, 0, 0);
  ends.request.final = 1;
  audit.operation = PSD_OPERATION_WITHDRAWING;
  audit.sequence = 1;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_WITHDRAWING);
  CU_ASSERT_EQUAL(withdrawn(db, &ends), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(withdrawn(db, &ends), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(meter_of(db, 1).open_sequence, 1);
  audit.operation = PSD_OPERATION_WITHDRAWN;
  audit.ascending = 71;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_CHARGE); /* printed in the last session */
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_CLOSED);
  CU_ASSERT_TRUE(meter_of(db, 1).withdrawn);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_AGREEMENT);
  audit.ascending = 10;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_RESTORED);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}

TEST(test_account_licence) {
  psd_account account;
  bench_clear();
  psd_db *db = bench_open();
  int64_t id = with_account(db, 0);
  CU_ASSERT_EQUAL(psd_db_account_licence(db, id, &account), PSD_DB_DONE);
  CU_ASSERT(account.zip == 0 && account.licence == 0);
  CU_ASSERT_EQUAL(psd_db_account_set_licence(db, "1000", 94304, UINT32_MAX), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_account_set_licence(db, "2000", 94304, 1), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_db_account_find(db, "1000", &account), PSD_DB_DONE);
  CU_ASSERT(account.zip == 94304 && account.licence == UINT32_MAX);
  CU_ASSERT_EQUAL(psd_db_account_licence(db, id + 9, &account), PSD_DB_ABSENT);
  psd_db_close(db);
}

TEST(test_evidence) {
  psd_evidence piece = {.piece = 3, .amount = 370, .ascending = 370};
  psd_evidence_sum sum;
  bench_clear();
  psd_db *db = bench_open();
  device_named(1, piece.device);
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_evidence_add(db, &piece), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL_FATAL(device_add(db, 1), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_evidence_add(db, &piece), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_evidence_add(db, &piece), PSD_DB_EXISTS);
  piece.amount = 371;
  CU_ASSERT_EQUAL(psd_db_evidence_add(db, &piece), PSD_DB_REFUSED);
  piece.piece = 4;
  CU_ASSERT_EQUAL(psd_db_evidence_add(db, &piece), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_evidence_sum(db, piece.device, &sum), PSD_DB_DONE);
  CU_ASSERT(sum.pieces == 2 && sum.amount == 741 && sum.copies == 1 && sum.contradictions == 1);
  CU_ASSERT(sum.highest_piece == 4 && sum.highest_ascending == 370);
  psd_db_close(db);
}

static bool keep_line(void *user, const psd_dc_line *line) {
  psd_dc_line *kept = user;
  *kept = *line;
  return true;
}

TEST(test_reconcile) {
  psd_dc_line line;
  psd_dc_totals totals;
  psd_audit audit;
  psd_db *db = with_funds(&audit);
  CU_ASSERT_EQUAL(psd_dc_reconcile(db, keep_line, &line, &totals), PSD_DB_DONE);
  CU_ASSERT(line.balanced && line.audited && !line.oversold && totals.meter_count == 1 && totals.sum == 0);
  CU_ASSERT(totals.bank == -1000 && totals.accounts == 400 && totals.meters == 600 && totals.unbalanced == 0);
  /* Funds that went in after the audit do not count against it. */
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 2, 100, 600),
             s3 = receipt_of(PSD_OPERATION_LOADED, 1, 2, 100, 700);
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(psd_dc_reconcile(db, keep_line, &line, &totals), PSD_DB_DONE);
  CU_ASSERT(line.balanced && totals.open_operations == 1 && totals.reserved == 100);
  CU_ASSERT_EQUAL(settle(db, &s3), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(psd_dc_reconcile(db, keep_line, &line, &totals), PSD_DB_DONE);
  CU_ASSERT(line.balanced && totals.open_operations == 0 && totals.movements == 5);
  /* More on mail than was ever sold. */
  psd_evidence piece = {.piece = 1, .amount = 701};
  device_named(1, piece.device);
  CU_ASSERT_EQUAL(psd_db_evidence_add(db, &piece), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_reconcile(db, keep_line, &line, &totals), PSD_DB_DONE);
  CU_ASSERT(line.oversold && totals.oversold == 1);
  audit = card_audit(1, PSD_OPERATION_LOADED, 2, 100, 650);
  audit.piece_count = audit.log_count = 12;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_IMBALANCE);
  CU_ASSERT_EQUAL(psd_dc_reconcile(db, NULL, NULL, &totals), PSD_DB_DONE);
  CU_ASSERT(totals.unbalanced == 1 && totals.alarms == 1);
  psd_db_close(db);
}
