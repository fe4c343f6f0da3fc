/* Refill and withdrawal on the meter server when card, key management system or database refuse, or say what cannot be
 * (docs/funds.md). Whatever happens, the next session leaves nothing open, and no mill is lost or made. */
#include "check.h"
#include "datacenter/datacenter.h"
#include "funds_bench.h"
#include "psd/spec/status.h"

#define AMOUNT 1000000U

static unsigned alarms;

static bool count_alarm(void *user, const psd_alarm *alarm) {
  (void)user;
  (void)alarm;
  alarms++;
  return true;
}

static unsigned alarms_of(const funds_bench *on) {
  alarms = 0;
  CU_ASSERT_EQUAL(psd_db_alarm_list(on->at.db, NULL, false, count_alarm, NULL), PSD_DB_DONE);
  return alarms;
}

/* The operator has looked. */
static void unlock(funds_bench *on) {
  uint8_t device[8];
  paper_device(&on->at.card, device);
  CU_ASSERT_EQUAL(psd_db_begin(on->at.db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_unlock(on->at.db, device, false, on->at.time), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(on->at.db), PSD_DB_DONE);
}

/* A signature that does not verify locks the meter until somebody has looked; nothing else here does. */
static void expect_alarm(funds_bench *on, bool alarmed) {
  CU_ASSERT_EQUAL(alarms_of(on), alarmed ? 1U : 0U);
  CU_ASSERT_EQUAL(funds_row(on).lock, alarmed ? PSD_METER_ALARMED : PSD_METER_FREE);
  if (alarmed)
    unlock(on);
}

/* All is well again: the next session recovers what was left, and a refill goes through. */
static void expect_healed(funds_bench *on) {
  on->at.kms_refuses = PSD_SIGNAL_NONE;
  on->at.database_fails = PSD_DB_DONE;
  on->at.no_kms = on->at.no_database = false;
  on->card.refused = on->card.altered = 0;
  funds_lose(on);
  CU_ASSERT_EQUAL(funds_again(on), 0);
  funds_check(on, true);
  CU_ASSERT_EQUAL(funds_move(on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, 7, false), 0);
  funds_check(on, true);
  CU_ASSERT_EQUAL(alarms_of(on), 0);
}

static const psd_signal refusals[][2] = {
    /* what the key management system says, and what the Host hears */
    {PSD_SIGNAL_LIMIT, PSD_SIGNAL_LIMIT},
    {PSD_SIGNAL_REQUEST, PSD_SIGNAL_REQUEST},
    {PSD_SIGNAL_DEVICE_KEY, PSD_SIGNAL_DEVICE_KEY},
    {PSD_SIGNAL_SIGNATURE, PSD_SIGNAL_SIGNATURE},
    {PSD_SIGNAL_KMS, PSD_SIGNAL_KMS},
    {PSD_SIGNAL_ROLE, PSD_SIGNAL_KMS},
    {PSD_SIGNAL_MESSAGE, PSD_SIGNAL_KMS},
    {PSD_SIGNAL_INTERNAL, PSD_SIGNAL_KMS},
};

/* It verifies the receipt of the cancellation, or does not either: then the account waits for the next audit. */
static void test_kms_refuses(void) {
  for (size_t i = 0; i < 2 * PSD_CHECK_COUNT(refusals); i++) {
    funds_bench on;
    funds_open(&on);
    on.at.kms_refuses = refusals[i / 2][0];
    funds_ask(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false);
    CU_ASSERT_TRUE(funds_run_to(&on, 0x44));
    if (i % 2 == 0)
      on.at.kms_refuses = PSD_SIGNAL_NONE;
    funds_run(&on);
    CU_ASSERT_EQUAL(funds_answer(&on, PSD_HOST_REFILL), (int)refusals[i / 2][1]);
    CU_ASSERT_EQUAL(on.card.descending[0], 0);
    funds_check(&on, i % 2 == 0);
    /* Where something is left the session moves no more funds. */
    on.at.kms_refuses = PSD_SIGNAL_NONE;
    bool forged = refusals[i / 2][0] == PSD_SIGNAL_SIGNATURE;
    CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, 9, false), forged ? PSD_SIGNAL_LOCKED
                                                                                   : i % 2 == 0
                                                                                       ? 0
                                                                                       : PSD_SIGNAL_UNFINISHED);
    expect_alarm(&on, forged);
    expect_healed(&on);
    funds_close(&on);
  }
}

