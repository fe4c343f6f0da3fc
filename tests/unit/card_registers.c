/* The registers: three ways to use them, and the invariant of each, checked at every power-up and every commit. */
#include "check.h"
#include "expect.h"
#include "meter/change.h"

#include <string.h>

static psd_core blank(uint64_t mode, uint64_t credit_limit) {
  psd_core core;
  psd_core_blank(&core);
  core.funds = (psd_funds){.mode = mode, .credit_limit = credit_limit};
  return core;
}

static bool balanced(uint64_t mode, uint64_t limit, psd_registers postage, psd_registers certificate) {
  psd_core core = blank(mode, limit);
  core.postage = postage;
  core.certificate = certificate;
  return psd_core_balanced(&core);
}

#define GROUP(ar, dr, total) ((psd_registers){.ascending = (ar), .descending = (dr), .control_total = (total)})
#define EMPTY GROUP(0, 0, 0)

static void separate(void) {
  CU_ASSERT_TRUE(balanced(PSD_FUNDS_SEPARATE, 0, EMPTY, EMPTY));
  CU_ASSERT_TRUE(balanced(PSD_FUNDS_SEPARATE, 0, GROUP(1, 2, 3), GROUP(10, 20, 30)));
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_SEPARATE, 0, GROUP(1, 2, 4), EMPTY));
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_SEPARATE, 0, GROUP(1, 2, 2), EMPTY));
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_SEPARATE, 0, EMPTY, GROUP(1, 2, 4)));
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_SEPARATE, 0, GROUP(1, 0, 0), GROUP(0, 0, 1))); /* each by itself */
}

static void merged(void) {
  CU_ASSERT_TRUE(balanced(PSD_FUNDS_MERGED, 0, EMPTY, EMPTY));
  CU_ASSERT_TRUE(balanced(PSD_FUNDS_MERGED, 0, GROUP(1, 2, 3), EMPTY));
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_MERGED, 0, GROUP(1, 2, 4), EMPTY));
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_MERGED, 0, EMPTY, GROUP(1, 2, 3))); /* one pair only */
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_MERGED, 0, EMPTY, GROUP(0, 0, 1)));
  psd_registers counted = {.piece_count = 7}; /* certificates are still counted */
  CU_ASSERT_TRUE(balanced(PSD_FUNDS_MERGED, 0, EMPTY, counted));
}

static void current_account(void) {
  CU_ASSERT_TRUE(balanced(PSD_FUNDS_ACCOUNT, 100, EMPTY, EMPTY));
  CU_ASSERT_TRUE(balanced(PSD_FUNDS_ACCOUNT, 100, GROUP(100, 0, 0), EMPTY));
  CU_ASSERT_TRUE(balanced(PSD_FUNDS_ACCOUNT, 100, GROUP(60, 0, 0), GROUP(40, 0, 0)));
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_ACCOUNT, 100, GROUP(101, 0, 0), EMPTY));
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_ACCOUNT, 100, GROUP(60, 0, 0), GROUP(41, 0, 0)));
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_ACCOUNT, 100, GROUP(50, 1, 51), EMPTY));
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_ACCOUNT, 100, GROUP(0, 0, 1), EMPTY));
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_ACCOUNT, 100, EMPTY, GROUP(0, 1, 0)));
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_ACCOUNT, 100, EMPTY, GROUP(0, 0, 1)));
}

static void sums_do_not_wrap(void) {
  CU_ASSERT_TRUE(balanced(PSD_FUNDS_SEPARATE, 0, GROUP(UINT64_MAX, 0, UINT64_MAX), EMPTY));
  CU_ASSERT_TRUE(balanced(PSD_FUNDS_SEPARATE, 0, GROUP(UINT64_MAX - 1, 1, UINT64_MAX), EMPTY));
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_SEPARATE, 0, GROUP(UINT64_MAX, 1, 0), EMPTY));
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_SEPARATE, 0, GROUP(UINT64_MAX, UINT64_MAX, UINT64_MAX - 1), EMPTY));
  CU_ASSERT_FALSE(balanced(PSD_FUNDS_ACCOUNT, UINT64_MAX, GROUP(UINT64_MAX, 0, 0), GROUP(1, 0, 0)));
  CU_ASSERT_TRUE(balanced(PSD_FUNDS_ACCOUNT, UINT64_MAX, GROUP(UINT64_MAX, 0, 0), EMPTY));
}

