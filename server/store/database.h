/* The inside of a store: one connection, and how statements are run on it. */
#ifndef PSD_SERVER_DATABASE_H
#define PSD_SERVER_DATABASE_H

#include "crypto/evp.h"
#include "store/engine.h"

struct psd_db {
  const psd_engine *engine;
  void *connection;
  psd_db_words words;
  unsigned schema;
  bool in_transaction;
  psd_db_result undone; /* why the transaction was undone; DONE while it was not */
  bool keyed;           /* a column key was given */
  bool witnessed;       /* and it is the database's */
  uint8_t seal_key[32], handle_key[32], witness[32];
};

psd_value psd_value_number(int64_t number);
psd_value psd_value_bytes(const void *data, size_t length);
psd_value psd_value_text(const char *text);

/* A statement that returns no rows. `changed` may be NULL. */
psd_db_result psd_sql_run(psd_db *db, psd_sql sql, const psd_value *values, size_t count, uint64_t *changed);
/* The same for one that is to change one row: ABSENT when it changed none. */
psd_db_result psd_sql_change(psd_db *db, psd_sql sql, const psd_value *values, size_t count);
/* A statement that returns at most one row, handed to `take`; ABSENT without one. */
typedef psd_db_result psd_row_taker(psd_db *db, psd_sql sql, void *row);
psd_db_result psd_sql_row(psd_db *db, psd_sql sql, const psd_value *values, size_t count, psd_row_taker *take,
                          void *row);

int64_t psd_column_number(psd_db *db, psd_sql sql, int column);
bool psd_column_flag(psd_db *db, psd_sql sql, int column);
/* Exactly `length` bytes; FAILED otherwise. */
psd_db_result psd_column_bytes(psd_db *db, psd_sql sql, int column, void *out, size_t length);
/* The same where NULL is allowed: zeroes. */
psd_db_result psd_column_bytes_or_null(psd_db *db, psd_sql sql, int column, void *out, size_t length);
/* At most `room` bytes, or none; `length` gets how many. */
psd_db_result psd_column_block(psd_db *db, psd_sql sql, int column, void *out, size_t room, size_t *length);
/* Text of less than `room` bytes. */
psd_db_result psd_column_text(psd_db *db, psd_sql sql, int column, char *out, size_t room);
/* FAILED: what lies in the database is not what was put there. */
psd_db_result psd_damaged(psd_db *db, psd_sql sql);

/* A list by pages: a statement with two parameters, the key after which it goes on and how many rows are wanted. */
typedef struct psd_listing {
  psd_sql sql;
  size_t row_size;
  int64_t first; /* the key before all others */
  psd_row_taker *take;
  int64_t (*key)(const void *row);
  bool (*visit)(void *context, const void *row); /* false ends the list */
} psd_listing;
psd_db_result psd_sql_list(psd_db *db, const psd_listing *listing, void *context);
/* The same for a statement with `count` parameters more, which come third. */
psd_db_result psd_sql_list_of(psd_db *db, const psd_listing *listing, const psd_value *values, size_t count,
                              void *context);

/* The 8 bytes of a device as a number, and back. False for bytes that are no device. */
bool psd_device_number(const uint8_t device[8], int64_t *key);
void psd_device_of(int64_t key, uint8_t device[8]);
/* A psd_device_row from the first eight columns: device, wrapped_k4, vendor_key, user_id, account_id, revoked,
 * inspected, audit. */
psd_db_result psd_take_device(psd_db *db, psd_sql sql, void *row);
/* An int64_t from the first column. */
psd_db_result psd_take_number(psd_db *db, psd_sql sql, void *row);

/* A connection to a database whose schema is the caller's business; otherwise as psd_db_open. */
psd_db *psd_db_connect(const char *url, bool create, char *words, size_t room);
/* Runs a script of statements, written as those in schema/ are, in the transaction of the engine that is open. */
psd_db_result psd_db_script(psd_db *db, const char *script);
/* Brings the schema to `version` from what it is; several may try at the same time. */
psd_db_result psd_migrate(psd_db *db, unsigned version);
/* Reads db->schema; 0 for an empty database. */
psd_db_result psd_read_schema(psd_db *db);

#define PSD_HANDLE 32U
/* Bytes that `length` bytes become when sealed. */
#define PSD_SEALED_COLUMN(length) (PSD_GCM_NONCE + (length) + PSD_GCM_TAG)

/* Derives the keys of the columns from the key of the key management system. */
bool psd_columns_open(psd_db *db, const uint8_t key[32]);
void psd_columns_close(psd_db *db);
/* Before sealed columns are used: REFUSED without a key, FAILED with a wrong one. A writer's key becomes the database's
 * if there was none. */
psd_db_result psd_columns_ready(psd_db *db, bool write);
/* What a user is found by: nobody without the key can tell whose it is. */
bool psd_user_handle(const psd_db *db, const char *name, uint8_t handle[PSD_HANDLE]);
/* Seals a column of the row that `row` names; what is sealed opens nowhere else. */
bool psd_column_seal(const psd_db *db, const char *column, psd_part row, const void *text, size_t length,
                     uint8_t *sealed);
bool psd_column_open(const psd_db *db, const char *column, psd_part row, const uint8_t *sealed, size_t length,
                     void *text);

/* FAILED: OpenSSL failed. */
psd_db_result psd_crypto_failed(psd_db *db);

/* Not empty, of at most `most` bytes of UTF-8 without control characters. */
bool psd_name_valid(const char *name, size_t most);

#endif
