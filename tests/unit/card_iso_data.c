/* ISO/IEC 7816-4:2005, 7.4: GET DATA and PUT DATA. */
#include "check.h"
#include "expect.h"
#include "psd/spec/tlv.h"

#include <string.h>

static rig r;

static void begin(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
}

static void begin_verified(void) {
  begin();
  expect(&r, "0020008106 313233343536", "9000");
}

static void end(void) {
  rig_destroy(&r);
}

static void by_tag(void) {
  begin();
  expect(&r, "00CADF2000", "5042 5331 00C0FFEE 9000");
  expect(&r, "00CADF2200", "0400 9000");
  expect(&r, "00CADF2300", "00000000000003E8 0000000000002328 0000000000002710 00000002 9000");
  expect(&r, "00CADF2700", "0000000069 55B900 01 9000");
  expect(&r, "00CADF2C00", "030A0101 9000");
  expect(&r, "00CA004F00", "F050534401 9000"); /* a tag of one byte in P2 */
  expect(&r, "80CADF2200", "0400 9000");       /* GlobalPlatform's class */
  end();
}

static void every_object(void) {
  begin();
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++) {
    const psd_object *object = &psd_objects[i];
    uint8_t get[] = {0x00, 0xCA, (uint8_t)(object->tag >> 8), (uint8_t)object->tag, 0x00, 0x00, 0x00};
    uint16_t status = rig_send(&r, get, sizeof get);
    if (object->read == PSD_NEVER) {
      CU_ASSERT_EQUAL(status, PSD_SW_SECURITY_STATUS);
    } else if (status == PSD_SW_OK) {
      CU_ASSERT_TRUE(r.length >= object->least && r.length <= object->most);
    } else {
      CU_ASSERT_EQUAL(status, PSD_SW_REFERENCE_NOT_FOUND); /* never loaded */
    }
  }
  end();
}

static void unknown_tags(void) {
  begin();
  static const char *const tags[] = {"0000", "0001", "005C", "007E", "00FF", "0100",
                                     "0200", "3FFF", "5FC1", "DF1F", "DFFF", "FFFF"};
  for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
    char command[16] = "00CA";
    memcpy(command + 4, tags[i], 4);
    memcpy(command + 8, "00", 3);
    expect(&r, command, "6A88");
  }
  end();
}

/* Card recognition data and key information are data objects, tag and all. */
static void globalplatform_objects(void) {
  begin();
  expect(&r, "00CA006600", "66267324 * 9000");
  expect(&r, "80CA006600", "66267324 * 9000");
  expect(&r, "00CA00E000", "E012 C00401018810 C00402018810 C00403018810 9000");
  expect(&r, "00CB3FFF03 5C0166 00", "66267324 * 9000"); /* once, not twice */
  expect(&r, "00CB3FFF03 5C01E0 00", "E012 * 9000");
  end();
}

static void tag_list(void) {
  begin();
  expect(&r, "00CB3FFF04 5C02DF22 00", "DF22020400 9000");
  expect(&r, "00CB3FFF08 5C06DF22DF2CDF20 00", "DF22020400 DF2C04030A0101 DF200850425331 00C0FFEE 9000");
  expect(&r, "00CB3FFF05 5C034FDF22 00", "4F05F050534401 DF22020400 9000");
  expect(&r, "00CB3FFF06 5C04DF22DF22 00", "DF22020400 DF22020400 9000"); /* as often as it is asked for */
  end();
}

