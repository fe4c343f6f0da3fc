/* Accounts, users, failures, and what is sealed of them. */
#include "psd/spec/text.h"
#include "store_db.h"

#include <stdio.h>
#include <string.h>

static bool collect_account(void *user, const psd_account *account) {
  psd_text *text = user;
  psd_say(text, "%s=%s%s;", account->number, account->name, account->suspended ? "!" : "");
  return true;
}

TEST(test_accounts) {
  psd_account account;
  char long_name[130];
  int64_t id = 0, second = 0;
  memset(long_name, 'n', 129);
  long_name[129] = '\0';
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL(psd_db_account_find(db, "1000", &account), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_db_account_add(db, "1000", "Bäckerei \"Ähre\"", &id), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_account_add(db, "1000", "Another", &second), PSD_DB_EXISTS);
  CU_ASSERT_EQUAL(psd_db_account_add(db, "", "x", &second), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_db_account_add(db, "012345678901234567890123456789012", "x", &second), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_db_account_add(db, "n\n", "x", &second), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_db_account_add(db, "2000", "", &second), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_db_account_add(db, "2000", long_name, &second), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_db_account_add(db, "2000", long_name + 1, &second), PSD_DB_DONE);
  CU_ASSERT_NOT_EQUAL(id, second);
  CU_ASSERT_EQUAL(psd_db_account_find(db, "1000", &account), PSD_DB_DONE);
  CU_ASSERT_EQUAL(account.id, id);
  CU_ASSERT_STRING_EQUAL(account.number, "1000");
  CU_ASSERT_STRING_EQUAL(account.name, "Bäckerei \"Ähre\"");
  CU_ASSERT(!account.suspended);
  CU_ASSERT_EQUAL(psd_db_account_find(db, "2000", &account), PSD_DB_DONE);
  CU_ASSERT_STRING_EQUAL(account.name, long_name + 1);

  CU_ASSERT_EQUAL(psd_db_account_set_suspended(db, "3000", true), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_db_account_set_suspended(db, "1000", true), PSD_DB_DONE);
  static const char beginning[] = "1000=Bäckerei \"Ähre\"!;2000=nnn";
  char listed[512];
  psd_text text = psd_text_over(listed, sizeof listed);
  CU_ASSERT_EQUAL(psd_db_account_list(db, collect_account, &text), PSD_DB_DONE);
  CU_ASSERT_EQUAL(strncmp(listed, beginning, sizeof beginning - 1), 0);
  psd_db_close(db);
}

