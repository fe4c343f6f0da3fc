/* The handshake on the meter server, frame by frame (EP 200 to 246). */
#include "session_bench.h"

#include <string.h>

#include "check.h"

static void test_handshake(void) {
  static const psd_suite suites[] = {PSD_SUITE_P256, PSD_SUITE_SHARED};
  for (size_t i = 0; i < 2; i++) {
    bench at;
    bench_open(&at);
    bench_give_to(&at, "anna");
    bench_open_session(&at, suites[i]);
    CU_ASSERT_EQUAL(at.card.result.actions, 0);
    CU_ASSERT_EQUAL(at.card.result.time, at.time);
    CU_ASSERT_EQUAL(at.deadline, at.settings.idle_timeout);
    CU_ASSERT_EQUAL(at.limit, PSD_METER_BODY_AFTER);
    CU_ASSERT_EQUAL(bench_row(&at).inspected, at.time);
    CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
    bench_close(&at);
  }
}

/* EP: several sessions on one connection; a sign-on is of no use a second time. */
static void test_sessions_in_a_row(void) {
  bench at;
  uint8_t m1[PSD_SIGN_ON_MAX];
  bench_open(&at);
  bench_give_to(&at, "anna");
  for (unsigned i = 0; i < 3; i++) {
    bench_open_session(&at, PSD_SUITE_P256);
    bench_send(&at, PSD_FRAME_SIGN_OFF, NULL, 0);
    CU_ASSERT_EQUAL(at.limit, PSD_METER_BODY_BEFORE);
    at.card.ordinal++;
    at.sent_count = at.taken = 0;
  }
  size_t length = paper_sign_on(&at.card, PSD_SUITE_P256, true, "anna", bench_right, m1);
  bench_send(&at, PSD_FRAME_SIGN_ON, m1, length);
  bench_pump(&at);
  const bench_frame *m2 = bench_expect(&at, PSD_FRAME_SIGN_ON_RESPONSE);
  CU_ASSERT_TRUE_FATAL(paper_take_m2(&at.card, m2->body, m2->length));
  bench_send_audit(&at);
  (void)bench_expect(&at, PSD_FRAME_AUDIT_RESULT);
  bench_send(&at, PSD_FRAME_SIGN_OFF, NULL, 0);
  bench_send(&at, PSD_FRAME_SIGN_ON, m1, length);
  bench_pump(&at);
  (void)bench_expect_end(&at, PSD_SIGNAL_SESSION_KEY, 214);
  bench_close(&at);
}

static void test_suites(void) {
  static const struct {
    uint8_t suite, forward;
    psd_signal signal;
  } cases[] = {{PSD_SUITE_P256, 0, PSD_SIGNAL_SUITE},
               {PSD_SUITE_SHARED, 1, PSD_SIGNAL_SUITE},
               {PSD_SUITE_CLASSIC, 0, PSD_SIGNAL_MESSAGE},
               {0x40, 0, PSD_SIGNAL_SUITE},
               {0, 0, PSD_SIGNAL_SUITE},
               {PSD_SUITE_P256, 2, PSD_SIGNAL_MESSAGE}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bench at;
    uint8_t m1[PSD_SIGN_ON_MAX];
    bench_open(&at);
    psd_suite like = cases[i].suite == PSD_SUITE_SHARED ? PSD_SUITE_SHARED : PSD_SUITE_P256;
    size_t length = paper_sign_on(&at.card, like, true, "anna", bench_right, m1);
    m1[1] = cases[i].suite;
    m1[2] = cases[i].forward;
    bench_send(&at, PSD_FRAME_SIGN_ON, m1, length);
    (void)bench_expect_end(&at, cases[i].signal, cases[i].signal == PSD_SIGNAL_SUITE ? 212 : 210);
    CU_ASSERT_EQUAL(at.asked, 0);
    bench_close(&at);
  }
}

