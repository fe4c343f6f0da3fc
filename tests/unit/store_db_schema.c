/* Opening, the schema history, and what the schema refuses. */
#include "store_db.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

TEST(test_open) {
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL(psd_db_schema(db), psd_db_schema_newest());
  psd_user_row user = with_user(db, "alice", 1);
  psd_db_close(db);
  psd_db_close(NULL);

  char words[256];
  db = psd_db_open(bench_url(), false, words, sizeof words);
  CU_ASSERT_PTR_NOT_NULL_FATAL(db);
  psd_db_set_key(db, column_key);
  psd_user_row again;
  CU_ASSERT_EQUAL(psd_db_user_find(db, "alice", &again), PSD_DB_DONE);
  CU_ASSERT_EQUAL(again.id, user.id);
  psd_db_close(db);
}

static void refused(const char *url, bool create, const char *why) {
  char words[256] = "";
  psd_db *db = psd_db_open(url, create, words, sizeof words);
  CU_ASSERT_PTR_NULL(db);
  if (strstr(words, why) == NULL)
    fprintf(stderr, "%s: \"%s\" is not in \"%s\"\n", url, why, words);
  CU_ASSERT_PTR_NOT_NULL(strstr(words, why));
  CU_ASSERT_PTR_NULL(strchr(words, '\n'));
  CU_ASSERT_PTR_NULL(strstr(words, "secret"));
  psd_db_close(db);
}

TEST(test_open_refuses) {
  bench_clear();
  refused("", true, "sqlite:FILE");
  refused("sqlite:", true, "sqlite:FILE");
  refused("mysql://x", true, "sqlite:FILE");
  refused("sqlite:/nonexistent/folder/meter.db", true, "cannot be made");
  refused("sqlite:/nonexistent/folder/meter.db", false, "psd-server migrate");
  refused("sqlite:/tmp", true, "no ordinary file");
  refused("postgresql://user:secret@[", true, "libpq");
  refused("postgresql://user:secret@/meter?host=/nonexistent", true, "PostgreSQL: ");
}

/* What holds in every schema since it has people. */
static const char people[] = "INSERT INTO accounts (number, name) VALUES ('1000', %s)";

static void put_people(void) {
  char sql[512], name[400];
  memset(name, '0', sizeof name);
  (void)snprintf(name, sizeof name, on_postgres ? "decode(repeat('00', 156), 'hex')" : "zeroblob(156)");
  (void)snprintf(sql, sizeof sql, people, name);
  CU_ASSERT_FATAL(raw(sql));
}

TEST(test_old_schema) {
  for (unsigned version = 0; version < psd_db_schema_newest(); version++) {
    bench_clear();
    psd_db *old = bench_connect();
    CU_ASSERT_EQUAL_FATAL(psd_migrate(old, version), PSD_DB_DONE);
    CU_ASSERT_EQUAL(psd_db_schema(old), version);
    psd_db_close(old);
    if (version > 0)
      put_people();

    refused(bench_url(), false, "psd-server migrate");
    psd_db *db = bench_open();
    CU_ASSERT_EQUAL(psd_db_schema(db), psd_db_schema_newest());
    char found[16] = "";
    if (version > 0) {
      CU_ASSERT(raw_text("SELECT count(*) FROM accounts WHERE number = '1000'", found, sizeof found));
      CU_ASSERT_STRING_EQUAL(found, "1");
    }
    CU_ASSERT(raw_text("SELECT count(*) FROM schema_version", found, sizeof found));
    CU_ASSERT_EQUAL((unsigned)(found[0] - '0'), psd_db_schema_newest());
    psd_db_close(db);
  }
}

TEST(test_new_schema) {
  bench_clear();
  psd_db_close(bench_open());
  CU_ASSERT_FATAL(raw("INSERT INTO schema_version (version, applied) VALUES (999, 0)"));
  refused(bench_url(), false, "newer program");
  refused(bench_url(), true, "newer program");
}

static void migrate_here(int out) {
  (void)out;
  char words[256];
  psd_db *db = psd_db_open(bench_url(), true, words, sizeof words);
  if (db == NULL)
    fprintf(stderr, "migrating beside another: %s\n", words);
  psd_db_close(db);
  _exit(db == NULL ? 1 : 0);
}

TEST(test_migrations_at_once) {
  bench_clear();
  int reads[4], processes[4];
  for (int i = 0; i < 4; i++)
    processes[i] = child_start(migrate_here, &reads[i]);
  for (int i = 0; i < 4; i++) {
    CU_ASSERT_EQUAL(child_end(processes[i]), 0);
    (void)close(reads[i]);
  }
  psd_db_close(bench_open());
}

