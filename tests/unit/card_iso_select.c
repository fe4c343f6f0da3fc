/* ISO/IEC 7816-4:2005, 7.1.1 and 8.2.2: SELECT in all its forms. */
#include "check.h"
#include "expect.h"

#include <string.h>

#define IS_PSD "6F* 8405F050534401 * 9000"
#define IS_MF "6F* 83023F00 * 9000"

static rig r;

static void begin(void) {
  rig_create(&r);
}

static void end(void) {
  rig_destroy(&r);
}

/* Tells which directory is current without changing it: only in the PSD is GET DATA known. */
static void expect_current_psd(void) {
  expect(&r, "00CA004F00", "F050534401 9000");
}

static void expect_current_mf(void) {
  expect(&r, "00CA004F00", "6D00");
}

static void by_name(void) {
  begin();
  expect(&r, "00A4040005 F050534401 00", IS_PSD);
  expect_current_psd();
  expect(&r, "00A4040006 F05053440100 00", "6A82"); /* longer than the name */
  expect(&r, "00A4040005 F050534402 00", "6A82");
  expect(&r, "00A4040010 F050534401{12} 00", "6A82");
  end();
}

static void by_partial_name(void) {
  static const char *const names[] = {"01F0", "02F050", "03F05053", "04F0505344"};
  for (size_t i = 0; i < 4; i++) {
    begin();
    char command[32] = "00A40400";
    memcpy(command + 8, names[i], strlen(names[i]) + 1);
    expect(&r, command, IS_PSD); /* the control parameters tell the whole name */
    expect_current_psd();
    end();
  }
}

static void occurrences(void) {
  begin();
  expect(&r, "00A4040001 F0 00", IS_PSD); /* first */
  expect(&r, "00A40402 01F0 00", "6A82"); /* next: there is no other */
  expect_current_psd();
  expect(&r, "00A40403 01F0 00", "6A82"); /* previous */
  expect_current_psd();
  expect(&r, "00A40401 01F0 00", IS_PSD); /* last */
  expect(&r, "00A40000023F00", IS_MF);
  expect(&r, "00A40402 01F0 00", IS_PSD); /* next of none: the first */
  expect(&r, "00A40000023F00", IS_MF);
  expect(&r, "00A40403 01F0 00", IS_PSD); /* previous of none: the last */
  expect(&r, "00A40401 01A0 00", "6A82");
  expect(&r, "00A40002023F00", "6A81"); /* occurrences of an identifier there are not */
  end();
}

static void no_name_is_the_master_file(void) {
  begin();
  expect_selected(&r);
  expect(&r, "00A40400", IS_MF);
  expect_current_mf();
  expect_selected(&r);
  expect(&r, "00A4040000", IS_MF);
  expect_selected(&r);
  expect(&r, "00A40000", IS_MF);
  expect_selected(&r);
  expect(&r, "00A40000023F0000", IS_MF);
  expect_current_mf();
  end();
}

static void by_identifier(void) {
  begin();
  expect(&r, "00A4000C022F00", "9000"); /* a file in the current directory */
  expect(&r, "00B0000000", "61* 9000");
  expect(&r, "00A4000C025053", "9000"); /* a directory in it */
  expect_current_psd();
  expect(&r, "00A4000C025101", "9000");
  expect(&r, "00A4000C025053", "9000"); /* itself */
  expect(&r, "00B0000000", "6986");     /* which has no current file */
  expect(&r, "00A4000C022F00", "6A82"); /* a file of the parent */
  expect(&r, "00A4000C023F00", "9000"); /* the parent */
  expect_current_mf();
  expect(&r, "00A4000C025101", "6A82"); /* a file of a child */
  expect(&r, "00A4000C02FFFF", "6A82");
  expect(&r, "00A4000C020000", "6A82");
  expect(&r, "00A4000C013F", "6700");
  expect(&r, "00A4000C033F0000", "6700");
  end();
}

static void child_directory_or_file(void) {
  begin();
  expect(&r, "00A4010C022F00", "6A82"); /* no directory */
  expect(&r, "00A4020C025053", "6A82"); /* no file */
  expect(&r, "00A4020C022F01", "9000");
  expect(&r, "00A4010C025053", "9000");
  expect_current_psd();
  expect(&r, "00A4020C025103", "9000");
  expect(&r, "00A4010C025103", "6A82");
  expect(&r, "00A4010C023F00", "6A82"); /* not below */
  expect(&r, "00A4010C", "6700");
  expect(&r, "00A4020C0151", "6700");
  end();
}

static void parent_directory(void) {
  begin();
  expect_selected(&r);
  expect(&r, "00A4020C025103", "9000");
  expect(&r, "00A40300", IS_MF); /* of the current directory, not of the file */
  expect_current_mf();
  expect_selected(&r);
  expect(&r, "00A4030000", IS_MF);
  expect(&r, "00A403000200", "6700");
  expect_selected(&r);
  expect(&r, "00A4030C025053", "6700");
  expect_current_psd();
  end();
}

