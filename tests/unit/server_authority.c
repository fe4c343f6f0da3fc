/* Requests for certificates at the meter server (VM figure 5): sealed, opened by the key management system, vetted
 * (514), certified, answered; and what was accepted meanwhile. */
#include <string.h>

#include "bench_orders.h"
#include "check.h"
#include "desk_bench.h"
#include "psd/spec/lifecycle.h"

/* 514 yes: the name is that of the user who is signed on. */
static void test_granted_at_once(void) {
  desk_bench at;
  desk_open(&at);
  proof_der request = desk_request(&at, 1, 1, "anna");
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CERTIFY, &request), 0);
  CU_ASSERT_TRUE(at.item.kind == PSD_AUTHORITY_CERTIFICATE && at.item.number == 1);
  CU_ASSERT_EQUAL(at.item.status, PSD_AUTHORITY_ACCEPTED);
  X509 *certificate = desk_granted(&at);
  psd_proof_signer said;
  proof_der der = proof_of(certificate);
  CU_ASSERT_TRUE(psd_proof_read_certificate(proof_bytes(&der), &said));
  CU_ASSERT_STRING_EQUAL(said.common_name, "anna");
  CU_ASSERT_TRUE(said.from == at.b.time && said.until == at.b.time + at.b.settings.user_days * DESK_DAY);
  psd_ca_certificate kept = desk_certificate(&at, (uint32_t)said.number);
  CU_ASSERT_TRUE(kept.length == der.length && memcmp(kept.der, der.data, der.length) == 0);
  STACK_OF(OPENSSL_STRING) *ocsp = X509_get1_ocsp(certificate);
  CU_ASSERT_PTR_NOT_NULL_FATAL(ocsp);
  CU_ASSERT_STRING_EQUAL(sk_OPENSSL_STRING_value(ocsp, 0), "http://ca.example.org/ocsp");
  X509_email_free(ocsp);
  X509_free(certificate);
  desk_close(&at);
}

typedef struct tally {
  int rows;
  psd_ca_request last;
} tally;

static bool see(void *user, const psd_ca_request *request) {
  tally *at = user;
  at->rows++;
  at->last = *request;
  return true;
}

static int rows(const desk_bench *at, psd_ca_request *last) {
  tally found = {.rows = 0};
  CU_ASSERT_EQUAL(psd_ca_request_list(at->b.db, false, see, &found), PSD_DB_DONE);
  if (last != NULL)
    *last = found.last;
  return found.rows;
}

/* 514 no: somebody else's name is the operator's to look at. */
static void test_pending_then_accepted(void) {
  desk_bench at;
  psd_ca_request kept;
  desk_open(&at);
  proof_der request = desk_request(&at, 1, 1, "Somebody Else");
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CERTIFY, &request), 0);
  CU_ASSERT_TRUE(at.item.status == PSD_AUTHORITY_PENDING && at.length == 0);
  CU_ASSERT_EQUAL(rows(&at, &kept), 1);
  CU_ASSERT_STRING_EQUAL(kept.name, "Somebody Else");
  CU_ASSERT_EQUAL(desk_news(&at, PSD_AUTHORITY_CERTIFICATE, 1), 0);
  CU_ASSERT_TRUE(at.item.status == PSD_AUTHORITY_PENDING && at.length == 0);
  desk_begin(&at);
  CU_ASSERT_EQUAL(psd_ca_accept(at.b.db, kept.id, at.b.time), PSD_DB_DONE);
  desk_commit(&at);
  CU_ASSERT_EQUAL(desk_news(&at, PSD_AUTHORITY_CERTIFICATE, 1), 0);
  CU_ASSERT_TRUE(at.item.status == PSD_AUTHORITY_ACCEPTED && at.item.number == 1 && at.length > 0);
  uint8_t first[PAPER_RECORD];
  size_t length = at.length;
  memcpy(first, at.content, length);
  /* Once more is the same, whichever way it is asked. */
  CU_ASSERT_EQUAL(desk_news(&at, PSD_AUTHORITY_CERTIFICATE, 1), 0);
  CU_ASSERT_TRUE(at.length == length && memcmp(first, at.content, length) == 0);
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CERTIFY, &request), 0);
  CU_ASSERT_TRUE(at.length == length && memcmp(first, at.content, length) == 0);
  desk_close(&at);
}

static void test_rejected(void) {
  desk_bench at;
  psd_ca_request kept;
  desk_open(&at);
  at.b.settings.vetting = PSD_CA_BY_OPERATOR;
  proof_der request = desk_request(&at, 1, 1, "anna");
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CERTIFY, &request), 0);
  CU_ASSERT_EQUAL(at.item.status, PSD_AUTHORITY_PENDING);
  CU_ASSERT_EQUAL(rows(&at, &kept), 1);
  desk_begin(&at);
  CU_ASSERT_EQUAL(psd_ca_reject(at.b.db, kept.id, "nobody knows her", at.b.time), PSD_DB_DONE);
  desk_commit(&at);
  CU_ASSERT_EQUAL(desk_news(&at, PSD_AUTHORITY_CERTIFICATE, 1), 0);
  static const char why[] = "nobody knows her"; /* the Host is told (516) */
  CU_ASSERT_TRUE(at.item.status == PSD_AUTHORITY_REJECTED && at.length == sizeof why - 1 &&
                 memcmp(at.content, why, sizeof why - 1) == 0);
  desk_close(&at);
}