static void no_other_mode(void) {
  CU_ASSERT_FALSE(balanced(3, 0, EMPTY, EMPTY));
  CU_ASSERT_FALSE(balanced(255, 0, EMPTY, EMPTY));
}

static void core_round_trip(void) {
  uint8_t encoded[PSD_CORE_SIZE];
  psd_core core = blank(PSD_FUNDS_SEPARATE, 0);
  psd_core back;
  core.postage = GROUP(1, 2, 3);
  core.head.written = UINT64_C(0x123456789ABCDEF0);
  memset(core.log.hash, 0x77, sizeof core.log.hash);
  CU_ASSERT_TRUE(psd_core_encode(&core, encoded));
  CU_ASSERT_TRUE(psd_core_decode(encoded, sizeof encoded, &back));
  CU_ASSERT_EQUAL(memcmp(&core, &back, sizeof core), 0);
}

static void core_of_another_kind(void) {
  uint8_t encoded[PSD_CORE_SIZE + 1] = {0};
  psd_core core = blank(PSD_FUNDS_SEPARATE, 0);
  psd_core back;
  CU_ASSERT_TRUE(psd_core_encode(&core, encoded));
  CU_ASSERT_FALSE(psd_core_decode(encoded, PSD_CORE_SIZE - 1, &back));
  CU_ASSERT_FALSE(psd_core_decode(encoded, PSD_CORE_SIZE + 1, &back));
  encoded[0]++; /* the layout */
  CU_ASSERT_FALSE(psd_core_decode(encoded, PSD_CORE_SIZE, &back));
  encoded[0]--;
  encoded[1] = 0; /* the state */
  CU_ASSERT_FALSE(psd_core_decode(encoded, PSD_CORE_SIZE, &back));
  encoded[1] = 10;
  CU_ASSERT_FALSE(psd_core_decode(encoded, PSD_CORE_SIZE, &back));
  core.pins.pin_tries = 256; /* does not fit its field */
  CU_ASSERT_FALSE(psd_core_encode(&core, encoded));
}

/* A card that comes up with these registers. */
static void power_up(uint64_t mode, uint64_t limit, psd_registers postage, psd_registers certificate,
                     psd_state expected) {
  rig r;
  rig_create(&r);
  rig_enter(&r, PSD_STATE_INITIALIZED);
  psd_core core = r.card->core;
  core.funds = (psd_funds){.mode = mode, .credit_limit = limit};
  core.postage = postage;
  core.certificate = certificate;
  if (expected == PSD_STATE_FAULTED) { /* the card itself never commits such registers */
    uint8_t encoded[PSD_CORE_SIZE];
    CU_ASSERT_TRUE_FATAL(psd_core_encode(&core, encoded));
    psd_store_put put = {.record = PSD_RECORD_CORE, .length = sizeof encoded, .value = encoded};
    CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
    psd_card_reset(r.card);
  } else {
    rig_set_core(&r, &core);
  }
  CU_ASSERT_EQUAL(psd_card_state(r.card), expected);
  expect_selected(&r);
  expect(&r, "00CADF2200", expected == PSD_STATE_FAULTED ? "0707 9000" : "0200 9000");
  expect(&r, "00CADF2300", "..{28} 9000"); /* the registers stay readable */
  expect(&r, "00CADF2400", "..{28} 9000");
  rig_destroy(&r);
}

static void at_power_up(void) {
  power_up(PSD_FUNDS_SEPARATE, 0, GROUP(1, 2, 3), GROUP(4, 5, 9), PSD_STATE_INITIALIZED);
  power_up(PSD_FUNDS_MERGED, 0, GROUP(1, 2, 3), EMPTY, PSD_STATE_INITIALIZED);
  power_up(PSD_FUNDS_ACCOUNT, 10, GROUP(9, 0, 0), GROUP(1, 0, 0), PSD_STATE_INITIALIZED);
  power_up(PSD_FUNDS_SEPARATE, 0, GROUP(1, 2, 3), GROUP(4, 5, 8), PSD_STATE_FAULTED);
  power_up(PSD_FUNDS_MERGED, 0, GROUP(1, 2, 3), GROUP(1, 0, 1), PSD_STATE_FAULTED);
  power_up(PSD_FUNDS_ACCOUNT, 9, GROUP(9, 0, 0), GROUP(1, 0, 0), PSD_STATE_FAULTED);
}

