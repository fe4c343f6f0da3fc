/* Transactions, others who are in the way, and writers that are killed. */
#include "store_db.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

TEST(test_transaction) {
  bench_clear();
  psd_db *db = bench_open(), *other = bench_open();
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(device_add(db, 1), PSD_DB_DONE);
  CU_ASSERT_EQUAL(device_add(db, 2), PSD_DB_DONE);
  CU_ASSERT(device_there(db, 1) && !device_there(other, 1));
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  CU_ASSERT(device_there(other, 1) && device_there(other, 2));

  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(device_add(db, 3), PSD_DB_DONE);
  psd_db_rollback(db);
  psd_db_rollback(db);
  CU_ASSERT(!device_there(db, 3) && !device_there(other, 3));

  /* A reader sees one state, whatever others do. */
  CU_ASSERT_EQUAL(psd_db_begin(db, false), PSD_DB_DONE);
  CU_ASSERT(device_there(db, 1));
  CU_ASSERT_EQUAL(device_add(other, 4), PSD_DB_DONE);
  CU_ASSERT(!device_there(db, 4) && device_there(other, 4));
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  CU_ASSERT(device_there(db, 4));
  psd_db_close(db);
  psd_db_close(other);
}

TEST(test_transaction_undone) {
  uint8_t verifier[32] = {0};
  bench_clear();
  psd_db *db = bench_open();
  (void)with_user(db, "alice", 1);
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(device_add(db, 1), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_user_add(db, "alice", 1, verifier), PSD_DB_EXISTS); /* leaves it open */
  CU_ASSERT_EQUAL(device_add(db, 2), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_user_add(db, "bob", 4711, verifier), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(device_add(db, 3), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_REFUSED);
  CU_ASSERT(!device_there(db, 1) && !device_there(db, 2) && !device_there(db, 3));
  CU_ASSERT_EQUAL(device_add(db, 3), PSD_DB_DONE);
  psd_db_close(db);

  /* Left open, it is as if it had not been. */
  db = bench_open();
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(device_add(db, 4), PSD_DB_DONE);
  psd_db_close(db);
  db = bench_open();
  CU_ASSERT(!device_there(db, 4) && device_there(db, 3));
  psd_db_close(db);
}

/* Counts one failure, as the meter server does: reads, and writes one more. */
static psd_db_result count_failure(psd_db *db, uint32_t *count) {
  psd_failures failures;
  psd_db_result result = psd_db_failures_get(db, "alice", &failures);
  *count = failures.count;
  failures.count++;
  return result != PSD_DB_DONE ? result : psd_db_failures_set(db, "alice", &failures);
}

TEST(test_conflict) {
  uint32_t seen = 0;
  bench_clear();
  psd_db *first = bench_open(), *second = bench_open();
  psd_db_set_patience(second, 100);
  (void)with_user(first, "alice", 1);
  CU_ASSERT_EQUAL(psd_db_begin(first, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(count_failure(first, &seen), PSD_DB_DONE);
  /* One of these is told to try again: at the begin (SQLite), or when it would write over the other. */
  psd_db_result result = psd_db_begin(second, true);
  if (result == PSD_DB_DONE)
    result = count_failure(second, &seen);
  CU_ASSERT_EQUAL(result, PSD_DB_BUSY);
  CU_ASSERT_NOT_EQUAL(psd_db_error(second)[0], '\0');
  CU_ASSERT_EQUAL(psd_db_commit(first), PSD_DB_DONE);
  CU_ASSERT_NOT_EQUAL(psd_db_commit(second), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_begin(second, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(count_failure(second, &seen), PSD_DB_DONE);
  CU_ASSERT_EQUAL(seen, 1);
  CU_ASSERT_EQUAL(psd_db_commit(second), PSD_DB_DONE);
  psd_failures failures;
  CU_ASSERT_EQUAL(psd_db_failures_get(first, "alice", &failures), PSD_DB_DONE);
  CU_ASSERT_EQUAL(failures.count, 2);
  psd_db_close(first);
  psd_db_close(second);
}

/* Waits until the other end writes a byte, or is gone. */
static char heard(int reads) {
  char byte = 0;
  return read(reads, &byte, 1) == 1 ? byte : 0;
}

/* Holds a lock until it is killed. */
static void hold_lock(int out) {
  raw_link *link = raw_open();
  bool held = raw_run(link, on_postgres ? "BEGIN; LOCK TABLE devices IN ACCESS EXCLUSIVE MODE" : "BEGIN IMMEDIATE");
  (void)!write(out, held ? "+" : "-", 1);
  (void)pause();
}

TEST(test_locked) {
  int reads = -1;
  bench_clear();
  psd_db *db = bench_open();
  psd_db_set_patience(db, 100);
  int child = child_start(hold_lock, &reads);
  CU_ASSERT_EQUAL(heard(reads), '+');
  CU_ASSERT_EQUAL(device_add(db, 1), PSD_DB_BUSY);
  CU_ASSERT_NOT_EQUAL(psd_db_error(db)[0], '\0');
  CU_ASSERT_EQUAL(psd_db_begin(db, true) == PSD_DB_DONE ? device_add(db, 1) : PSD_DB_BUSY, PSD_DB_BUSY);
  psd_db_rollback(db);
  (void)kill(child, SIGKILL);
  CU_ASSERT_EQUAL(child_end(child), 128 + SIGKILL);
  (void)close(reads);
  psd_db_set_patience(db, 5000);
  CU_ASSERT(!device_there(db, 1));
  CU_ASSERT_EQUAL(device_add(db, 1), PSD_DB_DONE);
  psd_db_close(db);
}

/* Adds PSDs, two in a transaction, and says so after each commit. */
static void write_on(int out) {
  psd_db *db = bench_open();
  for (uint32_t i = 0;; i += 2) {
    if (psd_db_begin(db, true) != PSD_DB_DONE || device_add(db, i) != PSD_DB_DONE ||
        device_add(db, i + 1) != PSD_DB_DONE || psd_db_commit(db) != PSD_DB_DONE)
      _exit(1);
    if (write(out, "+", 1) != 1)
      _exit(0);
  }
}

TEST(test_killed) {
  bench_clear();
  psd_db_close(bench_open());
  for (unsigned round = 0; round < 8; round++) {
    uint32_t told = 0;
    int reads = -1;
    bench_clear();
    int child = child_start(write_on, &reads);
    while (told < 3 + round * 5 && heard(reads) == '+')
      told++;
    /* Wherever it is now. */
    (void)kill(child, SIGKILL);
    CU_ASSERT_EQUAL(child_end(child), 128 + SIGKILL);
    while (heard(reads) == '+')
      told++;
    (void)close(reads);
    psd_db *db = bench_open();
    for (uint32_t i = 0; i < 2 * told; i++)
      CU_ASSERT(device_there(db, i));
    /* The server may still be at work for one that is gone: what begins now waits for it. */
    CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
    CU_ASSERT_EQUAL(device_there(db, 2 * told), device_there(db, 2 * told + 1));
    CU_ASSERT(!device_there(db, 2 * told + 2));
    CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
    psd_db_close(db);
  }
}

TEST(test_damaged_row) {
  uint8_t device[8];
  psd_user_row user;
  psd_device_row row;
  bench_clear();
  psd_db *db = bench_open();
  (void)with_user(db, "alice", 1);
  CU_ASSERT_EQUAL(device_add(db, 1), PSD_DB_DONE);
  CU_ASSERT_FATAL(raw(on_postgres ? "UPDATE users SET verifier = set_byte(verifier, 40, 255 - get_byte(verifier, 40))"
                                  : "UPDATE users SET verifier = zeroblob(76)"));
  CU_ASSERT_EQUAL(psd_db_user_find(db, "alice", &user), PSD_DB_FAILED);
  CU_ASSERT_PTR_NOT_NULL(strstr(psd_db_error(db), "damaged"));
  /* The others are served. */
  device_named(1, device);
  CU_ASSERT_EQUAL(psd_db_device_find(db, device, &row), PSD_DB_DONE);
  psd_db_close(db);
}
