/* ISO/IEC 7816-4:2005, 5.3.3: what SELECT tells about a file. */
#include "check.h"
#include "expect.h"
#include "psd/spec/tlv.h"

#include <string.h>

static rig r;

static void begin(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
}

static void end(void) {
  rig_destroy(&r);
}

/* The data object `tag` in the template the last answer was. */
static psd_cursor in_template(uint32_t outer, uint32_t tag) {
  psd_cursor answer = psd_cursor_over(r.response, r.length);
  psd_tlv template;
  psd_tlv found;
  CU_ASSERT_TRUE_FATAL(psd_take_tlv(&answer, &template) && psd_cursor_done(&answer));
  CU_ASSERT_EQUAL_FATAL(template.tag, outer);
  if (!psd_find_tlv(template.value, tag, &found))
    return psd_cursor_over(NULL, 0);
  return found.value;
}

static void expect_in(uint32_t outer, uint32_t tag, const char *hex) {
  psd_cursor value = in_template(outer, tag);
  psd_check_bytes(value.at, value.left, hex, "data object of a template");
}

static void forms(void) {
  begin();
  expect(&r, "00A4040005F05053440100", "6F.. 820138 83025053 8405F050534401 8A0107 A5059F65020800 9000");
  expect(&r, "00A4040405F05053440100", "62.. 820138 83025053 8405F050534401 8A0107 9000");
  expect(&r, "00A4040805F05053440100", "64.. 4F05F050534401 50* 9000");
  expect(&r, "00A4040C05F05053440100", "9000");
  expect(&r, "00A40000025101", "6F* 9000");
  CU_ASSERT_EQUAL(in_template(0x6F, 0xA5).left, 0); /* of an elementary file: control parameters alone */
  expect(&r, "00A40008025101", "64* 9000");
  end();
}

static void le_is_a_bound(void) {
  begin();
  expect(&r, "00A4040005F05053440108", "6F..{7} 61..");
  expect(&r, "00C0000000", "* 9000");
  expect_selected(&r);
  end();
}

/* Every file: size, descriptor, identifiers, life cycle, and that what they say is so. */
static void check_file(const psd_file *file) {
  uint8_t select[] = {0x00, 0xA4, 0x02, 0x04, 0x02, (uint8_t)(file->identifier >> 8), (uint8_t)file->identifier, 0x00};
  if (file->structure == PSD_STRUCTURE_DIRECTORY)
    select[2] = 0x00;
  CU_ASSERT_EQUAL_FATAL(rig_send(&r, select, sizeof select), PSD_SW_OK);
  psd_cursor identifier = in_template(0x62, 0x83);
  CU_ASSERT_EQUAL(psd_take_u16(&identifier), file->identifier);
  psd_cursor descriptor = in_template(0x62, 0x82);
  psd_cursor sfi = in_template(0x62, 0x88);
  psd_cursor size = in_template(0x62, 0x80);
  expect_in(0x62, 0x8A, "07");
  CU_ASSERT_EQUAL(sfi.left, file->sfi != 0 ? 1 : 0);
  CU_ASSERT_TRUE(file->sfi == 0 || psd_take_u8(&sfi) == file->sfi << 3);
  unsigned first = psd_take_u8(&descriptor);
  switch (file->structure) {
  case PSD_STRUCTURE_DIRECTORY:
    CU_ASSERT_EQUAL(first, 0x38);
    CU_ASSERT_EQUAL(size.left, 0);
    break;
  case PSD_STRUCTURE_TRANSPARENT:
    CU_ASSERT_EQUAL(first, 0x01);
    CU_ASSERT_EQUAL(size.left, 2);
    expect_in(0x62, 0x8C, "0100");
    size_t bytes = psd_take_u16(&size);
    CU_ASSERT_EQUAL(rig_hex(&r, "00B00000000000"), PSD_SW_OK);
    CU_ASSERT_EQUAL(r.length, bytes);
    break;
  case PSD_STRUCTURE_CYCLIC:
    CU_ASSERT_EQUAL(first, 0x06);
    CU_ASSERT_EQUAL(psd_take_u8(&descriptor), 0x21);
    CU_ASSERT_EQUAL(psd_take_u16(&descriptor), PSD_SIZE_LOG_RECORD);
    unsigned records = psd_take_u8(&descriptor);
    uint8_t last[] = {0x00, 0xB2, (uint8_t)records, 0x04, 0x00};
    CU_ASSERT_EQUAL(rig_send(&r, last, sizeof last), PSD_SW_OK);
    CU_ASSERT_EQUAL(r.length, PSD_SIZE_LOG_RECORD);
    last[2]++;
    CU_ASSERT_EQUAL(rig_send(&r, last, sizeof last), PSD_SW_RECORD_NOT_FOUND);
    break;
  }
}

