/* Lines of credit at the meter server (VM figure 8): the application (802) is checked, decided (804), certified (808).
 */
#include <string.h>

#include "check.h"
#include "desk_bench.h"

typedef struct credit_bench {
  desk_bench d;
  uint32_t user, stamp;
} credit_bench;

static void open_credit(credit_bench *at) {
  desk_open(&at->d);
  at->user = desk_certify(&at->d, 1, 1);
  at->stamp = desk_certify(&at->d, 2, 2);
  at->d.b.settings.credit_most = 1000000;
}

static proof_der apply(const credit_bench *at, uint64_t amount) {
  return desk_application(&at->d, amount, at->user, at->stamp);
}

static psd_credit_row line_of(const credit_bench *at, uint64_t id) {
  psd_credit_row line;
  CU_ASSERT_EQUAL_FATAL(psd_credit_get(at->d.b.db, (int64_t)id, &line), PSD_DB_DONE);
  return line;
}

/* 804 yes, 808: a certificate for the holder's own key, by the creditor. */
static void test_granted(void) {
  credit_bench at;
  open_credit(&at);
  proof_der application = apply(&at, 500000);
  CU_ASSERT_EQUAL(desk_ask_der(&at.d, PSD_HOST_CREDIT, &application), 0);
  CU_ASSERT_TRUE(at.d.item.kind == PSD_AUTHORITY_CREDIT && at.d.item.status == PSD_AUTHORITY_ACCEPTED);
  psd_credit_row line = line_of(&at, at.d.item.number);
  CU_ASSERT_TRUE(line.amount == 500000 && line.holder == at.user && strcmp(line.use, "postage") == 0);
  CU_ASSERT_TRUE_FATAL(line.length == at.d.length && memcmp(line.der, at.d.content, line.length) == 0);
  CU_ASSERT_TRUE(line.from == at.d.b.time && line.until == desk_certificate(&at.d, at.user).until);
  const unsigned char *der = at.d.content;
  X509 *made = d2i_X509(NULL, &der, (long)at.d.length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(made);
  CU_ASSERT_EQUAL(EVP_PKEY_eq(X509_get0_pubkey(made), at.d.user), 1);
  X509_free(made);
  /* The same once more. */
  CU_ASSERT_EQUAL(desk_ask_der(&at.d, PSD_HOST_CREDIT, &application), 0);
  CU_ASSERT_TRUE(at.d.item.number == (uint64_t)line.id && at.d.length == line.length);
  CU_ASSERT_EQUAL(desk_news(&at.d, PSD_AUTHORITY_CREDIT, (uint32_t)line.id), 0);
  CU_ASSERT_TRUE(at.d.length == line.length && memcmp(line.der, at.d.content, line.length) == 0);
  desk_close(&at.d);
}

/* 804: more than is granted at once is the operator's; he grants less than was asked for. */
static void test_left_to_the_operator(void) {
  credit_bench at;
  open_credit(&at);
  proof_der application = apply(&at, 1000001);
  CU_ASSERT_EQUAL(desk_ask_der(&at.d, PSD_HOST_CREDIT, &application), 0);
  CU_ASSERT_TRUE(at.d.item.status == PSD_AUTHORITY_PENDING && at.d.length == 0);
  const uint32_t id = (uint32_t)at.d.item.number;
  CU_ASSERT_EQUAL(desk_news(&at.d, PSD_AUTHORITY_CREDIT, id), 0);
  CU_ASSERT_TRUE(at.d.item.status == PSD_AUTHORITY_PENDING && at.d.length == 0);
  desk_begin(&at.d);
  CU_ASSERT_EQUAL(psd_credit_approve(at.d.b.db, id, 700000, at.d.b.time), PSD_DB_DONE);
  desk_commit(&at.d);
  desk_again(&at.d);
  CU_ASSERT_EQUAL(desk_news(&at.d, PSD_AUTHORITY_CREDIT, id), 0);
  CU_ASSERT_TRUE(at.d.item.status == PSD_AUTHORITY_ACCEPTED && at.d.length > 0);
  psd_credit_row line = line_of(&at, id);
  CU_ASSERT_TRUE(line.amount == 700000 && line.length == at.d.length);
  desk_close(&at.d);
}

/* 804 no, 806. */
static void test_rejected(void) {
  credit_bench at;
  open_credit(&at);
  at.d.b.settings.credit_most = 0;
  proof_der application = apply(&at, 10);
  CU_ASSERT_EQUAL(desk_ask_der(&at.d, PSD_HOST_CREDIT, &application), 0);
  const uint32_t id = (uint32_t)at.d.item.number;
  CU_ASSERT_EQUAL(at.d.item.status, PSD_AUTHORITY_PENDING);
  desk_begin(&at.d);
  CU_ASSERT_EQUAL(psd_credit_reject(at.d.b.db, id, "no income", at.d.b.time), PSD_DB_DONE);
  desk_commit(&at.d);
  CU_ASSERT_EQUAL(desk_news(&at.d, PSD_AUTHORITY_CREDIT, id), 0);
  static const char why[] = "no income"; /* the Host is told */
  CU_ASSERT_TRUE(at.d.item.status == PSD_AUTHORITY_REJECTED && at.d.length == sizeof why - 1 &&
                 memcmp(at.d.content, why, sizeof why - 1) == 0);
  CU_ASSERT_EQUAL(desk_news(&at.d, PSD_AUTHORITY_CREDIT, id + 1), PSD_SIGNAL_REQUEST);
  desk_close(&at.d);
}

/* Of each part a bit is turned; what is not the holder's, or not of this PSD, is nobody's application. */
static void test_refused(void) {
  credit_bench at;
  open_credit(&at);
  psd_credit_application head;
  proof_der good = apply(&at, 10);
  CU_ASSERT_TRUE(psd_parse_message(good.data, PSD_SIZE_CREDIT_APPLICATION, PSD_MESSAGE_CREDIT_APPLICATION, &head));
  const size_t ends[] = {PSD_SIZE_CREDIT_APPLICATION + (size_t)head.signature,
                         PSD_SIZE_CREDIT_APPLICATION + (size_t)(head.signature + head.postmark)};
  for (size_t i = 0; i < 2; i++) {
    proof_der altered = good;
    altered.data[ends[i] - 3] ^= 1;
    CU_ASSERT_EQUAL(desk_ask_der(&at.d, PSD_HOST_CREDIT, &altered), PSD_SIGNAL_SIGNATURE);
  }
  proof_der altered = good;
  altered.data[altered.length - 1] ^= 1; /* the nonce of the request */
  int signal = desk_ask_der(&at.d, PSD_HOST_CREDIT, &altered);
  CU_ASSERT_TRUE(signal == PSD_SIGNAL_SIGNATURE || signal == PSD_SIGNAL_REQUEST);
  /* With the certificate for postmarks nobody asks for credit. */
  proof_der wrong = desk_application(&at.d, 10, at.stamp, at.stamp);
  CU_ASSERT_NOT_EQUAL(desk_ask_der(&at.d, PSD_HOST_CREDIT, &wrong), 0);
  proof_der nothing = apply(&at, 0);
  CU_ASSERT_NOT_EQUAL(desk_ask_der(&at.d, PSD_HOST_CREDIT, &nothing), 0);
  for (size_t length = 1; length < good.length; length += 97)
    CU_ASSERT_NOT_EQUAL(desk_ask(&at.d, PSD_HOST_CREDIT, good.data, length), 0);
  CU_ASSERT_EQUAL(desk_news(&at.d, PSD_AUTHORITY_CREDIT, 1), PSD_SIGNAL_REQUEST);
  /* It is not of today any more. */
  at.d.b.time += 2U * DESK_DAY;
  CU_ASSERT_EQUAL(desk_ask_der(&at.d, PSD_HOST_CREDIT, &good), PSD_SIGNAL_REQUEST);
  CU_ASSERT_FALSE(at.d.b.closed);
  desk_close(&at.d);
}

/* The holder's certificate, or that of the postmark, is revoked. */
static void test_revoked(void) {
  for (unsigned which = 0; which < 2; which++) {
    credit_bench at;
    open_credit(&at);
    proof_der application = apply(&at, 10);
    desk_begin(&at.d);
    CU_ASSERT_EQUAL(psd_ca_revoke(at.d.b.db, which == 0 ? at.user : at.stamp, PSD_REASON_CESSATION, PSD_CA_OPERATOR,
                                  (psd_proof_bytes){NULL, 0}, at.d.b.time),
                    PSD_DB_DONE);
    desk_commit(&at.d);
    CU_ASSERT_EQUAL(desk_ask_der(&at.d, PSD_HOST_CREDIT, &application), PSD_SIGNAL_STATE);
    CU_ASSERT_EQUAL(desk_news(&at.d, PSD_AUTHORITY_CREDIT, 1), PSD_SIGNAL_REQUEST);
    desk_close(&at.d);
  }
}

/* The line breaks between every two steps: one application, one line of credit, the same certificate. */
static void test_cut_at_each_step(void) {
  for (unsigned steps = 0; steps <= 5; steps++) {
    credit_bench at;
    uint8_t record[PAPER_RECORD];
    open_credit(&at);
    proof_der application = apply(&at, 10);
    bench_send(&at.d.b, PSD_FRAME_HOST_DATA, record,
               paper_request(&at.d.b.card, PSD_HOST_CREDIT, application.data, application.length, record));
    for (unsigned i = 0; i < steps; i++)
      CU_ASSERT_TRUE_FATAL(bench_answer_call(&at.d.b) || bench_do_job(&at.d.b));
    desk_again(&at.d);
    CU_ASSERT_EQUAL(desk_ask_der(&at.d, PSD_HOST_CREDIT, &application), 0);
    CU_ASSERT_TRUE(at.d.item.status == PSD_AUTHORITY_ACCEPTED && at.d.length > 0);
    psd_credit_row line = line_of(&at, at.d.item.number), none;
    CU_ASSERT_TRUE(line.length == at.d.length && memcmp(line.der, at.d.content, line.length) == 0);
    CU_ASSERT_EQUAL(psd_credit_get(at.d.b.db, line.id + 1, &none), PSD_DB_ABSENT);
    desk_close(&at.d);
  }
}

/* Who does not know the number asks for 0: the last application of this PSD, and of no other. */
static void test_last(void) {
  credit_bench at;
  open_credit(&at);
  CU_ASSERT_EQUAL(desk_news(&at.d, PSD_AUTHORITY_CREDIT, 0), PSD_SIGNAL_REQUEST);
  proof_der first = apply(&at, 10), second = apply(&at, 1000001);
  CU_ASSERT_EQUAL(desk_ask_der(&at.d, PSD_HOST_CREDIT, &first), 0);
  const uint64_t number = at.d.item.number;
  CU_ASSERT_EQUAL(desk_news(&at.d, PSD_AUTHORITY_CREDIT, 0), 0);
  CU_ASSERT_TRUE(at.d.item.number == number && at.d.length == line_of(&at, number).length);
  CU_ASSERT_EQUAL(desk_ask_der(&at.d, PSD_HOST_CREDIT, &second), 0);
  CU_ASSERT_EQUAL(desk_news(&at.d, PSD_AUTHORITY_CREDIT, 0), 0);
  CU_ASSERT_TRUE(at.d.item.number > number && at.d.item.status == PSD_AUTHORITY_PENDING && at.d.length == 0);
  psd_credit_row line;
  CU_ASSERT_EQUAL(psd_credit_last(at.d.b.db, (const uint8_t[8]){0, 0, 0, 0, 0, 0, 0, 9}, &line), PSD_DB_ABSENT);
  desk_close(&at.d);
}

/* It was approved, and the holder's certificate revoked before it was fetched: the key management system is not asked.
 */
static void test_revoked_meanwhile(void) {
  credit_bench at;
  open_credit(&at);
  proof_der application = apply(&at, 1000001);
  CU_ASSERT_EQUAL(desk_ask_der(&at.d, PSD_HOST_CREDIT, &application), 0);
  const uint32_t id = (uint32_t)at.d.item.number;
  desk_begin(&at.d);
  CU_ASSERT_EQUAL(psd_credit_approve(at.d.b.db, id, 10, at.d.b.time), PSD_DB_DONE);
  CU_ASSERT_EQUAL(
      psd_ca_revoke(at.d.b.db, at.user, PSD_REASON_CESSATION, PSD_CA_OPERATOR, (psd_proof_bytes){NULL, 0}, at.d.b.time),
      PSD_DB_DONE);
  desk_commit(&at.d);
  CU_ASSERT_EQUAL(desk_news(&at.d, PSD_AUTHORITY_CREDIT, id), PSD_SIGNAL_STATE);
  CU_ASSERT_EQUAL(line_of(&at, id).length, 0);
  desk_close(&at.d);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"802-808: granted at once", test_granted},
      {"804: left to the operator, who approves", test_left_to_the_operator},
      {"804, 806: rejected", test_rejected},
      {"802: what is no application", test_refused},
      {"of a certificate that is revoked", test_revoked},
      {"of a certificate that was revoked after the approval", test_revoked_meanwhile},
      {"the last application of a PSD", test_last},
      {"the line breaks between every two steps", test_cut_at_each_step},
  };
  return psd_check_run("server lines of credit", tests, PSD_CHECK_COUNT(tests));
}
