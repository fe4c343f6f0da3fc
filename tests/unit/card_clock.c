/* The secure clock (VM 232) and the watchdog that lives by it. */
#include "check.h"
#include "expect.h"
#include "meter/clock.h"
#include "sample.h"

#include <string.h>

#define DAY UINT64_C(86400)
#define WARN (90 * DAY)
#define LOCK (120 * DAY)

static rig r;

static void begin(psd_state state) {
  rig_create(&r);
  rig_enter(&r, state);
  expect_selected(&r);
}

static void end(void) {
  rig_destroy(&r);
}

static uint64_t shown(void) {
  psd_clock clock = {0};
  CU_ASSERT_EQUAL_FATAL(rig_hex(&r, "00CADF2700"), PSD_SW_OK);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(r.response, r.length, PSD_MESSAGE_CLOCK, &clock));
  return clock.now;
}

static void expect_state(psd_state state) {
  CU_ASSERT_EQUAL(psd_card_state(r.card), state);
  CU_ASSERT_EQUAL_FATAL(rig_hex(&r, "00CADF2200"), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.response[0], state);
}

/* Something that is committed, and with it how far the clock has come. */
static void commit(void) {
  expect(&r, "0020008106 313233343536", "9000");
  expect(&r, "00DADF3101 41", "9000");
}

static void never_set(void) {
  rig_create(&r);
  expect_selected(&r);
  expect(&r, "00CADF2700", "0000000000000000 00 9000");
  r.seconds += 1000;
  CU_ASSERT_EQUAL(shown(), 0);
  end();
}

static void runs(void) {
  begin(PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL(shown(), RIG_TIME);
  r.seconds += 1;
  CU_ASSERT_EQUAL(shown(), RIG_TIME + 1);
  psd_card_power_off(r.card);
  r.seconds += 3600;
  psd_card_power_on(r.card);
  expect_selected(&r);
  CU_ASSERT_EQUAL(shown(), RIG_TIME + 3601);
  end();
}

static void set_apart_from_the_oscillator(void) {
  static const char *const times[] = {"0000000000000001 01", "0000000060000000 01", "00000000FFFFFFFF 01"};
  static const uint64_t values[] = {1, 0x60000000, 0xFFFFFFFF};
  for (size_t i = 0; i < 3; i++) {
    rig_create(&r);
    expect_selected(&r);
    CU_ASSERT_EQUAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
    char command[64] = "00DADF2709";
    memcpy(command + 10, times[i], strlen(times[i]) + 1);
    expect_secure(&r, command, "9000");
    r.seconds += 10;
    psd_card_reset(r.card);
    expect_selected(&r);
    CU_ASSERT_EQUAL(shown(), values[i] + 10);
    end();
  }
}

static void never_backwards_by_being_set(void) {
  rig_create(&r);
  expect_selected(&r);
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
  expect_secure(&r, "00DADF2709 000000006955B900 01", "9000");
  r.seconds += 100;
  expect_secure(&r, "00DADF2709 000000006955B963 01", "6A80"); /* 99 seconds on: it is one second later already */
  expect_secure(&r, "00DADF2709 000000006955B964 01", "9000");
  expect_secure(&r, "00DADF2709 000000006955B965 01", "9000");
  end();
}

static void never_backwards_with_the_oscillator(void) {
  begin(PSD_STATE_OPERATIONAL);
  r.seconds += 1000;
  commit();
  r.seconds -= 500; /* the device's clock was set back */
  CU_ASSERT_EQUAL(shown(), RIG_TIME + 1000);
  psd_card_power_off(r.card);
  r.seconds = 0;
  psd_card_power_on(r.card);
  expect_selected(&r);
  CU_ASSERT_EQUAL(shown(), RIG_TIME + 1000);
  commit(); /* which must not keep the earlier time */
  CU_ASSERT_EQUAL(shown(), RIG_TIME + 1000);
  r.seconds = RIG_TIME + 1001;
  CU_ASSERT_EQUAL(shown(), RIG_TIME + 1001);
  end();
}

static void an_oscillator_far_ahead(void) {
  begin(PSD_STATE_OPERATIONAL);
  r.seconds = UINT64_MAX; /* nonsense: beyond what a signed number holds */
  CU_ASSERT_EQUAL(shown(), RIG_TIME);
  expect_state(PSD_STATE_OPERATIONAL);
  r.seconds = RIG_TIME + 7;
  CU_ASSERT_EQUAL(shown(), RIG_TIME + 7);
  end();
}

/* One second before, at, and after both times of the watchdog. */
static void watchdog_edges(void) {
  begin(PSD_STATE_OPERATIONAL);
  static const struct {
    uint64_t after;
    psd_state state;
  } edges[] = {{0, PSD_STATE_OPERATIONAL},           {WARN - 1, PSD_STATE_OPERATIONAL},
               {WARN, PSD_STATE_INSPECTION_DUE},     {WARN + 1, PSD_STATE_INSPECTION_DUE},
               {LOCK - 1, PSD_STATE_INSPECTION_DUE}, {LOCK, PSD_STATE_LOCKED},
               {LOCK + 1, PSD_STATE_LOCKED},         {10 * LOCK, PSD_STATE_LOCKED}};
  for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
    r.seconds = RIG_TIME + edges[i].after;
    expect_state(edges[i].state);
  }
  end();
}

