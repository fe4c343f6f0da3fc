#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bare.h"
#include "measure.h"

typedef struct lite {
  sqlite3 *db;
  sqlite3_stmt *insert;
  char index[512]; /* of the write-ahead log of the meter server's database */
} lite;

static void execute(sqlite3 *db, const char *text) {
  if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
    bench_die("%s", sqlite3_errmsg(db));
}

static void *lite_open(const char *url) {
  const char *path = url + strlen(bare_sqlite.prefix);
  char beside[512];
  lite *of = calloc(1, sizeof *of);
  bench_need(of != NULL, "memory");
  (void)snprintf(of->index, sizeof of->index, "%s-shm", path);
  (void)snprintf(beside, sizeof beside, "%s-bare", path);
  if (sqlite3_open(beside, &of->db) != SQLITE_OK)
    bench_die("%s: %s", beside, sqlite3_errmsg(of->db));
  execute(of->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                  "CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, row BLOB NOT NULL)");
  if (sqlite3_prepare_v2(of->db, "INSERT INTO bare (row) VALUES (?1)", -1, &of->insert, NULL) != SQLITE_OK)
    bench_die("%s", sqlite3_errmsg(of->db));
  return of;
}

/* The counter of transactions in the header of the index (sqlite.org/walformat.html, "WAL-Index Header": 4 bytes at 8,
 * in the machine's order). It is read and nothing else, so no lock of SQLite's is touched. */
static uint64_t lite_written(void *connection) {
  const lite *of = connection;
  uint32_t counter = 0;
  int file = open(of->index, O_RDONLY | O_CLOEXEC);
  bench_need(file >= 0 && pread(file, &counter, sizeof counter, 8) == (ssize_t)sizeof counter, of->index);
  (void)close(file);
  return counter;
}

static void lite_begin(void *connection) {
  execute(((lite *)connection)->db, "BEGIN IMMEDIATE");
}

static void lite_insert(void *connection, const uint8_t row[BARE_ROW]) {
  const lite *of = connection;
  if (sqlite3_bind_blob(of->insert, 1, row, BARE_ROW, SQLITE_STATIC) != SQLITE_OK ||
      sqlite3_step(of->insert) != SQLITE_DONE || sqlite3_reset(of->insert) != SQLITE_OK)
    bench_die("%s", sqlite3_errmsg(of->db));
}

static void lite_commit(void *connection) {
  execute(((lite *)connection)->db, "COMMIT");
}

static void lite_close(void *connection) {
  lite *of = connection;
  (void)sqlite3_finalize(of->insert);
  (void)sqlite3_close(of->db);
  free(of);
}

const bare_engine bare_sqlite = {"sqlite:", lite_open, lite_written, lite_begin, lite_insert, lite_commit, lite_close};
