/* The ledger: books, movements, and what the schema refuses whatever a program believes. */
#include "store_db_funds.h"

#include <stdio.h>
#include <string.h>

#define BANK                                                                                                           \
  { PSD_BOOK_BANK, 0 }

static psd_db_result deposit(psd_db *db, int64_t account, uint64_t amount, const char *reference) {
  psd_movement movement = {
      .kind = PSD_MOVE_DEPOSIT, .time = NOW, .amount = amount, .from = BANK, .to = {PSD_BOOK_ACCOUNT, account}};
  (void)snprintf(movement.reference, sizeof movement.reference, "%s", reference);
  return psd_db_move(db, &movement);
}

TEST(test_movements) {
  bench_clear();
  psd_db *db = bench_open();
  int64_t account = with_account(db, 0), balance = 7, least = 7;
  psd_book book = {PSD_BOOK_ACCOUNT, account};
  CU_ASSERT_EQUAL(psd_db_book_find(db, book, &balance, &least), PSD_DB_DONE);
  CU_ASSERT(balance == 0 && least == 0);
  CU_ASSERT_EQUAL(deposit(db, account, 1000, "receipt 1"), PSD_DB_DONE);
  CU_ASSERT_EQUAL(deposit(db, account, 1000, "receipt 1"), PSD_DB_EXISTS);
  CU_ASSERT_EQUAL(deposit(db, account, 1, ""), PSD_DB_DONE);
  CU_ASSERT_EQUAL(deposit(db, account, 1, ""), PSD_DB_DONE);
  CU_ASSERT_EQUAL(deposit(db, account, 0, ""), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(deposit(db, account, UINT64_MAX, ""), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(deposit(db, account, INT64_MAX, ""), PSD_DB_ABSENT); /* more than the bank can ever give */
  CU_ASSERT_EQUAL(deposit(db, account, 1, "\n"), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(deposit(db, account + 99, 1, ""), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 1002);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_BANK, 0), -1002);

  CU_ASSERT_EQUAL(psd_db_book_set_least(db, book, -500), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_book_set_least(db, (psd_book){PSD_BOOK_ACCOUNT, account + 99}, 0), PSD_DB_ABSENT);
  psd_movement out = {.kind = PSD_MOVE_PAYOUT, .time = NOW, .amount = 1503, .from = book, .to = BANK};
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_move(db, &out), PSD_DB_ABSENT);
  out.amount = 1502; /* the transaction goes on */
  CU_ASSERT_EQUAL(psd_db_move(db, &out), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), -500);
  CU_ASSERT_EQUAL(psd_db_book_set_least(db, book, -499), PSD_DB_REFUSED);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}

typedef struct movement_walk {
  unsigned seen;
  int64_t last;
  uint64_t sum;
  bool ordered;
} movement_walk;

static bool walk_movement(void *user, const psd_movement *movement) {
  movement_walk *walk = user;
  walk->ordered = walk->ordered && movement->id > walk->last;
  walk->last = movement->id;
  walk->sum += movement->amount;
  walk->seen++;
  return true;
}

TEST(test_movement_list) {
  bench_clear();
  psd_db *db = bench_open();
  int64_t account = with_account(db, 0);
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  for (unsigned i = 1; i <= 100; i++) {
    psd_movement movement = {.kind = i % 3 == 0 ? PSD_MOVE_PAYOUT : PSD_MOVE_DEPOSIT, .time = i, .amount = i};
    movement.from = i % 3 == 0 ? (psd_book){PSD_BOOK_ACCOUNT, account} : (psd_book)BANK;
    movement.to = i % 3 == 0 ? (psd_book)BANK : (psd_book){PSD_BOOK_ACCOUNT, account};
    CU_ASSERT_EQUAL(psd_db_move(db, &movement), PSD_DB_DONE);
  }
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  movement_walk all = {.ordered = true}, some = {.ordered = true}, none = {.ordered = true};
  psd_book book = {PSD_BOOK_ACCOUNT, account};
  CU_ASSERT_EQUAL(psd_db_movement_list(db, book, 0, walk_movement, &all), PSD_DB_DONE);
  CU_ASSERT(all.ordered && all.seen == 100 && all.sum == 5050);
  CU_ASSERT_EQUAL(psd_db_movement_list(db, book, 91, walk_movement, &some), PSD_DB_DONE);
  CU_ASSERT(some.ordered && some.seen == 10);
  CU_ASSERT_EQUAL(psd_db_movement_list(db, (psd_book){PSD_BOOK_DEBT, account}, 0, walk_movement, &none), PSD_DB_DONE);
  CU_ASSERT_EQUAL(none.seen, 0);
  psd_db_close(db);
}

