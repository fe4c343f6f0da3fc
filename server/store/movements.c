/* Movements between books (money.h). */
#include <string.h>

#include "psd/spec/chars.h"
#include "store/database.h"
#include "store/money.h"

static bool device_given(const psd_movement *movement) {
  static const uint8_t none[8] = {0};
  return memcmp(movement->device, none, sizeof none) != 0;
}

static bool sensible(const psd_movement *movement, int64_t *device) {
  size_t length = strnlen(movement->reference, sizeof movement->reference);
  *device = 0;
  return movement->amount > 0 && movement->amount <= INT64_MAX && movement->time <= INT64_MAX &&
         length < sizeof movement->reference && psd_printable(movement->reference, length) &&
         (!device_given(movement) || psd_device_number(movement->device, device));
}

static psd_db_result made(psd_db *db, const psd_movement *movement, int64_t device) {
  int64_t id = 0;
  psd_value operation[] = {psd_value_number(device), psd_value_number(movement->sequence),
                           psd_value_number((int64_t)movement->kind)};
  psd_value reference[] = {psd_value_number((int64_t)movement->kind), psd_value_number(movement->from.owner),
                           psd_value_number(movement->to.owner), psd_value_text(movement->reference)};
  psd_db_result result = psd_sql_row(db, PSD_SQL_MOVED_OPERATION, operation, 3, psd_take_number, &id);
  if (result == PSD_DB_ABSENT)
    result = psd_sql_row(db, PSD_SQL_MOVED_REFERENCE, reference, 4, psd_take_number, &id);
  return result == PSD_DB_DONE ? PSD_DB_EXISTS : result;
}

psd_db_result psd_db_movement_made(psd_db *db, const psd_movement *movement) {
  int64_t device = 0;
  return sensible(movement, &device) ? made(db, movement, device) : PSD_DB_REFUSED;
}

psd_db_result psd_db_move(psd_db *db, const psd_movement *movement) {
  int64_t device = 0;
  if (!sensible(movement, &device))
    return PSD_DB_REFUSED;
  psd_value values[] = {psd_value_number((int64_t)movement->kind),   psd_value_number((int64_t)movement->time),
                        psd_value_number((int64_t)movement->amount), psd_value_number((int64_t)movement->from.kind),
                        psd_value_number(movement->from.owner),      psd_value_number((int64_t)movement->to.kind),
                        psd_value_number(movement->to.owner),        psd_value_number(device),
                        psd_value_number(movement->sequence),        psd_value_text(movement->reference)};
  psd_db_result result = psd_sql_change(db, PSD_SQL_MOVE, values, 10);
  return result == PSD_DB_ABSENT ? made(db, movement, device) : result;
}

/* id, kind, time, amount, from_kind, from_owner, to_kind, to_owner, device, sequence, reference */
static psd_db_result take_movement(psd_db *db, psd_sql sql, void *row) {
  psd_movement *movement = row;
  int64_t device = psd_column_number(db, sql, 8);
  memset(movement, 0, sizeof *movement);
  movement->id = psd_column_number(db, sql, 0);
  movement->kind = (psd_movement_kind)psd_column_number(db, sql, 1);
  movement->time = (uint64_t)psd_column_number(db, sql, 2);
  movement->amount = (uint64_t)psd_column_number(db, sql, 3);
  movement->from = (psd_book){(psd_book_kind)psd_column_number(db, sql, 4), psd_column_number(db, sql, 5)};
  movement->to = (psd_book){(psd_book_kind)psd_column_number(db, sql, 6), psd_column_number(db, sql, 7)};
  if (device != 0)
    psd_device_of(device, movement->device);
  movement->sequence = (uint32_t)psd_column_number(db, sql, 9);
  /* May be empty, for which SQLite has no address. */
  size_t length = 0;
  return psd_column_block(db, sql, 10, movement->reference, sizeof movement->reference - 1, &length);
}

typedef struct movement_visit {
  psd_db_movement_visitor *visit;
  void *user;
} movement_visit;

static int64_t movement_key(const void *row) {
  return ((const psd_movement *)row)->id;
}

static bool visit_movement(void *context, const void *row) {
  const movement_visit *visit = context;
  return visit->visit(visit->user, row);
}

psd_db_result psd_db_movement_list(psd_db *db, psd_book book, uint64_t since, psd_db_movement_visitor *visit,
                                   void *user) {
  static const psd_listing listing = {PSD_SQL_MOVEMENT_LIST, sizeof(psd_movement), 0,
                                      take_movement,         movement_key,         visit_movement};
  psd_value values[] = {psd_value_number((int64_t)book.kind), psd_value_number(book.owner),
                        psd_value_number(since > INT64_MAX ? INT64_MAX : (int64_t)since)};
  movement_visit context = {visit, user};
  return psd_sql_list_of(db, &listing, values, 3, &context);
}
