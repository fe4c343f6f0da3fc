/* What an audit is announced for and what the ledger makes of it, by the session that takes it. */
#include <string.h>

#include "bench_orders.h"
#include "check.h"
#include "psd/spec/objects.h"

#define AMOUNT 50000U /* mills */

static psd_op_state state_of(const bench *at, uint32_t sequence) {
  psd_op op;
  uint8_t device[8];
  paper_device(&at->card, device);
  CU_ASSERT_EQUAL_FATAL(psd_db_op_find(at->db, device, sequence, &op), PSD_DB_DONE);
  return op.state;
}

/* The PSD's request for funds, signed by nobody: the ledger does not look. */
static psd_funds_request request_of(const bench *at, psd_operation_state operation, uint32_t sequence, uint64_t amount,
                                    uint8_t bytes[PSD_FUNDS_REQUEST_MAX], size_t *length) {
  psd_funds_request request = {.type = PSD_SIGNATURE_HMAC,
                               .operation = operation,
                               .serial = at->card.device.serial,
                               .sequence = sequence,
                               .amount = amount,
                               .descending = at->card.audit.descending,
                               .control_total = at->card.audit.control_total,
                               .time = at->time};
  memcpy(request.vendor, at->card.device.vendor, sizeof request.vendor);
  memcpy(request.model, at->card.device.model, sizeof request.model);
  psd_buffer buffer = psd_buffer_over(bytes, PSD_FUNDS_REQUEST_MAX);
  psd_put_message(&buffer, PSD_MESSAGE_FUNDS_REQUEST, &request);
  memset(psd_put_room(&buffer, PSD_HASH), 0, PSD_HASH);
  *length = buffer.length;
  return request;
}

/* The account pays in, and the server reserves for a refill. */
static void reserve(const bench *at, uint32_t sequence, uint64_t amount) {
  uint8_t bytes[PSD_FUNDS_REQUEST_MAX];
  size_t length = 0;
  uint64_t available = 0;
  psd_signal signal = PSD_SIGNAL_INTERNAL;
  psd_funds_request request = request_of(at, PSD_OPERATION_LOADING, sequence, amount, bytes, &length);
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(at->db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_dc_deposit(at->db, at->account, amount, "", at->time), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_dc_reserve(at->db, &request, bytes, length, at->time, &signal, &available), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(at->db), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(signal, PSD_SIGNAL_NONE);
}

/* What the card says of its last operation. */
static void operation(bench *at, psd_operation_state state, uint32_t sequence, uint64_t amount, uint64_t total) {
  at->card.audit.operation = state;
  at->card.audit.sequence = sequence;
  at->card.audit.operation_amount = amount;
  at->card.audit.control_total = at->card.audit.descending = total;
  at->card.audit.log_count++;
}

/* A session with what it announces. */
static void expect_actions(bench *at, unsigned actions) {
  bench_open_session(at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(at->card.result.actions, actions);
  CU_ASSERT_EQUAL(bench_row(at).inspected, at->time);
}

static void next_session(bench *at) {
  bench_hang_up(at);
  bench_call(at);
}

static void test_agreement(void) {
  bench at;
  bench_open_registered(&at, false);
  expect_actions(&at, 0);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
  bench_close(&at);
}

/* A refill that the server has reserved for: it is finished. */
static void test_loading(void) {
  bench at;
  bench_open_registered(&at, false);
  reserve(&at, 1, AMOUNT);
  operation(&at, PSD_OPERATION_LOADING, 1, AMOUNT, 0);
  expect_actions(&at, PSD_ACTION_RECOVER);
  CU_ASSERT_EQUAL(state_of(&at, 1), PSD_OP_RESERVED);
  bench_close(&at);
}

/* One that the server does not know: it is cancelled. */
static void test_abandoned(void) {
  bench at;
  bench_open_registered(&at, false);
  operation(&at, PSD_OPERATION_LOADING, 1, AMOUNT, 0);
  expect_actions(&at, PSD_ACTION_RECOVER);
  const bench_frame *got = bench_expect(&at, PSD_FRAME_CARD_DATA);
  uint8_t command[PAPER_RECORD];
  CU_ASSERT_TRUE(paper_command(&at.card, got->body, got->length, command) > 0 && command[1] == 0x44);
  bench_close(&at);
}

/* A refill that was credited, and its receipt lost: the audit settles it. */
static void test_credited(void) {
  bench at;
  bench_open_registered(&at, false);
  reserve(&at, 1, AMOUNT);
  operation(&at, PSD_OPERATION_LOADED, 1, AMOUNT, AMOUNT);
  expect_actions(&at, 0);
  CU_ASSERT_EQUAL(state_of(&at, 1), PSD_OP_SETTLED);
  CU_ASSERT_EQUAL(bench_meter(&at).control_total[0], AMOUNT);
  bench_close(&at);
}

static void test_cancelled(void) {
  bench at;
  bench_open_registered(&at, false);
  reserve(&at, 1, AMOUNT);
  operation(&at, PSD_OPERATION_LOAD_CANCELLED, 1, AMOUNT, 0);
  expect_actions(&at, 0);
  CU_ASSERT_EQUAL(state_of(&at, 1), PSD_OP_RELEASED);
  bench_close(&at);
}

/* Funds are on the card. */
static void refill(bench *at) {
  reserve(at, 1, AMOUNT);
  operation(at, PSD_OPERATION_LOADED, 1, AMOUNT, AMOUNT);
  expect_actions(at, 0);
  next_session(at);
}

/* A withdrawal of which the server knows nothing yet. */
static void test_withdrawing(void) {
  bench at;
  bench_open_registered(&at, false);
  refill(&at);
  operation(&at, PSD_OPERATION_WITHDRAWING, 2, 1000, AMOUNT - 1000);
  expect_actions(&at, PSD_ACTION_RECOVER);
  bench_close(&at);
}

/* One that the account was credited with, and whose receipt was lost. */
static void test_withdrawn(void) {
  bench at;
  uint8_t bytes[PSD_FUNDS_REQUEST_MAX];
  size_t length = 0;
  uint64_t available = 0;
  psd_signal signal = PSD_SIGNAL_INTERNAL;
  bench_open_registered(&at, false);
  refill(&at);
  operation(&at, PSD_OPERATION_WITHDRAWN, 2, 1000, AMOUNT - 1000);
  psd_funds_request request = request_of(&at, PSD_OPERATION_WITHDRAWING, 2, 1000, bytes, &length);
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(at.db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_dc_withdrawn(at.db, &request, bytes, length, at.time, &signal, &available), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(at.db), PSD_DB_DONE);
  expect_actions(&at, 0);
  CU_ASSERT_EQUAL(state_of(&at, 2), PSD_OP_CLOSED);
  bench_close(&at);
}

/* Current account: what was spent is charged, once. */
static void test_charge(void) {
  bench at;
  bench_open_registered(&at, false);
  at.card.audit.mode = PSD_FUNDS_ACCOUNT;
  at.card.audit.ascending = AMOUNT;
  at.card.audit.credit_limit = 2U * AMOUNT;
  for (unsigned i = 0; i < 2; i++) {
    expect_actions(&at, 0);
    CU_ASSERT_EQUAL(bench_meter(&at).control_total[0], AMOUNT);
    next_session(&at);
  }
  bench_close(&at);
}

/* The alarm: announced, carried out in the same session, remembered. */
static void expect_alarm(bench *at) {
  expect_actions(at, PSD_ACTION_DISABLE);
  CU_ASSERT_EQUAL(bench_meter(at).lock, PSD_METER_ALARMED);
  CU_ASSERT_EQUAL(bench_take_order(at).ins, 0x3C);
  bench_card_says(at, 0x9000);
  CU_ASSERT_EQUAL(bench_request(at, PSD_HOST_DONE, NULL, 0), 0);
  CU_ASSERT_EQUAL(bench_meter(at).due, 0);
}

/* The card was put back. */
static void test_restored(void) {
  bench at;
  bench_open_registered(&at, false);
  at.card.audit.piece_count = 5;
  expect_actions(&at, 0);
  next_session(&at);
  at.card.audit.piece_count = 4;
  expect_alarm(&at);
  bench_close(&at);
}

/* Money that the ledger knows nothing of: nothing is moved, from this very session on. */
static void test_imbalance(void) {
  bench at;
  uint8_t wish[PSD_SIZE_FUNDS_WISH] = {0};
  psd_buffer content = psd_buffer_over(wish, sizeof wish);
  psd_put_message(&content, PSD_MESSAGE_FUNDS_WISH, &(psd_funds_wish){.amount = AMOUNT});
  bench_open_registered(&at, false);
  at.card.audit.control_total = at.card.audit.descending = 1;
  expect_alarm(&at);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_REFILL, wish, sizeof wish), PSD_SIGNAL_LOCKED);
  bench_close(&at);
}

