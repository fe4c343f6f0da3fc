/* Orders and certificates that somebody fails at, and certificates. */
#include <string.h>

#include "bench_orders.h"
#include "check.h"
#include "psd/spec/status.h"

#define DAY 86400U
#define ZIP 55121U
#define LICENCE 4711U

/* The key management system does not want to, or is not there: the order waits on, the session goes on. */
static void test_kms_refuses(void) {
  static const struct {
    psd_frame_type type;
    unsigned action;
  } cases[] = {{PSD_FRAME_KMS_ORDER, PSD_ACTION_LICENCE},
               {PSD_FRAME_KMS_CERTIFY, PSD_ACTION_AUTHORIZE},
               {PSD_FRAME_KMS_CERTIFY, PSD_ACTION_CERTIFICATE},
               {0, PSD_ACTION_LICENCE}};
  const uint8_t content[PSD_SIZE_LICENCE] = {0, 0, 0xD7, 0x51};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bench at;
    bench_open_registered(&at, true);
    bench_put_order(&at, cases[i].action, content, cases[i].action == PSD_ACTION_CERTIFICATE ? 0 : sizeof content);
    at.service.vendor_key = PAPER_NEXT;
    at.kms_refuses_type = cases[i].type;
    bench_sign_on(&at, PSD_SUITE_SHARED);
    uint8_t m3[PSD_M3_MAX];
    bench_send(&at, PSD_FRAME_AUDIT_RESPONSE, m3, paper_audit(&at.card, m3));
    CU_ASSERT_TRUE(bench_answer_call(&at) && bench_do_job(&at));
    at.no_kms = cases[i].type == 0;
    bench_pump(&at);
    const bench_frame *m4 = bench_expect(&at, PSD_FRAME_AUDIT_RESULT);
    CU_ASSERT_TRUE_FATAL(paper_take_m4(&at.card, m4->body, m4->length));
    CU_ASSERT_EQUAL(at.card.result.actions, cases[i].action | PSD_ACTION_ROTATE);
    if (cases[i].type != 0) {
      uint8_t command[PAPER_RECORD];
      const bench_frame *got = bench_expect(&at, PSD_FRAME_CARD_DATA);
      CU_ASSERT_TRUE(paper_command(&at.card, got->body, got->length, command) > 0 && command[1] == 0x54);
      bench_card_says(&at, PSD_SW_OK);
    }
    CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
    CU_ASSERT_EQUAL(bench_meter(&at).due, cases[i].action);
    bench_close(&at);
  }
}

/* The database fails before the order, or after it: the session stays open, the order waits. */
static void test_database_fails(void) {
  for (unsigned after = 0; after < 2; after++) {
    bench at;
    bench_open_registered(&at, false);
    bench_put_order(&at, PSD_ACTION_ENABLE, "", 0);
    bench_sign_on(&at, PSD_SUITE_SHARED);
    uint8_t m3[PSD_M3_MAX];
    bench_send(&at, PSD_FRAME_AUDIT_RESPONSE, m3, paper_audit(&at.card, m3));
    CU_ASSERT_TRUE(bench_answer_call(&at) && bench_do_job(&at));
    const bench_frame *m4 = bench_expect(&at, PSD_FRAME_AUDIT_RESULT);
    CU_ASSERT_TRUE_FATAL(paper_take_m4(&at.card, m4->body, m4->length));
    if (after != 0) {
      bench_pump(&at);
      CU_ASSERT_EQUAL(bench_take_order(&at).ins, 0x3A);
    }
    at.database_fails = PSD_DB_FAILED;
    if (after != 0)
      bench_card_says(&at, PSD_SW_OK);
    CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
    CU_ASSERT_FALSE(at.closed);
    bench_close(&at);
  }
}

/* The certificate in an order: what the key management system was asked for stands for it. */
static psd_kms_certify certificate_in(const paper_order *order, size_t before) {
  psd_kms_certify certificate;
  CU_ASSERT_EQUAL_FATAL(order->length, before + PSD_SIZE_KMS_CERTIFY);
  CU_ASSERT_TRUE_FATAL(
      psd_parse_message(order->content + before, PSD_SIZE_KMS_CERTIFY, PSD_MESSAGE_KMS_CERTIFY, &certificate));
  return certificate;
}

