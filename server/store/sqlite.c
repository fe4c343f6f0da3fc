/* SQLite: the database is a file. Write-ahead log, synchronous=FULL: a commit is on the disk when it returns. */
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/engine.h"

#define PATIENCE_MS 5000
#define JOURNAL_TRIES 8U

typedef struct lite {
  sqlite3 *handle;
  sqlite3_stmt *statements[PSD_SQL_COUNT];
  psd_db_words *words;
} lite;

static psd_db_result constraint(lite *db, int extended) {
  psd_db_say(db->words, "%s", sqlite3_errmsg(db->handle));
  return extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY ||
                 extended == SQLITE_CONSTRAINT_ROWID
             ? PSD_DB_EXISTS
             : PSD_DB_REFUSED;
}

/* What SQLite's last result means; its words are kept. */
static psd_db_result failed(lite *db) {
  const char *path = sqlite3_db_filename(db->handle, "main");
  int extended = sqlite3_extended_errcode(db->handle);
  switch (extended & 0xFF) {
  case SQLITE_CONSTRAINT:
    return constraint(db, extended);
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    psd_db_say(db->words, "%s is locked by another process", path);
    return PSD_DB_BUSY;
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    psd_db_say(db->words, "%s is damaged, or is no database: restore it from a backup", path);
    return PSD_DB_FAILED;
  case SQLITE_FULL:
    psd_db_say(db->words, "%s cannot grow: the disk is full", path);
    return PSD_DB_FAILED;
  default:
    psd_db_say(db->words, "%s: %s (%d)", path, sqlite3_errmsg(db->handle), extended);
    return PSD_DB_FAILED;
  }
}

static psd_db_result execute(lite *db, const char *text) {
  return sqlite3_exec(db->handle, text, NULL, NULL, NULL) == SQLITE_OK ? PSD_DB_DONE : failed(db);
}

static psd_db_result lite_script(void *connection, const char *text) {
  return execute(connection, text);
}

static void lite_close(void *connection) {
  lite *db = connection;
  for (size_t i = 0; i < PSD_SQL_COUNT; i++)
    (void)sqlite3_finalize(db->statements[i]);
  (void)sqlite3_close(db->handle);
  free(db);
}

/* The file is made by us and not by SQLite: 0600, which its companions -wal and -shm inherit. It is not opened for
 * that, because closing it would drop the locks of another connection in this process (fcntl, F_SETLK). */
static bool prepare_file(const char *path, bool create, psd_db_words *words) {
  struct stat status;
  if (create && mknod(path, S_IFREG | S_IRUSR | S_IWUSR, 0) != 0 && errno != EEXIST)
    psd_db_say(words, "%s cannot be made: %s", path, strerror(errno));
  else if (lstat(path, &status) != 0 && errno == ENOENT)
    psd_db_say(words, "there is no %s: run psd-server migrate, which makes it", path);
  else if (lstat(path, &status) != 0)
    psd_db_say(words, "%s cannot be opened: %s", path, strerror(errno));
  else if (!S_ISREG(status.st_mode))
    psd_db_say(words, "%s is no ordinary file", path);
  else
    return true;
  return false;
}

/* SQLite does not wait for another connection that changes the mode at the same time, since two that wait for each
 * other would wait for ever: whoever is told so waits for the other's lock, and tries again. */
static psd_db_result choose_journal(lite *db) {
  psd_db_result result = execute(db, "PRAGMA journal_mode = WAL");
  for (unsigned tries = 0; tries < JOURNAL_TRIES && result == PSD_DB_BUSY; tries++) {
    result = execute(db, "BEGIN IMMEDIATE; COMMIT");
    if (result == PSD_DB_DONE)
      result = execute(db, "PRAGMA journal_mode = WAL");
  }
  return result;
}

/* What holds for every connection. */
static bool settle(lite *db) {
  return sqlite3_busy_timeout(db->handle, PATIENCE_MS) == SQLITE_OK &&
         sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) == SQLITE_OK &&
         sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) == SQLITE_OK &&
         choose_journal(db) == PSD_DB_DONE &&
         /* What a statement with triggers may have to undo is kept in memory, in small pieces: by default each one
          * takes 64 KiB anew. */
         execute(db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
                     "PRAGMA cell_size_check = ON; PRAGMA cache_size = -16384;"
                     "PRAGMA wal_autocheckpoint = 16384;") == PSD_DB_DONE;
}

/* Where WAL is not to be had (some network file systems), SQLite keeps another mode and says nothing. */
static bool check_journal(lite *db) {
  sqlite3_stmt *statement = NULL;
  bool wal = sqlite3_prepare_v2(db->handle, "PRAGMA journal_mode", -1, &statement, NULL) == SQLITE_OK &&
             sqlite3_step(statement) == SQLITE_ROW &&
             strcmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
  (void)sqlite3_finalize(statement);
  if (!wal)
    psd_db_say(db->words, "%s lies where SQLite can keep no write-ahead log", sqlite3_db_filename(db->handle, "main"));
  return wal;
}