/* While an alarm stands nothing is recovered; the session is opened all the same. */
static void test_held(void) {
  bench at;
  bench_open_registered(&at, false);
  at.card.audit.control_total = at.card.audit.descending = 1;
  expect_alarm(&at);
  next_session(&at);
  operation(&at, PSD_OPERATION_LOADING, 1, AMOUNT, 0);
  expect_actions(&at, 0);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
  CU_ASSERT_EQUAL(bench_meter(&at).lock, PSD_METER_ALARMED);
  bench_close(&at);
}

/* Between look-up and audit another server has changed the ledger: nothing is remembered, the next try sees it. */
static void test_race(void) {
  bench at;
  bench_open_registered(&at, false);
  operation(&at, PSD_OPERATION_LOADING, 1, AMOUNT, 0);
  bench_sign_on(&at, PSD_SUITE_SHARED);
  reserve(&at, 1, AMOUNT);
  bench_send_audit(&at);
  CU_ASSERT_TRUE(bench_expect_end(&at, PSD_SIGNAL_DATABASE, 246) > 0);
  CU_ASSERT_EQUAL(bench_row(&at).inspected, 0);
  next_session(&at);
  expect_actions(&at, PSD_ACTION_RECOVER);
  bench_close(&at);
}

/* A PSD that is nobody's has no ledger: whatever it says, it is taken down, and nothing is announced. */
static void test_nobodys(void) {
  bench at;
  bench_open(&at);
  at.card.audit.control_total = at.card.audit.descending = 1;
  expect_actions(&at, 0);
  bench_close(&at);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"card and ledger agree", test_agreement},
      {"a refill that is reserved and not credited", test_loading},
      {"a refill that the server does not know", test_abandoned},
      {"a refill that was credited", test_credited},
      {"a refill that was cancelled", test_cancelled},
      {"a withdrawal that the server does not know", test_withdrawing},
      {"a withdrawal that the card was told of", test_withdrawn},
      {"current account", test_charge},
      {"a card that was put back", test_restored},
      {"money that the ledger knows nothing of", test_imbalance},
      {"while an alarm stands", test_held},
      {"the ledger changes between look-up and audit", test_race},
      {"a PSD that is nobody's", test_nobodys},
  };
  return psd_check_run("server findings", tests, PSD_CHECK_COUNT(tests));
}
