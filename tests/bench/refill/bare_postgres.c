#include <libpq-fe.h>
#include <stdlib.h>

#include "bare.h"
#include "measure.h"

static PGresult *done(PGconn *db, PGresult *result) {
  ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    bench_die("%s", PQerrorMessage(db));
  return result;
}

static void execute(PGconn *db, const char *text) {
  PQclear(done(db, PQexec(db, text)));
}

static void *pg_open(const char *url) {
  PGconn *db = PQconnectdb(url);
  if (PQstatus(db) != CONNECTION_OK)
    bench_die("%s", PQerrorMessage(db));
  execute(db, "SET client_min_messages = warning;"
              "CREATE TABLE IF NOT EXISTS bare (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, row BYTEA)");
  PQclear(done(db, PQprepare(db, "insert", "INSERT INTO bare (row) VALUES ($1)", 1, NULL)));
  return db;
}

/* Each transaction that writes takes a number. */
static uint64_t pg_written(void *connection) {
  PGresult *result = done(connection, PQexec(connection, "SELECT pg_snapshot_xmax(pg_current_snapshot())"));
  uint64_t number = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
  PQclear(result);
  return number;
}

static void pg_begin(void *connection) {
  execute(connection, "BEGIN");
}

static void pg_insert(void *connection, const uint8_t row[BARE_ROW]) {
  const char *values[] = {(const char *)row};
  const int lengths[] = {BARE_ROW}, formats[] = {1};
  PQclear(done(connection, PQexecPrepared(connection, "insert", 1, values, lengths, formats, 1)));
}

static void pg_commit(void *connection) {
  execute(connection, "COMMIT");
}

static void pg_close(void *connection) {
  PQfinish(connection);
}

const bare_engine bare_postgres = {"postgres", pg_open, pg_written, pg_begin, pg_insert, pg_commit, pg_close};
