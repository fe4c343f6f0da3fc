/* Running statements, the same for both engines. */
#include <stdlib.h>
#include <string.h>

#include "store/database.h"

/* Rows that a page of a list has at most. */
#define PAGE_ROWS 64U

#define PSD_SQL(NAME, text) text,
static const char *const texts[PSD_SQL_COUNT] = {
#include "store/statements.def"
};

psd_value psd_value_number(int64_t number) {
  return (psd_value){.kind = PSD_VALUE_NUMBER, .number = number};
}

psd_value psd_value_bytes(const void *data, size_t length) {
  return (psd_value){.kind = PSD_VALUE_BYTES, .data = data, .length = length};
}

psd_value psd_value_text(const char *text) {
  return (psd_value){.kind = PSD_VALUE_TEXT, .data = text, .length = strlen(text)};
}

/* A transaction does not outlive a failure in it: the engines would differ in what is left of it. */
static psd_db_result settle(psd_db *db, psd_db_result result) {
  if (result != PSD_DB_DONE && result != PSD_DB_ABSENT && db->in_transaction && db->undone == PSD_DB_DONE) {
    db->undone = result;
    db->engine->rollback(db->connection);
  }
  return result;
}

/* Starts a statement; DONE, then step. Whatever it is, finish must follow. */
static psd_db_result start(psd_db *db, psd_sql sql, const psd_value *values, size_t count) {
  if (db->undone != PSD_DB_DONE)
    return db->undone;
  const char *text = sql == PSD_SQL_PROBE ? db->engine->probe : texts[sql];
  return settle(db, db->engine->start(db->connection, sql, text, values, count));
}

static psd_db_result step(psd_db *db, psd_sql sql) {
  return settle(db, db->engine->step(db->connection, sql));
}

static void finish(psd_db *db, psd_sql sql) {
  db->engine->finish(db->connection, sql);
}

psd_db_result psd_sql_run(psd_db *db, psd_sql sql, const psd_value *values, size_t count, uint64_t *changed) {
  psd_db_result result = start(db, sql, values, count);
  if (result == PSD_DB_DONE)
    result = step(db, sql);
  if (result == PSD_DB_ABSENT) {
    result = PSD_DB_DONE;
    if (changed != NULL)
      *changed = db->engine->changed(db->connection, sql);
  }
  finish(db, sql);
  return result;
}

psd_db_result psd_sql_change(psd_db *db, psd_sql sql, const psd_value *values, size_t count) {
  uint64_t changed = 0;
  psd_db_result result = psd_sql_run(db, sql, values, count, &changed);
  return result == PSD_DB_DONE && changed == 0 ? PSD_DB_ABSENT : result;
}

psd_db_result psd_sql_row(psd_db *db, psd_sql sql, const psd_value *values, size_t count, psd_row_taker *take,
                          void *row) {
  psd_db_result result = start(db, sql, values, count);
  if (result == PSD_DB_DONE)
    result = step(db, sql);
  if (result == PSD_DB_DONE)
    result = take(db, sql, row);
  if (result == PSD_DB_DONE) {
    /* To the end: a statement that changes something is durable only there. */
    psd_db_result end = step(db, sql);
    result = end == PSD_DB_ABSENT ? PSD_DB_DONE : end;
  }
  finish(db, sql);
  return result;
}

int64_t psd_column_number(psd_db *db, psd_sql sql, int column) {
  return db->engine->number(db->connection, sql, column);
}

bool psd_column_flag(psd_db *db, psd_sql sql, int column) {
  return psd_column_number(db, sql, column) != 0;
}

psd_db_result psd_damaged(psd_db *db, psd_sql sql) {
  psd_db_say(&db->words, "the database is damaged, or was altered: nothing sensible answers \"%.120s\"", texts[sql]);
  return PSD_DB_FAILED;
}

psd_db_result psd_column_bytes(psd_db *db, psd_sql sql, int column, void *out, size_t length) {
  size_t found = 0;
  const void *data = db->engine->bytes_at(db->connection, sql, column, &found);
  if (data == NULL || found != length)
    return psd_damaged(db, sql);
  memcpy(out, data, length);
  return PSD_DB_DONE;
}

psd_db_result psd_column_bytes_or_null(psd_db *db, psd_sql sql, int column, void *out, size_t length) {
  size_t found = 0;
  if (db->engine->bytes_at(db->connection, sql, column, &found) != NULL)
    return psd_column_bytes(db, sql, column, out, length);
  memset(out, 0, length);
  return PSD_DB_DONE;
}

psd_db_result psd_column_block(psd_db *db, psd_sql sql, int column, void *out, size_t room, size_t *length) {
  const void *data = db->engine->bytes_at(db->connection, sql, column, length);
  if (data == NULL)
    *length = 0; /* SQLite has no address for no bytes */
  if (*length > room)
    return psd_damaged(db, sql);
  if (*length > 0)
    memcpy(out, data, *length);
  return PSD_DB_DONE;
}

psd_db_result psd_take_number(psd_db *db, psd_sql sql, void *row) {
  *(int64_t *)row = psd_column_number(db, sql, 0);
  return PSD_DB_DONE;
}

psd_db_result psd_column_text(psd_db *db, psd_sql sql, int column, char *out, size_t room) {
  size_t found = 0;
  const void *data = db->engine->bytes_at(db->connection, sql, column, &found);
  if (data == NULL || found >= room || memchr(data, 0, found) != NULL)
    return psd_damaged(db, sql);
  memcpy(out, data, found);
  out[found] = '\0';
  return PSD_DB_DONE;
}

/* One page into `rows`, of a statement whose first parameter is the key after which it goes on. */
static psd_db_result read_page(psd_db *db, const psd_listing *listing, const psd_value *values, size_t value_count,
                               uint8_t *rows, size_t *count) {
  psd_db_result result = start(db, listing->sql, values, value_count);
  for (*count = 0; result == PSD_DB_DONE; (*count)++) {
    result = step(db, listing->sql);
    if (result == PSD_DB_DONE && *count == PAGE_ROWS)
      result = psd_damaged(db, listing->sql);
    if (result == PSD_DB_DONE)
      result = listing->take(db, listing->sql, rows + *count * listing->row_size);
    if (result != PSD_DB_DONE)
      break;
  }
  finish(db, listing->sql);
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

psd_db_result psd_sql_list(psd_db *db, const psd_listing *listing, void *context) {
  return psd_sql_list_of(db, listing, NULL, 0, context);
}

psd_db_result psd_sql_list_of(psd_db *db, const psd_listing *listing, const psd_value *values, size_t value_count,
                              void *context) {
  psd_value all[PSD_VALUES_MAX] = {psd_value_number(listing->first), psd_value_number(PAGE_ROWS)};
  for (size_t i = 0; i < value_count; i++)
    all[2 + i] = values[i];
  uint8_t *rows = calloc(PAGE_ROWS, listing->row_size);
  if (rows == NULL) {
    psd_db_say(&db->words, "no memory");
    return PSD_DB_FAILED;
  }
  size_t count = PAGE_ROWS;
  bool more = true;
  psd_db_result result = PSD_DB_DONE;
  while (more && count == PAGE_ROWS) {
    result = read_page(db, listing, all, 2 + value_count, rows, &count);
    more = result == PSD_DB_DONE;
    for (size_t i = 0; more && i < count; i++) {
      all[0].number = listing->key(rows + i * listing->row_size);
      more = listing->visit(context, rows + i * listing->row_size);
    }
  }
  psd_secret_wipe(rows, PAGE_ROWS * listing->row_size);
  free(rows);
  return result;
}
