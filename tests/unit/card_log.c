/* The transaction log: what is recorded, the ring of records, the hash chain over all of them. */
#include "check.h"
#include "expect.h"
#include "sample.h"

#include <string.h>

static rig r;

static void end(void) {
  rig_destroy(&r);
}

/* Record `number`, 1 the newest; its bytes are left in r.response. */
static psd_log_record record(uint8_t number) {
  uint8_t command[] = {0x00, 0xB2, number, 0x2C, 0x00};
  psd_log_record out = {0};
  CU_ASSERT_EQUAL_FATAL(rig_send(&r, command, sizeof command), PSD_SW_OK);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(r.response, r.length, PSD_MESSAGE_LOG_RECORD, &out));
  return out;
}

static psd_log_head head(void) {
  psd_log_head out = {0};
  CU_ASSERT_EQUAL_FATAL(rig_hex(&r, "00CADF2E00"), PSD_SW_OK);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(r.response, r.length, PSD_MESSAGE_LOG_HEAD, &out));
  return out;
}

static void made(void) {
  rig_create(&r);
  expect_selected(&r);
  psd_log_record first = record(1);
  CU_ASSERT_EQUAL(first.index, 1);
  CU_ASSERT_EQUAL(first.event, PSD_EVENT_MADE);
  CU_ASSERT_EQUAL(first.state, PSD_STATE_MANUFACTURED);
  CU_ASSERT_EQUAL(first.time, 0); /* the clock was never set */
  CU_ASSERT_EQUAL(head().count, 1);
  end();
}

static void what_is_recorded(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  expect(&r, "0020008106 313233343536", "9000");
  r.seconds += 5;
  expect(&r, "00DADF3101 41", "9000");
  psd_log_record last = record(1);
  CU_ASSERT_EQUAL(last.index, 2);
  CU_ASSERT_EQUAL(last.time, RIG_TIME + 5);
  CU_ASSERT_EQUAL(last.event, PSD_EVENT_OBJECT_WRITTEN);
  CU_ASSERT_EQUAL(last.state, PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL(last.detail, 0xDF31);
  CU_ASSERT_EQUAL(last.amount, 0);
  CU_ASSERT_EQUAL(last.ascending, 1000);
  CU_ASSERT_EQUAL(last.descending, 9000);
  end();
}

static void what_is_not(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  expect(&r, "0020008104 30303030", "63C2");
  expect(&r, "0020008106 313233343536", "9000");
  expect(&r, "00DADF3101 00", "6A80");
  expect(&r, "00DADF2308 0000000000000000", "6982");
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x01), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.card->core.log.count, 1);
  end();
}

static void one_record_a_change(void) {
  rig_create(&r);
  sample_personalise(&r);
  CU_ASSERT_EQUAL(r.card->core.log.count, 2);
  end();
}

/* Every record since the beginning, hashed by the test as docs and table have it. */
static void hash_chain(void) {
  uint8_t chain[PSD_SHA256_SIZE] = {0};
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  expect(&r, "0020008106 313233343536", "9000");
  for (uint64_t count = 1; count <= 2 * PSD_LOG_RECORDS + 3; count++) {
    if (count > 1) {
      r.seconds += count;
      expect(&r, "00DADF3103 414243", "9000");
    }
    CU_ASSERT_EQUAL(record(1).index, count);
    CU_ASSERT_TRUE_FATAL(psd_sha256_two(chain, sizeof chain, r.response, r.length, chain));
    psd_log_head now = head();
    CU_ASSERT_EQUAL(now.count, count);
    CU_ASSERT_EQUAL(memcmp(now.hash, chain, sizeof chain), 0);
  }
  end();
}

static void ring(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  expect(&r, "0020008106 313233343536", "9000");
  for (unsigned count = 2; count <= PSD_LOG_RECORDS + 8; count++)
    expect(&r, "00DADF3101 41", "9000");
  for (uint8_t number = 1; number <= PSD_LOG_RECORDS; number++)
    CU_ASSERT_EQUAL(record(number).index, PSD_LOG_RECORDS + 9U - number);
  expect(&r, "00B2212C00", "6A83");
  psd_card_reset(r.card);
  expect_selected(&r);
  CU_ASSERT_EQUAL(record(PSD_LOG_RECORDS).index, 9);
  end();
}

static void full_counter(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  psd_core core = r.card->core;
  core.log.count = UINT32_MAX;
  rig_set_core(&r, &core);
  expect_selected(&r);
  expect(&r, "0020008106 313233343536", "9000");
  expect(&r, "00DADF3101 41", "6400"); /* what cannot be recorded does not happen */
  expect(&r, "00CADF3100", "6A88");
  CU_ASSERT_EQUAL(r.card->core.log.count, UINT32_MAX);
  end();
}

static void fault_is_recorded(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  r.card->core.postage.descending++; /* as if RAM had lost a bit */
  expect(&r, "8010000000", "..{4} 9000");
  expect(&r, "00CADF2200", "0707 9000");
  psd_log_record last = record(1);
  CU_ASSERT_EQUAL(last.index, 2);
  CU_ASSERT_EQUAL(last.event, PSD_EVENT_FAULT);
  CU_ASSERT_EQUAL(last.detail, PSD_FAULT_REGISTERS);
  CU_ASSERT_EQUAL(last.descending, 9000); /* what was committed, not what RAM made of it */
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the first record says that the card was made", made},
      {"a record has number, time, event, state, detail and registers", what_is_recorded},
      {"tries, refusals and secure channels are not recorded", what_is_not},
      {"one change, one record", one_record_a_change},
      {"the head is a hash chain over every record ever written", hash_chain},
      {"the ring keeps the newest 32", ring},
      {"without a number for its record a change does not happen", full_counter},
      {"a fault that is found while running", fault_is_recorded},
  };
  return psd_check_run("transaction log", tests, PSD_CHECK_COUNT(tests));
}