static void by_path(void) {
  begin();
  expect(&r, "00A4080C0450535102", "9000"); /* from the master file */
  expect(&r, "00B0000000", "DF22* 9000");
  expect_current_psd();
  expect(&r, "00A4080C022F00", "9000");
  expect_current_mf();
  expect(&r, "00A4080C025053", "9000");
  expect_current_psd();
  expect(&r, "00A4090C025103", "9000"); /* from the current directory */
  expect(&r, "00B0000000", "DF23* 9000");
  expect(&r, "00A4090C0450535102", "6A82");
  expect(&r, "00A4080C0450532F00", "6A82");
  expect(&r, "00A4080C0451015102", "6A82"); /* through a file */
  expect(&r, "00A4080C06505351015102", "6A82");
  expect(&r, "00B0000000", "DF23* 9000"); /* all that failed changed nothing */
  expect(&r, "00A4080C", "6700");
  expect(&r, "00A4080C03505351", "6700");
  expect(&r, "00A4000C023F00", "9000");
  expect(&r, "00A4090C0450535102", "9000");
  expect(&r, "00B0000000", "DF22* 9000");
  end();
}

static void other_methods(void) {
  begin();
  static const uint8_t known[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x08, 0x09};
  for (unsigned p1 = 0; p1 < 256; p1++) {
    uint8_t command[] = {0x00, 0xA4, (uint8_t)p1, 0x0C, 0x02, 0x3F, 0x00};
    uint16_t status = rig_send(&r, command, sizeof command);
    CU_ASSERT_EQUAL(status == PSD_SW_WRONG_P1P2, memchr(known, (int)p1, sizeof known) == NULL);
  }
  for (unsigned p2 = 0x10; p2 < 256; p2++) {
    uint8_t command[] = {0x00, 0xA4, 0x04, (uint8_t)p2, 0x05, 0xF0, 0x50, 0x53, 0x44, 0x01};
    CU_ASSERT_EQUAL(rig_send(&r, command, sizeof command), PSD_SW_WRONG_P1P2);
  }
  expect_current_mf();
  end();
}

static void failure_keeps_everything(void) {
  begin();
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  expect(&r, "0020008106 313233343536", "9000");
  expect(&r, "00A4020C025103", "9000");
  static const char *const failures[] = {"00A4040005F050534402", "00A40000021234", "00A4010C025103", "00A4020C025053",
                                         "00A4080C0450531234",   "00A4090C021234", "00A4050000",     "00A4001002 3F00",
                                         "00A4000003 3F0000",    "00A40402 01F0",  "00A4030002 3F00"};
  for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
    expect(&r, failures[i], "6...");
  expect(&r, "00200081", "9000");         /* the application and its PIN */
  expect(&r, "00B0000000", "DF23* 9000"); /* the file */
  end();
}

/* 8.2.2: other cards' names, which middleware tries first, are not here and disturb nothing. */
static void probes_of_middleware(void) {
  begin();
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  expect(&r, "0020008106 313233343536", "9000");
  expect(&r, "00A4040007 627601FF000000 00", "6A82");
  expect(&r, "00A4040006 A00000000101 00", "6A82");
  expect(&r, "00A404000B E82B0601040181C31F0201 00", "6A82");
  expect(&r, "00A4040010 D23300000045737445494420763335 00", "6A82");
  expect(&r, "00A4040009 A00000030800001000 00", "6A82");
  expect(&r, "00CADF3005", "6A88"); /* an object of another card */
  expect(&r, "00CB3FFF03 5C017E 00", "6A88");
  expect(&r, "00CA007E00", "6A88"); /* the discovery object: this is no PIV application */
  expect(&r, "00200081", "9000");
  expect_current_psd();
  expect(&r, "00A40000023F00", IS_MF);
  expect(&r, "00CADF3005", "6D00");
  end();
}

static void names_the_application_afresh(void) {
  begin();
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  expect(&r, "00A4020C025103", "9000");
  expect_selected(&r);
  expect(&r, "00B0000000", "6986"); /* no current file */
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"7.1.1: P1 04 selects an application by its name", by_name},
      {"8.2.2: a right-truncated name is enough", by_partial_name},
      {"7.1.1, table 40: first, last, next and previous occurrence", occurrences},
      {"7.1.1: without a name, or 3F00, the master file", no_name_is_the_master_file},
      {"7.1.1: P1 00 selects by file identifier", by_identifier},
      {"7.1.1: P1 01 a directory, P1 02 a file in the current directory", child_directory_or_file},
      {"7.1.1: P1 03 the parent directory", parent_directory},
      {"7.1.1: P1 08 and 09 by path from the master file or the current directory", by_path},
      {"7.1.1, tables 39 and 40: other values of P1 and P2 are answered 6A86", other_methods},
      {"7.1.1: a SELECT that fails changes nothing", failure_keeps_everything},
      {"8.2.2: what OpenSC tries first is answered 6A82 and disturbs nothing", probes_of_middleware},
      {"7.1.1: an application that is selected again has no current file", names_the_application_afresh},
  };
  return psd_check_run("ISO 7816-4: SELECT", tests, PSD_CHECK_COUNT(tests));
}