static void every_file(void) {
  begin();
  for (size_t i = 0; i < PSD_FILE_COUNT; i++) {
    expect(&r, psd_files[i].parent == PSD_FILE_PSD ? "00A4080C025053" : "00A4000C023F00", "9000");
    check_file(&psd_files[i]);
  }
  end();
}

static void life_cycle_byte(void) {
  for (size_t i = 0; i < psd_state_count; i++) {
    const psd_state_row *state = &psd_states[i];
    rig_create(&r);
    rig_enter(&r, state->state);
    CU_ASSERT_EQUAL(rig_hex(&r, "00A40004023F0000"), PSD_SW_OK);
    psd_cursor byte = in_template(0x62, 0x8A);
    CU_ASSERT_EQUAL(psd_take_u8(&byte), state->iso);
    rig_destroy(&r);
  }
}

static void descriptor_counts_records(void) {
  rig_create(&r);
  CU_ASSERT_EQUAL(rig_hex(&r, "00A4080404 50535105 00"), PSD_SW_OK);
  expect_in(0x62, 0x82, "0621002801"); /* a card that was just made: one record */
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  for (int i = 0; i < 3; i++)
    expect(&r, "0020008104 30303030", "63C."); /* the third one is logged */
  CU_ASSERT_EQUAL(rig_hex(&r, "00A4020402 5105 00"), PSD_SW_OK);
  expect_in(0x62, 0x82, "0621002802");
  rig_destroy(&r);
}

static void longest_command_is_told(void) {
  begin();
  expect_selected(&r);
  psd_cursor proprietary = in_template(0x6F, 0xA5);
  psd_tlv most;
  CU_ASSERT_TRUE_FATAL(psd_find_tlv(proprietary, 0x9F65, &most));
  CU_ASSERT_EQUAL(psd_take_u16(&most.value), PSD_CARD_DATA_MAX);
  end();
}

static void management_data(void) {
  begin();
  expect(&r, "00A4000802 3F00 00", "64* 50* 9000");
  CU_ASSERT_EQUAL(in_template(0x64, 0x4F).left, 0); /* the master file has no name */
  expect(&r, "00A4000802 2F00 00", "64* 9000");
  CU_ASSERT_TRUE(in_template(0x64, 0x50).left > 0);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"5.3.3: P2 asks for 6F (FCI), 62 (FCP), 64 (FMD) or nothing", forms},
      {"5.3.3: a template longer than Le waits for GET RESPONSE", le_is_a_bound},
      {"5.3.3, tables 12 and 14: 80, 82, 83, 88 and 8C tell the truth about every file", every_file},
      {"5.3.3.2, table 13: 8A tells the life cycle, in each state", life_cycle_byte},
      {"5.3.3, table 12: 82 of a cyclic file counts its records", descriptor_counts_records},
      {"5.3.3: A5 tells how long a command may be", longest_command_is_told},
      {"5.3.3: FMD names file and application", management_data},
  };
  return psd_check_run("ISO 7816-4: file control information", tests, PSD_CHECK_COUNT(tests));
}
