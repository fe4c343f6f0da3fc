/* What the audit tells (EP step 230), and what its result does to the card. */
#include "check.h"
#include "meter.h"
#include "psd/spec/lifecycle.h"

#include <string.h>

#define DAY UINT64_C(86400)

static rig r;
static meter m;

static void audit(void) {
  meter_audited(&m, PSD_SUITE_SHARED);
}

static uint16_t result(void) {
  uint8_t m4[PSD_M4_SIZE];
  meter_make_m4(&m, m4);
  return meter_result(&m, m4, sizeof m4);
}

static void in_state(psd_state state) {
  meter_bench(&r, &m, state, true);
}

static void end(void) {
  meter_bench_end(&m);
}

/* The newest record of the log. */
static psd_log_record newest(void) {
  psd_log_record record = {0};
  CU_ASSERT_EQUAL(rig_hex(&r, "00B2012C00"), PSD_SW_OK);
  CU_ASSERT_TRUE(psd_parse_message(r.response, r.length, PSD_MESSAGE_LOG_RECORD, &record));
  return record;
}

static void audit_tells_the_core(void) {
  in_state(PSD_STATE_OPERATIONAL);
  psd_core core = r.card->core;
  core.certificate = (psd_registers){.ascending = 5, .descending = 6, .control_total = 11, .piece_count = 7};
  core.refill = (psd_refill){.sequence = 8, .amount = 9};
  rig_set_core(&r, &core);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  r.seconds += 77;
  audit();
  const psd_audit *told = &m.audit;
  const psd_registers *postage = &r.card->core.postage;
  CU_ASSERT(told->type == PSD_SIGNATURE_HMAC && told->card_major == 0 && told->card_minor == 1 && told->spec == 2);
  CU_ASSERT(memcmp(told->vendor, "PB", 2) == 0 && memcmp(told->model, "S1", 2) == 0 && told->serial == RIG_SERIAL);
  CU_ASSERT(told->state == PSD_STATE_OPERATIONAL && told->fault == PSD_FAULT_NONE && told->mode == PSD_FUNDS_SEPARATE);
  CU_ASSERT(told->ascending == postage->ascending && told->descending == postage->descending);
  CU_ASSERT(told->control_total == postage->control_total && told->piece_count == postage->piece_count);
  CU_ASSERT(told->certificate_ascending == 5 && told->certificate_descending == 6);
  CU_ASSERT(told->certificate_control_total == 11 && told->certificate_count == 7);
  CU_ASSERT(told->refill == 8 && told->refill_amount == 9);
  CU_ASSERT(told->time == RIG_TIME + 77 && told->inspected == RIG_TIME);
  CU_ASSERT(told->warn_after == 90 * DAY && told->lock_after == 120 * DAY);
  CU_ASSERT(told->zip == 0 && told->licence == 0 && told->vendor_key == 7);
  CU_ASSERT_EQUAL(told->log_count, r.card->core.log.count);
  CU_ASSERT_EQUAL(memcmp(told->log_hash, r.card->core.log.hash, sizeof told->log_hash), 0);
  static const uint8_t none[32] = {0};
  CU_ASSERT_EQUAL(memcmp(told->certificate, none, sizeof none), 0);
  end();
}

static void audit_tells_the_objects(void) {
  static uint8_t certificate[1900];
  uint8_t digest[PSD_HASH];
  in_state(PSD_STATE_OPERATIONAL);
  memset(certificate, 0xCE, sizeof certificate);
  rig_put_object(&r, PSD_OBJECT_CERTIFICATE, certificate, sizeof certificate);
  rig_put_object(&r, PSD_OBJECT_LICENCE, "\x00\x01\xE2\x40\x00\x00\x03\x09", 8);
  audit();
  CU_ASSERT_TRUE(psd_hash(&(psd_part){certificate, sizeof certificate}, 1, digest));
  CU_ASSERT_EQUAL(memcmp(m.audit.certificate, digest, sizeof digest), 0);
  CU_ASSERT_EQUAL(m.audit.zip, 123456);
  CU_ASSERT_EQUAL(m.audit.licence, 777);
  end();
}

