/* Coming into the world and powering up: what a factory may ask for, and a card that finds itself damaged. */
#include "check.h"
#include "expect.h"

#include <stdlib.h>
#include <string.h>

static rig r;

static void end(void) {
  rig_destroy(&r);
}

static void refused_at_birth(const psd_card_birth *birth) {
  rig_create_erased(&r);
  CU_ASSERT_FALSE(psd_card_manufacture(r.card, birth));
  psd_card_power_on(r.card);
  CU_ASSERT_EQUAL(r.card->fault, PSD_FAULT_BLANK); /* nothing was written */
  psd_card_power_off(r.card);
  psd_card_birth good = rig_birth();
  CU_ASSERT_TRUE(psd_card_manufacture(r.card, &good));
  end();
}

static void birth(void) {
  psd_card_birth good = rig_birth();
  psd_card_birth bad = good;
  bad.vendor[0] = 0x1F;
  refused_at_birth(&bad);
  bad = good;
  bad.model[1] = 0x7F;
  refused_at_birth(&bad);
  bad = good;
  bad.key_version = 0;
  refused_at_birth(&bad);
  bad.key_version = 128;
  refused_at_birth(&bad);
  bad = good;
  bad.key_size = 0;
  refused_at_birth(&bad);
  bad.key_size = 20;
  refused_at_birth(&bad);
}

static void birth_only_once(void) {
  psd_card_birth again = rig_birth();
  rig_create(&r);
  CU_ASSERT_FALSE(psd_card_manufacture(r.card, &again)); /* it is on */
  psd_card_power_off(r.card);
  again.serial++;
  CU_ASSERT_FALSE(psd_card_manufacture(r.card, &again)); /* there is a card */
  psd_card_power_on(r.card);
  expect_selected(&r);
  expect(&r, "00CADF2000", "50425331 00C0FFEE 9000");
  end();
}

static void birth_with_every_key_length(void) {
  static const uint8_t sizes[] = {16, 24, 32};
  for (size_t i = 0; i < 3; i++) {
    psd_card_birth birth_keys = rig_birth();
    birth_keys.key_size = sizes[i];
    birth_keys.key_version = (uint8_t)(127 - i);
    rig_create_erased(&r);
    CU_ASSERT_TRUE(psd_card_manufacture(r.card, &birth_keys));
    psd_card_power_on(r.card);
    expect_selected(&r);
    CU_ASSERT_EQUAL(rig_open_channel_as(&r, &birth_keys, 8, 0, 0x33), PSD_SW_OK);
    end();
  }
}

/* What any damaged card still does. */
static void expect_faulted(const char *life_cycle) {
  size_t length = 0;
  psd_card_atr(r.card, &length);
  CU_ASSERT_TRUE(length > 0);
  expect_selected(&r);
  expect(&r, "00CADF2200", life_cycle);
  expect(&r, "00CADF2100", "..{6} 9000");
  expect(&r, "00B09E0000", "6A82");
  expect(&r, "8010000000", "..{4} 9000");
  expect(&r, "0020008106 313233343536", "6985");
  expect(&r, "8050000008 0102030405060708", "6985");
  expect(&r, "0084000008", "6985");
  expect(&r, "00CADF2200", life_cycle); /* the first fault stays */
  expect(&r, "00A4000C023F00", "9000");
  expect(&r, "00B09E0000", "61* 9000");
}

static void no_card_in_memory(void) {
  rig_create_erased(&r);
  psd_card_power_on(r.card);
  expect_faulted("0701 9000");
  expect_selected(&r);
  expect(&r, "00CADF2300", "6581"); /* there are no registers */
  expect(&r, "00CADF2000", "6A88");
  expect(&r, "00CADF3A00", "6581");
  expect(&r, "00CADF2C00", "6581");
  expect(&r, "00CA00E000", "6581");
  expect(&r, "00B0830000", "6581");
  expect(&r, "00B2012C00", "6A83");
  expect(&r, "00CB3FFF025C00", "6581");
  end();
}

static void layout_of_another_version(void) {
  rig_create(&r);
  uint8_t encoded[PSD_CORE_SIZE];
  CU_ASSERT_TRUE_FATAL(psd_core_encode(&r.card->core, encoded));
  encoded[0]++;
  psd_store_put put = {.record = PSD_RECORD_CORE, .length = sizeof encoded, .value = encoded};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
  psd_card_reset(r.card);
  expect_faulted("0702 9000");
  expect_selected(&r);
  expect(&r, "00CADF2300", "6581"); /* registers that cannot be read are not shown as empty ones */
  end();
}

static void core_is_gone(void) {
  rig_create(&r);
  psd_store_put put = {.record = PSD_RECORD_CORE};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
  psd_card_reset(r.card);
  expect_faulted("0703 9000");
  expect_selected(&r);
  expect(&r, "00CADF2300", "6581");
  expect(&r, "00CADF2600", "6581");
  end();
}

