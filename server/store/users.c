/* Users (EP step 216; store.h). */
#include <string.h>

#include "store/database.h"

#define NAME_COLUMN "users.name"
#define VERIFIER_COLUMN "users.verifier"
#define NAME_SIZE 32U
#define SALT_SIZE 16U
#define CHECK_SIZE (SALT_SIZE + PSD_HASH)

static bool check_of(const uint8_t salt[SALT_SIZE], const uint8_t verifier[32], uint8_t check[PSD_HASH]) {
  psd_part part = {verifier, 32};
  return psd_hmac(salt, SALT_SIZE, &part, 1, check);
}

/* What the database keeps of a verifier: a salted hash, sealed for this user. */
static bool seal_verifier(const psd_db *db, const uint8_t handle[PSD_HANDLE], const uint8_t verifier[32],
                          uint8_t sealed[PSD_SEALED_COLUMN(CHECK_SIZE)]) {
  uint8_t text[CHECK_SIZE];
  bool done = psd_random(text, SALT_SIZE) && check_of(text, verifier, text + SALT_SIZE) &&
              psd_column_seal(db, VERIFIER_COLUMN, (psd_part){handle, PSD_HANDLE}, text, sizeof text, sealed);
  psd_secret_wipe(text, sizeof text);
  return done;
}

static bool seal_name(const psd_db *db, const uint8_t handle[PSD_HANDLE], const char *name,
                      uint8_t sealed[PSD_SEALED_COLUMN(NAME_SIZE)]) {
  uint8_t text[NAME_SIZE] = {0};
  memcpy(text, name, strlen(name));
  bool done = psd_column_seal(db, NAME_COLUMN, (psd_part){handle, PSD_HANDLE}, text, sizeof text, sealed);
  psd_secret_wipe(text, sizeof text);
  return done;
}

psd_db_result psd_db_user_add(psd_db *db, const char *name, int64_t account, const uint8_t verifier[32]) {
  uint8_t handle[PSD_HANDLE], sealed_name[PSD_SEALED_COLUMN(NAME_SIZE)], sealed[PSD_SEALED_COLUMN(CHECK_SIZE)];
  if (!psd_name_valid(name, NAME_SIZE))
    return PSD_DB_REFUSED;
  psd_db_result result = psd_columns_ready(db, true);
  if (result != PSD_DB_DONE)
    return result;
  if (!psd_user_handle(db, name, handle) || !seal_name(db, handle, name, sealed_name) ||
      !seal_verifier(db, handle, verifier, sealed))
    return psd_crypto_failed(db);
  psd_value values[] = {psd_value_bytes(handle, sizeof handle), psd_value_number(account),
                        psd_value_bytes(sealed_name, sizeof sealed_name), psd_value_bytes(sealed, sizeof sealed)};
  result = psd_sql_change(db, PSD_SQL_USER_ADD, values, 4);
  return result == PSD_DB_ABSENT ? PSD_DB_EXISTS : result;
}

/* A row under way: the handle was found by, or is read. */
typedef struct found_user {
  uint8_t handle[PSD_HANDLE];
  psd_user_row *user;
} found_user;

/* id, account, disabled, suspended, verifier */
static psd_db_result take_user(psd_db *db, psd_sql sql, void *row) {
  found_user *found = row;
  psd_user_row *user = found->user;
  uint8_t sealed[PSD_SEALED_COLUMN(CHECK_SIZE)], text[CHECK_SIZE];
  user->id = psd_column_number(db, sql, 0);
  user->account = psd_column_number(db, sql, 1);
  user->disabled = psd_column_flag(db, sql, 2);
  user->suspended = psd_column_flag(db, sql, 3);
  psd_db_result result = psd_column_bytes(db, sql, 4, sealed, sizeof sealed);
  if (result != PSD_DB_DONE)
    return result;
  psd_part key = {found->handle, sizeof found->handle};
  if (!psd_column_open(db, VERIFIER_COLUMN, key, sealed, sizeof text, text))
    return psd_damaged(db, sql);
  memcpy(user->salt, text, SALT_SIZE);
  memcpy(user->check, text + SALT_SIZE, PSD_HASH);
  psd_secret_wipe(text, sizeof text);
  return PSD_DB_DONE;
}

psd_db_result psd_db_user_find(psd_db *db, const char *name, psd_user_row *user) {
  found_user found = {.user = user};
  memset(user, 0, sizeof *user);
  psd_db_result result = psd_columns_ready(db, false);
  if (result != PSD_DB_DONE)
    return result;
  if (!psd_name_valid(name, NAME_SIZE))
    return PSD_DB_ABSENT;
  if (!psd_user_handle(db, name, found.handle))
    return psd_crypto_failed(db);
  psd_value values[] = {psd_value_bytes(found.handle, sizeof found.handle)};
  return psd_sql_row(db, PSD_SQL_USER_FIND, values, 1, take_user, &found);
}

