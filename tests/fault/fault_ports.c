/* Ports that fail: randomness at every call, memory that is full, memory of another version or geometry. */
#include "card_picture.h"
#include "check.h"
#include "store/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rig r;

/* A card in memory of this geometry, in service unless that is MANUFACTURED. */
static void make_card(uint32_t block, uint32_t blocks, psd_state state) {
  rig_create_erased(&r);
  psd_nvm_ram_destroy(&r.ram);
  CU_ASSERT_TRUE_FATAL(psd_nvm_ram_create(&r.ram, 64, block, blocks));
  psd_ports ports = rig_ports(&r);
  psd_card_init(r.card, &ports);
  psd_card_birth birth = rig_birth();
  CU_ASSERT_TRUE_FATAL(psd_card_manufacture(r.card, &birth));
  psd_card_power_on(r.card);
  rig_enter(&r, state);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
}

static psd_life_cycle life_cycle(void) {
  psd_life_cycle life = {0};
  CU_ASSERT_EQUAL_FATAL(rig_hex(&r, "00CADF2200"), PSD_SW_OK);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(r.response, r.length, PSD_MESSAGE_LIFE_CYCLE, &life));
  return life;
}

static bool is_faulted_by(psd_fault fault) {
  psd_life_cycle life = life_cycle();
  return life.state == PSD_STATE_FAULTED && life.fault == fault;
}

/* Randomness. */

static void a_power_up_without_randomness(void) {
  picture before;
  picture after;
  picture_answers answers;
  make_card(1024, 8, PSD_STATE_OPERATIONAL);
  picture_take(&r, &before);
  picture_ask(&r, &answers);
  unsigned long calls = 0;
  for (bool failed = true; failed;) {
    r.entropy_fail_in = ++calls;
    psd_card_reset(r.card);
    failed = r.card->fault != PSD_FAULT_NONE;
    CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
    if (failed)
      CU_ASSERT(is_faulted_by(PSD_FAULT_RANDOM) && picture_answers_true(&r, &answers, &answers));
    CU_ASSERT_EQUAL(rig_verify(&r, RIG_PIN), failed ? PSD_SW_CONDITIONS : PSD_SW_OK);
    CU_ASSERT_EQUAL(rig_hex(&r, "0084000008"), failed ? PSD_SW_CONDITIONS : PSD_SW_OK);
    r.entropy_fail_in = 0;
  }
  printf("(%lu calls) ", calls - 1);
  CU_ASSERT(calls > 1);
  psd_card_reset(r.card);
  picture_take(&r, &after);
  CU_ASSERT(picture_same(&before, &after));
  rig_destroy(&r);
}

static void a_source_that_repeats_itself(void) {
  make_card(1024, 8, PSD_STATE_OPERATIONAL);
  r.entropy_stuck = true;
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT(is_faulted_by(PSD_FAULT_RANDOM));
  r.entropy_stuck = false;
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL(r.card->fault, PSD_FAULT_NONE);
  rig_destroy(&r);
}

static uint16_t get_challenge(void) {
  return rig_hex(&r, "0084000008");
}

static uint16_t change_pin(void) {
  return rig_hex(&r, "0024008120 313233343536FFFFFFFFFFFFFFFFFFFF 373737373737FFFFFFFFFFFFFFFFFFFF");
}

static uint16_t unblock_pin(void) {
  return rig_hex(&r, "002C008120 3837363534333231FFFFFFFFFFFFFFFF 373737373737FFFFFFFFFFFFFFFFFFFF");
}

static uint16_t store_pin(void) {
  uint16_t status = rig_open_channel(&r, PSD_SCP_CMAC | PSD_SCP_CENC);
  return status == PSD_SW_OK ? rig_secure(&r, "80E2100009 DF3206 313233343536") : status;
}

