/* PostgreSQL through libpq: prepared statements, numbers and bytes in binary. A connection that was lost is made anew;
 * what was under way on it has failed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/evp.h"
#include "store/postgres.h"

#define PATIENCE_MS 5000U
/* How often a statement on its own is tried that conflicts with others. */
#define TRIES 8U
/* Types of parameters and columns (pg_type.dat). */
#define TYPE_BYTEA 17U
#define TYPE_INT8 20U
#define TYPE_TEXT 25U
#define BINARY 1

static void pg_close(void *connection) {
  psd_pg *db = connection;
  psd_pg_hang_up(db);
  if (db->url != NULL)
    psd_secret_wipe(db->url, strlen(db->url)); /* it may have a password */
  free(db->url);
  free(db);
}

/* There is nothing to create but the schema: the database itself is the administrator's. */
static void *pg_open(const char *url, bool create, psd_db_words *words) {
  (void)create;
  if (!psd_pg_readable(url, words))
    return NULL;
  psd_pg *db = calloc(1, sizeof *db);
  if (db == NULL) {
    psd_db_say(words, "no memory");
    return NULL;
  }
  db->words = words;
  db->patience = PATIENCE_MS;
  db->url = strdup(url);
  if (db->url != NULL && psd_pg_call(db) == PSD_DB_DONE)
    return db;
  pg_close(db);
  return NULL;
}

static void pg_patience(void *connection, unsigned milliseconds) {
  psd_pg *db = connection;
  db->patience = milliseconds;
  if (db->link != NULL)
    (void)psd_pg_set_patience(db);
}