static void at_every_commit(void) {
  rig r;
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  psd_core before = r.card->core;
  psd_change change;
  psd_change_begin(&change, r.card);
  change.next.postage.descending += 1;
  psd_change_core(&change);
  CU_ASSERT_EQUAL(psd_change_commit(&change, r.card), PSD_SW_EXECUTION_ERROR);
  CU_ASSERT_EQUAL(memcmp(&r.card->core, &before, sizeof before), 0);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_OPERATIONAL);
  psd_change_begin(&change, r.card);
  change.next.postage.descending -= 10;
  change.next.postage.ascending += 10;
  psd_change_core(&change);
  CU_ASSERT_EQUAL(psd_change_commit(&change, r.card), PSD_SW_OK);
  rig_destroy(&r);
}

/* Personalised for each mode, over the wire. */
static void each_mode_can_be_chosen(void) {
  static const char *const modes[] = {"00 0000000000000000", "01 0000000000000000", "02 00000000000F4240"};
  for (size_t i = 0; i < 3; i++) {
    rig r;
    rig_create(&r);
    expect_selected(&r);
    CU_ASSERT_EQUAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
    char command[64] = "00DADF2509";
    memcpy(command + 10, modes[i], strlen(modes[i]) + 1);
    expect_secure(&r, command, "9000");
    psd_card_reset(r.card);
    CU_ASSERT_EQUAL(r.card->core.funds.mode, i);
    CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_MANUFACTURED);
    rig_destroy(&r);
  }
}

static void a_change_has_its_bounds(void) {
  rig r;
  rig_create(&r);
  psd_change change;
  psd_change_begin(&change, r.card);
  for (uint16_t i = 0; i < PSD_CHANGE_PUTS; i++)
    psd_change_put(&change, (uint16_t)(PSD_RECORD_OBJECT + i), "x", 1);
  CU_ASSERT_FALSE(change.failed);
  psd_change_put(&change, PSD_RECORD_PIN, "x", 1);
  CU_ASSERT_EQUAL(psd_change_commit(&change, r.card), PSD_SW_EXECUTION_ERROR);
  psd_change_begin(&change, r.card);
  for (size_t i = 0; i <= PSD_CHANGE_RECORDS; i++)
    psd_change_log(&change, r.card, PSD_EVENT_FAULT, 0, 0); /* one record too many */
  CU_ASSERT_EQUAL(psd_change_commit(&change, r.card), PSD_SW_EXECUTION_ERROR);
  psd_change_begin(&change, r.card);
  psd_change_put(&change, PSD_RECORD_PIN, "x", PSD_STORE_VALUE_MAX + 1);
  CU_ASSERT_EQUAL(psd_change_commit(&change, r.card), PSD_SW_EXECUTION_ERROR);
  psd_change_begin(&change, r.card);
  change.next.head.state = PSD_STATE_OPERATIONAL; /* lifecycle.def: not from MANUFACTURED */
  psd_change_core(&change);
  CU_ASSERT_EQUAL(psd_change_commit(&change, r.card), PSD_SW_EXECUTION_ERROR);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_MANUFACTURED);
  CU_ASSERT_EQUAL(r.card->core.log.count, 1);
  rig_destroy(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"separate: ascending and descending make the control total, in each group", separate},
      {"merged: one pair alone", merged},
      {"current account: ascending alone, both together within the limit", current_account},
      {"sums do not wrap around", sums_do_not_wrap},
      {"there is no other mode", no_other_mode},
      {"what the meter remembers survives encoding", core_round_trip},
      {"what is of another layout or state is refused", core_of_another_kind},
      {"a card whose registers do not balance comes up FAULTED, registers readable", at_power_up},
      {"a change that breaks the invariant is not committed", at_every_commit},
      {"each mode can be chosen", each_mode_can_be_chosen},
      {"a change has bounds", a_change_has_its_bounds},
  };
  return psd_check_run("registers", tests, PSD_CHECK_COUNT(tests));
}
