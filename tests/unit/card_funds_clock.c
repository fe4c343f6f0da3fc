/* Funds, the secure clock and the watchdog; and a card that its provider has locked (docs/funds.md). */
#include "check.h"
#include "provider.h"

#define LOAD PSD_COMMAND_INITIALIZE_LOAD
#define CREDIT PSD_COMMAND_CREDIT
#define WITHDRAW PSD_COMMAND_INITIALIZE_WITHDRAWAL
#define COMPLETE PSD_COMMAND_COMPLETE_WITHDRAWAL
#define DAY UINT64_C(86400)
#define WARN (90 * DAY)
#define LOCK (120 * DAY)

static rig r;
static meter m;

static void begin(psd_state state) {
  provider_begin(&r, &m, state);
}

static void end(void) {
  meter_bench_end(&m);
}

static psd_funds_authorization started(psd_command_id id, uint64_t amount, bool final) {
  CU_ASSERT_EQUAL_FATAL(provider_start(&m, id, PSD_GROUP_POSTAGE, amount, final), PSD_SW_OK);
  const psd_funds_request request = provider_request(&m);
  psd_funds_authorization authorization = provider_authorization(&m, &request);
  authorization.expiry = UINT64_MAX;
  return authorization;
}

/* A stored state that a command of the provider has made. */
static void put_state(psd_state state) {
  psd_core core = r.card->core;
  core.head.state = state;
  provider_core(&m, &core);
}

static void a_credit_is_an_inspection(void) {
  begin(PSD_STATE_OPERATIONAL);
  r.seconds = RIG_TIME + WARN;
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_INSPECTION_DUE);
  const psd_funds_authorization authorization = started(LOAD, 1000, false);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_INSPECTION_DUE); /* a wish is none */
  r.seconds = RIG_TIME + LOCK - 1;                                   /* the last second */
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &authorization), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL(r.card->core.watchdog.inspected, RIG_TIME + LOCK - 1);
  r.seconds += 100;
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &authorization), PSD_SW_OK); /* once more: no other inspection */
  CU_ASSERT_EQUAL(r.card->core.watchdog.inspected, RIG_TIME + LOCK - 1);
  r.seconds = RIG_TIME + LOCK - 1 + LOCK - 1;
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_INSPECTION_DUE);
  end();
}

static void a_withdrawal_is_none(void) {
  begin(PSD_STATE_OPERATIONAL);
  r.seconds = RIG_TIME + WARN;
  psd_funds_authorization authorization = started(WITHDRAW, 1000, false);
  CU_ASSERT_EQUAL(provider_finish(&m, COMPLETE, &authorization), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.card->core.watchdog.inspected, RIG_TIME);
  authorization = started(LOAD, 1000, false);
  CU_ASSERT_EQUAL(provider_cancel(&m, 2), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.card->core.watchdog.inspected, RIG_TIME);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_INSPECTION_DUE);
  end();
}

static void the_watchdog_locks_in_between(void) {
  begin(PSD_STATE_OPERATIONAL);
  psd_funds_authorization authorization = started(LOAD, 1000, false);
  r.seconds = RIG_TIME + LOCK;
  const provider_mark mark = provider_look(&m);
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &authorization), PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(provider_start(&m, LOAD, PSD_GROUP_POSTAGE, 1000, false), PSD_SW_CONDITIONS);
  CU_ASSERT_TRUE(provider_untouched(&m, &mark));
  meter_open(&m, PSD_SUITE_SHARED); /* the audit opens it, and the refill goes on */
  CU_ASSERT_EQUAL(m.audit.operation, PSD_OPERATION_LOADING);
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &authorization), PSD_SW_OK);
  authorization = started(LOAD, 1000, false);
  r.seconds += LOCK;
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_LOCKED);
  CU_ASSERT_EQUAL(provider_cancel(&m, 2), PSD_SW_OK); /* or is cancelled, locked as it is */
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_LOCKED);
  authorization = started(WITHDRAW, 10000, true);
  CU_ASSERT_EQUAL(provider_finish(&m, COMPLETE, &authorization), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_WITHDRAWN);
  end();
}

