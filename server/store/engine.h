/* What an engine does for the store: statements and transactions. What they mean is not its business. */
#ifndef PSD_SERVER_ENGINE_H
#define PSD_SERVER_ENGINE_H

#include "store/store.h"

/* One line about what failed; replaced whole. */
typedef struct psd_db_words {
  char text[256];
} psd_db_words;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void psd_db_say(psd_db_words *words, const char *format, ...);

/* Every statement by its name (statements.def). */
#define PSD_SQL(NAME, text) PSD_SQL_##NAME,
typedef enum psd_sql {
#include "store/statements.def"
  PSD_SQL_COUNT
} psd_sql;

typedef enum psd_value_kind { PSD_VALUE_NUMBER, PSD_VALUE_BYTES, PSD_VALUE_TEXT } psd_value_kind;

/* A parameter; bytes and text stay the caller's. */
typedef struct psd_value {
  psd_value_kind kind;
  int64_t number;
  const void *data;
  size_t length;
} psd_value;

#define PSD_VALUES_MAX 16U

typedef enum psd_db_mode {
  PSD_DB_READ,    /* sees one state of the database */
  PSD_DB_WRITE,   /* as if alone */
  PSD_DB_MIGRATE, /* waits for other migrations, and sees what they did */
} psd_db_mode;

/* Results are those of store.h; whatever is not DONE or ABSENT is explained in the words given to `open`. Columns count
 * from 0. Outside of a transaction each statement is one, and durable when `step` says ABSENT. */
typedef struct psd_engine {
  const char *name; /* as in "{only NAME}" of the schema scripts */
  /* Whether there is a schema: a statement with one number, 0 or not. */
  const char *probe;
  /* The engine's words for the types of the schema scripts. */
  const char *integer, *bytes, *identity, *rowed, *keyed;

  /* NULL on failure. `words` must outlive the connection. */
  void *(*open)(const char *url, bool create, psd_db_words *words);
  void (*close)(void *connection);
  void (*patience)(void *connection, unsigned milliseconds);
  psd_db_result (*begin)(void *connection, psd_db_mode mode);
  /* On anything but DONE it is undone. */
  psd_db_result (*commit)(void *connection);
  void (*rollback)(void *connection);
  /* Several statements without parameters, inside a transaction. */
  psd_db_result (*script)(void *connection, const char *text);

  psd_db_result (*start)(void *connection, psd_sql sql, const char *text, const psd_value *values, size_t count);
  /* The next row: DONE; ABSENT when there is none. */
  psd_db_result (*step)(void *connection, psd_sql sql);
  /* How many rows the statement changed, after the last step. */
  uint64_t (*changed)(void *connection, psd_sql sql);
  int64_t (*number)(void *connection, psd_sql sql, int column);
  /* NULL, and no length, where the column is NULL. Valid until the next step. */
  const void *(*bytes_at)(void *connection, psd_sql sql, int column, size_t *length);
  void (*finish)(void *connection, psd_sql sql);
} psd_engine;

extern const psd_engine psd_engine_sqlite;   /* sqlite:FILE */
extern const psd_engine psd_engine_postgres; /* a URI of libpq */

#endif
