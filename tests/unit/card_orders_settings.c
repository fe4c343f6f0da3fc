/* What the provider sets: every rule of docs/funds.md, at its edges. */
#include "check.h"
#include "orders.h"

#include <string.h>

#define DAY 86400U

static rig r;
static meter m;
static uint32_t last; /* number of the last order that was taken */

static void begin(psd_state state) {
  last = 0;
  provider_begin(&r, &m, state);
}

static void end(void) {
  CU_ASSERT_EQUAL(r.card->core.order.number, last);
  meter_bench_end(&m);
}

/* Sends a message as the next order. A number that was refused is free. */
static uint16_t order(psd_command_id id, uint8_t p1, psd_message_id message, const void *value) {
  uint8_t content[128];
  psd_buffer out = psd_buffer_over(content, sizeof content);
  psd_put_message(&out, message, value);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  uint16_t status = provider_order(&m, id, p1, last + 1, content, out.length);
  last += status == PSD_SW_OK;
  return status;
}

static uint16_t limits(psd_limits value) {
  return order(PSD_COMMAND_SET_LIMITS, PSD_SLOT_LIMITS, PSD_MESSAGE_LIMITS, &value);
}

/* A minimum above its maximum, and what an indicium has no room for. */
static void limits_hold_together(void) {
  static const psd_limits right[] = {{1, 1, 1, 1, 1},
                                     {0, 1, 0, 0, 0},
                                     {0xFFFFFF, 0xFFFFFF, UINT32_MAX, UINT32_MAX, UINT32_MAX},
                                     {10, 20, 1000, 30, 1000}};
  static const psd_limits wrong[] = {{11, 10, 1000, 10, 100},          {10, 100, 1000, 101, 100},
                                     {10, 100, 1000, 10, 1001},        {0, 0, 1000, 10, 100},
                                     {10, 0x1000000, 1000, 10, 100},   {10, 100, UINT64_C(0x100000000), 10, 100},
                                     {UINT64_MAX, 100, 1000, 10, 100}, {10, 100, 1000, UINT64_MAX, 100},
                                     {10, 100, 1000, 10, UINT64_MAX}};
  begin(PSD_STATE_OPERATIONAL);
  for (size_t i = 0; i < PSD_CHECK_COUNT(right); i++) {
    CU_ASSERT_EQUAL(limits(right[i]), PSD_SW_OK);
    CU_ASSERT_EQUAL(memcmp(&r.card->core.limits, &right[i], sizeof right[i]), 0);
  }
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++) {
    CU_ASSERT_EQUAL(limits(wrong[i]), PSD_SW_WRONG_DATA);
    CU_ASSERT_EQUAL(memcmp(&r.card->core.limits, &right[3], sizeof right[3]), 0);
  }
  CU_ASSERT_EQUAL(meter_command(&m, "00CADF2600"), PSD_SW_OK);
  psd_check_bytes(r.response, r.length,
                  "000000000000000A 0000000000000014 00000000000003E8 000000000000001E 00000000000003E8", "limits");
  end();
}

static uint16_t credit_limit(uint64_t value) {
  const psd_credit_line line = {value};
  return order(PSD_COMMAND_SET_LIMITS, PSD_SLOT_CREDIT_LIMIT, PSD_MESSAGE_CREDIT_LINE, &line);
}

/* An account with this much charged to it for postage and certificates. */
static void account(uint64_t postage, uint64_t certificates, uint64_t limit) {
  psd_core core = r.card->core;
  core.funds = (psd_funds){.mode = PSD_FUNDS_ACCOUNT, .credit_limit = limit};
  core.postage = (psd_registers){.ascending = postage};
  core.certificate = (psd_registers){.ascending = certificates};
  provider_core(&m, &core);
  last = (uint32_t)r.card->core.order.number;
}