/* Writers are serializable. A migration is not: it has to see what was committed while it waited for the lock. */
static const char *const begins[] = {
    [PSD_DB_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    [PSD_DB_WRITE] = "BEGIN ISOLATION LEVEL SERIALIZABLE",
    [PSD_DB_MIGRATE] =
        ("BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"
         "SELECT pg_advisory_xact_lock(x'50534473'::bigint)"),
};

static psd_db_result pg_begin(void *connection, psd_db_mode mode) {
  psd_pg *db = connection;
  psd_db_result result = psd_pg_reach(db);
  if (result == PSD_DB_DONE)
    result = psd_pg_execute(db, begins[mode]);
  db->in_transaction = result == PSD_DB_DONE;
  return result;
}

static void pg_rollback(void *connection) {
  psd_pg *db = connection;
  db->in_transaction = false;
  if (db->link != NULL && PQtransactionStatus(db->link) != PQTRANS_IDLE)
    PQclear(PQexec(db->link, "ROLLBACK"));
}

static psd_db_result pg_commit(void *connection) {
  psd_pg *db = connection;
  PGresult *result = PQexec(db->link, "COMMIT");
  psd_db_result judged = psd_pg_judge(db, &result);
  /* A transaction that had failed is rolled back by COMMIT, and the answer says which it was. */
  if (judged == PSD_DB_DONE && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
    psd_db_say(db->words, "PostgreSQL: the transaction was rolled back");
    judged = PSD_DB_FAILED;
  }
  PQclear(result);
  if (judged != PSD_DB_DONE)
    pg_rollback(db);
  db->in_transaction = false;
  return judged;
}

static psd_db_result pg_script(void *connection, const char *text) {
  return psd_pg_execute(connection, text);
}

static psd_db_result prepare(psd_pg *db, psd_sql sql, const char *name, const char *text, const psd_value *values,
                             size_t count) {
  static const Oid types[] = {
      [PSD_VALUE_NUMBER] = TYPE_INT8, [PSD_VALUE_BYTES] = TYPE_BYTEA, [PSD_VALUE_TEXT] = TYPE_TEXT};
  Oid chosen[PSD_VALUES_MAX];
  for (size_t i = 0; i < count; i++)
    chosen[i] = types[values[i].kind];
  PGresult *result = PQprepare(db->link, name, text, (int)count, chosen);
  psd_db_result judged = psd_pg_judge(db, &result);
  PQclear(result);
  db->prepared[sql] = judged == PSD_DB_DONE;
  return judged;
}

static PGresult *run(psd_pg *db, const char *name, const psd_value *values, size_t count) {
  uint8_t numbers[PSD_VALUES_MAX][8];
  const char *data[PSD_VALUES_MAX];
  int lengths[PSD_VALUES_MAX], formats[PSD_VALUES_MAX];
  for (size_t i = 0; i < count; i++) {
    bool number = values[i].kind == PSD_VALUE_NUMBER;
    psd_buffer buffer = psd_buffer_over(numbers[i], sizeof numbers[i]);
    psd_put_uint(&buffer, (uint64_t)values[i].number, sizeof numbers[i]);
    data[i] = number ? (const char *)numbers[i] : values[i].data;
    lengths[i] = number ? (int)sizeof numbers[i] : (int)values[i].length;
    formats[i] = BINARY;
  }
  return PQexecPrepared(db->link, name, (int)count, data, lengths, formats, BINARY);
}

static psd_db_result pg_start(void *connection, psd_sql sql, const char *text, const psd_value *values, size_t count) {
  psd_pg *db = connection;
  char name[16];
  psd_db_result result = PSD_DB_DONE;
  (void)snprintf(name, sizeof name, "s%u", (unsigned)sql);
  if (!db->in_transaction)
    result = psd_pg_reach(db);
  if (result == PSD_DB_DONE && !db->prepared[sql])
    result = prepare(db, sql, name, text, values, count);
  if (result != PSD_DB_DONE)
    return result;
  db->rows[sql] = -1;
  for (unsigned i = 0; i < TRIES; i++) {
    PQclear(db->results[sql]);
    db->results[sql] = run(db, name, values, count);
    result = psd_pg_judge(db, &db->results[sql]);
    if (result != PSD_DB_BUSY || db->in_transaction)
      break;
  }
  return result;
}

static psd_db_result pg_step(void *connection, psd_sql sql) {
  psd_pg *db = connection;
  db->rows[sql]++;
  return db->rows[sql] < PQntuples(db->results[sql]) ? PSD_DB_DONE : PSD_DB_ABSENT;
}

static uint64_t pg_changed(void *connection, psd_sql sql) {
  psd_pg *db = connection;
  return strtoull(PQcmdTuples(db->results[sql]), NULL, 10);
}

static const void *pg_bytes_at(void *connection, psd_sql sql, int column, size_t *length) {
  psd_pg *db = connection;
  *length = 0;
  if (PQgetisnull(db->results[sql], db->rows[sql], column) != 0)
    return NULL;
  *length = (size_t)PQgetlength(db->results[sql], db->rows[sql], column);
  return PQgetvalue(db->results[sql], db->rows[sql], column);
}

static int64_t pg_number(void *connection, psd_sql sql, int column) {
  size_t length = 0;
  const void *data = pg_bytes_at(connection, sql, column, &length);
  psd_cursor cursor = psd_cursor_over(data, length);
  return data == NULL ? 0 : (int64_t)psd_take_uint(&cursor, 8);
}

static void pg_finish(void *connection, psd_sql sql) {
  psd_pg *db = connection;
  PQclear(db->results[sql]);
  db->results[sql] = NULL;
}

const psd_engine psd_engine_postgres = {
    .name = "postgresql",
    .probe = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('schema_version')",
    .integer = "BIGINT",
    .bytes = "BYTEA",
    .identity = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    .rowed = "",
    .keyed = "",
    .open = pg_open,
    .close = pg_close,
    .patience = pg_patience,
    .begin = pg_begin,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .script = pg_script,
    .start = pg_start,
    .step = pg_step,
    .changed = pg_changed,
    .number = pg_number,
    .bytes_at = pg_bytes_at,
    .finish = pg_finish,
};
