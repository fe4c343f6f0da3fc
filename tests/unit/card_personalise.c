/* From a blank card to a meter: STORE DATA (GlobalPlatform Card Specification 2.3.1, 11.11). */
#include "check.h"
#include "expect.h"
#include "sample.h"

#include <stdlib.h>
#include <string.h>

static rig r;
static uint8_t bytes[4096];
static psd_buffer block;

static void empty_block(void) {
  block = psd_buffer_over(bytes, sizeof bytes);
}

static void begin(uint8_t level) {
  rig_create(&r);
  expect_selected(&r);
  CU_ASSERT_EQUAL_FATAL(rig_open_channel(&r, level), PSD_SW_OK);
  empty_block();
}

static void end(void) {
  rig_destroy(&r);
}

/* The card as it is remembered; to see that nothing changed. */
static void expect_unchanged(const psd_core *before) {
  CU_ASSERT_EQUAL(memcmp(&r.card->core, before, sizeof *before), 0);
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL(memcmp(&r.card->core, before, sizeof *before), 0);
}

static void everything_in_one_block(void) {
  rig_create(&r);
  sample_personalise(&r);
  expect_secure(&r, "00CADF2200", "0200 9000");
  expect_secure(&r, "00CADF2600",
                "000000000000000A 0000000000018696 00000000000F4240 00000000000003E8 000000000007A120 9000");
  expect_secure(&r, "00CADF2700", "000000006955B900 01 9000");
  expect_secure(&r, "00CADF2800",
                "000000006955B900 0076A700 009E3400 9000"); /* the first inspection counts from here */
  expect_secure(&r, "00CADF2C00", "030A0101 9000");
  expect_secure(&r, "00CADF3A00", "0110 00FF 9000"); /* every key that is written */
  expect_secure(&r, "00CADF3400", "00000001 04 ..{64} 9000");
  expect_secure(&r, "0020008106 313233343536", "9000");
  expect_secure(&r, "00B2012C00", "00000002 000000006955B900 02 02 0000 * 9000");
  psd_card_reset(r.card);
  expect_selected(&r);
  expect(&r, "00CADF2200", "0200 9000");
  expect(&r, "0020008106 313233343536", "9000");
  end();
}

static void object_by_object(void) {
  begin(0x33);
  uint8_t number = 0;
  for (size_t i = 0; i < psd_mandatory_count; i++) {
    empty_block();
    sample_put(&block, psd_mandatory[i]);
    CU_ASSERT_EQUAL(sample_store(&r, &block, false, number++), PSD_SW_OK);
    expect_secure(&r, "00CADF2200", "0100 9000");
  }
  expect_secure(&r, "80E2900800", "9000"); /* the last block may be empty */
  expect_secure(&r, "00CADF2200", "0200 9000");
  end();
}

static void something_is_missing(void) {
  for (size_t i = 0; i < psd_mandatory_count; i++) {
    begin(0x33);
    psd_core before = r.card->core;
    sample_put_mandatory(&block, psd_mandatory[i]);
    CU_ASSERT_EQUAL(sample_store(&r, &block, true, 0), PSD_SW_CONDITIONS);
    expect_secure(&r, "00CADF2200", "0100 9000"); /* the session stands */
    expect_unchanged(&before);
    expect_selected(&r);
    expect(&r, "00200081", "6984");
    CU_ASSERT_EQUAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
    empty_block();
    sample_put_mandatory(&block, PSD_OBJECT_COUNT); /* now all of it */
    CU_ASSERT_EQUAL(sample_store(&r, &block, true, 0), PSD_SW_OK);
    end();
  }
}

static void what_is_loaded_stays_loaded(void) {
  begin(0x33);
  sample_put_mandatory(&block, PSD_OBJECT_LIMITS);
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 0), PSD_SW_OK);
  psd_card_reset(r.card);
  expect_selected(&r);
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
  empty_block();
  sample_put(&block, PSD_OBJECT_LIMITS);
  CU_ASSERT_EQUAL(sample_store(&r, &block, true, 0), PSD_SW_OK);
  expect_secure(&r, "00CADF2200", "0200 9000");
  end();
}

static void refused_whole(void) {
  begin(0x33);
  psd_core before = r.card->core;
  sample_put(&block, PSD_OBJECT_LIMITS);
  sample_put(&block, PSD_OBJECT_VENDOR_KEY);
  sample_put_value(&block, PSD_OBJECT_FUNDS, "03 0000000000000000"); /* no such mode */
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 0), PSD_SW_WRONG_DATA);
  expect_secure(&r, "00CADF3400", "6A88");
  expect_unchanged(&before);
  end();
}