static void test_kms_gone(void) {
  funds_bench on;
  funds_open(&on);
  on.at.no_kms = true;
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), PSD_SIGNAL_KMS);
  CU_ASSERT_FALSE(on.at.closed);
  CU_ASSERT_EQUAL(on.card.operation.operation, PSD_OPERATION_LOAD_CANCELLED);
  expect_healed(&on);
  funds_close(&on);
}

/* The card has debited: no answer would be true, and the session ends. */
static void test_kms_refuses_withdrawal(void) {
  for (size_t i = 0; i < PSD_CHECK_COUNT(refusals); i++) {
    funds_bench on;
    funds_open(&on);
    CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
    on.at.kms_refuses = refusals[i][0];
    funds_ask(&on, PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, AMOUNT, false);
    funds_run(&on);
    const bench_frame *end = bench_expect(&on.at, PSD_FRAME_ERROR_SIGNAL);
    CU_ASSERT_EQUAL(end->body[0], refusals[i][1]);
    CU_ASSERT_TRUE(on.at.closed);
    expect_alarm(&on, refusals[i][0] == PSD_SIGNAL_SIGNATURE);
    expect_healed(&on);
    CU_ASSERT_EQUAL(funds_account(&on), FUNDS_DEPOSIT - 7);
    funds_close(&on);
  }
}

/* While something is recovered: it is left to the audit after this one, and the session stays open without funds. */
static void test_kms_fails_recovery(void) {
  for (unsigned i = 0; i < 4; i++) {
    bool withdraw = i >= 2;
    funds_bench on;
    funds_open(&on);
    CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
    funds_ask(&on, withdraw ? PSD_HOST_WITHDRAW : PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false);
    CU_ASSERT_TRUE(funds_run_to(&on, withdraw ? 0x48 : 0x42));
    funds_lose(&on);
    paper_funds_tell(&on.card);
    bench_sign_on(&on.at, PSD_SUITE_SHARED);
    uint8_t m3[PSD_M3_MAX];
    bench_send(&on.at, PSD_FRAME_AUDIT_RESPONSE, m3, paper_audit(&on.at.card, m3));
    while (on.at.sent_count == on.at.taken)
      CU_ASSERT_TRUE_FATAL(funds_step(&on)); /* up to M4 */
    on.at.no_kms = i % 2 == 0;
    on.at.kms_refuses = PSD_SIGNAL_KMS;
    const bench_frame *m4 = bench_expect(&on.at, PSD_FRAME_AUDIT_RESULT);
    CU_ASSERT_TRUE_FATAL(paper_take_m4(&on.at.card, m4->body, m4->length));
    bench_ask(&on.at, PSD_HOST_DONE, NULL, 0);
    funds_run(&on);
    CU_ASSERT_EQUAL(funds_answer(&on, PSD_HOST_DONE), 0);
    CU_ASSERT_EQUAL(on.result.operation, PSD_OPERATION_NONE);
    CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), PSD_SIGNAL_UNFINISHED);
    CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, AMOUNT, false), PSD_SIGNAL_UNFINISHED);
    expect_healed(&on);
    CU_ASSERT_EQUAL(on.card.descending[0], withdraw ? 7U : 2 * AMOUNT + 7U);
    funds_close(&on);
  }
}