static void warning_and_lock_at_once(void) {
  begin(PSD_STATE_OPERATIONAL);
  psd_core core = r.card->core;
  core.watchdog.warn_after = core.watchdog.lock_after = 60;
  rig_set_core(&r, &core);
  expect_selected(&r);
  r.seconds += 59;
  expect_state(PSD_STATE_OPERATIONAL);
  r.seconds += 1;
  expect_state(PSD_STATE_LOCKED);
  end();
}

static void lock_outlives_an_oscillator_set_back(void) {
  begin(PSD_STATE_OPERATIONAL);
  r.seconds += LOCK;
  expect_state(PSD_STATE_LOCKED);
  expect(&r, "0020008106 313233343536", "9000");
  expect(&r, "00DADF3101 41", "9000"); /* the time that was reached is kept */
  r.seconds = RIG_TIME;
  expect_state(PSD_STATE_LOCKED);
  psd_card_reset(r.card);
  expect_selected(&r);
  expect_state(PSD_STATE_LOCKED);
  end();
}

static void other_states_know_no_watchdog(void) {
  static const psd_state states[] = {PSD_STATE_MANUFACTURED, PSD_STATE_INITIALIZED, PSD_STATE_AUTHORIZED,
                                     PSD_STATE_WITHDRAWN,    PSD_STATE_ZEROIZED,    PSD_STATE_LOCKED};
  for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
    begin(states[i]);
    r.seconds += 2 * LOCK;
    expect_state(states[i]);
    end();
  }
}

static void inspected_in_the_future(void) {
  begin(PSD_STATE_OPERATIONAL);
  psd_core core = r.card->core;
  core.watchdog.inspected = RIG_TIME + LOCK;
  rig_set_core(&r, &core);
  expect_selected(&r);
  expect_state(PSD_STATE_OPERATIONAL); /* no time has passed since, not 2^64 seconds */
  end();
}

static void counts_from_personalisation(void) {
  rig_create(&r);
  r.seconds = 42; /* the oscillator of a device without a clock */
  sample_personalise(&r);
  CU_ASSERT_EQUAL(r.card->core.watchdog.inspected, RIG_TIME);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a clock that was never set shows nothing", never_set},
      {"it runs, without power too", runs},
      {"it may be set earlier or later than the oscillator", set_apart_from_the_oscillator},
      {"it cannot be set back", never_backwards_by_being_set},
      {"an oscillator that is set back does not take it along", never_backwards_with_the_oscillator},
      {"an oscillator that is far ahead does not take it along", an_oscillator_far_ahead},
      {"watchdog: INSPECTION_DUE and LOCKED come at their second", watchdog_edges},
      {"watchdog: both times may be the same", warning_and_lock_at_once},
      {"watchdog: a lock outlives an oscillator that is set back", lock_outlives_an_oscillator_set_back},
      {"watchdog: it runs in operation alone", other_states_know_no_watchdog},
      {"watchdog: an inspection in the future is none in the far past", inspected_in_the_future},
      {"watchdog: the first period begins with personalisation", counts_from_personalisation},
  };
  return psd_check_run("secure clock and watchdog", tests, PSD_CHECK_COUNT(tests));
}
