/* Accounts (store.h). */
#include <string.h>

#include "psd/spec/chars.h"
#include "store/database.h"

#define NAME_COLUMN "accounts.name"
#define NAME_SIZE 128U /* padded with zeroes: its length is nobody's business */
#define NUMBER_MAX 32U

static bool number_valid(const char *number) {
  size_t length = strlen(number);
  return length >= 1 && length <= NUMBER_MAX && psd_printable(number, length);
}

psd_db_result psd_db_account_add(psd_db *db, const char *number, const char *name, int64_t *id) {
  uint8_t text[NAME_SIZE] = {0}, sealed[PSD_SEALED_COLUMN(NAME_SIZE)];
  if (!number_valid(number) || !psd_name_valid(name, NAME_SIZE))
    return PSD_DB_REFUSED;
  psd_db_result result = psd_columns_ready(db, true);
  if (result != PSD_DB_DONE)
    return result;
  memcpy(text, name, strlen(name));
  bool done = psd_column_seal(db, NAME_COLUMN, (psd_part){number, strlen(number)}, text, sizeof text, sealed);
  psd_secret_wipe(text, sizeof text);
  if (!done)
    return psd_crypto_failed(db);
  psd_value values[] = {psd_value_text(number), psd_value_bytes(sealed, sizeof sealed)};
  result = psd_sql_row(db, PSD_SQL_ACCOUNT_ADD, values, 2, psd_take_number, id);
  return result == PSD_DB_ABSENT ? PSD_DB_EXISTS : result;
}

/* id, number, name, suspended, zip, licence */
static psd_db_result take_account(psd_db *db, psd_sql sql, void *row) {
  psd_account *account = row;
  uint8_t sealed[PSD_SEALED_COLUMN(NAME_SIZE)];
  memset(account, 0, sizeof *account);
  account->id = psd_column_number(db, sql, 0);
  account->suspended = psd_column_flag(db, sql, 3);
  account->zip = (uint32_t)psd_column_number(db, sql, 4);
  account->licence = (uint32_t)psd_column_number(db, sql, 5);
  psd_db_result result = psd_column_text(db, sql, 1, account->number, sizeof account->number);
  if (result == PSD_DB_DONE)
    result = psd_column_bytes(db, sql, 2, sealed, sizeof sealed);
  if (result != PSD_DB_DONE)
    return result;
  psd_part key = {account->number, strlen(account->number)};
  return psd_column_open(db, NAME_COLUMN, key, sealed, NAME_SIZE, account->name) ? PSD_DB_DONE : psd_damaged(db, sql);
}

psd_db_result psd_db_account_find(psd_db *db, const char *number, psd_account *account) {
  if (!number_valid(number))
    return PSD_DB_ABSENT;
  psd_db_result result = psd_columns_ready(db, false);
  psd_value values[] = {psd_value_text(number)};
  return result != PSD_DB_DONE ? result : psd_sql_row(db, PSD_SQL_ACCOUNT_FIND, values, 1, take_account, account);
}

psd_db_result psd_db_account_set_suspended(psd_db *db, const char *number, bool suspended) {
  if (!number_valid(number))
    return PSD_DB_ABSENT;
  psd_value values[] = {psd_value_text(number), psd_value_number(suspended)};
  return psd_sql_change(db, PSD_SQL_ACCOUNT_SUSPEND, values, 2);
}

psd_db_result psd_db_account_set_licence(psd_db *db, const char *number, uint32_t zip, uint32_t licence) {
  if (!number_valid(number))
    return PSD_DB_ABSENT;
  psd_value values[] = {psd_value_text(number), psd_value_number(zip), psd_value_number(licence)};
  return psd_sql_change(db, PSD_SQL_ACCOUNT_SET_LICENCE, values, 3);
}

static psd_db_result take_licence(psd_db *db, psd_sql sql, void *row) {
  psd_account *account = row;
  account->zip = (uint32_t)psd_column_number(db, sql, 0);
  account->licence = (uint32_t)psd_column_number(db, sql, 1);
  return PSD_DB_DONE;
}

psd_db_result psd_db_account_licence(psd_db *db, int64_t id, psd_account *account) {
  psd_value values[] = {psd_value_number(id)};
  return psd_sql_row(db, PSD_SQL_ACCOUNT_LICENCE, values, 1, take_licence, account);
}

typedef struct account_visit {
  psd_db_account_visitor *visit;
  void *user;
} account_visit;

static int64_t account_key(const void *row) {
  return ((const psd_account *)row)->id;
}

static bool visit_account(void *context, const void *row) {
  const account_visit *visit = context;
  return visit->visit(visit->user, row);
}

psd_db_result psd_db_account_list(psd_db *db, psd_db_account_visitor *visit, void *user) {
  static const psd_listing listing = {PSD_SQL_ACCOUNT_LIST, sizeof(psd_account), 0,
                                      take_account,         account_key,         visit_account};
  account_visit context = {visit, user};
  psd_db_result result = psd_columns_ready(db, false);
  return result != PSD_DB_DONE ? result : psd_sql_list(db, &listing, &context);
}
