/* bench-fill FILE COUNT KEY [refilled]: fills a meter server's SQLite database up to COUNT PSDs, registered to its
 * first user and inspected, that hold vendor key KEY; with "refilled", each was refilled once from the first account.
 * Their serial numbers are random, and so are their wrapped K4: they never sign on. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"
#include "psd/spec/messages.h"

/* Vendor PS, model D1, and any serial number: the key of a row is DEVICE_ID as a number. Sorted first, which is
 * quicker. */
static const char insert[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - (SELECT count(*) FROM devices)) "
    "INSERT OR IGNORE INTO devices (device, wrapped_k4, vendor_key, user_id, account_id, inspected, audit) "
    "SELECT d, randomblob(?2), ?3, 1, 1, 1700000000, zeroblob(?4) "
    "FROM (SELECT (0x50534431 << 32) + (random() & 0xFFFFFFFE) AS d FROM n ORDER BY d)";

/* Each with its books and two movements, as the server would have made them but for its signatures. */
static const char refill[] =
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) "
    "VALUES (1, 1700000000, 1000000000000, 1, 0, 2, 1);"
    "CREATE TEMP TABLE fresh AS SELECT device FROM devices WHERE sequence = 0 AND account_id = 1 ORDER BY device;"
    "INSERT OR IGNORE INTO books (kind, owner, least) SELECT 3, device, 0 FROM fresh;"
    "INSERT OR IGNORE INTO books (kind, owner, least) SELECT 4, device, 0 FROM fresh;"
    "INSERT OR IGNORE INTO books (kind, owner, least) SELECT 5, device, 0 FROM fresh;"
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner, device, sequence) "
    "SELECT 3, 1700000000, 1000, 2, 1, 3, device, device, 1 FROM fresh;"
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner, device, sequence) "
    "SELECT 4, 1700000000, 1000, 3, device, 4, device, device, 1 FROM fresh;"
    "INSERT INTO operations (device, sequence, state, register_group, final, amount, account, begun, changed, request, "
    "receipt) SELECT device, 1, 2, 0, 0, 1000, 1, 1700000000, 1700000000, randomblob(108), randomblob(91) FROM fresh;"
    "UPDATE devices SET sequence = 1, audited_sequence = 1 WHERE device IN (SELECT device FROM fresh);";

static void execute(sqlite3 *db, const char *text) {
  if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
    bench_die("%s", sqlite3_errmsg(db));
}

/* Numbers drawn twice leave the table a little short: the next time fills it up. */
static void fill(sqlite3 *db, long long count, long long key) {
  sqlite3_stmt *statement = NULL;
  bool bound = sqlite3_prepare_v2(db, insert, -1, &statement, NULL) == SQLITE_OK &&
               sqlite3_bind_int64(statement, 1, count) == SQLITE_OK &&
               sqlite3_bind_int(statement, 2, PSD_SIZE_WRAPPED_K4) == SQLITE_OK &&
               sqlite3_bind_int64(statement, 3, key) == SQLITE_OK &&
               sqlite3_bind_int(statement, 4, PSD_SIZE_AUDIT) == SQLITE_OK;
  if (!bound || sqlite3_step(statement) != SQLITE_DONE)
    bench_die("%s", sqlite3_errmsg(db));
  (void)sqlite3_finalize(statement);
}

int main(int argc, char **argv) {
  sqlite3 *db = NULL;
  if (argc != 4 && (argc != 5 || strcmp(argv[4], "refilled") != 0)) {
    (void)fprintf(stderr, "usage: %s FILE COUNT KEY [refilled]\n", argv[0]);
    return 2;
  }
  if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
    bench_die("%s: %s", argv[1], sqlite3_errmsg(db));
  /* Fast, not safe: the file is thrown away afterwards. */
  execute(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;");
  fill(db, strtoll(argv[2], NULL, 10), strtoll(argv[3], NULL, 10));
  fill(db, strtoll(argv[2], NULL, 10), strtoll(argv[3], NULL, 10));
  if (argc == 5)
    execute(db, refill);
  execute(db, "PRAGMA wal_checkpoint(TRUNCATE);");
  (void)sqlite3_close(db);
  /* What is measured next shall not wait for these pages. */
  int file = open(argv[1], O_RDONLY);
  if (file < 0 || fsync(file) != 0)
    bench_die("%s: cannot be synced", argv[1]);
  (void)close(file);
  return 0;
}
