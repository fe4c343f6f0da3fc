/* What was settled, and who gets it. */
#include <stdio.h>
#include <string.h>

#include "authority/credit.h"

static psd_db_result take_payment(psd_db *db, psd_sql sql, void *row) {
  psd_credit_payment *payment = row;
  memset(payment, 0, sizeof *payment);
  payment->sequence = (uint32_t)psd_column_number(db, sql, 0);
  payment->amount = (uint64_t)psd_column_number(db, sql, 1);
  payment->remaining = (uint64_t)psd_column_number(db, sql, 2);
  payment->made = (uint64_t)psd_column_number(db, sql, 3);
  payment->time = (uint64_t)psd_column_number(db, sql, 4);
  return psd_desk_words(db, sql, 5, payment->payee, sizeof payment->payee);
}

typedef struct payment_visit {
  psd_credit_payment_visitor *payment;
  psd_credit_payee_visitor *payee;
  void *user;
} payment_visit;

static int64_t payment_key(const void *row) {
  return ((const psd_credit_payment *)row)->sequence;
}

static bool visit_payment(void *context, const void *row) {
  const payment_visit *visit = context;
  return visit->payment(visit->user, row);
}

psd_db_result psd_credit_payments(psd_db *db, int64_t line, psd_credit_payment_visitor *visit, void *user) {
  static const psd_listing listing = {PSD_SQL_PAYMENT_LIST, sizeof(psd_credit_payment), 0, take_payment, payment_key,
                                      visit_payment};
  psd_value values[] = {psd_value_number(line)};
  payment_visit context = {.payment = visit, .user = user};
  return psd_sql_list_of(db, &listing, values, 1, &context);
}

static psd_db_result take_payee(psd_db *db, psd_sql sql, void *row) {
  psd_credit_payee *payee = row;
  memset(payee, 0, sizeof *payee);
  payee->id = psd_column_number(db, sql, 0);
  payee->balance = (uint64_t)psd_column_number(db, sql, 2);
  return psd_desk_words(db, sql, 1, payee->name, sizeof payee->name);
}

static int64_t payee_key(const void *row) {
  return ((const psd_credit_payee *)row)->id;
}

static bool visit_payee(void *context, const void *row) {
  const payment_visit *visit = context;
  return visit->payee(visit->user, row);
}

psd_db_result psd_credit_payees(psd_db *db, psd_credit_payee_visitor *visit, void *user) {
  static const psd_listing listing = {PSD_SQL_PAYEE_LIST, sizeof(psd_credit_payee), 0, take_payee, payee_key,
                                      visit_payee};
  payment_visit context = {.payee = visit, .user = user};
  return psd_sql_list(db, &listing, &context);
}

psd_db_result psd_credit_remit(psd_db *db, const char *payee, uint64_t amount, const char *reference, uint64_t time) {
  psd_movement movement = {
      .kind = PSD_MOVE_REMIT, .time = time, .amount = amount, .from = {PSD_BOOK_PAYEE, 0}, .to = {PSD_BOOK_BANK, 0}};
  int length = snprintf(movement.reference, sizeof movement.reference, "%s", reference);
  psd_value values[] = {psd_value_text(payee)};
  if (length < 0 || (size_t)length >= sizeof movement.reference)
    return PSD_DB_REFUSED;
  psd_db_result result = psd_sql_row(db, PSD_SQL_PAYEE_FIND, values, 1, psd_take_number, &movement.from.owner);
  return result == PSD_DB_DONE ? psd_db_move(db, &movement) : result;
}