static void tag_list_that_fails(void) {
  begin();
  expect(&r, "00CB3FFF06 5C04DF22DF41 00", "6A88"); /* wholly */
  expect(&r, "00CB3FFF06 5C04DF22DF32 00", "6982"); /* the PIN */
  expect(&r, "00CB3FFF06 5C04DF22DF29 00", "6A88"); /* a licence that was never loaded */
  expect(&r, "00CB3FFF03 5C017E 00", "6A88");
  expect(&r, "00CB3FFF03 5C0200 00", "6A80");       /* cut */
  expect(&r, "00CB3FFF03 5C01DF 00", "6A80");       /* a tag that is cut */
  expect(&r, "00CB3FFF03 5C0100 00", "6A80");       /* no tag */
  expect(&r, "00CB3FFF02 4D00 00", "6A80");         /* another kind of list */
  expect(&r, "00CB3FFF06 5C02DF225C00 00", "6A80"); /* two of them */
  expect(&r, "00CB3FFF04 5C80DF22 00", "6A80");     /* indefinite */
  expect(&r, "00CB3FFF05 5C8102DF22 00", "6A80");   /* over-long */
  expect(&r, "00CB0000045C02DF2200", "6A86");
  expect(&r, "00CB3FFF", "6700");
  expect(&r, "00CB3FFF01 5C", "6700");
  end();
}

static void empty_tag_list(void) {
  begin();
  CU_ASSERT_EQUAL(rig_whole(&r, "00CB3FFF025C0000"), PSD_SW_OK);
  psd_cursor list = psd_cursor_over(r.response, r.length);
  psd_tlv tlv;
  size_t row = 0;
  while (psd_take_tlv(&list, &tlv)) { /* in the order of the table, what may be read and is there */
    while (row < PSD_OBJECT_COUNT && psd_objects[row].tag != tlv.tag)
      row++;
    CU_ASSERT_FATAL(row < PSD_OBJECT_COUNT && psd_objects[row].read != PSD_NEVER);
  }
  CU_ASSERT_TRUE(psd_cursor_done(&list));
  CU_ASSERT_EQUAL(row, PSD_OBJECT_COUNT - 1);
  end();
}

static void more_than_an_answer_holds(void) {
  begin();
  uint8_t certificate[1900] = {0x30};
  rig_put_object(&r, PSD_OBJECT_CERTIFICATE, certificate, sizeof certificate);
  expect(&r, "00CB3FFF000004 5C02DF2A 0000", "DF2A82076C 30 00{1899} 9000");
  expect(&r, "00CB3FFF000006 5C04DF2ADF2A 0000", "6A80");
  expect(&r, "00CB3FFF000002 5C00 0000", "DF20*9000"); /* everything: what does not fit is left out */
  expect(&r, "00CB3FFF04 5C02DF22 00", "DF2202 0400 9000");
  expect(&r, "00CB3FFF0000FF 5C81FC DF23{1} 22{250} 0000", "6A8."); /* tags of another kind */
  char command[600] = "00CB3FFF0000C7 5C81C4";
  for (size_t i = 0; i < 98; i++) /* 98 registers of 31 bytes */
    memcpy(command + 21 + 4 * i, "DF23", 5);
  memcpy(command + 21 + 4 * 98, "0000", 5);
  expect(&r, command, "6A80");
  expect(&r, "00CADF2200", "0400 9000");
  end();
}

static void first_bytes_and_the_rest(void) {
  begin();
  expect(&r, "00CADF2308", "00000000000003E8 6114"); /* as middleware asks for the length first */
  expect(&r, "00C0000014", "0000000000002328 0000000000002710 00000002 9000");
  end();
}

static void put_by_tag(void) {
  begin_verified();
  expect(&r, "00DADF3104 41C3A442", "9000");
  expect(&r, "00CADF3100", "41C3A442 9000");
  expect(&r, "00DADF31", "9000"); /* no data: an empty value */
  expect(&r, "00CADF3100", "9000");
  expect(&r, "00DADF3140 41{64}", "9000");
  expect(&r, "00DADF3141 41{65}", "6A80");
  expect(&r, "00CADF3100", "41{64} 9000");
  end();
}

