/* PSDs (store.h). */
#include <string.h>

#include "psd/spec/chars.h"
#include "store/database.h"

#define DEVICE 8U

/* Vendor and model are printable, so the number is never negative, and numbers stand in the order of the bytes. */
bool psd_device_number(const uint8_t device[DEVICE], int64_t *key) {
  psd_cursor cursor = psd_cursor_over(device, DEVICE);
  *key = (int64_t)psd_take_uint(&cursor, DEVICE);
  return psd_printable(device, 4);
}

void psd_device_of(int64_t key, uint8_t device[DEVICE]) {
  psd_buffer buffer = psd_buffer_over(device, DEVICE);
  psd_put_uint(&buffer, (uint64_t)key, DEVICE);
}

/* device, wrapped_k4, vendor_key, user_id, account_id, revoked, inspected, audit */
psd_db_result psd_take_device(psd_db *db, psd_sql sql, void *row) {
  psd_device_row *device = row;
  psd_device_of(psd_column_number(db, sql, 0), device->device);
  device->vendor_key = (uint32_t)psd_column_number(db, sql, 2);
  device->user = psd_column_number(db, sql, 3);
  device->account = psd_column_number(db, sql, 4);
  device->revoked = psd_column_flag(db, sql, 5);
  device->inspected = (uint64_t)psd_column_number(db, sql, 6);
  psd_db_result result = psd_column_bytes(db, sql, 1, device->wrapped_k4, sizeof device->wrapped_k4);
  return result != PSD_DB_DONE ? result : psd_column_bytes_or_null(db, sql, 7, device->audit, sizeof device->audit);
}

psd_db_result psd_db_device_find(psd_db *db, const uint8_t device[8], psd_device_row *row) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_ABSENT;
  psd_value values[] = {psd_value_number(key)};
  return psd_sql_row(db, PSD_SQL_DEVICE_FIND, values, 1, psd_take_device, row);
}

/* Goes from one vendor and model to the next: there are few, so it looks at few rows of however many there are. */
psd_db_result psd_db_device_of_serial(psd_db *db, const uint8_t serial[4], uint8_t device[8]) {
  psd_device_row next, there;
  psd_cursor cursor = psd_cursor_over(serial, 4);
  const int64_t number = psd_take_u32(&cursor), family = INT64_C(1) << 32;
  psd_db_result found = PSD_DB_ABSENT;
  for (int64_t key = 0;;) {
    psd_value after[] = {psd_value_number(key), psd_value_number(1)};
    psd_db_result result = psd_sql_row(db, PSD_SQL_DEVICE_LIST, after, 2, psd_take_device, &next);
    if (result != PSD_DB_DONE)
      return result == PSD_DB_ABSENT ? found : result;
    (void)psd_device_number(next.device, &key);
    key -= key % family;
    psd_value candidate[] = {psd_value_number(key + number)};
    result = psd_sql_row(db, PSD_SQL_DEVICE_FIND, candidate, 1, psd_take_device, &there);
    if (result == PSD_DB_DONE && found == PSD_DB_DONE)
      return PSD_DB_EXISTS;
    if (result == PSD_DB_DONE)
      memcpy(device, there.device, sizeof there.device);
    else if (result != PSD_DB_ABSENT)
      return result;
    found = result == PSD_DB_DONE ? result : found;
    key += family - 1;
  }
}

psd_db_result psd_db_device_add(psd_db *db, const uint8_t device[8], const uint8_t wrapped_k4[PSD_SIZE_WRAPPED_K4],
                                uint32_t vendor_key, uint32_t ca_key) {
  int64_t key = 0;
  psd_device_row there;
  if (!psd_device_number(device, &key))
    return PSD_DB_REFUSED;
  psd_value values[] = {psd_value_number(key), psd_value_bytes(wrapped_k4, PSD_SIZE_WRAPPED_K4),
                        psd_value_number(vendor_key), psd_value_number(ca_key)};
  psd_db_result result = psd_sql_change(db, PSD_SQL_DEVICE_ADD, values, 4);
  if (result != PSD_DB_ABSENT)
    return result;
  result = psd_db_device_find(db, device, &there);
  if (result != PSD_DB_DONE)
    return result;
  return psd_secret_equal(there.wrapped_k4, wrapped_k4, sizeof there.wrapped_k4) ? PSD_DB_DONE : PSD_DB_EXISTS;
}

