/* Failed sign-ons (store.h). A name that is nobody's is counted like one that is somebody's. */
#include <string.h>
#include <time.h>

#include "store/database.h"

#define NAME_MAX_BYTES 32U

/* What every function here begins with. */
static psd_db_result handle_of(psd_db *db, const char *name, bool write, uint8_t handle[PSD_HANDLE]) {
  if (strlen(name) > NAME_MAX_BYTES)
    return PSD_DB_REFUSED;
  psd_db_result result = psd_columns_ready(db, write);
  if (result != PSD_DB_DONE)
    return result;
  return psd_user_handle(db, name, handle) ? PSD_DB_DONE : psd_crypto_failed(db);
}

static psd_db_result take_failures(psd_db *db, psd_sql sql, void *row) {
  psd_failures *failures = row;
  failures->count = (uint32_t)psd_column_number(db, sql, 0);
  failures->until = (uint64_t)psd_column_number(db, sql, 1);
  return PSD_DB_DONE;
}

psd_db_result psd_db_failures_get(psd_db *db, const char *name, psd_failures *failures) {
  uint8_t handle[PSD_HANDLE];
  memset(failures, 0, sizeof *failures);
  psd_db_result result = handle_of(db, name, false, handle);
  if (result != PSD_DB_DONE)
    return result;
  psd_value values[] = {psd_value_bytes(handle, sizeof handle)};
  result = psd_sql_row(db, PSD_SQL_FAILURES_GET, values, 1, take_failures, failures);
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

psd_db_result psd_db_failures_set(psd_db *db, const char *name, const psd_failures *failures) {
  uint8_t handle[PSD_HANDLE];
  if (failures->until > INT64_MAX)
    return PSD_DB_REFUSED;
  psd_db_result result = handle_of(db, name, true, handle);
  if (result != PSD_DB_DONE)
    return result;
  psd_value values[] = {psd_value_bytes(handle, sizeof handle), psd_value_number(failures->count),
                        psd_value_number((int64_t)failures->until), psd_value_number((int64_t)time(NULL))};
  return psd_sql_run(db, PSD_SQL_FAILURES_SET, values, 4, NULL);
}

psd_db_result psd_db_failures_clear(psd_db *db, const char *name) {
  uint8_t handle[PSD_HANDLE];
  psd_db_result result = handle_of(db, name, false, handle);
  if (result != PSD_DB_DONE)
    return result;
  psd_value values[] = {psd_value_bytes(handle, sizeof handle)};
  return psd_sql_run(db, PSD_SQL_FAILURES_CLEAR, values, 1, NULL);
}

static int64_t seconds(uint64_t time) {
  return time > INT64_MAX ? INT64_MAX : (int64_t)time;
}

psd_db_result psd_db_failures_prune_crowd(psd_db *db, uint64_t time, uint32_t most) {
  psd_value values[] = {psd_value_number(seconds(time)), psd_value_number(most)};
  return psd_sql_run(db, PSD_SQL_FAILURES_CROWD, values, 2, NULL);
}

psd_db_result psd_db_failures_prune(psd_db *db, uint64_t time) {
  psd_value values[] = {psd_value_number(seconds(time))};
  return psd_sql_run(db, PSD_SQL_FAILURES_PRUNE, values, 1, NULL);
}