/* Another request with a number that was used, one that was altered, another PSD's, none at all. */
static void test_refused(void) {
  desk_bench at;
  desk_open(&at);
  (void)desk_certify(&at, 1, 1);
  proof_der other = desk_request(&at, 1, 1, "Eve");
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CERTIFY, &other), PSD_SIGNAL_REQUEST);
  proof_der altered = desk_request(&at, 2, 1, "anna");
  altered.data[PSD_SIZE_CERTIFICATE_REQUEST + 30] ^= 1;
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CERTIFY, &altered), PSD_SIGNAL_SIGNATURE);
  altered = desk_request(&at, 2, 1, "anna");
  altered.data[7] ^= 1; /* the serial number of the PSD */
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CERTIFY, &altered), PSD_SIGNAL_REQUEST);
  for (size_t length = 0; length < PSD_SIZE_CERTIFICATE_REQUEST + PSD_GCM_TAG; length += 7)
    CU_ASSERT_EQUAL(desk_ask(&at, PSD_HOST_CERTIFY, other.data, length), PSD_SIGNAL_REQUEST);
  uint8_t much[7000] = {0};
  memcpy(much, other.data, 8);
  CU_ASSERT_EQUAL(desk_ask(&at, PSD_HOST_CERTIFY, much, sizeof much), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(rows(&at, NULL), 1);
  CU_ASSERT_FALSE(at.b.closed);
  desk_close(&at);
}

/* Whoever asks about what is not there, or what is no question. */
static void test_no_news(void) {
  desk_bench at;
  desk_open(&at);
  CU_ASSERT_EQUAL(desk_news(&at, PSD_AUTHORITY_CERTIFICATE, 1), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(desk_news(&at, PSD_AUTHORITY_REVOCATION, 1), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(desk_news(&at, (psd_authority_kind)9, 1), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(desk_ask(&at, PSD_HOST_NEWS, "\1\0\0", 3), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(desk_ask(&at, PSD_HOST_NEWS, "", 0), PSD_SIGNAL_REQUEST);
  desk_close(&at);
}

/* A PSD that is nobody's, one that is locked, one out of service. */
static void test_not_in_order(void) {
  desk_bench at;
  desk_open(&at);
  proof_der request = desk_request(&at, 1, 1, "anna");
  psd_meter_row row = bench_meter(&at.b);
  row.lock = PSD_METER_LOCKED;
  bench_change_meter(&at.b, &row);
  at.b.card.audit.state = PSD_STATE_LOCKED;
  desk_again(&at);
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CERTIFY, &request), PSD_SIGNAL_LOCKED);
  CU_ASSERT_EQUAL(desk_news(&at, PSD_AUTHORITY_CERTIFICATE, 1), PSD_SIGNAL_LOCKED);
  CU_ASSERT_EQUAL(rows(&at, NULL), 0);
  desk_close(&at);
  bench plain;
  bench_open(&plain);
  bench_open_session(&plain, PSD_SUITE_SHARED);
  static const psd_host_operation all[] = {PSD_HOST_CERTIFY, PSD_HOST_NEWS, PSD_HOST_REVOKE, PSD_HOST_CONFIRM,
                                           PSD_HOST_CREDIT};
  for (size_t i = 0; i < PSD_CHECK_COUNT(all); i++)
    CU_ASSERT_EQUAL(bench_request(&plain, all[i], "x", 1), PSD_SIGNAL_NOT_REGISTERED);
  bench_close(&plain);
}

/* The key management system is away, or refuses; the database is away: the Host hears so, and the session stays. */
static void test_others_fail(void) {
  desk_bench at;
  desk_open(&at);
  proof_der request = desk_request(&at, 1, 1, "anna");
  at.b.no_kms = true;
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CERTIFY, &request), PSD_SIGNAL_KMS);
  at.b.no_kms = false;
  at.b.kms_refuses = PSD_SIGNAL_ROLE;
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CERTIFY, &request), PSD_SIGNAL_KMS);
  at.b.kms_refuses = PSD_SIGNAL_DEVICE_KEY;
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CERTIFY, &request), PSD_SIGNAL_DEVICE_KEY);
  at.b.kms_refuses = PSD_SIGNAL_NONE;
  at.b.kms_refuses_type = PSD_FRAME_KMS_ISSUE;
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CERTIFY, &request), PSD_SIGNAL_REQUEST);
  at.b.kms_refuses_type = (psd_frame_type)0;
  at.b.database_fails = PSD_DB_BUSY;
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CERTIFY, &request), PSD_SIGNAL_DATABASE);
  at.b.database_fails = PSD_DB_DONE;
  /* It was accepted all the time, and is granted now. */
  CU_ASSERT_EQUAL(desk_news(&at, PSD_AUTHORITY_CERTIFICATE, 1), 0);
  CU_ASSERT_TRUE(at.item.status == PSD_AUTHORITY_ACCEPTED && at.length > 0);
  CU_ASSERT_EQUAL(rows(&at, NULL), 1);
  desk_close(&at);
}