/* The generator asks for fresh entropy inside the command, and does not get it. */
static void a_command_without_randomness(psd_state state, uint16_t (*command)(void), unsigned may_change) {
  picture before;
  picture after;
  unsigned calls = 0;
  make_card(1024, 8, state);
  rig_copy copy;
  rig_save(&r, &copy);
  picture_take(&r, &before);
  for (bool failed = true; failed;) {
    rig_restore(&r, &copy);
    r.card->drbg.calls = PSD_DRBG_RESEED;
    r.entropy_fail_in = ++calls;
    uint16_t status = command();
    failed = status != PSD_SW_OK;
    if (!failed)
      continue;
    CU_ASSERT_EQUAL(status, PSD_SW_EXECUTION_ERROR);
    CU_ASSERT_EQUAL(rig_select(&r), PSD_SW_OK);
    bool faulted = is_faulted_by(PSD_FAULT_RANDOM);
    CU_ASSERT_EQUAL(command(), faulted ? PSD_SW_CONDITIONS : PSD_SW_EXECUTION_ERROR);
    r.entropy_fail_in = 0;
    psd_card_reset(r.card);
    picture_take(&r, &after);
    CU_ASSERT_EQUAL(picture_difference(&before, &after) & ~may_change, 0);
  }
  CU_ASSERT(calls > 1);
  rig_forget(&copy);
  rig_destroy(&r);
}

static void commands_without_randomness(void) {
  a_command_without_randomness(PSD_STATE_OPERATIONAL, get_challenge, 0);
  a_command_without_randomness(PSD_STATE_OPERATIONAL, change_pin, 0);
  a_command_without_randomness(PSD_STATE_OPERATIONAL, unblock_pin, 0);
  a_command_without_randomness(PSD_STATE_MANUFACTURED, store_pin, PICTURE_SEQUENCE);
}

/* Full memory. */

static uint16_t put_label(void) {
  return rig_hex(&r, "00DADF3120 4142434445464748494A4B4C4D4E4F50 4142434445464748494A4B4C4D4E4F50");
}

/* Fills the memory with what the card does not look at until nothing but `left` bytes are free in a bank. */
static void fill_memory(size_t left) {
  uint8_t value[PSD_STORE_VALUE_MAX] = {0};
  size_t room = 1;
  for (psd_store_result result = PSD_STORE_OK; result != PSD_STORE_FULL; room++) {
    const psd_store_put put = {.record = PSD_STORE_RECORDS_MAX - 1U, .length = (uint16_t)(room + left), .value = value};
    result = psd_store_commit(&r.card->store, &put, 1);
    CU_ASSERT_FATAL(room + left < PSD_STORE_VALUE_MAX && (result == PSD_STORE_OK || result == PSD_STORE_FULL));
  }
  const psd_store_put put = {.record = PSD_STORE_RECORDS_MAX - 1U, .length = (uint16_t)(room - 2U), .value = value};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
}

/* With every amount of room, from much to none: done, or 6A84 and nothing changed. */
static void full_memory(void) {
  picture before;
  picture after;
  unsigned done = 0;
  unsigned refused = 0;
  for (size_t left = 0; left < 256; left += 8) {
    make_card(1024, 4, PSD_STATE_OPERATIONAL);
    fill_memory(left);
    CU_ASSERT_EQUAL(rig_verify(&r, RIG_PIN), PSD_SW_OK); /* a record of the same length always has room */
    picture_take(&r, &before);
    uint16_t status = put_label();
    CU_ASSERT(status == PSD_SW_OK || status == PSD_SW_NO_SPACE);
    done += status == PSD_SW_OK ? 1 : 0;
    refused += status == PSD_SW_NO_SPACE ? 1 : 0;
    CU_ASSERT_EQUAL(r.card->fault, PSD_FAULT_NONE);
    picture_take(&r, &after);
    CU_ASSERT_EQUAL(picture_same(&before, &after), status != PSD_SW_OK);
    CU_ASSERT(picture_told(&r, &after) && rig_verify(&r, RIG_PIN) == PSD_SW_OK);
    psd_card_reset(r.card);
    picture_take(&r, &after);
    CU_ASSERT_EQUAL(picture_same(&before, &after), status != PSD_SW_OK);
    rig_destroy(&r);
  }
  printf("(%u done, %u refused) ", done, refused);
  CU_ASSERT(done > 0 && refused > 0);
}

