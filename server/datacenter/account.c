/* Accounts: what they have, and what the operator moves. */
#include <stdio.h>

#include "datacenter/rules.h"

static psd_book book_of(psd_book_kind kind, int64_t account) {
  return (psd_book){kind, account};
}

psd_db_result psd_dc_account(psd_db *db, int64_t account, psd_dc_funds *funds) {
  int64_t balance = 0, least = 0, owed = 0, ignored = 0;
  uint64_t reserved = 0;
  psd_db_result result = psd_db_book_find(db, book_of(PSD_BOOK_ACCOUNT, account), &balance, &least);
  if (result == PSD_DB_DONE)
    result = psd_db_book_find(db, book_of(PSD_BOOK_DEBT, account), &owed, &ignored);
  if (result == PSD_DB_DONE)
    result = psd_db_op_reserved(db, account, &reserved);
  if (result != PSD_DB_DONE)
    return result;
  *funds = (psd_dc_funds){.balance = balance,
                          .credit_limit = (uint64_t)-least,
                          .available = (uint64_t)balance - (uint64_t)least,
                          .debt = (uint64_t)-owed,
                          .reserved = reserved};
  return PSD_DB_DONE;
}

static psd_db_result move(psd_db *db, psd_movement_kind kind, psd_book from, psd_book to, uint64_t amount,
                          const char *reference, uint64_t time) {
  psd_movement movement = {.kind = kind, .time = time, .amount = amount, .from = from, .to = to};
  int length = snprintf(movement.reference, sizeof movement.reference, "%s", reference);
  if (length < 0 || (size_t)length >= sizeof movement.reference)
    return PSD_DB_REFUSED;
  return psd_db_move(db, &movement);
}

psd_db_result psd_dc_deposit(psd_db *db, int64_t account, uint64_t amount, const char *reference, uint64_t time) {
  int64_t balance = 0, least = 0;
  psd_book book = book_of(PSD_BOOK_ACCOUNT, account);
  psd_db_result result = psd_db_book_find(db, book, &balance, &least);
  if (result != PSD_DB_DONE)
    return result;
  /* More than a book can have. */
  if (amount > INT64_MAX || (balance > 0 && amount > (uint64_t)(INT64_MAX - balance)))
    return PSD_DB_REFUSED;
  return move(db, PSD_MOVE_DEPOSIT, book_of(PSD_BOOK_BANK, 0), book, amount, reference, time);
}

/* The same reference again is told even when the funds that are left would not suffice for another. */
static psd_db_result after_all(psd_db *db, psd_db_result result, psd_movement_kind kind, psd_book from, psd_book to,
                               const char *reference) {
  psd_movement made = {.kind = kind, .amount = INT64_MAX, .from = from, .to = to};
  int length = snprintf(made.reference, sizeof made.reference, "%s", reference);
  if (length <= 0 || (size_t)length >= sizeof made.reference)
    return result;
  psd_db_result found = psd_db_movement_made(db, &made);
  return found == PSD_DB_ABSENT ? result : found;
}

psd_db_result psd_dc_payout(psd_db *db, int64_t account, uint64_t amount, const char *reference, uint64_t time) {
  int64_t balance = 0, least = 0;
  psd_book book = book_of(PSD_BOOK_ACCOUNT, account), bank = book_of(PSD_BOOK_BANK, 0);
  psd_db_result result = psd_db_book_find(db, book, &balance, &least);
  if (result != PSD_DB_DONE)
    return result;
  if (amount <= INT64_MAX && (balance < 0 || amount > (uint64_t)balance))
    return after_all(db, PSD_DB_ABSENT, PSD_MOVE_PAYOUT, book, bank, reference);
  return move(db, PSD_MOVE_PAYOUT, book, bank, amount, reference, time);
}

psd_db_result psd_dc_pay(psd_db *db, int64_t account, uint64_t amount, const char *reference, uint64_t time) {
  int64_t owed = 0, least = 0;
  psd_book book = book_of(PSD_BOOK_ACCOUNT, account), debt = book_of(PSD_BOOK_DEBT, account);
  psd_db_result result = psd_db_book_find(db, debt, &owed, &least);
  if (result != PSD_DB_DONE)
    return result;
  if (amount > (uint64_t)-owed)
    return after_all(db, PSD_DB_REFUSED, PSD_MOVE_PAY, book, debt, reference);
  return move(db, PSD_MOVE_PAY, book, debt, amount, reference, time);
}

psd_db_result psd_dc_set_credit(psd_db *db, int64_t account, uint64_t limit) {
  if (limit > INT64_MAX)
    return PSD_DB_REFUSED;
  return psd_db_book_set_least(db, book_of(PSD_BOOK_ACCOUNT, account), -(int64_t)limit);
}