static void malformed_block(void) {
  begin(0x33);
  psd_core before = r.card->core;
  static const char *const wrong[] = {"80E2100003 DF2608",
                                      "80E210000C DF2008 50425331 DEADBEEF DF",
                                      "80E210000D DF2008 50425331 DEADBEEF DF20",
                                      "80E210000C DF208108 50425331 DEADBEEF",
                                      "80E210000B DF2080 50425331 DEADBEEF",
                                      "80E2100001 00"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    expect_secure(&r, wrong[i], "6A80");
  expect_unchanged(&before);
  end();
}

static void twice_in_a_block(void) {
  begin(0x33);
  psd_core before = r.card->core;
  sample_put(&block, PSD_OBJECT_LIMITS);
  sample_put(&block, PSD_OBJECT_LIMITS);
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 0), PSD_SW_WRONG_DATA);
  empty_block();
  sample_put(&block, PSD_OBJECT_USER_PIN);
  sample_put(&block, PSD_OBJECT_USER_PIN);
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 0), PSD_SW_WRONG_DATA);
  expect_unchanged(&before);
  end();
}

static void foreign_objects(void) {
  begin(0x33);
  expect_secure(&r, "80E2100005 DF7F025555", "6A88");
  expect_secure(&r, "80E2100005 DF31024142", "6982");              /* the user's */
  expect_secure(&r, "80E210000B DF2908 0000000100000001", "6982"); /* the provider's */
  expect_secure(&r, "80E2100005 DF22020400", "6982");              /* nobody's */
  end();
}

static void secrets_are_enciphered(void) {
  static const psd_object_id secrets[] = {PSD_OBJECT_USER_PIN, PSD_OBJECT_USER_PUK, PSD_OBJECT_DEVICE_KEY,
                                          PSD_OBJECT_VENDOR_TOKEN_KEY, PSD_OBJECT_POSTAL_TOKEN_KEY};
  static const uint8_t levels[] = {0x01, 0x03, 0x11, 0x13, 0x33};
  for (size_t l = 0; l < sizeof levels; l++)
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
      begin(levels[l]);
      sample_put(&block, secrets[i]);
      bool enciphered = (levels[l] & 0x02) != 0;
      CU_ASSERT_EQUAL(sample_store(&r, &block, false, 0), enciphered ? PSD_SW_OK : PSD_SW_SECURITY_STATUS);
      end();
    }
}

static void block_numbers(void) {
  begin(0x33);
  sample_put(&block, PSD_OBJECT_LIMITS);
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 1), PSD_SW_WRONG_P1P2);
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 0), PSD_SW_OK);
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 0), PSD_SW_WRONG_P1P2);
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 1), PSD_SW_OK);
  expect_secure(&r, "80E2100203 DF2600", "6A80"); /* refused: the number is not used up */
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 2), PSD_SW_OK);
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x33), PSD_SW_OK); /* each session counts from 0 */
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 0), PSD_SW_OK);
  end();
}

static void more_blocks_than_a_number(void) {
  begin(0x33);
  sample_put(&block, PSD_OBJECT_LIMITS);
  for (unsigned i = 0; i < 258; i++)
    CU_ASSERT_EQUAL(sample_store(&r, &block, false, (uint8_t)i), PSD_SW_OK);
  end();
}

static void other_formats(void) {
  begin(0x33);
  static const char *const wrong[] = {"00", "08", "18", "30", "50", "70", "80", "98", "11", "91", "B0", "F0"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    char command[64] = "80E2..000B DF2008 50425331 DEADBEEF";
    memcpy(command + 4, wrong[i], 2);
    expect_secure(&r, command, "6A86");
  }
  expect_secure(&r, "80E2100000", "6700"); /* no data, and not the last */
  end();
}

static void in_a_chain(void) {
  begin(0x33);
  expect_secure(&r, "90E2100006 DF2008504253", "9000");
  expect_secure(&r, "80E2100005 31DEADBEEF", "9000");
  expect_secure(&r, "00CADF2000", "50425331 DEADBEEF 9000");
  end();
}

static void afterwards_it_is_over(void) {
  rig_create(&r);
  sample_personalise(&r);
  expect_secure(&r, "80E2100000", "6985");
  expect_secure(&r, "80E2900000", "6985");
  expect_secure(&r, "00DADF200850425331DEADBEEF", "6985");
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x33), PSD_SW_OK); /* keys may still be replaced */
  expect_secure(&r, "80E210000B DF2008 50425331 DEADBEEF", "6985");
  expect_secure(&r, "00CADF2000", "50425331 00C0FFEE 9000");
  end();
}

static void put_data_does_it_too(void) {
  begin(0x33);
  expect_secure(&r, "00DADF200850425331DEADBEEF", "9000");
  expect_secure(&r, "00CADF2000", "50425331 DEADBEEF 9000");
  expect_secure(&r, "00DB3FFF06 DF2B03050604", "9000");
  expect_secure(&r, "00CADF2B00", "050604 9000");
  end();
}