static void personalisation_into_full_memory(void) {
  picture before;
  picture after;
  make_card(1024, 4, PSD_STATE_MANUFACTURED);
  fill_memory(64);
  CU_ASSERT_EQUAL_FATAL(rig_open_channel(&r, PSD_SCP_CMAC | PSD_SCP_CENC), PSD_SW_OK);
  picture_take(&r, &before);
  CU_ASSERT_EQUAL(rig_secure(&r, "80E2100056 DF3628 00000007 0001 05 00"
                                 "A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7B8B9BABBBCBDBEBFC0"
                                 "DF3728 00000008 0002 05 00"
                                 "A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7B8B9BABBBCBDBEBFC0"),
                  PSD_SW_NO_SPACE);
  psd_card_reset(r.card);
  picture_take(&r, &after);
  CU_ASSERT(picture_same(&before, &after));
  rig_destroy(&r);
}

/* Another version, another geometry. */

/* The card cannot read this memory: it says so, tells nothing else, and leaves the memory alone. */
static void check_refused(psd_fault fault) {
  size_t size = psd_nvm_ram_size(&r.ram);
  uint8_t *image = malloc(size);
  CU_ASSERT_PTR_NOT_NULL_FATAL(image);
  psd_nvm_ram_save(&r.ram, image);
  picture_answers nothing = {0};
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT(is_faulted_by(fault));
  picture_answers told;
  picture_ask(&r, &told);
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++)
    if (i != PSD_OBJECT_VERSION && i != PSD_OBJECT_LIFE_CYCLE && i != PSD_OBJECT_SELF_TEST && i != PSD_OBJECT_AID &&
        i != PSD_OBJECT_CARD_DATA)
      CU_ASSERT_EQUAL(told.given[i], nothing.given[i]);
  CU_ASSERT_EQUAL(rig_hex(&r, "00B2010400"), PSD_SW_NO_CURRENT_FILE);
  CU_ASSERT_EQUAL(rig_hex(&r, "00B2012C00"), PSD_SW_RECORD_NOT_FOUND);
  CU_ASSERT_EQUAL(rig_verify(&r, RIG_PIN), PSD_SW_CONDITIONS);
  rig_hex(&r, "8010000000");
  psd_card_power_off(r.card);
  psd_card_birth birth = rig_birth();
  CU_ASSERT_FALSE(psd_card_manufacture(r.card, &birth));
  CU_ASSERT_EQUAL(memcmp(image, r.ram.bytes, size), 0);
  free(image);
}

static void core_of_another_version(void) {
  uint8_t encoded[PSD_CORE_SIZE];
  make_card(1024, 8, PSD_STATE_OPERATIONAL);
  psd_core core = r.card->core;
  core.head.layout = PSD_CORE_LAYOUT + 1;
  CU_ASSERT_TRUE_FATAL(psd_core_encode(&core, encoded));
  const psd_store_put put = {.record = PSD_RECORD_CORE, .length = sizeof encoded, .value = encoded};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
  check_refused(PSD_FAULT_VERSION);
  rig_destroy(&r);
}

static void store_of_another_geometry(void) {
  make_card(1024, 8, PSD_STATE_OPERATIONAL);
  static const struct { uint32_t page, block, blocks; } others[] = {{64, 512, 16}, {128, 1024, 8}, {64, 2048, 4}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(others); i++) {
    r.ram.page_size = others[i].page;
    r.ram.block_size = others[i].block;
    r.ram.block_count = others[i].blocks;
    psd_ports ports = rig_ports(&r);
    psd_card_power_off(r.card);
    psd_card_init(r.card, &ports);
    check_refused(PSD_FAULT_VERSION);
  }
  rig_destroy(&r);
}

static void no_card_at_all(void) {
  rig_create_erased(&r);
  psd_card_power_on(r.card);
  CU_ASSERT_EQUAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT(is_faulted_by(PSD_FAULT_BLANK));
  CU_ASSERT_EQUAL(rig_verify(&r, RIG_PIN), PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF2300"), PSD_SW_MEMORY_FAILURE);
  rig_destroy(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"powering up without randomness, from every call on", a_power_up_without_randomness},
      {"a source that repeats itself", a_source_that_repeats_itself},
      {"commands without randomness, from every call on", commands_without_randomness},
      {"memory that is full: 6A84, nothing changed", full_memory},
      {"personalisation into memory that is full", personalisation_into_full_memory},
      {"a core of another version", core_of_another_version},
      {"a store of another geometry", store_of_another_geometry},
      {"memory without a card", no_card_at_all},
  };
  return psd_check_run("failing ports", tests, PSD_CHECK_COUNT(tests));
}
