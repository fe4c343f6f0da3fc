/* Sessions of the meter server in which somebody fails, is late, or says what is not his turn. */
#include "session_bench.h"

#include <string.h>

#include "check.h"

/* M1, of which nobody has heard yet. */
static void send_sign_on(bench *at) {
  uint8_t m1[PSD_SIGN_ON_MAX];
  size_t length = paper_sign_on(&at->card, PSD_SUITE_SHARED, false, "anna", bench_right, m1);
  bench_send(at, PSD_FRAME_SIGN_ON, m1, length);
}

/* An audit that says nothing new costs no write; after a while, and with news, it does. */
static void test_saves_news_only(void) {
  static const struct {
    unsigned after;
    bool piece, saved;
  } rounds[] = {{0, false, true}, {10, false, false}, {10, true, true}, {10, false, false}, {61, false, true}};
  bench at;
  bench_open(&at);
  bench_give_to(&at, "anna");
  for (size_t i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
    unsigned before = at.writes;
    at.time += rounds[i].after;
    at.card.audit.piece_count += rounds[i].piece;
    at.card.audit.inspected = at.time;
    at.card.audit.log_count++;
    bench_open_session(&at, PSD_SUITE_SHARED);
    CU_ASSERT_EQUAL(at.writes - before, rounds[i].saved);
    bench_sign_off(&at);
  }
  bench_close(&at);
}

/* M4 is not sent before the audit is on the disk, and not at all when it cannot be. */
static void test_database_fails(void) {
  bench at;
  bench_open(&at);
  at.database_fails = PSD_DB_BUSY;
  bench_sign_on_as(&at, PSD_SUITE_SHARED, false, "anna", bench_right);
  CU_ASSERT_EQUAL(bench_expect_end(&at, PSD_SIGNAL_DATABASE, 216), 1);
  bench_close(&at);
  bench_open(&at);
  bench_sign_on(&at, PSD_SUITE_SHARED);
  at.database_fails = PSD_DB_FAILED;
  bench_send_audit(&at);
  (void)bench_expect_end(&at, PSD_SIGNAL_DATABASE, 246);
  bench_close(&at);
  bench_open(&at);
  at.no_database = true;
  bench_sign_on_as(&at, PSD_SUITE_SHARED, false, "anna", bench_right);
  (void)bench_expect_end(&at, PSD_SIGNAL_DATABASE, 216);
  bench_close(&at);
}

/* EP 212, 242: nobody answers, or with what is no fault of the Host. */
static void test_kms_fails(void) {
  static const psd_signal refusals[] = {PSD_SIGNAL_KMS, PSD_SIGNAL_ROLE, PSD_SIGNAL_MESSAGE, PSD_SIGNAL_INTERNAL};
  bench at;
  for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
    bench_open(&at);
    at.kms_refuses = refusals[i];
    bench_sign_on_as(&at, PSD_SUITE_SHARED, false, "anna", bench_right);
    (void)bench_expect_end(&at, PSD_SIGNAL_KMS, 212);
    bench_close(&at);
    bench_open(&at);
    bench_sign_on(&at, PSD_SUITE_SHARED);
    at.kms_refuses = refusals[i];
    bench_send_audit(&at);
    (void)bench_expect_end(&at, PSD_SIGNAL_KMS, 242);
    bench_close(&at);
  }
  bench_open(&at);
  at.no_kms = true;
  bench_sign_on_as(&at, PSD_SUITE_SHARED, false, "anna", bench_right);
  (void)bench_expect_end(&at, PSD_SIGNAL_KMS, 212);
  bench_close(&at);
}

static void test_old_vendor_key(void) {
  bench at;
  bench_open(&at);
  at.card.vendor_key = 3;
  bench_sign_on_as(&at, PSD_SUITE_P256, true, "anna", bench_right);
  (void)bench_expect_end(&at, PSD_SIGNAL_VENDOR_KEY, 214);
  bench_close(&at);
}

