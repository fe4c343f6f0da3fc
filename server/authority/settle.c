/* Payment certificates that merchants present (figure 9): each is settled once, and never more than the line. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "authority/credit.h"

typedef struct presented {
  const psd_proof_payment *payment;
  psd_proof_bytes cms;
  uint64_t time;
  psd_credit_row line;
} presented;

static psd_db_result take_hash(psd_db *db, psd_sql sql, void *row) {
  return psd_column_bytes(db, sql, 0, row, 32);
}

/* One with this number was settled: it is this one, or the chain is forked. PSD_SETTLED for none. */
static psd_db_result look_for(psd_db *db, const presented *at, psd_settlement *settlement) {
  uint8_t hash[32];
  psd_value values[] = {psd_value_number(at->line.id), psd_value_number((int64_t)at->payment->sequence)};
  psd_db_result result = psd_sql_row(db, PSD_SQL_PAYMENT_FIND, values, 2, take_hash, hash);
  *settlement = PSD_SETTLED;
  if (result == PSD_DB_DONE)
    *settlement = memcmp(hash, at->payment->hash, sizeof hash) == 0 ? PSD_SETTLED_BEFORE : PSD_SETTLE_FORKED;
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

/* Its neighbours were settled, and it does not follow the one or go before the other. The first one follows the initial
 * payment certificate (812), which has all of the line. */
static psd_db_result chains(psd_db *db, const presented *at, bool *chained) {
  const psd_proof_payment *payment = at->payment;
  uint64_t wrong = 0;
  psd_value values[] = {psd_value_number(at->line.id),
                        psd_value_number((int64_t)payment->sequence),
                        psd_value_bytes(payment->hash, sizeof payment->hash),
                        psd_value_bytes(payment->previous, sizeof payment->previous),
                        psd_value_number((int64_t)payment->amount),
                        psd_value_number((int64_t)payment->remaining)};
  psd_db_result result = psd_desk_number(db, PSD_SQL_PAYMENT_UNCHAINED, values, 6, &wrong);
  *chained = wrong == 0 && (payment->sequence > 1 || payment->amount + payment->remaining == at->line.amount);
  return result;
}

static bool beyond(const presented *at) {
  const psd_proof_payment *payment = at->payment;
  return payment->amount > at->line.amount || payment->remaining > at->line.amount - payment->amount ||
         payment->amount > at->line.amount - at->line.settled;
}

/* The line stands for nothing, at the time of the payment or any more. */
static psd_db_result stands(psd_db *db, const presented *at, bool *good) {
  const psd_credit_row *line = &at->line;
  psd_ca_certificate holder;
  psd_db_result result = psd_ca_certificate_get(db, line->holder, &holder);
  *good = result == PSD_DB_DONE && holder.revoked == 0 && line->revoked == 0 && !line->blocked &&
          at->payment->time >= line->from && at->payment->time <= line->until;
  return result == PSD_DB_ABSENT ? PSD_DB_REFUSED : result;
}

static psd_db_result judge(psd_db *db, const presented *at, psd_settlement *settlement) {
  bool good = false, chained = false;
  psd_db_result result = look_for(db, at, settlement);
  if (result != PSD_DB_DONE || *settlement != PSD_SETTLED)
    return result;
  if (beyond(at)) {
    *settlement = PSD_SETTLE_LIMIT;
    return PSD_DB_DONE;
  }
  result = chains(db, at, &chained);
  if (result == PSD_DB_DONE)
    result = stands(db, at, &good);
  if (!chained)
    *settlement = PSD_SETTLE_FORKED;
  else if (!good)
    *settlement = PSD_SETTLE_REVOKED;
  else if (at->time > at->payment->expiry)
    *settlement = PSD_SETTLE_EXPIRED;
  return result;
}

/* By name; he gets a book if he is new. */
static psd_db_result payee_called(psd_db *db, const char *name, int64_t *payee) {
  psd_value values[] = {psd_value_text(name)};
  psd_db_result result = psd_sql_run(db, PSD_SQL_PAYEE_ADD, values, 1, NULL);
  return result == PSD_DB_DONE ? psd_sql_row(db, PSD_SQL_PAYEE_FIND, values, 1, psd_take_number, payee) : result;
}

static psd_db_result record(psd_db *db, const presented *at, const psd_movement *movement) {
  const psd_proof_payment *payment = at->payment;
  psd_value values[] = {psd_value_number(at->line.id),
                        psd_value_number((int64_t)payment->sequence),
                        psd_value_bytes(payment->hash, sizeof payment->hash),
                        psd_value_bytes(payment->previous, sizeof payment->previous),
                        psd_value_number((int64_t)payment->amount),
                        psd_value_number((int64_t)payment->remaining),
                        psd_value_number((int64_t)payment->time),
                        psd_value_number((int64_t)payment->expiry),
                        psd_value_number((int64_t)at->time),
                        psd_value_number(movement->to.owner),
                        psd_value_number(movement->from.owner),
                        psd_value_text(movement->reference),
                        psd_value_bytes(at->cms.data, at->cms.length)};
  return psd_desk_change(db, PSD_SQL_PAYMENT_ADD, values, 13);
}

/* From what the account owes to the payee. */
static psd_db_result pay(psd_db *db, const presented *at) {
  psd_movement movement = {.kind = PSD_MOVE_PAYMENT,
                           .time = at->time,
                           .amount = at->payment->amount,
                           .from = {PSD_BOOK_DEBT, at->line.account},
                           .to = {PSD_BOOK_PAYEE, 0}};
  memcpy(movement.device, at->line.device, sizeof movement.device);
  (void)snprintf(movement.reference, sizeof movement.reference, "credit %" PRId64 " payment %" PRIu64, at->line.id,
                 at->payment->sequence);
  psd_db_result result = payee_called(db, at->payment->payee, &movement.to.owner);
  if (result == PSD_DB_DONE)
    result = psd_db_move(db, &movement);
  if (result == PSD_DB_ABSENT || result == PSD_DB_EXISTS)
    return PSD_DB_REFUSED;
  return result == PSD_DB_DONE ? record(db, at, &movement) : result;
}

static bool sensible(const psd_proof_payment *payment, psd_proof_bytes cms, uint64_t time) {
  return payment->sequence > 0 && payment->sequence <= UINT32_MAX && payment->amount > 0 && cms.length > 0 &&
         cms.length <= PSD_CA_PAPER_MAX && time > 0 && time <= INT64_MAX && payment->expiry <= INT64_MAX &&
         payment->expiry >= payment->time && psd_name_valid(payment->payee, PSD_PAYEE_MAX);
}

psd_db_result psd_credit_settle(psd_db *db, const psd_proof_payment *payment, psd_proof_bytes cms, uint64_t time,
                                psd_settlement *settlement) {
  presented at = {.payment = payment, .cms = cms, .time = time};
  psd_value values[] = {psd_value_bytes(payment->credit.hash, sizeof payment->credit.hash)};
  *settlement = PSD_SETTLE_UNKNOWN;
  if (!sensible(payment, cms, time))
    return PSD_DB_REFUSED;
  psd_db_result result = psd_sql_row(db, PSD_SQL_CREDIT_OF_HASH, values, 1, psd_desk_take_credit, &at.line);
  if (result == PSD_DB_ABSENT ||
      (result == PSD_DB_DONE && memcmp(at.line.device, payment->device, sizeof payment->device) != 0))
    return PSD_DB_DONE;
  if (result == PSD_DB_DONE)
    result = judge(db, &at, settlement);
  if (result != PSD_DB_DONE)
    return result;
  psd_value line[] = {psd_value_number(at.line.id)};
  if (*settlement == PSD_SETTLE_FORKED)
    return psd_sql_run(db, PSD_SQL_CREDIT_BLOCK, line, 1, NULL);
  return *settlement == PSD_SETTLED ? pay(db, &at) : PSD_DB_DONE;
}
