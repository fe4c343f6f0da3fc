/* Credit (figure 8) and its settlement (figure 9). */
#include <stdio.h>
#include <string.h>

#include "store_db_desk.h"

static psd_db *begin(void) {
  bench_clear();
  psd_db *db = bench_open();
  (void)with_account(db, 0);
  meter_put(db, 1);
  meter_put(db, 2);
  return db;
}

static int64_t owed(psd_db *db, const psd_credit_row *line) {
  return balance_of(db, PSD_BOOK_DEBT, line->account);
}

/* 804: within the limit at once, beyond it the operator decides, what is not the holder's is rejected (806). */
TEST(test_credit_check) {
  psd_db *db = begin();
  uint8_t papers[PSD_CA_PAPER_MAX];
  size_t length = 0;
  uint32_t holder = certificate_for(db, 1, 1, 1, 1), foreign = certificate_for(db, 2, 1, 1, 2);
  uint32_t revoked = certificate_for(db, 1, 2, 2, 3);
  CU_ASSERT_EQUAL(psd_ca_revoke(db, revoked, PSD_REASON_CESSATION, PSD_CA_OPERATOR, NOTHING, NOW), PSD_DB_DONE);
  psd_credit_row line = applied(db, 1, holder, 600, 1000, 1), again = applied(db, 1, holder, 600, 0, 1);
  CU_ASSERT(line.status == PSD_AUTHORITY_ACCEPTED && line.amount == 600 && line.certificate != 0);
  CU_ASSERT(strcmp(line.name, "alice") == 0 && line.decided == NOW && line.account != 0);
  CU_ASSERT(again.id == line.id && again.status == PSD_AUTHORITY_ACCEPTED); /* the same: found as it stands */
  CU_ASSERT(psd_credit_papers(db, line.id, papers, sizeof papers, &length) == PSD_DB_DONE && length == 64);
  CU_ASSERT_EQUAL(psd_credit_papers(db, line.id, papers, 63, &length), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_credit_papers(db, 4711, papers, sizeof papers, &length), PSD_DB_ABSENT);
  /* 1000 a holder: 400 are left. */
  CU_ASSERT_EQUAL(applied(db, 1, holder, 401, 1000, 2).status, PSD_AUTHORITY_PENDING);
  CU_ASSERT_EQUAL(applied(db, 1, holder, 400, 1000, 3).status, PSD_AUTHORITY_ACCEPTED);
  CU_ASSERT_EQUAL(applied(db, 1, holder, 1, 1000, 4).status, PSD_AUTHORITY_PENDING);
  CU_ASSERT_EQUAL(psd_credit_revoke(db, line.id, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(applied(db, 1, holder, 600, 1000, 5).status, PSD_AUTHORITY_ACCEPTED);
  CU_ASSERT_EQUAL(applied(db, 1, foreign, 1, 1000, 6).status, PSD_AUTHORITY_REJECTED);
  line = applied(db, 1, revoked, 1, 1000, 7);
  CU_ASSERT(line.status == PSD_AUTHORITY_REJECTED && strstr(line.why, "revoked") != NULL);
  CU_ASSERT_EQUAL(psd_db_account_set_suspended(db, "1000", true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(applied(db, 2, foreign, 1, 10000, 8).status, PSD_AUTHORITY_PENDING);
  line = (psd_credit_row){.asked = 0, .holder = holder, .time = NOW};
  CU_ASSERT_EQUAL(psd_credit_applied(db, &line, (psd_proof_bytes){papers, 9}, 1), PSD_DB_REFUSED);
  line.asked = PSD_CREDIT_MOST + 1;
  CU_ASSERT_EQUAL(psd_credit_applied(db, &line, (psd_proof_bytes){papers, 9}, 1), PSD_DB_REFUSED);
  psd_db_close(db);
}

TEST(test_credit_operator) {
  psd_db *db = begin();
  uint8_t der[300], other[300];
  uint32_t holder = certificate_for(db, 1, 1, 1, 1);
  psd_credit_row line = applied(db, 1, holder, 1000, 0, 1), bad = applied(db, 1, holder, 1000, 0, 2);
  psd_credit_row late = applied(db, 1, holder, 1000, 0, 3);
  fill(der, sizeof der, 1);
  fill(other, sizeof other, 2);
  const psd_proof_bytes made = {der, sizeof der}, another = {other, sizeof other};
  CU_ASSERT_EQUAL(psd_credit_issued(db, line.id, made, NOW, NOW + 100, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_credit_revoke(db, line.id, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_credit_approve(db, line.id, 1001, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_credit_approve(db, line.id, 0, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_credit_approve(db, 4711, 1, NOW), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_credit_approve(db, line.id, 700, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_credit_approve(db, line.id, 700, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_credit_reject(db, line.id, "no", NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_credit_reject(db, bad.id, "too much", NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_credit_approve(db, bad.id, 1, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_credit_issued(db, line.id, made, NOW, NOW, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_credit_issued(db, line.id, made, NOW, NOW + 100, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_credit_issued(db, line.id, made, NOW, NOW + 100, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_credit_issued(db, line.id, another, NOW, NOW + 100, NOW), PSD_DB_EXISTS);
  CU_ASSERT_EQUAL(psd_credit_get(db, line.id, &line), PSD_DB_DONE);
  CU_ASSERT(line.amount == 700 && line.length == sizeof der && line.until == NOW + 100 && line.settled == 0);
  /* The holder's certificate is not good any more. */
  CU_ASSERT_EQUAL(psd_ca_revoke(db, holder, PSD_REASON_CESSATION, PSD_CA_OPERATOR, NOTHING, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_credit_approve(db, late.id, 1, NOW), PSD_DB_REFUSED);
  psd_db_close(db);
}

static bool count_payee(void *user, const psd_credit_payee *payee) {
  *(uint64_t *)user += payee->balance;
  return strcmp(payee->name, "Merchant") == 0;
}

static bool count_payment(void *user, const psd_credit_payment *payment) {
  *(uint64_t *)user += payment->amount;
  return true;
}

/* Each once, in the ledger; in any order; and never beyond the line. */
TEST(test_settle) {
  psd_db *db = begin();
  uint64_t sum = 0, paid = 0;
  psd_credit_row line = line_of(db, 1);
  psd_proof_payment first = payment_of(&line, 1, 300, 700, NULL, 0), second = payment_of(&line, 2, 200, 500, &first, 0);
  psd_proof_payment third = payment_of(&line, 3, 500, 0, &second, 0);
  CU_ASSERT_EQUAL(present(db, &third, NOW + DAYS(2)), PSD_SETTLED);
  CU_ASSERT_EQUAL(present(db, &first, NOW + DAYS(2)), PSD_SETTLED);
  CU_ASSERT_EQUAL(present(db, &first, NOW + DAYS(2)), PSD_SETTLED_BEFORE);
  CU_ASSERT_EQUAL(present(db, &second, NOW + DAYS(30)), PSD_SETTLED);
  CU_ASSERT_EQUAL(present(db, &second, NOW + DAYS(99)), PSD_SETTLED_BEFORE); /* late, but paid */
  CU_ASSERT_EQUAL(owed(db, &line), -1000);
  CU_ASSERT(psd_credit_get(db, line.id, &line) == PSD_DB_DONE && line.settled == 1000 && !line.blocked);
  psd_proof_payment beyond = payment_of(&line, 4, 1, 0, &third, 0);
  CU_ASSERT_EQUAL(present(db, &beyond, NOW + DAYS(2)), PSD_SETTLE_LIMIT);
  CU_ASSERT(psd_credit_payees(db, count_payee, &sum) == PSD_DB_DONE && sum == 1000);
  CU_ASSERT(psd_credit_payments(db, line.id, count_payment, &paid) == PSD_DB_DONE && paid == 1000);
  CU_ASSERT(zero_sum(db));
  /* The merchant gets his money, and the account pays its debt. */
  CU_ASSERT_EQUAL(psd_credit_remit(db, "Merchant", 1001, "r1", NOW), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_credit_remit(db, "Nobody", 1, "r1", NOW), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_credit_remit(db, "Merchant", 400, "r1", NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_credit_remit(db, "Merchant", 400, "r1", NOW), PSD_DB_EXISTS);
  CU_ASSERT_EQUAL(psd_dc_deposit(db, line.account, 1000, "", NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_pay(db, line.account, 1000, "", NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(owed(db, &line), 0);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}

TEST(test_settle_refused) {
  psd_db *db = begin();
  psd_settlement settlement;
  psd_credit_row line = line_of(db, 1), revoked = line_of(db, 2), held = line_of(db, 3);
  psd_proof_payment good = payment_of(&line, 1, 300, 700, NULL, 0), payment = good;
  /* The initial one pays nothing (812). */
  psd_proof_payment initial = payment_of(&line, 0, 0, 1000, NULL, 0);
  CU_ASSERT_EQUAL(psd_credit_settle(db, &initial, (psd_proof_bytes){initial.hash, 32}, NOW, &settlement),
                  PSD_DB_REFUSED);
  payment.credit.hash[0] ^= 1;
  CU_ASSERT_EQUAL(present(db, &payment, NOW + DAYS(2)), PSD_SETTLE_UNKNOWN);
  payment = good;
  payment.device[7] ^= 1;
  CU_ASSERT_EQUAL(present(db, &payment, NOW + DAYS(2)), PSD_SETTLE_UNKNOWN);
  CU_ASSERT_EQUAL(present(db, &good, good.expiry + 1), PSD_SETTLE_EXPIRED);
  payment = good;
  payment.time = line.from - 1;
  CU_ASSERT_EQUAL(present(db, &payment, NOW + DAYS(2)), PSD_SETTLE_REVOKED);
  payment.time = payment.expiry = line.until + 1;
  CU_ASSERT_EQUAL(present(db, &payment, NOW + DAYS(2)), PSD_SETTLE_REVOKED);
  payment = good;
  payment.remaining = 701;
  CU_ASSERT_EQUAL(present(db, &payment, NOW + DAYS(2)), PSD_SETTLE_LIMIT);
  payment.amount = UINT64_MAX;
  CU_ASSERT_EQUAL(present(db, &payment, NOW + DAYS(2)), PSD_SETTLE_LIMIT);
  CU_ASSERT_EQUAL(owed(db, &line), 0);
  CU_ASSERT_EQUAL(present(db, &good, good.expiry), PSD_SETTLED);
  /* Revoked: the line, or the certificate of its holder. */
  CU_ASSERT_EQUAL(psd_credit_revoke(db, revoked.id, NOW + 9), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_credit_revoke(db, revoked.id, NOW + 10), PSD_DB_DONE);
  payment = payment_of(&revoked, 1, 300, 700, NULL, 0);
  CU_ASSERT_EQUAL(present(db, &payment, NOW + DAYS(2)), PSD_SETTLE_REVOKED);
  CU_ASSERT(psd_credit_get(db, revoked.id, &revoked) == PSD_DB_DONE && revoked.revoked == NOW + 9);
  CU_ASSERT_EQUAL(psd_ca_revoke(db, held.holder, PSD_REASON_KEY_COMPROMISE, PSD_CA_OPERATOR, NOTHING, NOW),
                  PSD_DB_DONE);
  payment = payment_of(&held, 1, 300, 700, NULL, 0);
  CU_ASSERT_EQUAL(present(db, &payment, NOW + DAYS(2)), PSD_SETTLE_REVOKED);
  CU_ASSERT_EQUAL(owed(db, &line), -300);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}

/* Two payments from one state of the card: the first is paid, the line is blocked. */
TEST(test_fork) {
  psd_db *db = begin();
  psd_credit_row line = line_of(db, 1);
  psd_proof_payment first = payment_of(&line, 1, 300, 700, NULL, 0), twin = payment_of(&line, 1, 300, 700, NULL, 1);
  psd_proof_payment next = payment_of(&line, 2, 100, 600, &first, 0);
  CU_ASSERT_EQUAL(present(db, &first, NOW + DAYS(2)), PSD_SETTLED);
  CU_ASSERT_EQUAL(present(db, &twin, NOW + DAYS(2)), PSD_SETTLE_FORKED);
  CU_ASSERT(psd_credit_get(db, line.id, &line) == PSD_DB_DONE && line.blocked && line.settled == 300);
  CU_ASSERT_EQUAL(present(db, &first, NOW + DAYS(2)), PSD_SETTLED_BEFORE);
  CU_ASSERT_EQUAL(present(db, &next, NOW + DAYS(2)), PSD_SETTLE_REVOKED);

  /* Neighbours that do not chain, on either side, near and far. */
  static const struct {
    uint32_t first, second;
    uint64_t amount, remaining, amount2, remaining2;
    bool link;
  } forks[] = {
      {1, 2, 300, 700, 100, 600, false}, /* previous is another's */
      {1, 2, 300, 700, 100, 599, true},  /* remaining is less than it should be */
      {1, 3, 300, 700, 100, 700, false}, /* and more, further on */
      {2, 1, 100, 600, 300, 700, false}, /* the earlier one comes later, and is not what it follows */
      {3, 1, 300, 700, 300, 700, false}, /* more was left afterwards than before */
      {2, 1, 100, 600, 200, 700, true},  /* the first one does not begin with the whole line */
  };
  for (unsigned i = 0; i < sizeof forks / sizeof forks[0]; i++) {
    psd_credit_row forked = line_of(db, 10 + i);
    psd_proof_payment one = payment_of(&forked, forks[i].first, forks[i].amount, forks[i].remaining, NULL, 0);
    psd_proof_payment two =
        payment_of(&forked, forks[i].second, forks[i].amount2, forks[i].remaining2, forks[i].link ? &one : NULL, 0);
    CU_ASSERT_EQUAL(present(db, &one, NOW + DAYS(2)), PSD_SETTLED);
    CU_ASSERT_EQUAL(present(db, &two, NOW + DAYS(2)), PSD_SETTLE_FORKED);
    CU_ASSERT(psd_credit_get(db, forked.id, &forked) == PSD_DB_DONE && forked.blocked &&
              forked.settled == forks[i].amount);
  }
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}