static void credit_limit_is_not_below_what_was_used(void) {
  begin(PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL(credit_limit(1000), PSD_SW_CONDITIONS); /* funds are separate */
  account(600, 300, 1000);
  CU_ASSERT_EQUAL(credit_limit(900), PSD_SW_OK);
  CU_ASSERT_EQUAL(credit_limit(899), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(credit_limit(599), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(credit_limit(0), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(r.card->core.funds.credit_limit, 900);
  CU_ASSERT_EQUAL(credit_limit(UINT64_MAX), PSD_SW_OK);
  CU_ASSERT_EQUAL(credit_limit(901), PSD_SW_OK);
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  meter_open(&m, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(m.audit.credit_limit, 901);
  account(UINT64_MAX - 10, 10, UINT64_MAX);
  CU_ASSERT_EQUAL(credit_limit(UINT64_MAX - 1), PSD_SW_WRONG_DATA); /* where a sum would overflow */
  CU_ASSERT_EQUAL(credit_limit(9), PSD_SW_WRONG_DATA);
  account(0, 0, 500);
  CU_ASSERT_EQUAL(credit_limit(0), PSD_SW_WRONG_DATA); /* as at personalisation */
  CU_ASSERT_EQUAL(credit_limit(1), PSD_SW_OK);
  end();
}

static uint16_t watchdog(uint32_t warn_after, uint32_t lock_after) {
  const psd_watchdog value = {.inspected = 12345, .warn_after = warn_after, .lock_after = lock_after};
  return order(PSD_COMMAND_SET_WATCHDOG, 0, PSD_MESSAGE_WATCHDOG, &value);
}

static void watchdog_warns_first(void) {
  begin(PSD_STATE_OPERATIONAL);
  uint64_t inspected = r.card->core.watchdog.inspected;
  CU_ASSERT_NOT_EQUAL_FATAL(inspected, 12345);
  CU_ASSERT_EQUAL(watchdog(0, 1), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(watchdog(0, 0), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(watchdog(1, 0), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(watchdog(DAY + 1, DAY), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(watchdog(UINT32_MAX, UINT32_MAX), PSD_SW_OK);
  CU_ASSERT_EQUAL(watchdog(DAY, DAY), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.card->core.watchdog.inspected, inspected); /* no order is an inspection */
  r.seconds = inspected + DAY - 1;
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_OPERATIONAL);
  r.seconds++; /* it warns and locks in the same second: it locks */
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_LOCKED);
  CU_ASSERT_EQUAL(watchdog(DAY, DAY + 1), PSD_SW_OK); /* and a longer time opens it again */
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_INSPECTION_DUE);
  r.seconds++;
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_LOCKED);
  end();
}

static uint16_t set_clock(uint64_t now) {
  const psd_clock value = {.now = now, .set = 1};
  return order(PSD_COMMAND_SET_CLOCK, 0, PSD_MESSAGE_CLOCK, &value);
}

static uint64_t clock_told(void) {
  psd_clock value = {0};
  CU_ASSERT_EQUAL(meter_command(&m, "00CADF2700"), PSD_SW_OK);
  CU_ASSERT_TRUE(psd_parse_message(r.response, r.length, PSD_MESSAGE_CLOCK, &value));
  return value.now;
}

static void clock_never_goes_back(void) {
  begin(PSD_STATE_OPERATIONAL);
  uint64_t now = clock_told();
  CU_ASSERT_EQUAL(set_clock(now - 1), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(set_clock(0), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(set_clock(UINT64_MAX), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(set_clock((uint64_t)INT64_MAX + 1), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(set_clock(now), PSD_SW_OK);
  CU_ASSERT_EQUAL(set_clock(now + 1000), PSD_SW_OK);
  CU_ASSERT_EQUAL(clock_told(), now + 1000);
  CU_ASSERT_EQUAL(set_clock(now + 999), PSD_SW_WRONG_DATA);
  r.seconds += 10;
  CU_ASSERT_EQUAL(clock_told(), now + 1010);
  r.seconds -= 500; /* the oscillator was set back: the clock stays where it was when it last was committed */
  CU_ASSERT_EQUAL(clock_told(), now + 1000);
  end();
}

static void licence_is_replaced(void) {
  const psd_licence licence = {.zip = 94043, .number = 31337};
  begin(PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL(order(PSD_COMMAND_SET_LICENCE, 0, PSD_MESSAGE_LICENCE, &licence), PSD_SW_OK);
  CU_ASSERT_EQUAL(meter_command(&m, "00CADF2900"), PSD_SW_OK);
  psd_check_bytes(r.response, r.length, "00016F5B 00007A69", "licence");
  CU_ASSERT_NOT_EQUAL(r.card->core.head.written & UINT64_C(1) << PSD_OBJECT_LICENCE, 0);
  CU_ASSERT_EQUAL(r.card->core.head.state, PSD_STATE_OPERATIONAL);
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  meter_open(&m, PSD_SUITE_SHARED);
  CU_ASSERT(m.audit.zip == 94043 && m.audit.licence == 31337);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"SET LIMITS: a minimum is not above its maximum", limits_hold_together},
      {"SET LIMITS: a credit limit is not below what was used", credit_limit_is_not_below_what_was_used},
      {"SET WATCHDOG: it warns before it locks", watchdog_warns_first},
      {"SET CLOCK: the clock never goes back", clock_never_goes_back},
      {"SET LICENCE", licence_is_replaced},
  };
  return psd_check_run("orders: settings", tests, PSD_CHECK_COUNT(tests));
}