static psd_db_result take_handle(psd_db *db, psd_sql sql, void *row) {
  return psd_column_bytes(db, sql, 0, row, PSD_HANDLE);
}

psd_db_result psd_db_user_set_verifier(psd_db *db, int64_t id, const uint8_t verifier[32]) {
  uint8_t handle[PSD_HANDLE], sealed[PSD_SEALED_COLUMN(CHECK_SIZE)];
  psd_db_result result = psd_columns_ready(db, true);
  psd_value values[] = {psd_value_number(id), psd_value_bytes(sealed, sizeof sealed)};
  if (result == PSD_DB_DONE)
    result = psd_sql_row(db, PSD_SQL_USER_HANDLE, values, 1, take_handle, handle);
  if (result != PSD_DB_DONE)
    return result;
  if (!seal_verifier(db, handle, verifier, sealed))
    return psd_crypto_failed(db);
  return psd_sql_change(db, PSD_SQL_USER_VERIFIER, values, 2);
}

psd_db_result psd_db_user_set_disabled(psd_db *db, const char *name, bool disabled) {
  uint8_t handle[PSD_HANDLE];
  psd_db_result result = psd_columns_ready(db, false);
  if (result != PSD_DB_DONE)
    return result;
  if (!psd_name_valid(name, NAME_SIZE))
    return PSD_DB_ABSENT;
  if (!psd_user_handle(db, name, handle))
    return psd_crypto_failed(db);
  psd_value values[] = {psd_value_bytes(handle, sizeof handle), psd_value_number(disabled)};
  return psd_sql_change(db, PSD_SQL_USER_DISABLE, values, 2);
}

bool psd_db_user_check(const psd_user_row *user, const uint8_t verifier[32]) {
  uint8_t check[PSD_HASH];
  bool same = check_of(user->salt, verifier, check) && psd_secret_equal(check, user->check, sizeof check);
  psd_secret_wipe(check, sizeof check);
  return same;
}

typedef struct listed_user {
  int64_t id;
  char name[NAME_SIZE + 1];
  char account[33];
  bool disabled;
} listed_user;

/* id, handle, name, account's number, disabled */
static psd_db_result take_listed(psd_db *db, psd_sql sql, void *row) {
  listed_user *user = row;
  uint8_t handle[PSD_HANDLE], sealed[PSD_SEALED_COLUMN(NAME_SIZE)];
  memset(user, 0, sizeof *user);
  user->id = psd_column_number(db, sql, 0);
  user->disabled = psd_column_flag(db, sql, 4);
  psd_db_result result = psd_column_bytes(db, sql, 1, handle, sizeof handle);
  if (result == PSD_DB_DONE)
    result = psd_column_bytes(db, sql, 2, sealed, sizeof sealed);
  if (result == PSD_DB_DONE)
    result = psd_column_text(db, sql, 3, user->account, sizeof user->account);
  if (result != PSD_DB_DONE)
    return result;
  psd_part key = {handle, sizeof handle};
  return psd_column_open(db, NAME_COLUMN, key, sealed, NAME_SIZE, user->name) ? PSD_DB_DONE : psd_damaged(db, sql);
}

psd_db_result psd_db_user_name(psd_db *db, int64_t id, char name[33], char account[33]) {
  listed_user user;
  psd_value values[] = {psd_value_number(id)};
  psd_db_result result = psd_columns_ready(db, false);
  if (result == PSD_DB_DONE)
    result = psd_sql_row(db, PSD_SQL_USER_NAME, values, 1, take_listed, &user);
  if (result != PSD_DB_DONE)
    return result;
  memcpy(name, user.name, sizeof user.name);
  memcpy(account, user.account, sizeof user.account);
  return PSD_DB_DONE;
}

static int64_t listed_key(const void *row) {
  return ((const listed_user *)row)->id;
}

typedef struct user_visit {
  psd_db_user_visitor *visit;
  void *user;
} user_visit;

static bool visit_user(void *context, const void *row) {
  const user_visit *visit = context;
  const listed_user *user = row;
  return visit->visit(visit->user, user->name, user->account, user->disabled);
}

psd_db_result psd_db_user_list(psd_db *db, psd_db_user_visitor *visit, void *user) {
  static const psd_listing listing = {PSD_SQL_USER_LIST, sizeof(listed_user), 0, take_listed, listed_key, visit_user};
  user_visit context = {visit, user};
  psd_db_result result = psd_columns_ready(db, false);
  return result != PSD_DB_DONE ? result : psd_sql_list(db, &listing, &context);
}