/* In SQL that both engines read; BYTES(n) is n bytes. */
static const char *const senseless[] = {
    "INSERT INTO accounts (number, name) VALUES ('', BYTES(156))",
    "INSERT INTO accounts (number, name) VALUES ('012345678901234567890123456789012', BYTES(156))",
    "INSERT INTO accounts (number, name) VALUES ('7', BYTES(155))",
    "INSERT INTO accounts (number, name) VALUES ('1000', BYTES(156))",
    "INSERT INTO accounts (number, name) VALUES (NULL, BYTES(156))",
    "UPDATE accounts SET suspended = 2",
    "INSERT INTO users (handle, account, name, verifier) VALUES (BYTES(32), 999999, BYTES(60), BYTES(76))",
    "INSERT INTO users (handle, account, name, verifier) SELECT BYTES(31), id, BYTES(60), BYTES(76) FROM accounts",
    "INSERT INTO users (handle, account, name, verifier) SELECT BYTES(32), id, BYTES(61), BYTES(76) FROM accounts",
    "INSERT INTO users (handle, account, name, verifier) SELECT BYTES(32), id, BYTES(60), BYTES(75) FROM accounts",
    "INSERT INTO users (handle, account, name, verifier) SELECT handle, account, name, verifier FROM users",
    "UPDATE users SET disabled = 7",
    "DELETE FROM accounts",
    "INSERT INTO failures (handle, tries, until, touched) VALUES (BYTES(31), 1, 0, 0)",
    "INSERT INTO failures (handle, tries, until, touched) VALUES (BYTES(32), -1, 0, 0)",
    "INSERT INTO failures (handle, tries, until, touched) VALUES (BYTES(32), 4294967296, 0, 0)",
    "INSERT INTO failures (handle, tries, until, touched) VALUES (BYTES(32), 1, -1, 0)",
    "INSERT INTO devices (device, wrapped_k4, vendor_key) VALUES (0, BYTES(132), 1)",
    "INSERT INTO devices (device, wrapped_k4, vendor_key) VALUES (77, BYTES(131), 1)",
    "INSERT INTO devices (device, wrapped_k4, vendor_key) VALUES (77, NULL, 1)",
    "INSERT INTO devices (device, wrapped_k4, vendor_key) VALUES (77, BYTES(132), -1)",
    "INSERT INTO devices (device, wrapped_k4, vendor_key) VALUES (77, BYTES(132), 4294967296)",
    "UPDATE devices SET revoked = 2",
    "UPDATE devices SET inspected = -1",
    "UPDATE devices SET inspected = 1",
    "UPDATE devices SET audit = BYTES(261)",
    "UPDATE devices SET audit = BYTES(260), inspected = 1",
    "UPDATE devices SET user_id = (SELECT id FROM users)",
    "UPDATE devices SET account_id = (SELECT min(id) FROM accounts)",
    "UPDATE devices SET user_id = (SELECT id FROM users), account_id = 999999",
    "UPDATE devices SET user_id = (SELECT id FROM users), account_id = (SELECT max(id) FROM accounts)",
    "UPDATE devices SET user_id = 999999, account_id = (SELECT min(id) FROM accounts)",
    "INSERT INTO column_keys (number, witness) VALUES (2, BYTES(31))",
    "INSERT INTO schema_version (version, applied) VALUES (0, 0)",
};

void in_engine_words(const char *from, char *out, size_t room) {
  psd_buffer buffer = psd_buffer_over(out, room);
  while (*from != '\0') {
    const char *word = on_postgres ? "decode(repeat('00', " : "zeroblob(";
    bool bytes = strncmp(from, "BYTES(", 6) == 0;
    psd_put(&buffer, bytes ? word : from, bytes ? strlen(word) : 1);
    from += bytes ? 6 : 1;
    while (bytes && *from != ')')
      psd_put_u8(&buffer, (uint8_t)*from++);
    if (bytes && on_postgres)
      psd_put(&buffer, "), 'hex'", 8);
  }
  psd_put_u8(&buffer, 0);
  CU_ASSERT_FATAL(!buffer.overflow);
}

void none_is_taken(const char *const *senseless_sql, size_t count) {
  for (size_t i = 0; i < count; i++) {
    char sql[512];
    in_engine_words(senseless_sql[i], sql, sizeof sql);
    bool taken = raw(sql);
    if (taken)
      fprintf(stderr, "was not refused: %s\n", sql);
    CU_ASSERT(!taken);
  }
}

TEST(test_constraints) {
  uint8_t device[8], wrapped[PSD_SIZE_WRAPPED_K4] = {0};
  int64_t id = 0;
  bench_clear();
  psd_db *db = bench_open();
  (void)with_user(db, "alice", 1);
  CU_ASSERT_EQUAL(psd_db_account_add(db, "2000", "Another", &id), PSD_DB_DONE);
  device_named(1, device);
  CU_ASSERT_EQUAL(psd_db_device_add(db, device, wrapped, 1, 0), PSD_DB_DONE);
  psd_db_close(db);
  none_is_taken(senseless, sizeof senseless / sizeof senseless[0]);
  /* The same forms do work where they make sense: it was not the SQL that was refused. */
  char sql[512];
  in_engine_words("UPDATE devices SET audit = BYTES(261), inspected = 1, user_id = (SELECT id FROM users), "
                  "account_id = (SELECT min(id) FROM accounts)",
                  sql, sizeof sql);
  CU_ASSERT(raw(sql));
}