static void policy_rules_what_comes_after(void) {
  begin(0x33);
  sample_put_value(&block, PSD_OBJECT_PIN_POLICY, "05 0F 08");
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 0), PSD_SW_OK);
  empty_block();
  sample_put_value(&block, PSD_OBJECT_USER_PIN, "31323334353637"); /* seven */
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 1), PSD_SW_WRONG_DATA);
  empty_block();
  sample_put_mandatory(&block, PSD_OBJECT_USER_PIN);
  sample_put_value(&block, PSD_OBJECT_USER_PIN, "3132333435363738");
  CU_ASSERT_EQUAL(sample_store(&r, &block, true, 1), PSD_SW_OK);
  expect_secure(&r, "00CADF2C00", "050F0101 9000");
  expect_secure(&r, "0020008108 3132333435363739", "63C4");
  expect_secure(&r, "0024008120 3132333435363738 FF{8} 31323334353637 FF{9}", "6A80");
  expect_secure(&r, "002C008120 3837363534333231 FF{8} 31323334353637 FF{9}", "6A80");
  expect_secure(&r, "0024008120 3132333435363738 FF{8} 4142434445464748 FF{8}", "9000");
  end();
}

static void policy_comes_first(void) {
  begin(0x33);
  sample_put(&block, PSD_OBJECT_USER_PIN);
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 0), PSD_SW_OK);
  empty_block();
  sample_put(&block, PSD_OBJECT_PIN_POLICY);
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 1), PSD_SW_CONDITIONS);
  end();
  begin(0x33);
  sample_put(&block, PSD_OBJECT_USER_PUK); /* in one block too */
  sample_put(&block, PSD_OBJECT_PIN_POLICY);
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 0), PSD_SW_CONDITIONS);
  expect_secure(&r, "00CADF2C00", "0000 0000 9000");
  end();
}

static void replaced_pin_is_forgotten(void) {
  begin(0x33);
  CU_ASSERT_EQUAL(rig_hex(&r, "0070000100"), PSD_SW_OK);
  expect(&r, "01A4040C05 F050534401", "9000");
  sample_put(&block, PSD_OBJECT_USER_PIN);
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 0), PSD_SW_OK);
  expect(&r, "0120008106 313233343536", "9000");
  expect(&r, "01200081", "9000");
  empty_block();
  sample_put_value(&block, PSD_OBJECT_USER_PIN, "393939393939");
  CU_ASSERT_EQUAL(sample_store(&r, &block, false, 1), PSD_SW_OK);
  expect(&r, "01200081", "63C3");
  expect(&r, "0120008106 393939393939", "9000");
  expect_secure(&r, "00DADF3206 313233343536", "9000"); /* PUT DATA is another way */
  expect(&r, "01200081", "63C3");
  end();
}

/* K3 and the others, as they were sent, are in the memory only where the card keeps them; PINs nowhere. */
static void no_pin_in_memory(void) {
  rig_create(&r);
  sample_personalise(&r);
  size_t size = psd_nvm_ram_size(&r.ram);
  uint8_t *image = malloc(size);
  CU_ASSERT_PTR_NOT_NULL_FATAL(image);
  psd_nvm_ram_save(&r.ram, image);
  unsigned found = 0;
  for (size_t i = 0; i + 8 <= size; i++)
    found += memcmp(image + i, RIG_PUK, 8) == 0 || memcmp(image + i, RIG_PIN, 6) == 0 ? 1U : 0U;
  CU_ASSERT_EQUAL(found, 0);
  free(image);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"everything in one block makes an INITIALIZED card", everything_in_one_block},
      {"object by object, the last block empty", object_by_object},
      {"a missing mandatory object is answered 6985 and nothing changes", something_is_missing},
      {"what is loaded outlives a reset", what_is_loaded_stays_loaded},
      {"a block with one invalid object is refused whole", refused_whole},
      {"a block that is no list of data objects is refused whole", malformed_block},
      {"an object that comes twice in a block is refused", twice_in_a_block},
      {"objects that are unknown or others' are refused", foreign_objects},
      {"secrets do not cross without C-ENC", secrets_are_enciphered},
      {"11.11.2.2: blocks are numbered from 0 in each session", block_numbers},
      {"11.11.2.2: after block 255 comes block 0", more_blocks_than_a_number},
      {"11.11.2.1: other formats are answered 6A86", other_formats},
      {"a block may come in a chain", in_a_chain},
      {"once INITIALIZED, personalisation is over", afterwards_it_is_over},
      {"PUT DATA in the secure channel writes the same objects", put_data_does_it_too},
      {"the PIN policy rules PIN and PUK: length and tries", policy_rules_what_comes_after},
      {"the PIN policy comes before PIN and PUK", policy_comes_first},
      {"no channel stays verified by a first PIN that was replaced", replaced_pin_is_forgotten},
      {"no PIN or PUK is in the memory", no_pin_in_memory},
  };
  return psd_check_run("personalisation", tests, PSD_CHECK_COUNT(tests));
}
