/* ISO/IEC 7816-4:2005, 5.1, 5.1.1 and 5.1.2: how a command is framed, its class byte, its instruction byte. */
#include "check.h"
#include "expect.h"

#include <string.h>

static rig r;

static void begin(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
}

static void end(void) {
  rig_destroy(&r);
}

static void four_cases_short(void) {
  begin();
  expect(&r, "00200081", "63C3");                          /* case 1 */
  expect(&r, "00CADF2200", "0400 9000");                   /* case 2 */
  expect(&r, "0020008106 313233343536", "9000");           /* case 3 */
  expect(&r, "00CB3FFF04 5C02DF22 00", "DF22020400 9000"); /* case 4 */
  end();
}

static void four_cases_extended(void) {
  begin();
  expect(&r, "00CADF22000000", "0400 9000");
  expect(&r, "00CADF22000002", "0400 9000");
  expect(&r, "00200081000006 313233343536", "9000");
  expect(&r, "00CB3FFF000004 5C02DF22 0000", "DF22020400 9000");
  expect(&r, "00CB3FFF000004 5C02DF22 0005", "DF22020400 9000");
  end();
}

static void length_contradicts_lc(void) {
  begin();
  static const char *const wrong[] = {
      "00CB3FFF04 5C02DF",          /* a byte is missing */
      "00CB3FFF04 5C02DF22 00 00",  /* two bytes of Le behind a short Lc */
      "00CB3FFF00 00",              /* extended form, cut */
      "00CB3FFF000004 5C02DF",      /* a byte is missing */
      "00CB3FFF000004 5C02DF22 00", /* half an Le */
      "00CB3FFF000004 5C02DF22 000000",
      "00CB3FFF000000 5C02DF22", /* extended Lc of 0 */
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    expect(&r, wrong[i], "6700");
  expect(&r, "00CADF2200", "0400 9000"); /* and nothing is broken */
  end();
}

static void shorter_than_a_header(void) {
  begin();
  expect(&r, "", "6700");
  expect(&r, "00", "6700");
  expect(&r, "00CA", "6700");
  expect(&r, "00CADF", "6700");
  expect(&r, "00CADF2200", "0400 9000");
  end();
}

static void length_is_not_the_commands(void) {
  begin();
  expect(&r, "0020008103 313233", "6700"); /* VERIFY: fewer than 4 */
  expect(&r, "0020008111 31{17}", "6700"); /* more than 16 */
  expect(&r, "00240081", "6700");          /* CHANGE REFERENCE DATA without data */
  expect(&r, "002400811F 31{31}", "6700");
  expect(&r, "0024008121 31{33}", "6700");
  expect(&r, "00CADF2201 00", "6700"); /* GET DATA has none */
  expect(&r, "00CADF2200 0001 00", "6700");
  expect(&r, "00A4040011 F0{17}", "6700"); /* an identifier has at most 16 bytes */
  expect(&r, "00C0000001 00", "6985");     /* nothing waits */
  expect(&r, "0084000001 00", "6700");
  end();
}

static void le_is_only_a_bound(void) {
  begin();
  expect(&r, "00CADF22", "0400 9000"); /* missing */
  expect(&r, "00CB3FFF04 5C02DF22", "DF22020400 9000");
  expect(&r, "0020008106 313233343536 00", "9000"); /* superfluous */
  expect(&r, "00CADF22FF", "0400 9000");            /* more than there is */
  expect(&r, "00CADF2201", "04 6101");              /* less */
  expect(&r, "00CADF2208", "0400 9000");
  expect(&r, "00CADF2308", "..{8} 6114");
  end();
}

static void longest_commands(void) {
  begin();
  expect(&r, "00DADF31000800 41{2048}", "6982"); /* as long as the row allows, but without the PIN */
  expect(&r, "00DADF3100FFFF 41{65535}", "6982");
  expect(&r, "0020008106 313233343536", "9000");
  expect(&r, "00DADF31000800 41{2048}", "6A80"); /* the object is shorter */
  expect(&r, "00DADF31000801 41{2049}", "6700");
  expect(&r, "00DADF3100FFFF 41{65535} 0000", "6700");
  end();
}

/* 5.1.1: the reserved classes and FF. */
static void reserved_classes(void) {
  begin();
  for (unsigned cla = 0; cla < 256; cla++) {
    bool reserved = (cla >= 0x20 && cla <= 0x3F) || (cla >= 0xA0 && cla <= 0xBF) || cla == 0xFF;
    if (!reserved)
      continue;
    uint8_t command[] = {(uint8_t)cla, 0xCA, 0xDF, 0x22, 0x00};
    CU_ASSERT_EQUAL(rig_send(&r, command, sizeof command), PSD_SW_CLA_UNSUPPORTED);
    CU_ASSERT_EQUAL(r.length, 0);
  }
  expect(&r, "00CADF2200", "0400 9000");
  end();
}

static void secure_messaging_bits(void) {
  begin();
  expect(&r, "08CADF2200", "6882"); /* clause 6, header not authenticated */
  expect(&r, "0CCADF2200", "6882"); /* clause 6, header authenticated */
  expect(&r, "88CADF2200", "6882");
  expect(&r, "8CCADF2200", "6882");
  expect(&r, "04CADF2200", "6985"); /* GlobalPlatform's way, but no session is open */
  expect(&r, "84CADF2200", "6985");
  end();
}

static void channels_that_are_not_open(void) {
  begin();
  for (unsigned channel = 1; channel < 4; channel++) {
    uint8_t command[] = {(uint8_t)channel, 0xCA, 0xDF, 0x22, 0x00};
    CU_ASSERT_EQUAL(rig_send(&r, command, sizeof command), PSD_SW_CHANNEL_UNSUPPORTED);
    command[0] |= 0x80;
    CU_ASSERT_EQUAL(rig_send(&r, command, sizeof command), PSD_SW_CHANNEL_UNSUPPORTED);
  }
  for (unsigned cla = 0x40; cla < 0x80; cla++) { /* channels 4 to 19 */
    uint8_t command[] = {(uint8_t)cla, 0xCA, 0xDF, 0x22, 0x00};
    CU_ASSERT_EQUAL(rig_send(&r, command, sizeof command), PSD_SW_CHANNEL_UNSUPPORTED);
  }
  end();
}

static void class_of_another_kind(void) {
  begin();
  expect(&r, "80A4040005 F050534401", "6E00"); /* SELECT is interindustry */
  expect(&r, "8020008106 313233343536", "6E00");
  expect(&r, "0050000008 0102030405060708", "6E00"); /* INITIALIZE UPDATE is not */
  expect(&r, "00E2900000", "6E00");
  expect(&r, "80CADF2200", "0400 9000"); /* GET DATA is both */
  end();
}

/* 5.1.2: 6x and 9x are no instructions, whatever else the command is. */
static void invalid_instructions(void) {
  begin();
  static const uint8_t classes[] = {0x00, 0x10, 0x80, 0x90};
  for (size_t c = 0; c < sizeof classes; c++)
    for (unsigned low = 0; low < 16; low++)
      for (unsigned high = 0x60; high <= 0x90; high += 0x30) {
        uint8_t command[] = {classes[c], (uint8_t)(high | low), 0x00, 0x00, 0x00};
        CU_ASSERT_EQUAL(rig_send(&r, command, sizeof command), PSD_SW_INS_UNSUPPORTED);
        CU_ASSERT_EQUAL(rig_send(&r, command, 4), PSD_SW_INS_UNSUPPORTED);
      }
  end();
}

static void unknown_instructions(void) {
  begin();
  for (unsigned ins = 0; ins < 256; ins++) {
    if (psd_instruction_known((uint8_t)ins))
      continue;
    uint8_t command[] = {0x00, (uint8_t)ins, 0x00, 0x00, 0x00};
    CU_ASSERT_EQUAL(rig_send(&r, command, sizeof command), PSD_SW_INS_UNSUPPORTED);
    command[0] = 0x80;
    CU_ASSERT_EQUAL(rig_send(&r, command, sizeof command), PSD_SW_INS_UNSUPPORTED);
  }
  end();
}

static void instructions_of_another_application(void) {
  rig_create(&r); /* the master file is current */
  for (size_t i = 0; i < PSD_COMMAND_COUNT; i++) {
    const psd_command *row = &psd_commands[i];
    uint8_t command[] = {row->class == PSD_CLASS_GP ? 0x80 : 0x00, row->ins, 0x00, 0x00, 0x00};
    uint16_t status = rig_send(&r, command, sizeof command);
    CU_ASSERT_EQUAL(status == PSD_SW_INS_UNSUPPORTED, row->application == PSD_APPLICATION_PSD);
  }
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"5.1: each of the four cases is carried out, in short form", four_cases_short},
      {"5.1: each of the four cases is carried out, in extended form", four_cases_extended},
      {"5.1: a length that contradicts Lc is answered 6700", length_contradicts_lc},
      {"5.1: less than CLA INS P1 P2 is answered 6700", shorter_than_a_header},
      {"5.1: data that the command does not have, or not that long, are answered 6700", length_is_not_the_commands},
      {"5.1: Ne is the most that may come back; it may be missing, too small or too large", le_is_only_a_bound},
      {"5.1: the longest commands are judged, not misread", longest_commands},
      {"5.1.1: reserved class values and FF are answered 6E00", reserved_classes},
      {"5.1.1, table 2: secure messaging that is not supported is answered 6882", secure_messaging_bits},
      {"5.1.1, tables 2 and 3: a channel that is not open, 1 to 19, is answered 6881", channels_that_are_not_open},
      {"5.1.1: an instruction of another class is answered 6E00", class_of_another_kind},
      {"5.1.2: instructions 6x and 9x are answered 6D00", invalid_instructions},
      {"5.1.2: instructions that are unknown are answered 6D00", unknown_instructions},
      {"5.1.2: an application's instructions are unknown while it is not selected",
       instructions_of_another_application},
  };
  return psd_check_run("ISO 7816-4: framing, class, instruction", tests, PSD_CHECK_COUNT(tests));
}