TEST(test_users) {
  uint8_t verifier[32], other[32];
  psd_user_row user;
  fill(verifier, sizeof verifier, 1);
  fill(other, sizeof other, 2);
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL(psd_db_user_find(db, "alice", &user), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_db_user_add(db, "alice", 4711, verifier), PSD_DB_REFUSED); /* no such account */
  psd_user_row alice = with_user(db, "alice", 1), bob = with_user(db, "bob", 1);
  CU_ASSERT_EQUAL(psd_db_user_add(db, "alice", alice.account, other), PSD_DB_EXISTS);
  CU_ASSERT(!alice.disabled && !alice.suspended);
  CU_ASSERT(psd_db_user_check(&alice, verifier));
  CU_ASSERT(!psd_db_user_check(&alice, other));
  /* The same verifier does not look the same. */
  CU_ASSERT_NOT_EQUAL(memcmp(alice.check, bob.check, sizeof bob.check), 0);

  CU_ASSERT_EQUAL(psd_db_user_set_verifier(db, alice.id, other), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_user_set_verifier(db, 4711, other), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_db_user_find(db, "alice", &user), PSD_DB_DONE);
  CU_ASSERT(!psd_db_user_check(&user, verifier));
  CU_ASSERT(psd_db_user_check(&user, other));
  CU_ASSERT_EQUAL(psd_db_user_find(db, "bob", &user), PSD_DB_DONE);
  CU_ASSERT(psd_db_user_check(&user, verifier));

  CU_ASSERT_EQUAL(psd_db_user_set_disabled(db, "carol", true), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_db_user_set_disabled(db, "alice", true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_account_set_suspended(db, "1000", true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_user_find(db, "alice", &user), PSD_DB_DONE);
  CU_ASSERT(user.disabled && user.suspended);
  CU_ASSERT_EQUAL(psd_db_user_set_disabled(db, "alice", false), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_user_find(db, "alice", &user), PSD_DB_DONE);
  CU_ASSERT(!user.disabled);
  psd_db_close(db);
}

TEST(test_user_names) {
  static const char *const bad[] = {"", "012345678901234567890123456789012", "a\x1b[2J", "\xff\xfe", "\xc3"};
  uint8_t verifier[32] = {0};
  psd_user_row user;
  bench_clear();
  psd_db *db = bench_open();
  user = with_user(db, "01234567890123456789012345678ü1", 1); /* 32 bytes */
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    psd_user_row found;
    CU_ASSERT_EQUAL(psd_db_user_add(db, bad[i], user.account, verifier), PSD_DB_REFUSED);
    CU_ASSERT_EQUAL(psd_db_user_find(db, bad[i], &found), PSD_DB_ABSENT);
    CU_ASSERT_EQUAL(psd_db_user_set_disabled(db, bad[i], true), PSD_DB_ABSENT);
  }
  psd_db_close(db);
}

/* More than two pages, and a visitor who uses the store and one who has seen enough. */
typedef struct user_walk {
  psd_db *db;
  unsigned seen, enough;
  bool ordered;
} user_walk;

static bool walk_user(void *user, const char *name, const char *account, bool disabled) {
  user_walk *walk = user;
  char expected[16];
  psd_user_row row;
  (void)snprintf(expected, sizeof expected, "user %u", walk->seen);
  walk->ordered = walk->ordered && strcmp(name, expected) == 0 && strcmp(account, "1000") == 0 &&
                  disabled == (walk->seen == 7) && psd_db_user_find(walk->db, name, &row) == PSD_DB_DONE;
  return ++walk->seen != walk->enough;
}

TEST(test_user_list) {
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  for (unsigned i = 0; i < 130; i++) {
    char name[16];
    (void)snprintf(name, sizeof name, "user %u", i);
    (void)with_user(db, name, i);
  }
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(db), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_user_set_disabled(db, "user 7", true), PSD_DB_DONE);
  user_walk all = {.db = db, .ordered = true}, some = {.db = db, .enough = 65, .ordered = true};
  CU_ASSERT_EQUAL(psd_db_user_list(db, walk_user, &all), PSD_DB_DONE);
  CU_ASSERT(all.ordered && all.seen == 130);
  CU_ASSERT_EQUAL(psd_db_user_list(db, walk_user, &some), PSD_DB_DONE);
  CU_ASSERT(some.ordered && some.seen == 65);
  psd_db_close(db);
}

/* Whether the database, as a thief of it sees it, has these bytes somewhere in a column. */
static bool seen(const char *expression, const char *table, const char *hex) {
  char sql[512], found[16] = "";
  (void)snprintf(sql, sizeof sql,
                 on_postgres ? "SELECT count(*) FROM %s WHERE upper(encode(%s, 'hex')) LIKE '%%%s%%'"
                             : "SELECT count(*) FROM %s WHERE hex(%s) LIKE '%%%s%%'",
                 table, expression, hex);
  CU_ASSERT_FATAL(raw_text(sql, found, sizeof found));
  return strcmp(found, "0") != 0;
}

static void hex_of(const uint8_t *bytes, size_t length, char *out) {
  static const char digits[] = "0123456789ABCDEF";
  for (size_t i = 0; i < length; i++) {
    *out++ = digits[bytes[i] >> 4];
    *out++ = digits[bytes[i] & 15];
  }
  *out = '\0';
}

