/* Sealed columns, and the index of what is sealed. */
#include <string.h>

#include "psd/spec/chars.h"
#include "store/database.h"

#define COLUMN_MAX 32U
#define ROW_MAX 40U

static bool derive(const uint8_t key[32], const char *label, uint8_t out[32]) {
  return psd_hkdf_expand(key, label, strlen(label), out, 32);
}

bool psd_columns_open(psd_db *db, const uint8_t key[32]) {
  return derive(key, "psd sealed columns", db->seal_key) && derive(key, "psd user handle", db->handle_key) &&
         derive(key, "psd column key witness", db->witness);
}

void psd_columns_close(psd_db *db) {
  db->keyed = db->witnessed = false;
  psd_secret_wipe(db->seal_key, sizeof db->seal_key);
  psd_secret_wipe(db->handle_key, sizeof db->handle_key);
  psd_secret_wipe(db->witness, sizeof db->witness);
}

psd_db_result psd_crypto_failed(psd_db *db) {
  psd_db_say(&db->words, "a computation of OpenSSL failed");
  return PSD_DB_FAILED;
}

static psd_db_result take_witness(psd_db *db, psd_sql sql, void *row) {
  return psd_column_bytes(db, sql, 0, row, sizeof db->witness);
}

psd_db_result psd_columns_ready(psd_db *db, bool write) {
  uint8_t witness[sizeof db->witness];
  if (!db->keyed) {
    psd_db_say(&db->words, "no column key was given");
    return PSD_DB_REFUSED;
  }
  if (db->witnessed)
    return PSD_DB_DONE;
  psd_db_result result = psd_sql_row(db, PSD_SQL_WITNESS, NULL, 0, take_witness, witness);
  if (result == PSD_DB_ABSENT && !write)
    return PSD_DB_DONE; /* nothing is sealed yet */
  if (result == PSD_DB_ABSENT) {
    psd_value values[] = {psd_value_bytes(db->witness, sizeof db->witness)};
    result = psd_sql_run(db, PSD_SQL_WITNESS_ADD, values, 1, NULL);
    /* Read again, in case another was faster. In a transaction that may yet be undone nothing is settled by it. */
    if (result == PSD_DB_DONE)
      result = psd_sql_row(db, PSD_SQL_WITNESS, NULL, 0, take_witness, witness);
  }
  if (result != PSD_DB_DONE)
    return result;
  if (!psd_secret_equal(witness, db->witness, sizeof witness)) {
    psd_db_say(&db->words, "the database was begun with another column key: is this its key management system?");
    return PSD_DB_FAILED;
  }
  db->witnessed = !db->in_transaction;
  return PSD_DB_DONE;
}

bool psd_user_handle(const psd_db *db, const char *name, uint8_t handle[PSD_HANDLE]) {
  psd_part part = {name, strlen(name)};
  return psd_hmac(db->handle_key, sizeof db->handle_key, &part, 1, handle);
}

/* column ‖ 00 ‖ row */
static psd_part place(const char *column, psd_part row, uint8_t room[COLUMN_MAX + ROW_MAX]) {
  psd_buffer aad = psd_buffer_over(room, COLUMN_MAX + ROW_MAX);
  psd_put(&aad, column, strlen(column) + 1);
  psd_put(&aad, row.data, row.length);
  return (psd_part){aad.data, aad.length};
}

bool psd_column_seal(const psd_db *db, const char *column, psd_part row, const void *text, size_t length,
                     uint8_t *sealed) {
  uint8_t room[COLUMN_MAX + ROW_MAX];
  uint8_t *body = sealed + PSD_GCM_NONCE;
  return psd_random(sealed, PSD_GCM_NONCE) &&
         psd_gcm_seal(db->seal_key, sealed, place(column, row, room), text, length, body, body + length);
}

bool psd_column_open(const psd_db *db, const char *column, psd_part row, const uint8_t *sealed, size_t length,
                     void *text) {
  uint8_t room[COLUMN_MAX + ROW_MAX];
  const uint8_t *body = sealed + PSD_GCM_NONCE;
  return psd_gcm_open(db->seal_key, sealed, place(column, row, room), body, length, body + length, text);
}

bool psd_name_valid(const char *name, size_t most) {
  size_t length = strlen(name);
  return length > 0 && length <= most && psd_utf8_clean(name, length);
}