/* On: one account (its identifier is A) with 500 mills, a meter (D) with 300 in it and 200 reserved. */
static const char *const forbidden[] = {
    /* Nobody changes or removes what was moved. */
    "UPDATE movements SET amount = amount + 1",
    "UPDATE movements SET reference = 'x'",
    "DELETE FROM movements",
    "INSERT INTO movements (id, kind, time, amount, from_kind, from_owner, to_kind, to_owner) "
    "SELECT min(id), 1, 1, 1, 1, 0, 2, A FROM movements",
    /* Balances follow movements alone. */
    "UPDATE books SET balance = balance + 1 WHERE kind = 2",
    "UPDATE books SET balance = balance + 1, moved = moved + 1 WHERE kind = 2",
    "UPDATE books SET moved = 0 WHERE kind = 2",
    "UPDATE books SET owner = owner + 1 WHERE kind = 2",
    "DELETE FROM books WHERE kind = 2",
    "INSERT INTO books (kind, owner, balance, least) VALUES (2, 4711, 1, 0)",
    "INSERT INTO books (kind, owner, least) VALUES (1, 1, 0)",
    "INSERT INTO books (kind, owner, least) VALUES (8, 1, 0)",
    "INSERT INTO books (kind, owner, least) VALUES (4, 4711, -1)",
    "UPDATE books SET least = 1 WHERE kind = 2",
    "UPDATE books SET least = -1 WHERE kind = 4",
    /* Below the least. */
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) VALUES (2, 1, 501, 2, A, 1, "
    "0)",
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner, device, sequence) "
    "VALUES (6, 1, 301, 4, D, 2, A, D, 9)",
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner, device, sequence) "
    "VALUES (4, 1, 201, 3, D, 4, D, D, 9)",
    /* One leg, none, or the wrong ones. */
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) VALUES (1, 1, 1, 1, 0, 2, "
    "4711)",
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) VALUES (2, 1, 1, 2, 4711, 1, "
    "0)",
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) VALUES (1, 1, 1, 2, A, 2, A)",
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) VALUES (1, 1, 1, 2, A, 1, 0)",
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) VALUES (1, 1, 0, 1, 0, 2, A)",
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) VALUES (1, 1, -1, 1, 0, 2, "
    "A)",
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) VALUES (12, 1, 1, 1, 0, 2, "
    "A)",
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) VALUES (3, 1, 1, 2, A, 3, D)",
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner, device) "
    "VALUES (4, 1, 1, 3, D, 4, D, D)",
    /* A second settlement. */
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner, device, sequence) "
    "VALUES (4, 1, 1, 3, D, 4, D, D, 1)",
    /* Debt is never above zero. */
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) VALUES (8, 1, 1, 2, A, 6, A)",
    /* Operations, orders, alarms, evidence. */
    "UPDATE operations SET state = 6",
    "UPDATE operations SET state = 1 WHERE state = 2",
    "UPDATE operations SET amount = 0",
    "UPDATE operations SET amount = -1",
    "UPDATE operations SET final = 1",
    "UPDATE operations SET register_group = 2",
    "UPDATE operations SET account = 4711",
    "UPDATE operations SET device = 4711",
    "UPDATE operations SET sequence = 0",
    "DELETE FROM devices",
    "UPDATE devices SET sequence = 4294967296",
    "UPDATE devices SET open_sequence = sequence + 1",
    "UPDATE devices SET due = 65536",
    "UPDATE devices SET lock = 3",
    "UPDATE devices SET withdrawn = 2",
    "INSERT INTO orders (device, action, content, time) SELECT D, 3, request, 1 FROM operations",
    "INSERT INTO orders (device, action, content, time) SELECT 4711, 4, request, 1 FROM operations",
    "INSERT INTO alarms (device, time, reason, words) VALUES (D, 1, 5, '')",
    "INSERT INTO alarms (device, time, reason, words) VALUES (4711, 1, 1, '')",
    "INSERT INTO evidence (device, piece, amount, ascending) VALUES (4711, 1, 1, 1)",
    "INSERT INTO evidence (device, piece, amount, ascending) VALUES (D, -1, 1, 1)",
    "INSERT INTO evidence (device, piece, amount, ascending) VALUES (D, 1, -1, 1)",
};

/* The same for one engine. */
static const char *const forbidden_lite[] = {
    "INSERT OR IGNORE INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) "
    "VALUES (2, 1, 501, 2, A, 1, 0)",
    "INSERT OR REPLACE INTO movements (id, kind, time, amount, from_kind, from_owner, to_kind, to_owner) "
    "SELECT min(id), 1, 1, 1, 1, 0, 2, A FROM movements",
};
static const char *const forbidden_postgres[] = {"TRUNCATE movements CASCADE", "TRUNCATE books CASCADE"};

/* A and D in words of SQL. */
static void with_numbers(const char *from, int64_t account, int64_t device, char *out, size_t room) {
  psd_buffer buffer = psd_buffer_over(out, room);
  psd_put_u8(&buffer, (uint8_t)*from++);
  for (; *from != '\0'; from++) {
    char number[24];
    bool alone = strchr(" ,(", from[-1]) != NULL && strchr(" ,)", from[1]) != NULL;
    bool name = alone && (*from == 'A' || *from == 'D');
    int length = snprintf(number, sizeof number, "%lld", (long long)(*from == 'A' ? account : device));
    psd_put(&buffer, name ? number : from, name ? (size_t)length : 1);
  }
  psd_put_u8(&buffer, 0);
  CU_ASSERT_FATAL(!buffer.overflow);
}