static void test_without_forward(void) {
  bench at;
  bench_open(&at);
  bench_give_to(&at, "anna");
  at.settings.forward = 0;
  bench_sign_on_as(&at, PSD_SUITE_P256, false, "anna", bench_right);
  const bench_frame *m2 = bench_expect(&at, PSD_FRAME_SIGN_ON_RESPONSE);
  CU_ASSERT_TRUE_FATAL(paper_take_m2(&at.card, m2->body, m2->length));
  bench_send_audit(&at);
  (void)bench_expect(&at, PSD_FRAME_AUDIT_RESULT);
  bench_close(&at);
}

/* A suite that only the greeting of another time offered. */
static void test_suite_not_offered(void) {
  bench at;
  bench_open(&at);
  bench_hang_up(&at);
  at.settings.suites = PSD_SUITE_P256;
  bench_call(&at);
  bench_sign_on_as(&at, PSD_SUITE_SHARED, false, "anna", bench_right);
  (void)bench_expect_end(&at, PSD_SIGNAL_SUITE, 212);
  bench_close(&at);
}

/* Every bit of M1 counts. */
static void test_flipped_m1(void) {
  bench at;
  uint8_t m1[PSD_SIGN_ON_MAX];
  bench_open(&at);
  size_t length = paper_sign_on(&at.card, PSD_SUITE_SHARED, false, "anna", bench_right, m1);
  for (size_t bit = 0; bit < 8 * length; bit++) {
    bench_hang_up(&at);
    bench_call(&at);
    length = paper_sign_on(&at.card, PSD_SUITE_SHARED, false, "anna", bench_right, m1);
    m1[bit / 8] ^= (uint8_t)(1U << bit % 8);
    bench_send(&at, PSD_FRAME_SIGN_ON, m1, length);
    bench_pump(&at);
    psd_signal signal = (psd_signal)bench_expect(&at, PSD_FRAME_ERROR_SIGNAL)->body[0];
    size_t at_byte = bit / 8;
    if (at_byte >= 7)
      CU_ASSERT_EQUAL(signal,
                      at_byte >= PSD_SIZE_SIGN_ON + PSD_WRAPPED_SHARED ? PSD_SIGNAL_USER : PSD_SIGNAL_SESSION_KEY);
    CU_ASSERT_TRUE(at.closed);
  }
  bench_close(&at);
}

static void test_cut_m1(void) {
  bench at;
  uint8_t m1[PSD_SIGN_ON_MAX + 1] = {0};
  bench_open(&at);
  size_t length = paper_sign_on(&at.card, PSD_SUITE_P256, true, "anna", bench_right, m1);
  for (size_t cut = 0; cut <= sizeof m1; cut++) {
    if (cut == length)
      continue;
    bench_hang_up(&at);
    bench_call(&at);
    bench_send(&at, PSD_FRAME_SIGN_ON, m1, cut);
    (void)bench_expect_end(&at, PSD_SIGNAL_MESSAGE, 210);
  }
  CU_ASSERT_EQUAL(at.asked, 0);
  bench_close(&at);
}

static void try_password(bench *at, const char *name, const uint8_t verifier[32]) {
  bench_hang_up(at);
  bench_call(at);
  bench_sign_on_as(at, PSD_SUITE_SHARED, false, name, verifier);
}

/* EP 218, 220: nobody can tell an unknown user from a wrong password; both lock alike. */
static void test_wrong_password(void) {
  static const char *const names[] = {"anna", "nobody"};
  static const unsigned waits[] = {0, 0, 0, 0, 1, 2, 4};
  for (size_t i = 0; i < 2; i++) {
    bench at;
    bench_open(&at);
    for (size_t tries = 0; tries < sizeof waits / sizeof waits[0]; tries++) {
      try_password(&at, names[i], bench_wrong);
      CU_ASSERT_EQUAL(bench_expect_end(&at, PSD_SIGNAL_USER, 218), waits[tries]);
      if (waits[tries] > 0) {
        /* While it is locked not even the right one does, and nothing is counted. */
        try_password(&at, names[i], bench_right);
        CU_ASSERT_EQUAL(bench_expect_end(&at, PSD_SIGNAL_USER, 218), waits[tries]);
      }
      at.time += waits[tries];
    }
    bench_close(&at);
  }
}