/* A PSD with a key pair gets a certificate with its licence. */
static void test_authorize_with_certificate(void) {
  bench at;
  uint8_t content[PSD_SIZE_LICENCE];
  psd_buffer buffer = psd_buffer_over(content, sizeof content);
  psd_put_message(&buffer, PSD_MESSAGE_LICENCE, &(psd_licence){.zip = ZIP, .number = LICENCE});
  bench_open_registered(&at, true);
  bench_put_order(&at, PSD_ACTION_AUTHORIZE, content, sizeof content);
  bench_open_session(&at, PSD_SUITE_SHARED);
  paper_order order = bench_take_order(&at);
  CU_ASSERT_TRUE(order.ins == 0x30 && memcmp(order.content, content, sizeof content) == 0);
  psd_kms_certify certificate = certificate_in(&order, sizeof content);
  CU_ASSERT_TRUE(certificate.zip == ZIP && certificate.licence == LICENCE && certificate.number == 1);
  CU_ASSERT_TRUE(certificate.from == at.time && certificate.until == at.time + 365U * DAY);
  CU_ASSERT_EQUAL(certificate.ca_key, BENCH_CA);
  CU_ASSERT_EQUAL(bench_meter(&at).certificate_until, 0);
  bench_card_says(&at, PSD_SW_OK);
  CU_ASSERT_EQUAL(bench_meter(&at).certificate_until, certificate.until);
  CU_ASSERT_EQUAL(bench_meter(&at).due, 0);
  bench_close(&at);
}

/* At its edge, to the second; only a PSD that has a key pair. */
static void test_renewal(void) {
  static const struct {
    bool pair, due;
    uint64_t left;
  } cases[] = {{true, false, 30U * DAY + 1}, {true, true, 30U * DAY}, {true, true, 0}, {false, false, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bench at;
    bench_open_registered(&at, cases[i].pair);
    psd_meter_row row = bench_meter(&at);
    row.certificate_until = at.time + cases[i].left;
    row.zip = ZIP;
    row.licence = LICENCE;
    bench_change_meter(&at, &row);
    bench_open_session(&at, PSD_SUITE_SHARED);
    CU_ASSERT_EQUAL(at.card.result.actions, cases[i].due ? PSD_ACTION_CERTIFICATE : 0);
    if (cases[i].due) {
      paper_order order = bench_take_order(&at);
      psd_kms_certify certificate = certificate_in(&order, 0);
      CU_ASSERT_TRUE(order.ins == 0x52 && certificate.zip == ZIP && certificate.licence == LICENCE);
      bench_card_says(&at, PSD_SW_OK);
      CU_ASSERT_EQUAL(bench_meter(&at).certificate_until, at.time + 365U * DAY);
    }
    CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
    bench_sign_off(&at);
    bench_open_session(&at, PSD_SUITE_SHARED);
    CU_ASSERT_EQUAL(at.card.result.actions, 0);
    bench_close(&at);
  }
}

/* A certificate that was ordered for a PSD that has nothing to certify: it waits no more, and no card hears of it. */
static void test_certificate_without_key_pair(void) {
  bench at;
  bench_open_registered(&at, false);
  bench_put_order(&at, PSD_ACTION_CERTIFICATE, "", 0);
  bench_open_session(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
  CU_ASSERT_EQUAL(bench_meter(&at).due, 0);
  bench_close(&at);
}

/* Somebody has to hear of it: what the log says of an alarm, and of an order that the card refuses. */
static void test_log(void) {
  bench at;
  char text[2048] = "";
  FILE *file = tmpfile();
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  bench_open_registered(&at, false);
  at.service.log = psd_meter_log_new(fileno(file), PSD_METER_INFO);
  at.card.audit.control_total = at.card.audit.descending = 1;
  bench_open_session(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(bench_take_order(&at).ins, 0x3C);
  bench_card_says(&at, PSD_SW_CONDITIONS);
  bench_close(&at);
  CU_ASSERT_TRUE(psd_meter_log_free(at.service.log));
  rewind(file);
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  (void)fclose(file);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"level\":\"warning\",\"event\":\"alarm\""));
  const char *order = strstr(text, "\"level\":\"warning\",\"event\":\"order\"");
  CU_ASSERT_PTR_NOT_NULL_FATAL(order);
  CU_ASSERT_PTR_NOT_NULL(
      strstr(order, "\"command\":\"DISABLE\",\"words\":\"the card refuses it\",\"status\":\"6985\""));
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the key management system refuses, or is not there", test_kms_refuses},
      {"the database fails before the order, or after it", test_database_fails},
      {"licence and certificate for a PSD with a key pair", test_authorize_with_certificate},
      {"a certificate is renewed before its end", test_renewal},
      {"a certificate for a PSD without a key pair", test_certificate_without_key_pair},
      {"what the log says", test_log},
  };
  return psd_check_run("server orders, certificates and trouble", tests, PSD_CHECK_COUNT(tests));
}