static void memory_fails(void) {
  rig_create(&r);
  psd_card_power_off(r.card);
  r.ram.fail_read_in = 1;
  psd_card_power_on(r.card);
  CU_ASSERT_EQUAL(r.card->fault, PSD_FAULT_MEMORY);
  psd_nvm_ram_power_on(&r.ram);
  psd_card_reset(r.card); /* faults are looked for anew */
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_MANUFACTURED);
  end();
}

static void no_randomness(void) {
  rig_create(&r);
  r.entropy_fail_in = 1;
  psd_card_reset(r.card);
  expect_faulted("0705 9000");
  r.entropy_fail_in = 0;
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_MANUFACTURED);
  end();
}

static void randomness_ends_while_running(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  r.entropy_fail_in = 1;
  unsigned challenges = 0;
  while (rig_hex(&r, "0084000008") == PSD_SW_OK && challenges < 2 * PSD_DRBG_RESEED)
    challenges++;
  CU_ASSERT_TRUE(challenges > 0 && challenges < 2 * PSD_DRBG_RESEED);
  expect(&r, "00CADF2200", "0705 9000");
  expect(&r, "0084000008", "6985");
  end();
}

/* What needs randomness says so, and changes nothing, before the card knows that it is FAULTED. */
static void pin_change_without_randomness(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  r.card->drbg.ready = false;
  for (unsigned i = 0; i < 3; i++) /* as many as there are tries: none of them was one */
    expect(&r, "0024008120 313233343536 FF{10} 343536373839 FF{10}", "6400");
  expect(&r, "00200081", "63C3");
  expect(&r, "002C008120 3837363534333231 FF{8} 343536373839 FF{10}", "6400");
  expect(&r, "00CADF2C00", "030A0101 9000");
  psd_card_reset(r.card);
  expect_selected(&r);
  expect(&r, "0020008106 313233343536", "9000");
  end();
}

static void self_test(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  expect(&r, "00CADF2F00", "..{2} 0000 9000");
  unsigned before = (unsigned)(r.response[0] << 8 | r.response[1]);
  CU_ASSERT_EQUAL(before, PSD_KAT_POWER_UP); /* the cheap ones ran */
  expect(&r, "8010000000", "FFFF 0000 9000");
  CU_ASSERT_EQUAL(PSD_KAT_COUNT, 16);
  expect(&r, "00CADF2F00", "FFFF 0000 9000");
  expect(&r, "80100000", "FFFF 0000 9000");
  expect(&r, "8010010000", "6A86");
  expect(&r, "8010000100", "6A86");
  expect(&r, "8010000001 00", "6700");
  expect(&r, "00CADF2200", "0400 9000");
  end();
}

static void self_test_compares_the_registers(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  r.card->core.postage.ascending += 5; /* balanced in itself, but not what was committed */
  r.card->core.postage.descending -= 5;
  expect(&r, "8010000000", "FFFF 0000 9000");
  expect(&r, "00CADF2200", "0707 9000");
  psd_card_reset(r.card);
  expect_selected(&r);
  expect(&r, "00CADF2200", "0400 9000"); /* the memory was right, and what RAM held was not written there */
  expect(&r, "00CADF2300", "00000000000003E8 0000000000002328 0000000000002710 00000002 9000");
  end();
}

static void power_off_wipes(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
  expect_secure(&r, "0020008106 313233343536", "9000");
  psd_card_power_off(r.card);
  CU_ASSERT_PTR_EQUAL(r.card->ports.nvm.device, &r.ram); /* the way to power it on again, and nothing else */
  const uint8_t *bytes = (const uint8_t *)r.card;
  size_t left = 0;
  for (size_t i = sizeof r.card->ports; i < sizeof *r.card; i++)
    left += bytes[i] != 0 ? 1U : 0U;
  CU_ASSERT_EQUAL(left, 0);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a card is not made with nonsense", birth},
      {"a card is made once", birth_only_once},
      {"a card is made with keys of each length", birth_with_every_key_length},
      {"without a card in its memory it is FAULTED and says why", no_card_in_memory},
      {"with a memory of another version it is FAULTED and says why", layout_of_another_version},
      {"with part of its memory gone it is FAULTED and says why", core_is_gone},
      {"with a memory that fails it is FAULTED until that is over", memory_fails},
      {"without randomness it is FAULTED until that is over", no_randomness},
      {"randomness that ends while it runs", randomness_ends_while_running},
      {"a PIN is not changed without randomness", pin_change_without_randomness},
      {"SELF TEST runs every known-answer test", self_test},
      {"SELF TEST compares the registers with the memory", self_test_compares_the_registers},
      {"power off wipes everything", power_off_wipes},
  };
  return psd_check_run("birth and power", tests, PSD_CHECK_COUNT(tests));
}
