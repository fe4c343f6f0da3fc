/* Books (money.h). Their balances change by movements alone; the schema sees to that. */
#include "store/database.h"
#include "store/money.h"

psd_book psd_book_of_device(psd_book_kind kind, const uint8_t device[8]) {
  psd_book book = {.kind = kind};
  (void)psd_device_number(device, &book.owner);
  return book;
}

psd_db_result psd_db_book_open(psd_db *db, psd_book book, int64_t least) {
  psd_value values[] = {psd_value_number((int64_t)book.kind), psd_value_number(book.owner), psd_value_number(least)};
  return psd_sql_run(db, PSD_SQL_BOOK_OPEN, values, 3, NULL);
}

typedef struct two_numbers {
  int64_t first, second;
} two_numbers;

static psd_db_result take_two(psd_db *db, psd_sql sql, void *row) {
  *(two_numbers *)row = (two_numbers){psd_column_number(db, sql, 0), psd_column_number(db, sql, 1)};
  return PSD_DB_DONE;
}

psd_db_result psd_db_book_find(psd_db *db, psd_book book, int64_t *balance, int64_t *least) {
  two_numbers found = {0, 0};
  psd_value values[] = {psd_value_number((int64_t)book.kind), psd_value_number(book.owner)};
  psd_db_result result = psd_sql_row(db, PSD_SQL_BOOK_FIND, values, 2, take_two, &found);
  *balance = found.first;
  *least = found.second;
  return result;
}

psd_db_result psd_db_book_set_least(psd_db *db, psd_book book, int64_t least) {
  int64_t balance = 0, before = 0;
  psd_value values[] = {psd_value_number((int64_t)book.kind), psd_value_number(book.owner), psd_value_number(least)};
  psd_db_result result = psd_sql_change(db, PSD_SQL_BOOK_LEAST, values, 3);
  if (result != PSD_DB_ABSENT)
    return result;
  result = psd_db_book_find(db, book, &balance, &before);
  return result == PSD_DB_DONE ? PSD_DB_REFUSED : result;
}

static psd_db_result sum(psd_db *db, psd_sql sql, const psd_value *values, size_t count, int64_t *total,
                         uint64_t *number) {
  two_numbers found = {0, 0};
  psd_db_result result = psd_sql_row(db, sql, values, count, take_two, &found);
  *total = found.first;
  *number = (uint64_t)found.second;
  return result;
}

psd_db_result psd_db_ledger_sum(psd_db *db, int64_t *total, uint64_t *movements) {
  return sum(db, PSD_SQL_LEDGER_SUM, NULL, 0, total, movements);
}

psd_db_result psd_db_book_sum(psd_db *db, psd_book_kind kind, int64_t *total, uint64_t *books) {
  psd_value values[] = {psd_value_number((int64_t)kind)};
  return sum(db, PSD_SQL_BOOK_SUM, values, 1, total, books);
}