static void *lite_open(const char *url, bool create, psd_db_words *words) {
  const char *path = url + strlen("sqlite:");
  if (!prepare_file(path, create, words))
    return NULL;
  lite *db = calloc(1, sizeof *db);
  if (db == NULL) {
    psd_db_say(words, "no memory");
    return NULL;
  }
  db->words = words;
  if (sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
    psd_db_say(words, "%s cannot be opened: %s", path, sqlite3_errmsg(db->handle));
  else if (settle(db) && check_journal(db))
    return db;
  lite_close(db);
  return NULL;
}

static void lite_patience(void *connection, unsigned milliseconds) {
  lite *db = connection;
  (void)sqlite3_busy_timeout(db->handle, (int)milliseconds);
}

static psd_db_result lite_begin(void *connection, psd_db_mode mode) {
  return execute(connection, mode == PSD_DB_READ ? "BEGIN" : "BEGIN IMMEDIATE");
}

static void lite_rollback(void *connection) {
  lite *db = connection;
  /* Statements that are half-way would hold it up; and SQLite may have rolled back by itself. */
  for (size_t i = 0; i < PSD_SQL_COUNT; i++)
    (void)sqlite3_reset(db->statements[i]);
  if (sqlite3_get_autocommit(db->handle) == 0)
    (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

static psd_db_result lite_commit(void *connection) {
  psd_db_result result = execute(connection, "COMMIT");
  if (result != PSD_DB_DONE)
    lite_rollback(connection);
  return result;
}

static bool bind(sqlite3_stmt *statement, size_t index, const psd_value *value) {
  static const char names[PSD_VALUES_MAX][4] = {"$1", "$2",  "$3",  "$4",  "$5",  "$6",  "$7",  "$8",
                                                "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$16"};
  int at = sqlite3_bind_parameter_index(statement, names[index]);
  if (value->kind == PSD_VALUE_NUMBER)
    return sqlite3_bind_int64(statement, at, value->number) == SQLITE_OK;
  if (value->kind == PSD_VALUE_TEXT)
    return sqlite3_bind_text(statement, at, value->data, (int)value->length, SQLITE_STATIC) == SQLITE_OK;
  return sqlite3_bind_blob(statement, at, value->data, (int)value->length, SQLITE_STATIC) == SQLITE_OK;
}

static psd_db_result lite_start(void *connection, psd_sql sql, const char *text, const psd_value *values,
                                size_t count) {
  lite *db = connection;
  if (db->statements[sql] == NULL &&
      sqlite3_prepare_v3(db->handle, text, -1, SQLITE_PREPARE_PERSISTENT, &db->statements[sql], NULL) != SQLITE_OK)
    return failed(db);
  for (size_t i = 0; i < count; i++)
    if (!bind(db->statements[sql], i, &values[i]))
      return failed(db);
  return PSD_DB_DONE;
}

static psd_db_result lite_step(void *connection, psd_sql sql) {
  lite *db = connection;
  switch (sqlite3_step(db->statements[sql])) {
  case SQLITE_ROW:
    return PSD_DB_DONE;
  case SQLITE_DONE:
    return PSD_DB_ABSENT;
  default:
    return failed(db);
  }
}

static uint64_t lite_changed(void *connection, psd_sql sql) {
  (void)sql;
  lite *db = connection;
  return (uint64_t)sqlite3_changes64(db->handle);
}

static int64_t lite_number(void *connection, psd_sql sql, int column) {
  lite *db = connection;
  return sqlite3_column_int64(db->statements[sql], column);
}

static const void *lite_bytes_at(void *connection, psd_sql sql, int column, size_t *length) {
  lite *db = connection;
  const void *data = sqlite3_column_blob(db->statements[sql], column);
  *length = (size_t)sqlite3_column_bytes(db->statements[sql], column);
  return data;
}

static void lite_finish(void *connection, psd_sql sql) {
  lite *db = connection;
  /* Its result is that of the last step, which is known. */
  (void)sqlite3_reset(db->statements[sql]);
  if (db->statements[sql] != NULL)
    (void)sqlite3_clear_bindings(db->statements[sql]);
}

const psd_engine psd_engine_sqlite = {
    .name = "sqlite",
    .probe = "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'",
    .integer = "INTEGER",
    .bytes = "BLOB",
    .identity = "INTEGER PRIMARY KEY",
    .rowed = "STRICT",
    .keyed = "STRICT, WITHOUT ROWID",
    .open = lite_open,
    .close = lite_close,
    .patience = lite_patience,
    .begin = lite_begin,
    .commit = lite_commit,
    .rollback = lite_rollback,
    .script = lite_script,
    .start = lite_start,
    .step = lite_step,
    .changed = lite_changed,
    .number = lite_number,
    .bytes_at = lite_bytes_at,
    .finish = lite_finish,
};