/* A refill takes no effect in a locked card; money may leave it. */
static void the_provider_locks_in_between(void) {
  begin(PSD_STATE_OPERATIONAL);
  psd_funds_authorization authorization = started(LOAD, 1000, false);
  put_state(PSD_STATE_LOCKED);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_LOCKED); /* the audit does not open this lock */
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &authorization), PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(provider_cancel(&m, 1), PSD_SW_OK);
  CU_ASSERT_EQUAL(provider_receipt(&m).operation, PSD_OPERATION_LOAD_CANCELLED);
  CU_ASSERT_EQUAL(provider_start(&m, LOAD, PSD_GROUP_POSTAGE, 1000, false), PSD_SW_CONDITIONS);
  put_state(PSD_STATE_OPERATIONAL);
  authorization = started(WITHDRAW, 1000, false);
  put_state(PSD_STATE_LOCKED);
  CU_ASSERT_EQUAL(provider_send(&m, PSD_COMMAND_GET_LAST, PSD_LAST_FUNDS, NULL, 0), PSD_SW_OK);
  CU_ASSERT_EQUAL(provider_finish(&m, COMPLETE, &authorization), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_LOCKED);
  authorization = started(WITHDRAW, 8000, true);
  CU_ASSERT_EQUAL(provider_finish(&m, COMPLETE, &authorization), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_WITHDRAWN);
  CU_ASSERT_EQUAL(provider_send(&m, PSD_COMMAND_GET_LAST, PSD_LAST_FUNDS, NULL, 0), PSD_SW_OK);
  CU_ASSERT_EQUAL(provider_receipt(&m).operation, PSD_OPERATION_WITHDRAWN);
  end();
}

/* Setting the machine's clock back does not bring back an hour. */
static void the_clock_is_set_back(void) {
  begin(PSD_STATE_OPERATIONAL);
  psd_funds_authorization authorization = started(LOAD, 1000, false);
  authorization.expiry = RIG_TIME + 100;
  r.seconds = RIG_TIME + 100;
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &authorization), PSD_SW_CONDITIONS);
  meter_open(&m, PSD_SUITE_SHARED); /* the card has shown this time */
  r.seconds = RIG_TIME;
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &authorization), PSD_SW_CONDITIONS);
  authorization.expiry = RIG_TIME + 101;
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &authorization), PSD_SW_OK);
  CU_ASSERT_EQUAL(provider_receipt(&m).time, RIG_TIME + 100);
  CU_ASSERT_EQUAL(r.card->core.watchdog.inspected, RIG_TIME + 100);
  end();
}

/* States in which the meter is not in service. */
static void other_states(void) {
  static const psd_state states[] = {PSD_STATE_INITIALIZED, PSD_STATE_FAULTED, PSD_STATE_WITHDRAWN};
  for (size_t i = 0; i < PSD_CHECK_COUNT(states); i++) {
    begin(states[i]);
    const provider_mark mark = provider_look(&m);
    CU_ASSERT_EQUAL(provider_start(&m, LOAD, PSD_GROUP_POSTAGE, 1000, false), PSD_SW_CONDITIONS);
    CU_ASSERT_EQUAL(provider_start(&m, WITHDRAW, PSD_GROUP_POSTAGE, 1000, false), PSD_SW_CONDITIONS);
    CU_ASSERT_EQUAL(provider_cancel(&m, 0), PSD_SW_CONDITIONS);
    CU_ASSERT_TRUE(provider_untouched(&m, &mark));
    end();
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a credit starts the watchdog anew", a_credit_is_an_inspection},
      {"nothing else of funds does", a_withdrawal_is_none},
      {"the watchdog runs out in between", the_watchdog_locks_in_between},
      {"the provider locks the card in between", the_provider_locks_in_between},
      {"the clock is set back", the_clock_is_set_back},
      {"no funds move in other states", other_states},
  };
  return psd_check_run("funds: clock and states", tests, PSD_CHECK_COUNT(tests));
}