static void all_refused(const char *const *statements, size_t count, int64_t account, int64_t device) {
  for (size_t i = 0; i < count; i++) {
    char sql[512];
    with_numbers(statements[i], account, device, sql, sizeof sql);
    bool taken = raw(sql);
    if (taken)
      fprintf(stderr, "was not refused: %s\n", sql);
    CU_ASSERT(!taken);
  }
}

TEST(test_money_constraints) {
  uint8_t device[8];
  char sql[512];
  bench_clear();
  psd_db *db = bench_open();
  int64_t account = with_account(db, 1000);
  meter_put(db, 1);
  device_named(1, device);
  int64_t number = psd_book_of_device(PSD_BOOK_METER, device).owner;
  funds_said first = request_of(PSD_OPERATION_LOADING, 1, 1, 300, 0);
  funds_said paid = receipt_of(PSD_OPERATION_LOADED, 1, 1, 300, 300);
  funds_said second = request_of(PSD_OPERATION_LOADING, 1, 2, 200, 300);
  CU_ASSERT_EQUAL(reserve(db, &first), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(settle(db, &paid), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(reserve(db, &second), PSD_SIGNAL_NONE);
  all_refused(forbidden, sizeof forbidden / sizeof forbidden[0], account, number);
  if (on_postgres)
    all_refused(forbidden_postgres, sizeof forbidden_postgres / sizeof forbidden_postgres[0], account, number);
  else
    all_refused(forbidden_lite, sizeof forbidden_lite / sizeof forbidden_lite[0], account, number);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 500);
  CU_ASSERT_EQUAL(balance_of_meter(db, PSD_BOOK_METER, 1), 300);
  CU_ASSERT(zero_sum(db));
  /* The same forms do work where they make sense. */
  with_numbers("INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) "
               "VALUES (2, 1, 500, 2, A, 1, 0)",
               account, number, sql, sizeof sql);
  CU_ASSERT(raw(sql));
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 0);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}

/* Rows of schema 3: what they had is there, but for audits, which were shorter. */
TEST(test_money_migration) {
  char number[32] = "", sql[700];
  char name[64], user[64], wide[64], k4[64], handle[64], audit[64];
  (void)snprintf(name, sizeof name, on_postgres ? "decode(repeat('00', 156), 'hex')" : "zeroblob(156)");
  (void)snprintf(user, sizeof user, on_postgres ? "decode(repeat('00', 60), 'hex')" : "zeroblob(60)");
  (void)snprintf(wide, sizeof wide, on_postgres ? "decode(repeat('00', 76), 'hex')" : "zeroblob(76)");
  (void)snprintf(k4, sizeof k4, on_postgres ? "decode(repeat('07', 132), 'hex')" : "zeroblob(132)");
  (void)snprintf(handle, sizeof handle, on_postgres ? "decode(repeat('00', 32), 'hex')" : "zeroblob(32)");
  (void)snprintf(audit, sizeof audit, on_postgres ? "decode(repeat('00', 235), 'hex')" : "zeroblob(235)");
  bench_clear();
  psd_db *old = bench_connect();
  CU_ASSERT_EQUAL_FATAL(psd_migrate(old, 3), PSD_DB_DONE);
  psd_db_close(old);
  (void)snprintf(sql, sizeof sql, "INSERT INTO accounts (number, name) VALUES ('1000', %s)", name);
  CU_ASSERT_FATAL(raw(sql));
  (void)snprintf(sql, sizeof sql,
                 "INSERT INTO users (handle, account, name, verifier) SELECT %s, id, %s, %s FROM accounts", handle,
                 user, wide);
  CU_ASSERT_FATAL(raw(sql));
  (void)snprintf(sql, sizeof sql,
                 "INSERT INTO devices (device, wrapped_k4, vendor_key, user_id, account_id, revoked, inspected, audit) "
                 "SELECT 5788044923345305601, %s, 9, id, account, 1, 77, %s FROM users",
                 k4, audit);
  CU_ASSERT_FATAL(raw(sql));

  psd_db *db = bench_open();
  psd_meter_row row = meter_of(db, 1);
  CU_ASSERT(row.device.vendor_key == 9 && row.device.user != 0 && row.device.account != 0 && row.device.revoked);
  CU_ASSERT(row.device.inspected == 0 && row.sequence == 0 && row.lock == PSD_METER_FREE && row.due == 0);
  CU_ASSERT_EQUAL(psd_dc_deposit(db, row.device.account, 5, "", NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, row.device.account), 5);
  CU_ASSERT(raw_text("SELECT count(*) FROM books", number, sizeof number));
  CU_ASSERT_STRING_EQUAL(number, "3");
  CU_ASSERT(!raw("DELETE FROM users")); /* foreign keys hold */
  CU_ASSERT(!raw("UPDATE devices SET account_id = 4711"));
  psd_db_close(db);
}