TEST(test_sealed) {
  char hex[65];
  bench_clear();
  psd_db *db = bench_open();
  psd_user_row user = with_user(db, "alice", 1);
  hex_of((const uint8_t *)"alice", 5, hex);
  CU_ASSERT(!seen("name", "users", hex) && !seen("handle", "users", hex) && !seen("verifier", "users", hex));
  hex_of((const uint8_t *)"Account", 7, hex);
  CU_ASSERT(!seen("name", "accounts", hex));
  hex_of(user.check, 32, hex);
  CU_ASSERT(!seen("verifier", "users", hex));
  hex_of(user.salt, 16, hex);
  CU_ASSERT(!seen("verifier", "users", hex));
  /* It does find what is there in clear. */
  hex_of((const uint8_t *)"1000", 4, hex);
  CU_ASSERT(seen(on_postgres ? "convert_to(number, 'UTF8')" : "number", "accounts", hex));
  psd_db_close(db);
}

/* A thief who can write gives the first user his own password and name. */
TEST(test_exchanged_columns) {
  psd_user_row user;
  user_walk walk = {.ordered = true};
  bench_clear();
  psd_db *db = bench_open();
  (void)with_user(db, "user 0", 1);
  (void)with_user(db, "user 1", 2);
  CU_ASSERT_FATAL(raw("UPDATE users SET verifier = (SELECT verifier FROM users AS u WHERE u.id <> users.id), "
                      "name = (SELECT name FROM users AS u WHERE u.id <> users.id) "
                      "WHERE id = (SELECT min(id) FROM users)"));
  CU_ASSERT_EQUAL(psd_db_user_find(db, "user 0", &user), PSD_DB_FAILED);
  CU_ASSERT_PTR_NOT_NULL(strstr(psd_db_error(db), "altered"));
  walk.db = db;
  CU_ASSERT_EQUAL(psd_db_user_list(db, walk_user, &walk), PSD_DB_FAILED);
  CU_ASSERT_EQUAL(walk.seen, 0);
  CU_ASSERT_EQUAL(psd_db_user_find(db, "user 1", &user), PSD_DB_DONE);
  psd_db_close(db);
}

TEST(test_column_key) {
  uint8_t wrong[32] = {9}, verifier[32] = {0};
  psd_failures failures = {1, 0};
  psd_user_row user;
  psd_account account;
  char words[256];
  int64_t id = 0;
  bench_clear();
  psd_db_close(bench_open());
  for (int with_wrong = 0; with_wrong < 2; with_wrong++) {
    psd_db *db = psd_db_open(bench_url(), false, words, sizeof words);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    psd_db_result expected = with_wrong != 0 ? PSD_DB_FAILED : PSD_DB_REFUSED;
    if (with_wrong != 0)
      psd_db_set_key(db, wrong);
    CU_ASSERT_EQUAL(psd_db_account_add(db, "2000", "x", &id), expected);
    CU_ASSERT_EQUAL(psd_db_account_find(db, "1000", &account), expected);
    CU_ASSERT_EQUAL(psd_db_user_add(db, "bob", 1, verifier), expected);
    CU_ASSERT_EQUAL(psd_db_user_find(db, "alice", &user), expected);
    CU_ASSERT_EQUAL(psd_db_user_set_verifier(db, 1, verifier), expected);
    CU_ASSERT_EQUAL(psd_db_user_set_disabled(db, "alice", true), expected);
    CU_ASSERT_EQUAL(psd_db_user_list(db, walk_user, NULL), expected);
    CU_ASSERT_EQUAL(psd_db_failures_get(db, "alice", &failures), expected);
    CU_ASSERT_EQUAL(psd_db_failures_set(db, "alice", &failures), expected);
    CU_ASSERT_EQUAL(psd_db_failures_clear(db, "alice"), expected);
    if (with_wrong != 0)
      CU_ASSERT_PTR_NOT_NULL(strstr(psd_db_error(db), "another column key"));
    psd_db_close(db);
    /* Whoever seals first decides. */
    db = bench_open();
    if (with_wrong == 0)
      (void)with_user(db, "alice", 1);
    CU_ASSERT_EQUAL(psd_db_user_find(db, "alice", &user), PSD_DB_DONE);
    psd_db_close(db);
  }
}

