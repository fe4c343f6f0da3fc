#include "store/store.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/database.h"

void psd_db_say(psd_db_words *words, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(words->text, sizeof words->text, format, arguments);
  va_end(arguments);
}

static const psd_engine *engine_of(const char *url) {
  if (strncmp(url, "sqlite:", 7) == 0 && url[7] != '\0')
    return &psd_engine_sqlite;
  if (strncmp(url, "postgresql://", 13) == 0 || strncmp(url, "postgres://", 11) == 0)
    return &psd_engine_postgres;
  return NULL;
}

/* The schema has to be the newest; with `create` it is made so. */
static bool settle_schema(psd_db *db, bool create) {
  unsigned newest = psd_db_schema_newest();
  if (psd_read_schema(db) != PSD_DB_DONE)
    return false;
  if (db->schema > newest)
    psd_db_say(&db->words, "the database has schema %u, this program knows %u: use a newer program", db->schema,
               newest);
  else if (db->schema < newest && !create)
    psd_db_say(&db->words, "the database has schema %u, this program needs %u: run psd-server migrate", db->schema,
               newest);
  else
    return db->schema == newest || psd_migrate(db, newest) == PSD_DB_DONE;
  return false;
}

bool psd_db_url_valid(const char *url) {
  return engine_of(url) != NULL;
}

psd_db *psd_db_connect(const char *url, bool create, char *words, size_t room) {
  psd_db *db = calloc(1, sizeof *db);
  if (db == NULL) {
    (void)snprintf(words, room, "no memory");
    return NULL;
  }
  db->engine = engine_of(url);
  if (db->engine == NULL)
    psd_db_say(&db->words, "a database is sqlite:FILE or postgresql://...");
  else
    db->connection = db->engine->open(url, create, &db->words);
  if (db->connection != NULL)
    return db;
  (void)snprintf(words, room, "%s", db->words.text);
  psd_db_close(db);
  return NULL;
}

psd_db *psd_db_open(const char *url, bool create, char *words, size_t room) {
  psd_db *db = psd_db_connect(url, create, words, room);
  if (db == NULL || settle_schema(db, create))
    return db;
  (void)snprintf(words, room, "%s", db->words.text);
  psd_db_close(db);
  return NULL;
}

void psd_db_close(psd_db *db) {
  if (db == NULL)
    return;
  psd_columns_close(db);
  if (db->connection != NULL)
    db->engine->close(db->connection);
  free(db);
}

const char *psd_db_error(const psd_db *db) {
  return db->words.text;
}

unsigned psd_db_schema(const psd_db *db) {
  return db->schema;
}

void psd_db_set_patience(psd_db *db, unsigned milliseconds) {
  db->engine->patience(db->connection, milliseconds);
}

void psd_db_set_key(psd_db *db, const uint8_t key[32]) {
  psd_columns_close(db);
  db->keyed = psd_columns_open(db, key);
}

psd_db_result psd_db_begin(psd_db *db, bool write) {
  if (db->in_transaction && db->undone == PSD_DB_DONE) {
    psd_db_say(&db->words, "a transaction is open already");
    return PSD_DB_REFUSED;
  }
  psd_db_result result = db->engine->begin(db->connection, write ? PSD_DB_WRITE : PSD_DB_READ);
  db->in_transaction = result == PSD_DB_DONE;
  db->undone = PSD_DB_DONE;
  return result;
}

psd_db_result psd_db_commit(psd_db *db) {
  psd_db_result undone = db->undone;
  bool open = db->in_transaction && undone == PSD_DB_DONE;
  db->in_transaction = false;
  db->undone = PSD_DB_DONE;
  if (open)
    return db->engine->commit(db->connection);
  if (undone != PSD_DB_DONE)
    return undone;
  psd_db_say(&db->words, "no transaction is open");
  return PSD_DB_REFUSED;
}

void psd_db_rollback(psd_db *db) {
  if (db->in_transaction && db->undone == PSD_DB_DONE)
    db->engine->rollback(db->connection);
  db->in_transaction = false;
  db->undone = PSD_DB_DONE;
}