/* The database goes at each job: done, but not told of, and not done at all. */
static void test_database_fails(void) {
  static const psd_host_operation operations[] = {PSD_HOST_REFILL, PSD_HOST_WITHDRAW};
  for (unsigned i = 0; i < 8; i++) {
    psd_host_operation operation = operations[i / 4];
    bool last = i / 2 % 2 != 0, submitted = i % 2 != 0;
    funds_bench on;
    funds_open(&on);
    CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
    funds_ask(&on, operation, PSD_GROUP_POSTAGE, AMOUNT, false);
    if (last)
      CU_ASSERT_TRUE(funds_run_to(&on, operation == PSD_HOST_REFILL ? 0x42 : 0x48));
    on.at.no_database = !submitted;
    on.at.database_fails = PSD_DB_FAILED;
    funds_run(&on);
    /* Before the card was credited it can still be told. */
    if (operation == PSD_HOST_REFILL && !last && submitted) {
      CU_ASSERT_EQUAL(funds_answer(&on, operation), PSD_SIGNAL_DATABASE);
    } else
      (void)bench_expect_end(&on.at, PSD_SIGNAL_DATABASE, 0);
    expect_healed(&on);
    funds_close(&on);
  }
}

static const uint16_t statuses[][2] = {
    /* what the card says first, and what the Host hears */
    {PSD_SW_WRONG_DATA, PSD_SIGNAL_LIMIT},
    {PSD_SW_CONDITIONS, PSD_SIGNAL_STATE},
    {PSD_SW_WRONG_P1P2, PSD_SIGNAL_STATE},
    {0x6D00, PSD_SIGNAL_STATE},
};

static void test_card_refuses_first(void) {
  for (size_t i = 0; i < 2 * PSD_CHECK_COUNT(statuses); i++) {
    bool refill = i % 2 == 0;
    funds_bench on;
    funds_open(&on);
    on.card.refused = refill ? 0x40 : 0x46;
    on.card.status = statuses[i / 2][0];
    CU_ASSERT_EQUAL(funds_move(&on, refill ? PSD_HOST_REFILL : PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, AMOUNT, false),
                    (int)statuses[i / 2][1]);
    on.card.refused = 0;
    CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
    expect_healed(&on);
    funds_close(&on);
  }
}

/* Memory that fails may have taken it all the same: nobody is told that nothing was moved. */
static void test_memory_fails_first(void) {
  for (unsigned i = 0; i < 2; i++) {
    funds_bench on;
    funds_open(&on);
    on.card.refused = i == 0 ? 0x40 : 0x46;
    on.card.status = PSD_SW_MEMORY_FAILURE;
    funds_ask(&on, i == 0 ? PSD_HOST_REFILL : PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, AMOUNT, false);
    funds_run(&on);
    (void)bench_expect_end(&on.at, PSD_SIGNAL_STATE, 0);
    expect_healed(&on);
    funds_close(&on);
  }
}

/* CREDIT: cancelled. CANCEL LOAD as well: the session ends, for the next audit may find it credited. */
static void test_card_refuses_credit(void) {
  static const uint16_t words[] = {PSD_SW_CONDITIONS, PSD_SW_VERIFICATION_FAILED, PSD_SW_WRONG_DATA, 0x6581};
  for (size_t i = 0; i < 2 * PSD_CHECK_COUNT(words); i++) {
    funds_bench on;
    funds_open(&on);
    on.card.refused = 0x42;
    on.card.status = words[i / 2];
    funds_ask(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false);
    CU_ASSERT_TRUE(funds_run_to(&on, 0x44));
    on.card.refused = i % 2 == 0 ? 0 : 0x44;
    funds_run(&on);
    if (i % 2 == 0) {
      CU_ASSERT_EQUAL(funds_answer(&on, PSD_HOST_REFILL), PSD_SIGNAL_STATE);
    } else
      (void)bench_expect_end(&on.at, PSD_SIGNAL_STATE, 0);
    funds_check(&on, i % 2 == 0);
    expect_healed(&on);
    CU_ASSERT_EQUAL(on.card.descending[0], i % 2 == 0 ? 7U : AMOUNT + 7U);
    funds_close(&on);
  }
}

/* The authorization is good by the card's clock, within what the key management system allows. */
static void test_clock_ahead(void) {
  static const uint32_t ahead[] = {0, 899, 900, 2999, 3000, 100000000};
  for (size_t i = 0; i < PSD_CHECK_COUNT(ahead); i++) {
    funds_bench on;
    funds_open(&on);
    on.card.ahead = ahead[i];
    CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false),
                    ahead[i] < 3000 ? 0 : PSD_SIGNAL_STATE);
    funds_check(&on, true);
    funds_close(&on);
  }
}

