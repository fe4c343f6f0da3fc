#include "verify/paid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/database.h"

#include "paid_schema.inc"

/* How often a transaction is tried that conflicts with another site's. */
#define TRIES 64U

struct psd_paid {
  psd_db *db;
};

/* A payment as the database has it. */
typedef struct payment_row {
  int64_t sequence, seen, amount, remaining;
  uint8_t hash[32], previous[32];
} payment_row;

/* Several sites may make it at the same time: each finds what is there then. */
static psd_db_result make_schema(psd_db *db) {
  psd_db_result result = db->engine->begin(db->connection, PSD_DB_MIGRATE);
  if (result != PSD_DB_DONE)
    return result;
  result = psd_db_script(db, scripts[0]);
  if (result == PSD_DB_DONE)
    return db->engine->commit(db->connection);
  db->engine->rollback(db->connection);
  return result;
}

static bool is_there(psd_db *db) {
  int64_t count = 0;
  return psd_sql_row(db, PSD_SQL_PAID_COUNT, NULL, 0, psd_take_number, &count) == PSD_DB_DONE;
}

psd_paid *psd_paid_open(const char *url, char *words, size_t room) {
  psd_paid *paid = calloc(1, sizeof *paid);
  if (paid == NULL) {
    (void)snprintf(words, room, "no memory");
    return NULL;
  }
  paid->db = psd_db_connect(url, true, words, room);
  if (paid->db != NULL && (is_there(paid->db) || (make_schema(paid->db) == PSD_DB_DONE && is_there(paid->db))))
    return paid;
  if (paid->db != NULL)
    (void)snprintf(words, room, "%s", psd_db_error(paid->db));
  psd_paid_close(paid);
  return NULL;
}

void psd_paid_close(psd_paid *paid) {
  if (paid == NULL)
    return;
  psd_db_close(paid->db);
  free(paid);
}

static psd_db_result take_row(psd_db *db, psd_sql sql, void *row) {
  payment_row *payment = row;
  payment->sequence = psd_column_number(db, sql, 0);
  payment->seen = psd_column_number(db, sql, 1);
  payment->amount = psd_column_number(db, sql, 4);
  payment->remaining = psd_column_number(db, sql, 5);
  psd_db_result result = psd_column_bytes(db, sql, 2, payment->hash, sizeof payment->hash);
  return result == PSD_DB_DONE ? psd_column_bytes(db, sql, 3, payment->previous, sizeof payment->previous) : result;
}

/* Chained where one follows the other; where others lie between, what they have paid is unknown, but not below 0. */
static bool follows(const payment_row *before, const payment_row *after) {
  if (after->sequence == before->sequence + 1)
    return memcmp(after->previous, before->hash, sizeof before->hash) == 0 &&
           after->remaining == before->remaining - after->amount;
  return after->remaining <= before->remaining - after->amount;
}

static psd_db_result find(psd_db *db, psd_sql sql, const psd_proof_payment *payment, payment_row *row) {
  const psd_value values[] = {psd_value_bytes(payment->credit.hash, 32), psd_value_number((int64_t)payment->sequence)};
  return psd_sql_row(db, sql, values, 2, take_row, row);
}

static void note(psd_paid_found *found, psd_paid_finding finding, const payment_row *row) {
  *found = (psd_paid_found){finding, (uint64_t)row->sequence, (uint64_t)row->seen};
}

static psd_db_result look_beside(psd_db *db, const psd_proof_payment *payment, const payment_row *mine,
                                 psd_paid_found *found) {
  payment_row beside;
  psd_db_result result = find(db, PSD_SQL_PAID_BELOW, payment, &beside);
  if (result == PSD_DB_DONE && !follows(&beside, mine)) {
    note(found, PSD_PAID_CONTRADICTS, &beside);
    return PSD_DB_DONE;
  }
  if (result == PSD_DB_DONE || result == PSD_DB_ABSENT)
    result = find(db, PSD_SQL_PAID_ABOVE, payment, &beside);
  if (result == PSD_DB_DONE && !follows(mine, &beside))
    note(found, PSD_PAID_CONTRADICTS, &beside);
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

static psd_db_result add(psd_db *db, const psd_proof_payment *payment, const payment_row *mine) {
  const psd_value values[] = {
      psd_value_bytes(payment->credit.hash, 32), psd_value_number(mine->sequence),    psd_value_number(mine->seen),
      psd_value_bytes(mine->hash, 32),           psd_value_bytes(mine->previous, 32), psd_value_number(mine->amount),
      psd_value_number(mine->remaining)};
  return psd_sql_change(db, PSD_SQL_PAID_ADD, values, sizeof values / sizeof values[0]);
}

static psd_db_result look(psd_db *db, const psd_proof_payment *payment, const payment_row *mine,
                          psd_paid_found *found) {
  payment_row same;
  *found = (psd_paid_found){.finding = PSD_PAID_NEW};
  psd_db_result result = find(db, PSD_SQL_PAID_FIND, payment, &same);
  if (result == PSD_DB_DONE) {
    note(found, memcmp(same.hash, mine->hash, sizeof same.hash) == 0 ? PSD_PAID_AGAIN : PSD_PAID_FORKED, &same);
    return PSD_DB_DONE;
  }
  if (result == PSD_DB_ABSENT)
    result = look_beside(db, payment, mine, found);
  return result == PSD_DB_DONE && found->finding == PSD_PAID_NEW ? add(db, payment, mine) : result;
}

static psd_db_result look_once(psd_db *db, const psd_proof_payment *payment, const payment_row *mine,
                               psd_paid_found *found) {
  psd_db_result result = psd_db_begin(db, true);
  if (result != PSD_DB_DONE)
    return result;
  result = look(db, payment, mine, found);
  if (result == PSD_DB_DONE)
    return psd_db_commit(db);
  psd_db_rollback(db);
  /* Another site has added one with this number meanwhile. */
  return result == PSD_DB_ABSENT ? PSD_DB_BUSY : result;
}

bool psd_paid_add(psd_paid *paid, const psd_proof_payment *payment, uint64_t now, psd_paid_found *found, char *words,
                  size_t room) {
  payment_row mine = {.sequence = (int64_t)payment->sequence,
                      .seen = (int64_t)now,
                      .amount = (int64_t)payment->amount,
                      .remaining = (int64_t)payment->remaining};
  memcpy(mine.hash, payment->hash, sizeof mine.hash);
  memcpy(mine.previous, payment->previous, sizeof mine.previous);
  if (mine.sequence < 0 || mine.amount < 0 || mine.remaining < 0) {
    (void)snprintf(words, room, "a payment with such numbers cannot be remembered");
    return false;
  }
  psd_db_result result = PSD_DB_BUSY;
  for (unsigned i = 0; i < TRIES && result == PSD_DB_BUSY; i++)
    result = look_once(paid->db, payment, &mine, found);
  if (result == PSD_DB_DONE)
    return true;
  (void)snprintf(words, room, "%s", psd_db_error(paid->db));
  return false;
}