/* Every frame in every state in which it has no business. */
static void test_order(void) {
  static const psd_frame_type types[] = {PSD_FRAME_SIGN_ON,   PSD_FRAME_AUDIT_RESPONSE, PSD_FRAME_HOST_DATA,
                                         PSD_FRAME_CARD_DATA, PSD_FRAME_SIGN_OFF,       PSD_FRAME_GREETING,
                                         PSD_FRAME_KMS_UNWRAP};
  uint8_t m3[PSD_M3_MAX];
  for (unsigned state = 0; state < 6; state++) {
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
      bench at;
      bench_open(&at);
      if (state == 1 || state == 2)
        send_sign_on(&at);
      if (state == 2)
        CU_ASSERT_TRUE(bench_answer_call(&at));
      if (state > 2)
        bench_sign_on(&at, PSD_SUITE_SHARED);
      if (state > 3)
        bench_send(&at, PSD_FRAME_AUDIT_RESPONSE, m3, paper_audit(&at.card, m3));
      if (state > 4)
        CU_ASSERT_TRUE(bench_answer_call(&at));
      if ((types[i] == PSD_FRAME_SIGN_ON && state == 0) || (types[i] == PSD_FRAME_AUDIT_RESPONSE && state == 3)) {
        bench_close(&at);
        continue;
      }
      bench_send(&at, types[i], NULL, 0);
      bool none = types[i] == PSD_FRAME_GREETING || types[i] == PSD_FRAME_KMS_UNWRAP;
      psd_error_signal message;
      const bench_frame *got = bench_expect(&at, PSD_FRAME_ERROR_SIGNAL);
      CU_ASSERT_TRUE(psd_parse_message(got->body, got->length, PSD_MESSAGE_ERROR_SIGNAL, &message));
      CU_ASSERT_EQUAL(message.signal, none ? PSD_SIGNAL_MESSAGE : PSD_SIGNAL_ORDER);
      CU_ASSERT_TRUE(at.closed);
      bench_send(&at, PSD_FRAME_SIGN_OFF, NULL, 0);
      bench_pump(&at);
      CU_ASSERT_EQUAL(at.sent_count, at.taken);
      bench_close(&at);
    }
  }
}

static void test_error_signal_of_the_host(void) {
  static const uint8_t signal[] = {PSD_SIGNAL_RESPONSE, 0, 224, 0, 0, 0, 0};
  bench at;
  bench_open(&at);
  bench_sign_on(&at, PSD_SUITE_SHARED);
  bench_send(&at, PSD_FRAME_ERROR_SIGNAL, signal, sizeof signal);
  CU_ASSERT_TRUE(at.closed);
  CU_ASSERT_EQUAL(at.taken, at.sent_count);
  bench_close(&at);
}

static void test_timeouts(void) {
  bench at;
  bench_open(&at);
  psd_meter_session_timeout(at.session);
  (void)bench_expect_end(&at, PSD_SIGNAL_TIMEOUT, 210);
  bench_close(&at);
  bench_open(&at);
  send_sign_on(&at);
  CU_ASSERT_EQUAL(at.deadline, at.settings.handshake_timeout);
  psd_meter_session_timeout(at.session);
  (void)bench_expect_end(&at, PSD_SIGNAL_KMS, 212);
  CU_ASSERT_EQUAL(at.forgotten, 1);
  bench_close(&at);
  bench_open(&at);
  send_sign_on(&at);
  CU_ASSERT_TRUE(bench_answer_call(&at));
  psd_meter_session_timeout(at.session);
  (void)bench_expect_end(&at, PSD_SIGNAL_DATABASE, 216);
  bench_pump(&at);
  bench_close(&at);
  bench_open(&at);
  bench_sign_on(&at, PSD_SUITE_SHARED);
  psd_meter_session_timeout(at.session);
  (void)bench_expect_end(&at, PSD_SIGNAL_TIMEOUT, 240);
  bench_close(&at);
}

/* A handshake that runs is finished; then the session ends. */
static void test_stop(void) {
  bench at;
  bench_open(&at);
  psd_meter_session_stop(at.session);
  CU_ASSERT_TRUE(bench_expect_end(&at, PSD_SIGNAL_STOPPING, 200) > 0);
  bench_close(&at);
  bench_open(&at);
  bench_give_to(&at, "anna");
  bench_sign_on(&at, PSD_SUITE_SHARED);
  psd_meter_session_stop(at.session);
  CU_ASSERT_FALSE(at.closed);
  bench_send_audit(&at);
  const bench_frame *m4 = bench_expect(&at, PSD_FRAME_AUDIT_RESULT);
  CU_ASSERT_TRUE(paper_take_m4(&at.card, m4->body, m4->length));
  (void)bench_expect_end(&at, PSD_SIGNAL_STOPPING, 200);
  bench_close(&at);
}

/* The connection goes while others work for it. */
static void test_gone_meanwhile(void) {
  for (unsigned state = 0; state < 2; state++) {
    bench at;
    bench_open(&at);
    send_sign_on(&at);
    if (state == 1)
      CU_ASSERT_TRUE(bench_answer_call(&at));
    bench_close(&at);
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"an audit is saved when it has news", test_saves_news_only},
      {"the database does not answer", test_database_fails},
      {"EP 212, 242: the key management system does not answer", test_kms_fails},
      {"EP 214: a vendor key that is out of use", test_old_vendor_key},
      {"every frame out of its turn", test_order},
      {"the Host ends it", test_error_signal_of_the_host},
      {"nothing comes in time", test_timeouts},
      {"the server stops", test_stop},
      {"the connection goes while others work for it", test_gone_meanwhile},
  };
  return psd_check_run("server session, trouble", tests, PSD_CHECK_COUNT(tests));
}