static void put_in_a_data_object(void) {
  begin_verified();
  expect(&r, "00DB3FFF05 DF31024142", "9000");
  expect(&r, "00CADF3100", "4142 9000");
  expect(&r, "00DB3FFF03 DF3100", "9000");
  expect(&r, "00CADF3100", "9000");
  expect(&r, "00DB3FFF06 DF310241 4243", "6A80"); /* something behind it */
  expect(&r, "00DB3FFF0A DF31024142 DF31024344", "6A80");
  expect(&r, "00DB3FFF04 DF310241", "6A80");
  expect(&r, "00DB3FFF06 DF3181024142", "6A80");
  expect(&r, "00DB3FFF05 DF30024142", "6A88");
  expect(&r, "00DB0000 05 DF31024142", "6A86");
  expect(&r, "00DB3FFF", "6700");
  expect(&r, "00DB3FFF02 DF31", "6700");
  expect(&r, "00CADF3100", "9000");
  end();
}

static void put_what_may_not_be(void) {
  begin();
  expect(&r, "00DADF3102 4142", "6982"); /* no PIN */
  expect(&r, "00CADF3100", "6A88");
  expect(&r, "0020008106 313233343536", "9000");
  expect(&r, "00DADF2308 0000000000000000", "6982"); /* registers: nobody's */
  expect(&r, "00DADF2908 0000000100000001", "6982"); /* the provider's */
  expect(&r, "00DADF3204 31323334", "6982");         /* the personaliser's */
  expect(&r, "00DA004F01 00", "6982");
  expect(&r, "00DADF3002 4142", "6A88");
  expect(&r, "00DA000002 4142", "6A88");
  end();
}

static void label_is_text(void) {
  begin_verified();
  static const char *const wrong[] = {
      "00DADF3101 00",       "00DADF3101 1F",       "00DADF3101 7F",       "00DADF3101 80",     "00DADF3102 C080",
      "00DADF3101 C3",       "00DADF3102 C1BF",     "00DADF3103 E08080",   "00DADF3103 EDA080", /* half a surrogate pair
                                                                                                 */
      "00DADF3104 F0808080", "00DADF3104 F4908080", "00DADF3104 F8808080", "00DADF3102 C328",   "00DADF3103 E28228",
      "00DADF3101 FF",       "00DADF3102 C285" /* a control character of two bytes */
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    expect(&r, wrong[i], "6A80");
  expect(&r, "00CADF3100", "6A88"); /* none was stored */
  expect(&r, "00DADF310B 20 7E C2A0 E0A080 F48FBFBF", "9000");
  expect(&r, "00DADF3108 EFBFBD EE8080 C3BF", "9000");
  end();
}

static void put_is_logged_and_lasts(void) {
  begin_verified();
  expect(&r, "00DADF3102 4142", "9000");
  expect(&r, "00B2012C00", "00000002 000000006955B900 03 04 DF31 * 9000");
  psd_card_reset(r.card);
  expect_selected(&r);
  expect(&r, "00CADF3100", "4142 9000");
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"7.4.2: GET DATA by the tag in P1-P2", by_tag},
      {"7.4.2: every object of the table is read, refused, or not there", every_object},
      {"7.4.2: 6A88 for tags that are unknown", unknown_tags},
      {"7.4.2: GlobalPlatform's objects come with their tags", globalplatform_objects},
      {"7.4.2: odd INS, a tag list", tag_list},
      {"7.4.2: a tag list is answered wholly or not at all", tag_list_that_fails},
      {"7.4.2: an empty tag list asks for everything that may be read", empty_tag_list},
      {"7.4.2: more than one answer holds is refused", more_than_an_answer_holds},
      {"7.4.2: the first bytes, and the rest by GET RESPONSE", first_bytes_and_the_rest},
      {"7.4.3: PUT DATA by the tag in P1-P2", put_by_tag},
      {"7.4.3: odd INS, one data object", put_in_a_data_object},
      {"7.4.3: PUT DATA of what may not be written", put_what_may_not_be},
      {"7.4.3: a label is UTF-8 without control characters", label_is_text},
      {"7.4.3: what was put is logged and lasts", put_is_logged_and_lasts},
  };
  return psd_check_run("ISO 7816-4: GET DATA and PUT DATA", tests, PSD_CHECK_COUNT(tests));
}