psd_db_result psd_db_device_register(psd_db *db, const uint8_t device[8], int64_t user, int64_t account) {
  int64_t key = 0;
  psd_device_row there;
  if (!psd_device_number(device, &key))
    return PSD_DB_ABSENT;
  psd_value values[] = {psd_value_number(key), psd_value_number(user), psd_value_number(account)};
  psd_db_result result = psd_sql_change(db, PSD_SQL_DEVICE_REGISTER, values, 3);
  if (result != PSD_DB_ABSENT)
    return result;
  result = psd_db_device_find(db, device, &there);
  if (result != PSD_DB_DONE)
    return result;
  return there.revoked ? PSD_DB_REFUSED : PSD_DB_EXISTS;
}

psd_db_result psd_db_device_audited(psd_db *db, const uint8_t device[8], const uint8_t audit[PSD_SIZE_AUDIT],
                                    uint64_t time) {
  int64_t key = 0;
  psd_audit said;
  psd_buffer id;
  uint8_t whose[DEVICE];
  if (!psd_device_number(device, &key))
    return PSD_DB_ABSENT;
  if (time > INT64_MAX || !psd_parse_message(audit, PSD_SIZE_AUDIT, PSD_MESSAGE_AUDIT, &said))
    return PSD_DB_REFUSED;
  id = psd_buffer_over(whose, sizeof whose);
  psd_put_message(&id, PSD_MESSAGE_DEVICE_ID,
                  &(psd_device_id){.vendor = {said.vendor[0], said.vendor[1]},
                                   .model = {said.model[0], said.model[1]},
                                   .serial = said.serial});
  if (memcmp(whose, device, DEVICE) != 0)
    return PSD_DB_REFUSED;
  psd_value values[] = {psd_value_number(key), psd_value_bytes(audit, PSD_SIZE_AUDIT), psd_value_number((int64_t)time),
                        psd_value_number((int64_t)said.vendor_key)};
  return psd_sql_change(db, PSD_SQL_DEVICE_AUDITED, values, 4);
}

psd_db_result psd_db_device_set_revoked(psd_db *db, const uint8_t device[8], bool revoked) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_ABSENT;
  psd_value values[] = {psd_value_number(key), psd_value_number(revoked)};
  return psd_sql_change(db, PSD_SQL_DEVICE_REVOKE, values, 2);
}

typedef struct device_visit {
  psd_db_device_visitor *device;
  psd_db_key_visitor *key;
  void *user;
} device_visit;

static int64_t device_key(const void *row) {
  int64_t key = 0;
  (void)psd_device_number(((const psd_device_row *)row)->device, &key);
  return key;
}

static bool visit_device(void *context, const void *row) {
  const device_visit *visit = context;
  return visit->device(visit->user, row);
}

psd_db_result psd_db_device_list(psd_db *db, psd_db_device_visitor *visit, void *user) {
  static const psd_listing listing = {PSD_SQL_DEVICE_LIST, sizeof(psd_device_row), 0, psd_take_device, device_key,
                                      visit_device};
  device_visit context = {.device = visit, .user = user};
  return psd_sql_list(db, &listing, &context);
}

typedef struct key_count {
  int64_t vendor_key;
  uint64_t devices;
} key_count;

static psd_db_result take_count(psd_db *db, psd_sql sql, void *row) {
  *(key_count *)row = (key_count){psd_column_number(db, sql, 0), (uint64_t)psd_column_number(db, sql, 1)};
  return PSD_DB_DONE;
}

static int64_t count_key(const void *row) {
  return ((const key_count *)row)->vendor_key;
}

static bool visit_count(void *context, const void *row) {
  const device_visit *visit = context;
  const key_count *count = row;
  return visit->key(visit->user, (uint32_t)count->vendor_key, count->devices);
}

psd_db_result psd_db_vendor_keys(psd_db *db, psd_db_key_visitor *visit, void *user) {
  static const psd_listing listing = {PSD_SQL_VENDOR_KEYS, sizeof(key_count), (int64_t)UINT32_MAX + 1,
                                      take_count,          count_key,         visit_count};
  device_visit context = {.key = visit, .user = user};
  return psd_sql_list(db, &listing, &context);
}