static void test_lock_has_an_end(void) {
  bench at;
  bench_open(&at);
  at.settings.lock_most = 10;
  uint64_t wait = 0;
  for (unsigned tries = 0; tries < 20; tries++) {
    try_password(&at, "anna", bench_wrong);
    wait = bench_expect_end(&at, PSD_SIGNAL_USER, 218);
    at.time += wait;
  }
  CU_ASSERT_EQUAL(wait, 10);
  bench_close(&at);
}

/* The counter goes back when a handshake completes, and not before. */
static void test_counter_is_cleared_by_m4(void) {
  bench at;
  psd_failures failures;
  bench_open(&at);
  bench_give_to(&at, "anna");
  try_password(&at, "anna", bench_wrong);
  (void)bench_expect_end(&at, PSD_SIGNAL_USER, 218);
  bench_hang_up(&at);
  bench_call(&at);
  bench_sign_on(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(psd_db_failures_get(at.db, "anna", &failures), PSD_DB_DONE);
  CU_ASSERT_EQUAL(failures.count, 1);
  bench_send_audit(&at);
  (void)bench_expect(&at, PSD_FRAME_AUDIT_RESULT);
  CU_ASSERT_EQUAL(psd_db_failures_get(at.db, "anna", &failures), PSD_DB_DONE);
  CU_ASSERT_EQUAL(failures.count, 0);
  bench_close(&at);
}

static void test_disabled_user(void) {
  bench at;
  bench_open(&at);
  CU_ASSERT_EQUAL(psd_db_user_set_disabled(at.db, "anna", true), PSD_DB_DONE);
  bench_sign_on_as(&at, PSD_SUITE_SHARED, false, "anna", bench_right);
  (void)bench_expect_end(&at, PSD_SIGNAL_USER, 218);
  bench_close(&at);
}

/* Names that no user has: no name at all, one that is no UTF-8. */
static void test_strange_names(void) {
  static const char *const names[] = {"", "\xFF", "a\xC3"};
  for (size_t i = 0; i < 3; i++) {
    bench at;
    bench_open(&at);
    bench_sign_on_as(&at, PSD_SUITE_SHARED, false, names[i], bench_right);
    (void)bench_expect_end(&at, PSD_SIGNAL_USER, 218);
    bench_close(&at);
  }
}

/* EP 240: every bit of M3 counts. */
static void test_flipped_m3(void) {
  bench at;
  uint8_t m3[PSD_M3_MAX];
  bench_open(&at);
  const size_t length = PSD_SIZE_AUDIT + PSD_HASH + PSD_GCM_TAG;
  for (size_t bit = 0; bit < 8 * length; bit += 7) {
    bench_hang_up(&at);
    bench_call(&at);
    bench_sign_on(&at, PSD_SUITE_SHARED);
    CU_ASSERT_EQUAL_FATAL(paper_audit(&at.card, m3), length);
    m3[bit / 8] ^= (uint8_t)(1U << bit % 8);
    bench_send(&at, PSD_FRAME_AUDIT_RESPONSE, m3, length);
    (void)bench_expect_end(&at, PSD_SIGNAL_RECORD, 240);
  }
  bench_close(&at);
}

static void send_changed_audit(bench *at, size_t offset, uint8_t change) {
  uint8_t m3[PSD_M3_MAX], text[PSD_M3_MAX];
  psd_meter_keys keys = at->card.keys;
  size_t length = paper_audit(&at->card, m3);
  CU_ASSERT_TRUE_FATAL(psd_meter_open(&keys.from_card, PSD_FRAME_AUDIT_RESPONSE, m3, length, text));
  text[offset] ^= change;
  keys.from_card.sequence = 0;
  CU_ASSERT_TRUE_FATAL(
      psd_meter_seal(&keys.from_card, PSD_FRAME_AUDIT_RESPONSE, (psd_part){NULL, 0}, text, length - PSD_GCM_TAG, m3));
  bench_send(at, PSD_FRAME_AUDIT_RESPONSE, m3, length);
  bench_pump(at);
}

/* A card that lies: in whose name it speaks, of which session, with what signature. */
static void test_audit_of_another(void) {
  static const struct {
    size_t offset;
    psd_signal signal;
    unsigned step;
  } cases[] = {
      {0, PSD_SIGNAL_MESSAGE, 240},                   /* kind of signature */
      {8, PSD_SIGNAL_AUDIT, 240},                     /* serial number */
      {PSD_SIZE_AUDIT - 1, PSD_SIGNAL_AUDIT, 240},    /* transcript */
      {PSD_SIZE_AUDIT - 33, PSD_SIGNAL_AUDIT, 240},   /* nonce */
      {30, PSD_SIGNAL_SIGNATURE, 246},                /* a register */
      {PSD_SIZE_AUDIT + 5, PSD_SIGNAL_SIGNATURE, 246} /* the signature */
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bench at;
    bench_open(&at);
    bench_sign_on(&at, PSD_SUITE_SHARED);
    send_changed_audit(&at, cases[i].offset, i == 0 ? PSD_SIGNATURE_HMAC ^ PSD_SIGNATURE_ECDSA : 1);
    (void)bench_expect_end(&at, cases[i].signal, cases[i].step);
    CU_ASSERT_EQUAL(bench_row(&at).inspected, 0);
    bench_close(&at);
  }
}

static void test_unknown_device(void) {
  bench at;
  bench_open(&at);
  at.card.device.serial = at.card.audit.serial = BENCH_SERIAL + 1;
  bench_sign_on(&at, PSD_SUITE_SHARED);
  bench_send_audit(&at);
  (void)bench_expect_end(&at, PSD_SIGNAL_DEVICE, 240);
  bench_close(&at);
}

static void test_revoked_device(void) {
  bench at;
  uint8_t device[8];
  bench_open(&at);
  paper_device(&at.card, device);
  CU_ASSERT_EQUAL(psd_db_device_set_revoked(at.db, device, true), PSD_DB_DONE);
  bench_sign_on(&at, PSD_SUITE_SHARED);
  bench_send_audit(&at);
  (void)bench_expect_end(&at, PSD_SIGNAL_DEVICE, 240);
  bench_close(&at);
}

static void test_device_of_another(void) {
  bench at;
  bench_open(&at);
  bench_give_to(&at, "bert");
  bench_sign_on(&at, PSD_SUITE_SHARED);
  bench_send_audit(&at);
  (void)bench_expect_end(&at, PSD_SIGNAL_NOT_REGISTERED, 240);
  bench_close(&at);
}

static void test_wrong_wrapped_k4(void) {
  bench at;
  bench_open(&at);
  bench_sign_on(&at, PSD_SUITE_SHARED);
  at.card.wrapped_k4[0] ^= 1;
  bench_send_audit(&at);
  (void)bench_expect_end(&at, PSD_SIGNAL_DEVICE_KEY, 244);
  bench_close(&at);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"EP 200 to 246", test_handshake},
      {"sessions in a row on one connection", test_sessions_in_a_row},
      {"suites that are not offered, and what is none", test_suites},
      {"p256 without forward secrecy, where that is allowed", test_without_forward},
      {"the suites are those of the greeting", test_suite_not_offered},
      {"M1 with one bit flipped", test_flipped_m1},
      {"M1 of every other length", test_cut_m1},
      {"EP 220: wrong passwords, and users who are not there", test_wrong_password},
      {"a lock has a longest time", test_lock_has_an_end},
      {"the counter is cleared by a completed handshake", test_counter_is_cleared_by_m4},
      {"a user who is disabled", test_disabled_user},
      {"names that are none", test_strange_names},
      {"EP 240: M3 with one bit flipped", test_flipped_m3},
      {"EP 240, 246: an audit of another session or PSD, or a wrong signature", test_audit_of_another},
      {"EP 240: a PSD that is not known", test_unknown_device},
      {"EP 240: a PSD that is revoked", test_revoked_device},
      {"EP 240: a PSD of another user", test_device_of_another},
      {"EP 244: a wrapped K4 that does not unwrap", test_wrong_wrapped_k4},
  };
  return psd_check_run("server session", tests, PSD_CHECK_COUNT(tests));
}
