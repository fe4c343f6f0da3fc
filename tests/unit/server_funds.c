/* Refill and withdrawal on the meter server (docs/funds.md): what comes of them when nothing is lost. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "datacenter/datacenter.h"
#include "funds_bench.h"

#define AMOUNT 1000000U

static void set_rules(funds_bench *on, psd_db_result (*rule)(psd_db *, const uint8_t[8], uint64_t)) {
  uint8_t device[8];
  paper_device(&on->at.card, device);
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(on->at.db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(rule(on->at.db, device, on->at.time), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(on->at.db), PSD_DB_DONE);
}

/* What the last answer says is what the card has. */
static void expect_result(const funds_bench *on, psd_operation_state operation, psd_group group, uint64_t amount) {
  const psd_funds_result *result = &on->result;
  CU_ASSERT_EQUAL(result->operation, operation);
  CU_ASSERT_EQUAL(result->group, group);
  CU_ASSERT_EQUAL(result->amount, amount);
  CU_ASSERT_EQUAL(result->sequence, on->card.operation.sequence);
  CU_ASSERT_EQUAL(result->ascending, on->card.ascending[group]);
  CU_ASSERT_EQUAL(result->descending, on->card.descending[group]);
  CU_ASSERT_EQUAL(result->control_total, on->card.ascending[group] + on->card.descending[group]);
  CU_ASSERT_EQUAL(result->available, funds_account(on));
}

static void test_refill(void) {
  funds_bench on;
  funds_open(&on);
  for (unsigned i = 0; i < 2; i++) {
    psd_group group = i == 0 ? PSD_GROUP_POSTAGE : PSD_GROUP_CERTIFICATE;
    CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, group, AMOUNT + i, false), 0);
    expect_result(&on, PSD_OPERATION_LOADED, group, AMOUNT + i);
    CU_ASSERT_EQUAL(on.at.deadline, on.at.settings.idle_timeout);
    funds_check(&on, true);
  }
  CU_ASSERT_EQUAL(funds_account(&on), FUNDS_DEPOSIT - 2 * AMOUNT - 1);
  CU_ASSERT_EQUAL(on.card.commands, 4);
  /* The next audit agrees. */
  paper_funds_pay(&on.card, PSD_GROUP_POSTAGE, 500);
  bench_sign_off(&on.at);
  funds_sign_on(&on);
  CU_ASSERT_EQUAL(on.at.card.result.actions, 0);
  CU_ASSERT_EQUAL(funds_row(&on).lock, PSD_METER_FREE);
  funds_close(&on);
}

/* One that signs with a key pair of its own. */
static void test_key_pair(void) {
  funds_bench on;
  funds_open(&on);
  on.at.card.own = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(on.at.card.own);
  bench_sign_off(&on.at);
  funds_sign_on(&on);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, 1, false), 0);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, PAPER_MOST + 1, false), PSD_SIGNAL_LIMIT);
  funds_check(&on, true);
  funds_close(&on);
}

static void test_withdrawal(void) {
  funds_bench on;
  funds_open(&on);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, 300000, false), 0);
  expect_result(&on, PSD_OPERATION_WITHDRAWN, PSD_GROUP_POSTAGE, 300000);
  funds_check(&on, true);
  CU_ASSERT_EQUAL(funds_account(&on), FUNDS_DEPOSIT - AMOUNT + 300000);
  /* More than there is. */
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, AMOUNT, false), PSD_SIGNAL_LIMIT);
  CU_ASSERT_EQUAL(on.result.operation, PSD_OPERATION_NONE);
  funds_check(&on, true);
  funds_close(&on);
}

/* A final one ends the meter's service, also where nothing was left to withdraw. */
static void test_final(void) {
  for (unsigned amount = 0; amount <= AMOUNT; amount += AMOUNT) {
    funds_bench on;
    funds_open(&on);
    if (amount != 0)
      CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, amount, false), 0);
    CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, amount, true), 0);
    expect_result(&on, PSD_OPERATION_WITHDRAWN, PSD_GROUP_POSTAGE, amount);
    funds_check(&on, true);
    CU_ASSERT_EQUAL(funds_account(&on), FUNDS_DEPOSIT);
    CU_ASSERT_TRUE(funds_row(&on).withdrawn);
    unsigned before = on.card.commands;
    CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), PSD_SIGNAL_STATE);
    CU_ASSERT_EQUAL(on.card.commands, before);
    funds_close(&on);
  }
}

/* A current account: what was printed is charged, and its service ends by a withdrawal of nothing. */
static void test_current_account(void) {
  funds_bench on;
  funds_open_as(&on, PSD_FUNDS_ACCOUNT, 1234);
  CU_ASSERT_EQUAL(funds_row(&on).control_total[PSD_GROUP_POSTAGE], 1234);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, 0, true), 0);
  CU_ASSERT(on.result.operation == PSD_OPERATION_WITHDRAWN && on.result.amount == 0);
  CU_ASSERT(on.result.ascending == 1234 && on.result.descending == 0 && on.result.control_total == 0);
  CU_ASSERT_EQUAL(funds_account(&on), FUNDS_DEPOSIT);
  CU_ASSERT_TRUE(funds_row(&on).withdrawn);
  CU_ASSERT_EQUAL(funds_row(&on).lock, PSD_METER_FREE);
  funds_close(&on);
}