/* One step of what is under way; false if there is none. */
static bool step(desk_bench *at) {
  return bench_answer_call(&at->b) || bench_do_job(&at->b);
}

static void send_request(desk_bench *at, const proof_der *der) {
  uint8_t record[PAPER_RECORD];
  at->b.sent_count = at->b.taken = 0;
  bench_send(&at->b, PSD_FRAME_HOST_DATA, record,
             paper_request(&at->b.card, PSD_HOST_CERTIFY, der->data, der->length, record));
}

/* The line breaks between every two steps: asked again there is one request, one certificate, and one grant. */
static void test_cut_at_each_step(void) {
  for (unsigned steps = 0; steps <= 4; steps++) {
    desk_bench at;
    psd_ca_request kept;
    desk_open(&at);
    proof_der request = desk_request(&at, 1, 1, "anna");
    send_request(&at, &request);
    for (unsigned i = 0; i < steps; i++)
      CU_ASSERT_TRUE_FATAL(step(&at));
    CU_ASSERT_EQUAL(at.b.sent_count, steps == 4);
    desk_again(&at);
    CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CERTIFY, &request), 0);
    CU_ASSERT_TRUE(at.item.status == PSD_AUTHORITY_ACCEPTED && at.length > 0);
    CU_ASSERT_EQUAL(rows(&at, &kept), 1);
    CU_ASSERT_TRUE(kept.grant_length == at.length && memcmp(kept.grant, at.content, at.length) == 0);
    desk_close(&at);
  }
}

/* Two servers issue at the same time: both answer with the grant that was kept first. */
static void test_issued_elsewhere(void) {
  desk_bench at;
  psd_ca_request kept;
  desk_open(&at);
  proof_der request = desk_request(&at, 1, 1, "anna");
  send_request(&at, &request);
  for (unsigned i = 0; i < 3; i++)
    CU_ASSERT_TRUE_FATAL(step(&at)); /* the certificate is made, and not kept */
  CU_ASSERT_EQUAL(rows(&at, &kept), 1);
  uint8_t grant[PAPER_RECORD];
  CU_ASSERT_PTR_NOT_NULL_FATAL(at.b.job);
  CU_ASSERT_EQUAL(at.b.job->kind, PSD_METER_JOB_CA_ISSUED);
  /* What the other server has got from there: of the same number and key, signed anew. */
  uint8_t body[PAPER_RECORD];
  size_t length = 0;
  psd_buffer out = psd_buffer_over(body, sizeof body);
  psd_kms_issue head = {
      .number = kept.certificate, .from = at.b.time, .until = at.b.time + DESK_DAY, .zip = 1, .licence = 2};
  psd_put_message(&out, PSD_MESSAGE_KMS_ISSUE, &head);
  psd_put(&out, at.b.card.wrapped_k4, sizeof at.b.card.wrapped_k4);
  psd_put(&out, request.data, request.length);
  CU_ASSERT_EQUAL_FATAL(at.b.kms(&at.b, PSD_FRAME_KMS_ISSUE, out.data, out.length, grant, &length),
                        PSD_FRAME_KMS_ISSUED);
  desk_begin(&at);
  CU_ASSERT_EQUAL_FATAL(psd_ca_issued(at.b.db, kept.id, grant, length, at.b.time), PSD_DB_DONE);
  desk_commit(&at);
  bench_pump(&at.b);
  CU_ASSERT_EQUAL(desk_answer(&at, PSD_HOST_CERTIFY), 0);
  CU_ASSERT_TRUE(at.length == length && memcmp(at.content, grant, length) == 0);
  desk_close(&at);
}

/* While it is under way the Host asks for nothing else, and does not sign off. */
static void test_one_at_a_time(void) {
  for (unsigned off = 0; off < 2; off++) {
    desk_bench at;
    uint8_t record[PAPER_RECORD];
    desk_open(&at);
    proof_der request = desk_request(&at, 1, 1, "anna");
    send_request(&at, &request);
    if (off != 0)
      bench_send(&at.b, PSD_FRAME_SIGN_OFF, NULL, 0);
    else
      bench_send(&at.b, PSD_FRAME_HOST_DATA, record, paper_request(&at.b.card, PSD_HOST_DONE, NULL, 0, record));
    (void)bench_expect_end(&at.b, PSD_SIGNAL_ORDER, 0);
    desk_close(&at);
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"514: accepted at once, and granted", test_granted_at_once},
      {"514: left to the operator, who accepts", test_pending_then_accepted},
      {"and one that he rejects", test_rejected},
      {"what is no request, altered, or another's", test_refused},
      {"news of nothing", test_no_news},
      {"a PSD that is nobody's, or locked", test_not_in_order},
      {"key management system and database fail", test_others_fail},
      {"the line breaks between every two steps", test_cut_at_each_step},
      {"another server was faster", test_issued_elsewhere},
      {"one at a time", test_one_at_a_time},
  };
  return psd_check_run("server authority", tests, PSD_CHECK_COUNT(tests));
}