static void test_card_refuses_completion(void) {
  funds_bench on;
  funds_open(&on);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
  on.card.refused = 0x48;
  on.card.status = 0x6581;
  funds_ask(&on, PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, AMOUNT, false);
  funds_run(&on);
  (void)bench_expect_end(&on.at, PSD_SIGNAL_STATE, 0);
  CU_ASSERT_EQUAL(funds_account(&on), FUNDS_DEPOSIT);
  /* Nor does it say what it signed then. */
  on.card.refused = 0x58;
  funds_lose(&on);
  CU_ASSERT_EQUAL(funds_again(&on), 0);
  CU_ASSERT_EQUAL(on.result.operation, PSD_OPERATION_NONE);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), PSD_SIGNAL_UNFINISHED);
  expect_healed(&on);
  CU_ASSERT_EQUAL(funds_account(&on), FUNDS_DEPOSIT - 7);
  funds_close(&on);
}

/* A card that has started one that this session knows nothing of: only the very same is gone on with. */
static void test_pending(void) {
  static const struct {
    psd_group group;
    uint64_t amount;
    int signal;
  } cases[] = {{PSD_GROUP_POSTAGE, AMOUNT, 0},
               {PSD_GROUP_POSTAGE, AMOUNT + 1, PSD_SIGNAL_UNFINISHED},
               {PSD_GROUP_CERTIFICATE, AMOUNT, PSD_SIGNAL_UNFINISHED}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    uint8_t answer[PAPER_RECORD], command[5 + PSD_SIZE_FUNDS_START + 1] = {0x80, 0x40, 0, 0, PSD_SIZE_FUNDS_START};
    psd_buffer start = psd_buffer_over(command + 5, PSD_SIZE_FUNDS_START);
    psd_funds_start wish = {.amount = AMOUNT};
    psd_put_message(&start, PSD_MESSAGE_FUNDS_START, &wish);
    funds_bench on;
    funds_open(&on);
    CU_ASSERT_TRUE(paper_funds_command(&on.card, command, sizeof command, answer) > 2);
    CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, cases[i].group, cases[i].amount, false), cases[i].signal);
    CU_ASSERT_EQUAL(on.card.descending[0], cases[i].signal == 0 ? AMOUNT : 0);
    if (cases[i].signal != 0)
      CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), PSD_SIGNAL_UNFINISHED);
    expect_healed(&on);
    funds_close(&on);
  }
}

/* Registers other than the ledger's: the alarm locks the meter for this session and for those that follow. */
static void test_imbalance(void) {
  funds_bench on;
  funds_open(&on);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
  on.card.descending[0]++;
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), PSD_SIGNAL_BALANCE);
  CU_ASSERT_EQUAL(on.card.descending[0], AMOUNT + 1);
  CU_ASSERT_EQUAL(funds_account(&on), FUNDS_DEPOSIT - AMOUNT);
  CU_ASSERT_EQUAL(funds_row(&on).lock, PSD_METER_ALARMED);
  CU_ASSERT_TRUE(alarms_of(&on) > 0);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), PSD_SIGNAL_LOCKED);
  CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_WITHDRAW, PSD_GROUP_POSTAGE, AMOUNT, false), PSD_SIGNAL_LOCKED);
  funds_close(&on);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the key management system refuses a refill", test_kms_refuses},
      {"there is no key management system", test_kms_gone},
      {"the key management system refuses a withdrawal", test_kms_refuses_withdrawal},
      {"the key management system fails in a recovery", test_kms_fails_recovery},
      {"the database fails", test_database_fails},
      {"the card refuses to begin", test_card_refuses_first},
      {"the card's memory fails as it begins", test_memory_fails_first},
      {"the card refuses the authorization of a refill", test_card_refuses_credit},
      {"the card's clock is ahead", test_clock_ahead},
      {"the card refuses the authorization of a withdrawal", test_card_refuses_completion},
      {"a refill that was begun elsewhere", test_pending},
      {"registers that do not agree with the ledger", test_imbalance},
  };
  return psd_check_run("server funds trouble", tests, PSD_CHECK_COUNT(tests));
}