/* What the card is not even asked for. */
static void test_wishes(void) {
  static const struct {
    psd_host_operation operation;
    uint8_t content[PSD_SIZE_FUNDS_WISH];
    size_t length;
    psd_signal signal;
  } cases[] = {
      {PSD_HOST_REFILL, {0}, 10, PSD_SIGNAL_LIMIT},
      {PSD_HOST_WITHDRAW, {0}, 10, PSD_SIGNAL_LIMIT},
      {PSD_HOST_REFILL, {2, 0, 0, 0, 0, 0, 0, 0, 1, 0}, 10, PSD_SIGNAL_REQUEST},
      {PSD_HOST_WITHDRAW, {2, 0, 0, 0, 0, 0, 0, 0, 1, 0}, 10, PSD_SIGNAL_REQUEST},
      {PSD_HOST_REFILL, {0, 0, 0, 0, 0, 0, 0, 0, 1, 1}, 10, PSD_SIGNAL_REQUEST},
      {PSD_HOST_WITHDRAW, {0, 0, 0, 0, 0, 0, 0, 0, 1, 2}, 10, PSD_SIGNAL_REQUEST},
      {PSD_HOST_REFILL, {0, 0, 0, 0, 0, 0, 0, 0, 1, 0}, 9, PSD_SIGNAL_REQUEST},
      {PSD_HOST_REFILL, {0}, 0, PSD_SIGNAL_REQUEST},
  };
  funds_bench on;
  funds_open(&on);
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++)
    CU_ASSERT_EQUAL(bench_request(&on.at, cases[i].operation, cases[i].content, cases[i].length), (int)cases[i].signal);
  CU_ASSERT_EQUAL(on.at.taken, on.at.sent_count);
  funds_check(&on, true);
  funds_close(&on);
}

static void test_not_registered(void) {
  static const uint8_t content[PSD_SIZE_FUNDS_WISH] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 0};
  bench at;
  bench_open(&at);
  bench_open_session(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_REFILL, content, sizeof content), PSD_SIGNAL_NOT_REGISTERED);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_WITHDRAW, content, sizeof content), PSD_SIGNAL_NOT_REGISTERED);
  CU_ASSERT_EQUAL(at.taken, at.sent_count);
  bench_close(&at);
}

/* Locked since the session before, or meanwhile: then the card cancels. What is left may be taken back. */
static void test_locked(void) {
  funds_bench on;
  funds_open(&on);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
  set_rules(&on, psd_dc_lock);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), PSD_SIGNAL_LOCKED);
  CU_ASSERT_EQUAL(on.card.operation.operation, PSD_OPERATION_LOAD_CANCELLED);
  funds_check(&on, true);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
  funds_check(&on, true);
  funds_close(&on);
}

/* Signed on all the same, and money may be taken back; only refills are refused. */
static void test_suspended(void) {
  funds_bench on;
  funds_open(&on);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
  CU_ASSERT_EQUAL(psd_db_account_set_suspended(on.at.db, "1", true), PSD_DB_DONE);
  bench_sign_off(&on.at);
  funds_sign_on(&on);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, 1, false), PSD_SIGNAL_SUSPENDED);
  CU_ASSERT_EQUAL(on.card.operation.operation, PSD_OPERATION_LOAD_CANCELLED);
  funds_check(&on, true);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
  funds_check(&on, true);
  CU_ASSERT_EQUAL(funds_account(&on), FUNDS_DEPOSIT);
  CU_ASSERT_EQUAL(psd_db_account_set_suspended(on.at.db, "1", false), PSD_DB_DONE);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, 1, false), 0);
  funds_check(&on, true);
  funds_close(&on);
}

/* More than the account has, then more than the key management system gives; what the account has goes. */
static void test_too_much(void) {
  funds_bench on;
  funds_open(&on);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, FUNDS_DEPOSIT + 1, false), PSD_SIGNAL_FUNDS);
  funds_check(&on, true);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, PAPER_MOST + 1, false), PSD_SIGNAL_LIMIT);
  funds_check(&on, true);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, PAPER_MOST, false), 0);
  funds_check(&on, true);
  CU_ASSERT_EQUAL(funds_account(&on), FUNDS_DEPOSIT - PAPER_MOST);
  CU_ASSERT_EQUAL(on.card.operation.sequence, 3);
  funds_close(&on);
}

