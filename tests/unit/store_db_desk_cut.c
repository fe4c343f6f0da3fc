/* The desk, cut off at each statement; and the same presented twice at once. */
#include <string.h>

#include "store_db_desk.h"

static const psd_engine *whole;
static unsigned statements_left;

static psd_db_result start_or_fail(void *connection, psd_sql sql, const char *text, const psd_value *values,
                                   size_t count) {
  if (statements_left == 0)
    return PSD_DB_FAILED;
  statements_left--;
  return whole->start(connection, sql, text, values, count);
}

static psd_db_result try_settle(psd_db *db, const psd_proof_payment *payment, psd_settlement *settlement) {
  psd_db_result result = psd_db_begin(db, true);
  if (result != PSD_DB_DONE)
    return result;
  result = psd_credit_settle(db, payment, (psd_proof_bytes){payment->hash, 32}, NOW + DAYS(2), settlement);
  if (result == PSD_DB_DONE)
    return psd_db_commit(db);
  psd_db_rollback(db);
  return result;
}

static psd_db *begin(void) {
  bench_clear();
  psd_db *db = bench_open();
  (void)with_account(db, 0);
  meter_put(db, 1);
  return db;
}

static int64_t owed(psd_db *db, const psd_credit_row *line) {
  return balance_of(db, PSD_BOOK_DEBT, line->account);
}

TEST(test_settle_cut) {
  psd_db *db = begin(), *second = bench_open();
  psd_credit_row line = line_of(db, 1);
  psd_settlement settlement = PSD_SETTLE_UNKNOWN;
  psd_proof_payment payment = payment_of(&line, 1, 300, 700, NULL, 0),
                    next = payment_of(&line, 2, 10, 690, &payment, 0);
  psd_engine cut = *db->engine;
  whole = db->engine;
  cut.start = start_or_fail;
  unsigned cuts = 0;
  for (psd_db_result result = PSD_DB_FAILED; result != PSD_DB_DONE && cuts < 100; cuts++) {
    statements_left = cuts;
    db->engine = &cut;
    result = try_settle(db, &payment, &settlement);
    db->engine = whole;
    CU_ASSERT_EQUAL(owed(db, &line), result == PSD_DB_DONE ? -300 : 0);
    CU_ASSERT(zero_sum(db));
  }
  CU_ASSERT(cuts > 5 && cuts < 100 && settlement == PSD_SETTLED);
  psd_db_set_patience(second, 100);
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_credit_settle(db, &next, (psd_proof_bytes){next.hash, 32}, NOW + DAYS(2), &settlement),
                  PSD_DB_DONE);
  CU_ASSERT_EQUAL(try_settle(second, &next, &settlement), PSD_DB_BUSY);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  CU_ASSERT_EQUAL(try_settle(second, &next, &settlement), PSD_DB_DONE);
  CU_ASSERT_EQUAL(settlement, PSD_SETTLED_BEFORE);
  CU_ASSERT_EQUAL(owed(db, &line), -310);
  psd_db_close(db);
  psd_db_close(second);
}

/* What a desk goes through, a transaction each; what one finds is the next one's. */
typedef struct desk_walk {
  psd_ca_request request;
  psd_ca_certificate certificate;
  psd_proof_revocation confirmation;
  psd_credit_row line;
  uint8_t grant[PSD_GRANT_MAX], paper[PSD_CA_PAPER_MAX];
  size_t grant_length, paper_length;
} desk_walk;

static const uint8_t words[32] = "what somebody has signed";
static const psd_proof_bytes signed_words = {words, sizeof words};

static psd_db_result step_request(psd_db *db, desk_walk *at) {
  at->request = request_for(1, 1, 1);
  return psd_ca_requested(db, &at->request, PSD_CA_BY_OPERATOR, NULL);
}

static psd_db_result step_accept(psd_db *db, desk_walk *at) {
  return psd_ca_accept(db, at->request.id, NOW);
}

