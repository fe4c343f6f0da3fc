/* Refill, withdrawal and cancellation, cut off at every place there is: the next session finishes or cancels, and no
 * mill is lost or made (docs/funds.md, "What was cut off"). */
#include "check.h"
#include "funds_bench.h"

#define AMOUNT 1000000U

/* One more refill goes through: nothing is left behind. */
static void expect_usable(funds_bench *on) {
  CU_ASSERT_EQUAL(funds_row(on).lock, PSD_METER_FREE);
  CU_ASSERT_EQUAL(funds_move(on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, 7, false), 0);
  funds_check(on, true);
}

/* The refill is there or it is not, and the Host is told which. */
static void expect_recovered(const funds_bench *on) {
  uint64_t state = on->card.operation.operation;
  CU_ASSERT_TRUE(state == PSD_OPERATION_NONE || state == PSD_OPERATION_LOADED || state == PSD_OPERATION_LOAD_CANCELLED);
  CU_ASSERT_EQUAL(on->card.descending[0], state == PSD_OPERATION_LOADED ? AMOUNT : 0);
  if (on->result.operation != PSD_OPERATION_NONE)
    CU_ASSERT_EQUAL(on->result.operation, state);
}

static void test_refill(void) {
  unsigned cut = 0;
  for (bool more = true; more; cut++) {
    funds_bench on;
    funds_open(&on);
    funds_ask(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false);
    more = funds_run_cut(&on, cut);
    funds_check(&on, !more);
    funds_lose(&on);
    CU_ASSERT_EQUAL(funds_again(&on), 0);
    expect_recovered(&on);
    funds_check(&on, true);
    expect_usable(&on);
    funds_close(&on);
  }
  CU_ASSERT_TRUE(cut > 9);
}

/* The recovery is cut off as well. */
static void test_refill_twice(void) {
  for (unsigned cut = 1; cut < 9; cut++) {
    bool more = true;
    for (unsigned second = 0; more; second++) {
      funds_bench on;
      funds_open(&on);
      funds_ask(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false);
      CU_ASSERT_TRUE(funds_run_cut(&on, cut));
      funds_lose(&on);
      funds_sign_on(&on);
      more = funds_run_cut(&on, second);
      funds_check(&on, false);
      funds_lose(&on);
      CU_ASSERT_EQUAL(funds_again(&on), 0);
      expect_recovered(&on);
      funds_check(&on, true);
      funds_close(&on);
    }
  }
}

/* One that is refused, and therefore cancelled. */
static void test_cancellation(void) {
  unsigned cut = 0;
  for (bool more = true; more; cut++) {
    funds_bench on;
    funds_open(&on);
    funds_ask(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, PAPER_MOST + 1, false);
    more = funds_run_cut(&on, cut);
    funds_lose(&on);
    CU_ASSERT_EQUAL(funds_again(&on), 0);
    CU_ASSERT_EQUAL(on.card.descending[0], 0);
    funds_check(&on, true);
    CU_ASSERT_EQUAL(funds_account(&on), FUNDS_DEPOSIT);
    expect_usable(&on);
    funds_close(&on);
  }
  CU_ASSERT_TRUE(cut > 9);
}

static void test_withdrawal(void) {
  for (unsigned final = 0; final < 2; final++) {
    unsigned cut = 0;
    for (bool more = true; more; cut++) {
      funds_bench on;
      funds_open(&on);
      CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
      funds_ask(&on, PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, AMOUNT, final != 0);
      more = funds_run_cut(&on, cut);
      funds_lose(&on);
      CU_ASSERT_EQUAL(funds_again(&on), 0);
      /* Nothing cancels it: unless the card never heard of it, the account has it. */
      CU_ASSERT_EQUAL(on.card.operation.operation, cut == 0 ? PSD_OPERATION_LOADED : PSD_OPERATION_WITHDRAWN);
      CU_ASSERT_EQUAL(funds_account(&on), cut == 0 ? FUNDS_DEPOSIT - AMOUNT : FUNDS_DEPOSIT);
      CU_ASSERT_EQUAL(funds_row(&on).withdrawn, final != 0 && cut != 0);
      funds_check(&on, true);
      unsigned before = on.card.commands;
      if (final == 0)
        expect_usable(&on);
      else if (cut != 0) { /* out of service: the card is not even asked */
        CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, 7, false), PSD_SIGNAL_STATE);
        CU_ASSERT_EQUAL(on.card.commands, before);
      }
      funds_close(&on);
    }
    CU_ASSERT_TRUE(cut > 9);
  }
}

static void test_withdrawal_twice(void) {
  for (unsigned cut = 1; cut < 9; cut++) {
    bool more = true;
    for (unsigned second = 0; more; second++) {
      funds_bench on;
      funds_open(&on);
      CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
      funds_ask(&on, PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, AMOUNT, false);
      CU_ASSERT_TRUE(funds_run_cut(&on, cut));
      funds_lose(&on);
      funds_sign_on(&on);
      more = funds_run_cut(&on, second);
      funds_lose(&on);
      CU_ASSERT_EQUAL(funds_again(&on), 0);
      CU_ASSERT_EQUAL(funds_account(&on), FUNDS_DEPOSIT);
      funds_check(&on, true);
      funds_close(&on);
    }
  }
}