/* Every state in which there is a session, as the card shows it. */
static void audit_tells_the_state(void) {
  static const psd_state states[] = {PSD_STATE_INITIALIZED,    PSD_STATE_AUTHORIZED, PSD_STATE_OPERATIONAL,
                                     PSD_STATE_INSPECTION_DUE, PSD_STATE_LOCKED,     PSD_STATE_FAULTED,
                                     PSD_STATE_WITHDRAWN};
  for (size_t i = 0; i < PSD_CHECK_COUNT(states); i++) {
    in_state(states[i]);
    audit();
    CU_ASSERT_EQUAL(m.audit.state, states[i]);
    CU_ASSERT_EQUAL(m.audit.fault, states[i] == PSD_STATE_FAULTED ? PSD_FAULT_REGISTERS : PSD_FAULT_NONE);
    end();
  }
}

static void result_is_recorded(void) {
  in_state(PSD_STATE_OPERATIONAL);
  uint64_t count = r.card->core.log.count;
  r.seconds += 10;
  audit();
  m.result.actions = PSD_ACTION_ROTATE;
  m.result.warn_after = 1000;
  m.result.lock_after = 2000;
  CU_ASSERT_EQUAL(result(), PSD_SW_OK);
  uint8_t said[PSD_SIZE_AUDIT_RESULT];
  psd_buffer encoded = psd_buffer_over(said, sizeof said);
  psd_put_message(&encoded, PSD_MESSAGE_AUDIT_RESULT, &m.result);
  CU_ASSERT(r.length == sizeof said && memcmp(r.response, said, sizeof said) == 0);
  psd_card_reset(r.card); /* it is durable */
  const psd_core *core = &r.card->core;
  CU_ASSERT(core->watchdog.inspected == RIG_TIME + 10 && core->watchdog.warn_after == 1000);
  CU_ASSERT_EQUAL(core->watchdog.lock_after, 2000);
  CU_ASSERT_EQUAL(core->log.count, count + 1);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  psd_log_record record = newest();
  CU_ASSERT(record.event == PSD_EVENT_INSPECTED && record.state == PSD_STATE_OPERATIONAL);
  CU_ASSERT(record.time == RIG_TIME + 10 && record.index == count + 1);
  end();
}

static void zero_leaves_the_watchdog(void) {
  in_state(PSD_STATE_OPERATIONAL);
  audit();
  CU_ASSERT_EQUAL(result(), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.card->core.watchdog.warn_after, 90 * DAY);
  CU_ASSERT_EQUAL(r.card->core.watchdog.lock_after, 120 * DAY);
  audit();
  m.result.warn_after = 100;
  CU_ASSERT_EQUAL(result(), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.card->core.watchdog.warn_after, 100);
  CU_ASSERT_EQUAL(r.card->core.watchdog.lock_after, 120 * DAY);
  end();
}

/* A watchdog that would lock before it warns is none, from whomever it comes: nothing changes and the session ends. */
static void impossible_watchdog(void) {
  in_state(PSD_STATE_AUTHORIZED);
  audit();
  uint64_t operations = r.ram.operations;
  m.result.lock_after = 1;
  CU_ASSERT_EQUAL(result(), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(r.ram.operations, operations);
  CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_NONE);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_AUTHORIZED);
  end();
}

static uint64_t clock_now(void) {
  psd_clock clock = {0};
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF2700"), PSD_SW_OK);
  CU_ASSERT_TRUE(psd_parse_message(r.response, r.length, PSD_MESSAGE_CLOCK, &clock));
  return clock.now;
}

