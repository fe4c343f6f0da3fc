/* What follows the handshake in a session with the meter server: requests of the Host, records. */
#include "session_bench.h"

#include <string.h>

#include "check.h"

static void try_password(bench *at, const char *name, const uint8_t verifier[32]) {
  bench_hang_up(at);
  bench_call(at);
  bench_sign_on_as(at, PSD_SUITE_SHARED, false, name, verifier);
}

/* A PSD that is nobody's can be registered, and nothing else. */
static void test_registration(void) {
  bench at;
  psd_new_password passwords;
  uint8_t content[PSD_SIZE_NEW_PASSWORD];
  memcpy(passwords.verifier, bench_right, 32);
  memcpy(passwords.next, bench_another, 32);
  psd_buffer buffer = psd_buffer_over(content, sizeof content);
  psd_put_message(&buffer, PSD_MESSAGE_NEW_PASSWORD, &passwords);
  bench_open(&at);
  at.service.vendor_key = PAPER_NEXT;
  bench_open_session(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(at.card.result.actions, 0);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_NEW_PASSWORD, content, sizeof content), PSD_SIGNAL_NOT_REGISTERED);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_REGISTER, NULL, 0), 0);
  CU_ASSERT_EQUAL(bench_row(&at).user, bench_user(&at, "anna"));
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_REGISTER, NULL, 0), 0);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
  bench_close(&at);
}

/* Somebody else was faster. */
static void test_registration_too_late(void) {
  bench at;
  bench_open(&at);
  bench_open_session(&at, PSD_SUITE_SHARED);
  bench_give_to(&at, "bert");
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_REGISTER, NULL, 0), PSD_SIGNAL_NOT_REGISTERED);
  CU_ASSERT_EQUAL(bench_row(&at).user, bench_user(&at, "bert"));
  bench_close(&at);
}

static void test_new_password(void) {
  bench at;
  uint8_t content[64];
  bench_open(&at);
  bench_give_to(&at, "anna");
  bench_open_session(&at, PSD_SUITE_SHARED);
  memcpy(content, bench_wrong, 32);
  memcpy(content + 32, bench_another, 32);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_NEW_PASSWORD, content, sizeof content), PSD_SIGNAL_USER);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_NEW_PASSWORD, content, 63), PSD_SIGNAL_REQUEST);
  memcpy(content, bench_right, 32);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_NEW_PASSWORD, content, sizeof content), 0);
  try_password(&at, "anna", bench_right);
  (void)bench_expect_end(&at, PSD_SIGNAL_USER, 218);
  try_password(&at, "anna", bench_another);
  (void)bench_expect(&at, PSD_FRAME_SIGN_ON_RESPONSE);
  bench_close(&at);
}

static void test_strange_requests(void) {
  bench at;
  bench_open(&at);
  bench_give_to(&at, "anna");
  bench_open_session(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(bench_request(&at, (psd_host_operation)77, NULL, 0), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_REGISTER, "x", 1), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, "x", 1), PSD_SIGNAL_REQUEST);
  bench_close(&at);
}

/* A record that was heard is of no use, nor one of another direction. */
static void test_repeated_record(void) {
  bench at;
  uint8_t record[PAPER_RECORD];
  bench_open(&at);
  bench_give_to(&at, "anna");
  bench_open_session(&at, PSD_SUITE_SHARED);
  size_t length = paper_request(&at.card, PSD_HOST_DONE, NULL, 0, record);
  bench_send(&at, PSD_FRAME_HOST_DATA, record, length);
  const bench_frame *answer = bench_expect(&at, PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(paper_answer(&at.card, PSD_HOST_DONE, answer->body, answer->length), 0);
  bench_send(&at, PSD_FRAME_HOST_DATA, record, length);
  (void)bench_expect_end(&at, PSD_SIGNAL_RECORD, 240);
  bench_close(&at);
}

/* The current K1 for a PSD that holds an older one: only after the audit, only inside a record for the card. */
static void test_rotation(void) {
  bench at;
  uint8_t command[PAPER_RECORD], record[PAPER_RECORD];
  bench_open(&at);
  bench_give_to(&at, "anna");
  at.service.vendor_key = PAPER_NEXT;
  bench_open_session(&at, PSD_SUITE_P256);
  CU_ASSERT_EQUAL(at.card.result.actions, PSD_ACTION_ROTATE);
  const bench_frame *order = bench_expect(&at, PSD_FRAME_CARD_DATA);
  size_t length = paper_command(&at.card, order->body, order->length, command);
  CU_ASSERT_EQUAL_FATAL(length, 5 + PSD_SIZE_VENDOR_KEY_ORDER);
  psd_check_bytes(command, 9, "8054000065 00000008", "the order");
  /* The Host is done; the card is not. */
  length = paper_request(&at.card, PSD_HOST_DONE, NULL, 0, record);
  bench_send(&at, PSD_FRAME_HOST_DATA, record, length);
  CU_ASSERT_EQUAL(at.taken, at.sent_count);
  length = paper_status(&at.card, 0x9000, record);
  bench_send(&at, PSD_FRAME_CARD_DATA, record, length);
  const bench_frame *answer = bench_expect(&at, PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(paper_answer(&at.card, PSD_HOST_DONE, answer->body, answer->length), 0);
  /* The server learns of it by the next audit. */
  at.card.audit.vendor_key = PAPER_NEXT;
  bench_sign_off(&at);
  bench_open_session(&at, PSD_SUITE_P256);
  CU_ASSERT_EQUAL(at.card.result.actions, 0);
  CU_ASSERT_EQUAL(bench_row(&at).vendor_key, PAPER_NEXT);
  bench_close(&at);
}

static void test_card_data_unasked(void) {
  bench at;
  uint8_t record[PAPER_RECORD];
  bench_open(&at);
  bench_give_to(&at, "anna");
  bench_open_session(&at, PSD_SUITE_SHARED);
  size_t length = paper_status(&at.card, 0x9000, record);
  bench_send(&at, PSD_FRAME_CARD_DATA, record, length);
  (void)bench_expect_end(&at, PSD_SIGNAL_ORDER, 0);
  bench_close(&at);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a PSD that is nobody's is registered first", test_registration},
      {"a PSD that somebody else has registered meanwhile", test_registration_too_late},
      {"another password", test_new_password},
      {"requests that are none", test_strange_requests},
      {"a record a second time", test_repeated_record},
      {"a new K1 for the PSD", test_rotation},
      {"an answer of the card that nobody has asked for", test_card_data_unasked},
  };
  return psd_check_run("server session, open", tests, PSD_CHECK_COUNT(tests));
}