/* Paid for while the answer was lost: registers move on, the control total does not. */
static void test_paid_meanwhile(void) {
  funds_bench on;
  funds_open(&on);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
  funds_ask(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false);
  CU_ASSERT_TRUE(funds_run_to(&on, 0x42));
  paper_funds_pay(&on.card, PSD_GROUP_POSTAGE, 300);
  funds_lose(&on);
  paper_funds_pay(&on.card, PSD_GROUP_POSTAGE, 200);
  CU_ASSERT_EQUAL(funds_again(&on), 0);
  CU_ASSERT_EQUAL(on.result.operation, PSD_OPERATION_LOADED);
  CU_ASSERT_EQUAL(on.card.descending[0], 2 * AMOUNT - 500);
  funds_check(&on, true);
  funds_close(&on);
}

/* Suspended meanwhile: it was reserved, and is finished all the same. */
static void test_suspended_meanwhile(void) {
  funds_bench on;
  funds_open(&on);
  funds_ask(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false);
  CU_ASSERT_TRUE(funds_run_to(&on, 0x42));
  funds_lose(&on);
  CU_ASSERT_EQUAL(psd_db_account_set_suspended(on.at.db, "1", true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(funds_again(&on), 0);
  CU_ASSERT_EQUAL(on.result.operation, PSD_OPERATION_LOADED);
  CU_ASSERT_EQUAL(on.result.amount, AMOUNT);
  funds_check(&on, true);
  funds_close(&on);
}

/* Asks for what was recovered. */
static psd_funds_result ask_recovered(funds_bench *on) {
  bench_ask(&on->at, PSD_HOST_DONE, NULL, 0);
  funds_run(on);
  CU_ASSERT_EQUAL(funds_answer(on, PSD_HOST_DONE), 0);
  return on->result;
}

/* The card has answered the last command of an operation, and nobody heard it: the next audit ends that by itself. No
 * action is announced, and the Host is told once, if it asks. */
static void test_audit_ends(void) {
  static const struct {
    psd_host_operation asked;
    uint8_t last; /* INS */
    psd_operation_state ended;
    uint64_t available;
  } cases[] = {{PSD_HOST_REFILL, 0x42, PSD_OPERATION_LOADED, FUNDS_DEPOSIT - 2 * AMOUNT},
               {PSD_HOST_REFILL, 0x44, PSD_OPERATION_LOAD_CANCELLED, FUNDS_DEPOSIT - AMOUNT},
               {PSD_HOST_WITHDRAW, 0x48, PSD_OPERATION_WITHDRAWN, FUNDS_DEPOSIT}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    funds_bench on;
    funds_open(&on);
    CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
    if (cases[i].last == 0x44)
      on.at.kms_refuses = PSD_SIGNAL_LIMIT;
    funds_ask(&on, cases[i].asked, PSD_GROUP_POSTAGE, AMOUNT, false);
    CU_ASSERT_TRUE(funds_run_to(&on, cases[i].last));
    on.at.kms_refuses = PSD_SIGNAL_NONE;
    CU_ASSERT_TRUE(funds_run_cut(&on, 1)); /* the card has done it */
    CU_ASSERT_EQUAL(funds_row(&on).open_sequence, 2);
    funds_lose(&on);
    funds_sign_on(&on);
    CU_ASSERT_EQUAL(on.at.card.result.actions, 0);
    funds_check(&on, true);
    psd_funds_result told = ask_recovered(&on);
    CU_ASSERT(told.operation == cases[i].ended && told.group == PSD_GROUP_POSTAGE && told.sequence == 2);
    CU_ASSERT(told.amount == AMOUNT && told.ascending == 0 && told.descending == on.card.descending[0]);
    CU_ASSERT(told.control_total == told.descending && told.available == cases[i].available);
    CU_ASSERT_EQUAL(ask_recovered(&on).operation, PSD_OPERATION_NONE);
    expect_usable(&on);
    funds_close(&on);
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a refill, cut off anywhere", test_refill},
      {"a refill, and its recovery, cut off anywhere", test_refill_twice},
      {"a cancellation, cut off anywhere", test_cancellation},
      {"a withdrawal, cut off anywhere", test_withdrawal},
      {"a withdrawal, and its recovery, cut off anywhere", test_withdrawal_twice},
      {"what an audit ends by itself is told", test_audit_ends},
      {"postage is paid for before it is recovered", test_paid_meanwhile},
      {"the account is suspended before it is recovered", test_suspended_meanwhile},
  };
  return psd_check_run("server funds cut", tests, PSD_CHECK_COUNT(tests));
}