static void clock_goes_forward_only(void) {
  in_state(PSD_STATE_OPERATIONAL);
  audit();
  m.result.time = RIG_TIME + 500;
  CU_ASSERT_EQUAL(result(), PSD_SW_OK);
  CU_ASSERT_EQUAL(clock_now(), RIG_TIME + 500);
  CU_ASSERT_EQUAL(r.card->core.watchdog.inspected, RIG_TIME + 500);
  r.seconds += 3;
  audit();
  m.result.time = RIG_TIME; /* authentic, and behind: not a second back */
  CU_ASSERT_EQUAL(result(), PSD_SW_OK);
  CU_ASSERT_EQUAL(clock_now(), RIG_TIME + 503);
  CU_ASSERT_EQUAL(r.card->core.watchdog.inspected, RIG_TIME + 503);
  audit();
  m.result.time = UINT64_MAX; /* a time that is none */
  CU_ASSERT_EQUAL(result(), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(clock_now(), RIG_TIME + 503);
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL(clock_now(), RIG_TIME + 503);
  end();
}

/* The state after a completed audit. */
static void leads_to(psd_state from, psd_state to) {
  in_state(from);
  uint64_t count = r.card->core.log.count;
  audit();
  CU_ASSERT_EQUAL(result(), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_card_state(r.card), to);
  CU_ASSERT_EQUAL(r.card->core.log.count, count + 1);
  CU_ASSERT_EQUAL(meter_command(&m, "00CADF2200"), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.response[0], to);
  end();
}

static void states_after_an_audit(void) {
  leads_to(PSD_STATE_INITIALIZED, PSD_STATE_INITIALIZED);
  leads_to(PSD_STATE_AUTHORIZED, PSD_STATE_OPERATIONAL);
  leads_to(PSD_STATE_OPERATIONAL, PSD_STATE_OPERATIONAL);
  leads_to(PSD_STATE_INSPECTION_DUE, PSD_STATE_OPERATIONAL);
  leads_to(PSD_STATE_LOCKED, PSD_STATE_LOCKED); /* disabled by the provider: ENABLE opens it */
  leads_to(PSD_STATE_WITHDRAWN, PSD_STATE_WITHDRAWN);
}

static void watchdog_lets_go(void) {
  in_state(PSD_STATE_OPERATIONAL);
  r.seconds += 200 * DAY;
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_LOCKED);
  audit();
  CU_ASSERT_EQUAL(m.audit.state, PSD_STATE_LOCKED);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_LOCKED); /* the audit alone is not enough */
  CU_ASSERT_EQUAL(result(), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_OPERATIONAL);
  end();
}

/* A faulted card is audited, and keeps what it is as it is. */
static void faulted_card_changes_nothing(void) {
  in_state(PSD_STATE_FAULTED);
  audit();
  uint64_t operations = r.ram.operations;
  m.result.warn_after = 1000;
  CU_ASSERT_EQUAL(result(), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.ram.operations, operations);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_FAULTED);
  CU_ASSERT_EQUAL(meter_command(&m, "00CADF2200"), PSD_SW_OK);
  psd_check_bytes(r.response, r.length, "0707", "life cycle");
  end();
}

static void memory_fails(void) {
  in_state(PSD_STATE_AUTHORIZED);
  audit();
  r.ram.fail_sync_in = 1;
  CU_ASSERT_EQUAL(result(), PSD_SW_MEMORY_FAILURE);
  CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_NONE);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the audit tells identity, registers, clock and log", audit_tells_the_core},
      {"the audit tells licence and certificate", audit_tells_the_objects},
      {"the audit tells the state, in every state that has a session", audit_tells_the_state},
      {"a result is recorded in one commit, and answered", result_is_recorded},
      {"spans of zero leave the watchdog as it is", zero_leaves_the_watchdog},
      {"a watchdog that cannot be is refused", impossible_watchdog},
      {"the clock goes forward to the audit's time and never back", clock_goes_forward_only},
      {"what a completed audit makes of each state", states_after_an_audit},
      {"a card that its watchdog has locked opens again", watchdog_lets_go},
      {"a faulted card is audited and changes nothing", faulted_card_changes_nothing},
      {"where memory fails the session ends", memory_fails},
  };
  return psd_check_run("session: audit", tests, PSD_CHECK_COUNT(tests));
}