TEST(test_failures) {
  psd_failures failures = {7, 7};
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL(psd_db_failures_get(db, "nobody", &failures), PSD_DB_DONE);
  CU_ASSERT(failures.count == 0 && failures.until == 0);
  CU_ASSERT_EQUAL(psd_db_failures_set(db, "nobody", &(psd_failures){1, 0}), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_failures_set(db, "nobody", &(psd_failures){UINT32_MAX, 1800000000}), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_failures_set(db, "", &(psd_failures){3, 0}), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_failures_set(db, "012345678901234567890123456789012", &failures), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_db_failures_set(db, "nobody", &(psd_failures){1, UINT64_MAX}), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_db_failures_get(db, "nobody", &failures), PSD_DB_DONE);
  CU_ASSERT(failures.count == UINT32_MAX && failures.until == 1800000000);
  CU_ASSERT_EQUAL(psd_db_failures_clear(db, "nobody"), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_failures_clear(db, "nobody"), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_failures_get(db, "nobody", &failures), PSD_DB_DONE);
  CU_ASSERT_EQUAL(failures.count, 0);
  CU_ASSERT_EQUAL(psd_db_failures_get(db, "", &failures), PSD_DB_DONE);
  CU_ASSERT_EQUAL(failures.count, 3);
  /* They were set just now: after 2000, before 3000. */
  CU_ASSERT_EQUAL(psd_db_failures_set(db, "locked", &(psd_failures){9, 32503680001}), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_failures_prune(db, 946684800), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_failures_get(db, "", &failures), PSD_DB_DONE);
  CU_ASSERT_EQUAL(failures.count, 3);
  CU_ASSERT_EQUAL(psd_db_failures_prune(db, 32503680000), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_failures_get(db, "", &failures), PSD_DB_DONE);
  CU_ASSERT_EQUAL(failures.count, 0);
  CU_ASSERT_EQUAL(psd_db_failures_get(db, "locked", &failures), PSD_DB_DONE);
  CU_ASSERT_EQUAL(failures.count, 9);
  psd_db_close(db);
}

static uint32_t failures_of(psd_db *db, const char *name) {
  psd_failures failures = {0, 0};
  CU_ASSERT_EQUAL(psd_db_failures_get(db, name, &failures), PSD_DB_DONE);
  return failures.count;
}

/* In a crowd names that nobody has are forgotten first; not those of users, and not those that are locked. */
TEST(test_failures_crowd) {
  bench_clear();
  psd_db *db = bench_open();
  (void)with_user(db, "alice", 1);
  CU_ASSERT_EQUAL(psd_db_failures_set(db, "alice", &(psd_failures){2, 0}), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_failures_set(db, "stranger", &(psd_failures){1, 0}), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_failures_set(db, "locked", &(psd_failures){9, 32503680001}), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_failures_prune_crowd(db, 32503680000, 3), PSD_DB_DONE);
  CU_ASSERT_EQUAL(failures_of(db, "stranger"), 1);
  CU_ASSERT_EQUAL(psd_db_failures_prune_crowd(db, 946684800, 2), PSD_DB_DONE);
  CU_ASSERT_EQUAL(failures_of(db, "stranger"), 1);
  CU_ASSERT_EQUAL(psd_db_failures_prune_crowd(db, 32503680000, 2), PSD_DB_DONE);
  CU_ASSERT_EQUAL(failures_of(db, "stranger"), 0);
  CU_ASSERT_EQUAL(failures_of(db, "alice"), 2);
  CU_ASSERT_EQUAL(failures_of(db, "locked"), 9);
  psd_db_close(db);
}