/* While funds move nothing else is taken. */
static void test_order(void) {
  static const uint8_t commands[] = {0x40, 0x42};
  for (unsigned i = 0; i < 3 * PSD_CHECK_COUNT(commands); i++) {
    funds_bench on;
    funds_open(&on);
    funds_ask(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false);
    CU_ASSERT_TRUE_FATAL(funds_run_to(&on, commands[i / 3]));
    (void)bench_expect(&on.at, PSD_FRAME_CARD_DATA);
    if (i % 3 == 0)
      funds_ask(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false);
    else if (i % 3 == 1)
      bench_ask(&on.at, PSD_HOST_DONE, NULL, 0);
    else
      bench_send(&on.at, PSD_FRAME_SIGN_OFF, NULL, 0);
    (void)bench_expect_end(&on.at, PSD_SIGNAL_ORDER, 0);
    funds_lose(&on);
    CU_ASSERT_EQUAL(funds_again(&on), 0);
    funds_check(&on, true);
    funds_close(&on);
  }
}

/* Who is waited for is who is named; all have the time of a handshake. */
static void test_timeouts(void) {
  static const psd_signal signals[] = {PSD_SIGNAL_TIMEOUT, PSD_SIGNAL_DATABASE, PSD_SIGNAL_KMS, PSD_SIGNAL_TIMEOUT,
                                       PSD_SIGNAL_DATABASE};
  for (size_t steps = 0; steps < PSD_CHECK_COUNT(signals); steps++) {
    funds_bench on;
    funds_open(&on);
    funds_ask(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false);
    for (size_t i = 0; i < steps; i++)
      CU_ASSERT_TRUE(funds_step(&on));
    CU_ASSERT_EQUAL(on.at.deadline, on.at.settings.handshake_timeout);
    if (signals[steps] == PSD_SIGNAL_TIMEOUT)
      (void)bench_expect(&on.at, PSD_FRAME_CARD_DATA);
    psd_meter_session_timeout(on.at.session);
    (void)bench_expect_end(&on.at, signals[steps], 0);
    funds_lose(&on);
    CU_ASSERT_EQUAL(funds_again(&on), 0);
    funds_check(&on, true);
    funds_close(&on);
  }
}

/* A line for whatever happened, with number and amount, and no key in it. */
static void test_log(void) {
  static const char *const words[] = {
      "\"event\":\"refilled\"", "\"amount\":1000000",          "\"operation\":\"loaded\"",   "\"event\":\"withdrawn\"",
      "\"sequence\":2",         "\"event\":\"cancelled\"",     "\"event\":\"recovered\"",    "\"event\":\"alarm\"",
      "\"device\":\"",          "\"operation\":\"withdrawn\"", "\"operation\":\"cancelled\""};
  char text[16384] = "";
  FILE *file = tmpfile();
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  funds_bench on;
  funds_open(&on);
  on.at.service.log = psd_meter_log_new(fileno(file), PSD_METER_DEBUG);
  CU_ASSERT_PTR_NOT_NULL_FATAL(on.at.service.log);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, 1, false), 0);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, FUNDS_DEPOSIT, false), PSD_SIGNAL_FUNDS);
  funds_ask(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false);
  CU_ASSERT_TRUE(funds_run_to(&on, 0x42));
  funds_lose(&on);
  CU_ASSERT_EQUAL(funds_again(&on), 0);
  on.card.descending[0]++;
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), PSD_SIGNAL_BALANCE);
  CU_ASSERT_TRUE(psd_meter_log_free(on.at.service.log));
  on.at.service.log = NULL;
  funds_close(&on);
  rewind(file);
  CU_ASSERT_TRUE(fread(text, 1, sizeof text - 1, file) > 0);
  (void)fclose(file);
  for (size_t i = 0; i < PSD_CHECK_COUNT(words); i++)
    CU_ASSERT_PTR_NOT_NULL(strstr(text, words[i]));
}

/* What moves is finished before the server stops. */
static void test_stop(void) {
  funds_bench on;
  funds_open(&on);
  funds_ask(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false);
  psd_meter_session_stop(on.at.session);
  CU_ASSERT_FALSE(on.at.closed);
  funds_run(&on);
  CU_ASSERT_EQUAL(funds_answer(&on, PSD_HOST_REFILL), 0);
  (void)bench_expect_end(&on.at, PSD_SIGNAL_STOPPING, 200);
  funds_check(&on, true);
  funds_close(&on);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"refills of both groups", test_refill},
      {"a PSD with a key pair", test_key_pair},
      {"withdrawals", test_withdrawal},
      {"a final withdrawal", test_final},
      {"the end of a current account", test_current_account},
      {"wishes that are none", test_wishes},
      {"a PSD that is nobody's", test_not_registered},
      {"a meter that is locked", test_locked},
      {"an account that is suspended", test_suspended},
      {"more than the account has, or the key management system gives", test_too_much},
      {"requests out of their turn", test_order},
      {"nothing comes in time", test_timeouts},
      {"what the log says", test_log},
      {"the server stops", test_stop},
  };
  return psd_check_run("server funds", tests, PSD_CHECK_COUNT(tests));
}