static psd_db_result step_issue(psd_db *db, desk_walk *at) {
  psd_db_result result = psd_ca_request_get(db, at->request.id, &at->request);
  if (result == PSD_DB_DONE && at->grant_length == 0)
    at->grant_length = grant_of(&at->request, 1, at->grant);
  return result == PSD_DB_DONE ? psd_ca_issued(db, at->request.id, at->grant, at->grant_length, NOW) : result;
}

static psd_db_result step_apply(psd_db *db, desk_walk *at) {
  at->line = (psd_credit_row){.asked = 1000, .holder = at->request.certificate, .time = NOW, .use = "goods"};
  memcpy(at->line.device, at->request.device, sizeof at->line.device);
  return psd_credit_applied(db, &at->line, signed_words, 1000);
}

static psd_db_result step_credit(psd_db *db, desk_walk *at) {
  return psd_credit_issued(db, at->line.id, signed_words, NOW, NOW + 100, NOW);
}

static psd_db_result step_revoke(psd_db *db, desk_walk *at) {
  return psd_ca_revoke(db, at->request.certificate, PSD_REASON_KEY_COMPROMISE, PSD_CA_HOLDER, signed_words, NOW);
}

static psd_db_result step_command(psd_db *db, desk_walk *at) {
  psd_db_result result =
      psd_ca_command_next(db, at->request.device, &at->certificate, at->paper, sizeof at->paper, &at->paper_length);
  return result == PSD_DB_DONE ? psd_ca_commanded(db, at->certificate.number, signed_words, NOW) : result;
}

static psd_db_result step_confirm(psd_db *db, desk_walk *at) {
  at->confirmation = confirmation_of(&at->certificate, PSD_CONFIRMED_DUE, 300);
  CU_ASSERT(psd_hash(&(psd_part){words, sizeof words}, 1, at->confirmation.answered));
  return psd_ca_confirmed(db, &at->confirmation, signed_words, NOW);
}

static psd_db_result step_collect(psd_db *db, desk_walk *at) {
  return psd_ca_collected(db, at->request.device, 100, 0);
}

static psd_db_result in_transaction(psd_db *db, psd_db_result (*step)(psd_db *db, desk_walk *at), desk_walk *at) {
  psd_db_result result = psd_db_begin(db, true);
  if (result == PSD_DB_DONE)
    result = step(db, at);
  if (result == PSD_DB_DONE)
    return psd_db_commit(db);
  psd_db_rollback(db);
  return result;
}

/* Whatever is cut is not there; the repetition completes it, once. */
TEST(test_desk_cut) {
  static psd_db_result (*const steps[])(psd_db * db, desk_walk * at) = {step_request, step_accept,  step_issue,
                                                                        step_apply,   step_credit,  step_revoke,
                                                                        step_command, step_confirm, step_collect};
  psd_db *db = begin();
  desk_walk at;
  memset(&at, 0, sizeof at);
  psd_engine cut = *db->engine;
  whole = db->engine;
  cut.start = start_or_fail;
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    unsigned cuts = 0;
    for (psd_db_result result = PSD_DB_FAILED; result != PSD_DB_DONE && cuts < 100; cuts++) {
      statements_left = cuts;
      db->engine = &cut;
      result = in_transaction(db, steps[i], &at);
      db->engine = whole;
      CU_ASSERT(result == PSD_DB_DONE || result == PSD_DB_FAILED);
    }
    CU_ASSERT(cuts > 1 && cuts < 100);
    /* But for the refill, which is settled once, the same again changes nothing. */
    if (steps[i] != step_accept && steps[i] != step_collect && steps[i] != step_command)
      CU_ASSERT_EQUAL(in_transaction(db, steps[i], &at), PSD_DB_DONE);
  }
  psd_ca_certificate certificate = certificate_get(db, at.request.certificate);
  CU_ASSERT(certificate.number == 1 && certificate.command == 1 && certificate.confirmed == NOW);
  CU_ASSERT_EQUAL(certificate.due, 200);
  CU_ASSERT_EQUAL(at.line.certificate, 2); /* no number was lost to what was cut */
  char count[8] = "";
  CU_ASSERT(raw_text("SELECT count(*) FROM revocation_papers", count, sizeof count));
  CU_ASSERT_STRING_EQUAL(count, "3");
  psd_db_close(db);
}
