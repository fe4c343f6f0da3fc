/* ISO/IEC 7816-4:2005, 7.2 and 7.3: READ BINARY and READ RECORD. */
#include "check.h"
#include "expect.h"

#include <stdio.h>
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

/* Life cycle, first of the objects of the status file: DF22020400. */
#define STATUS "00A4020C025102"

static void current_file(void) {
  begin();
  expect(&r, "00B0000000", "6986");
  expect(&r, STATUS, "9000");
  expect(&r, "00B0000005", "DF22020400 9000");
  expect(&r, "00B0000303", "0400DF 9000");
  expect(&r, "00B00000", "DF22020400* 9000"); /* without Le */
  end();
}

static void by_short_identifier(void) {
  begin();
  expect(&r, "00B0820005", "DF22020400 9000");
  expect(&r, "00B0000005", "DF22020400 9000"); /* it is the current file now */
  expect(&r, "00B0820302", "0400 9000");
  expect(&r, "00B0830002", "DF23 9000");
  expect(&r, "00B0800002", "DF23 9000"); /* 0: the current file */
  expect(&r, "00B09E0000", "6A82");      /* EF.DIR is not in this directory */
  expect(&r, "00B0870000", "6A82");
  expect(&r, "00B09F0000", "6A82");
  expect(&r, "00B0A20000", "6A86"); /* bits 7 and 6 of P1 */
  expect(&r, "00B0C20000", "6A86");
  expect(&r, "00B0E20000", "6A86");
  expect(&r, "00B0000002", "DF23 9000"); /* what failed changed nothing */
  end();
}

static void offsets(void) {
  begin();
  CU_ASSERT_EQUAL(rig_hex(&r, "00B0820000"), PSD_SW_OK);
  size_t size = r.length;
  uint8_t whole[256];
  memcpy(whole, r.response, size);
  for (size_t offset = 0; offset < 256; offset++) {
    uint8_t command[] = {0x00, 0xB0, 0x82, (uint8_t)offset, 0x00};
    uint16_t status = rig_send(&r, command, sizeof command);
    CU_ASSERT_EQUAL(status, offset < size ? PSD_SW_OK : PSD_SW_OFFSET_OUTSIDE);
    CU_ASSERT_EQUAL(r.length, offset < size ? size - offset : 0);
    CU_ASSERT_EQUAL(memcmp(r.response, whole + offset, r.length), 0);
  }
  expect(&r, "00B07FFF00", "6B00");
  expect(&r, "00B0010000", "6B00");
  end();
}

static void the_end_comes_first(void) {
  begin();
  CU_ASSERT_EQUAL(rig_hex(&r, "00B0830000"), PSD_SW_OK);
  unsigned size = (unsigned)r.length;
  char command[64];
  CU_ASSERT_TRUE(snprintf(command, sizeof command, "00B08300%02X", size) > 0);
  expect(&r, command, "DF23* 9000"); /* exactly all */
  CU_ASSERT_TRUE(snprintf(command, sizeof command, "00B08300%02X", size + 1) > 0);
  expect(&r, command, "DF23* 6282"); /* one more */
  CU_ASSERT_EQUAL(r.length, size);
  CU_ASSERT_TRUE(snprintf(command, sizeof command, "00B083%02X02", size - 1) > 0);
  expect(&r, command, ".. 6282");
  expect(&r, "00B0830000FFFF", "DF23* 6282"); /* 65535 by extended Le */
  expect(&r, "00B08300000000", "DF23* 9000"); /* all there is */
  expect(&r, "00B08300000100", "DF23* 6282"); /* 256, and not all, by extended Le */
  end();
}

static void long_file(void) {
  begin();
  uint8_t certificate[1900];
  for (size_t i = 0; i < sizeof certificate; i++)
    certificate[i] = (uint8_t)(i * 31 >> 3);
  rig_put_object(&r, PSD_OBJECT_CERTIFICATE, certificate, sizeof certificate);
  uint8_t file[2048];
  size_t at = 0;
  expect(&r, "00A4020C025106", "9000");
  for (;;) { /* as middleware reads: 256 bytes at a time, with rising offsets */
    uint8_t command[] = {0x00, 0xB0, (uint8_t)(at >> 8), (uint8_t)at, 0x00};
    CU_ASSERT_EQUAL_FATAL(rig_send(&r, command, sizeof command), PSD_SW_OK);
    CU_ASSERT_TRUE_FATAL(r.length <= 256 && at + r.length <= sizeof file);
    memcpy(file + at, r.response, r.length);
    at += r.length;
    if (r.length < 256)
      break;
  }
  CU_ASSERT_EQUAL_FATAL(at, 5 + sizeof certificate);
  CU_ASSERT_EQUAL(memcmp(file, "\xDF\x2A\x82\x07\x6C", 5), 0);
  CU_ASSERT_EQUAL(memcmp(file + 5, certificate, sizeof certificate), 0);
  CU_ASSERT_EQUAL(rig_hex(&r, "00B00000000000"), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.length, at);
  CU_ASSERT_EQUAL(memcmp(r.response, file, at), 0);
  end();
}

static void empty_file(void) {
  begin();
  expect(&r, "00B0860000", "9000"); /* no certificate is loaded */
  expect(&r, "00B0860001", "6282");
  expect(&r, "00B0860100", "6B00");
  end();
}

static void odd_instruction(void) {
  begin();
  expect(&r, "00B1000203 540100 00", "53..DF22020400* 9000"); /* P1-P2: a short identifier */
  expect(&r, "00B1000003 540103 04", "53..0400 61..");        /* 0: the current file */
  expect(&r, "00B1510303 540102 04", "53..1C00 61..");        /* a file identifier */
  expect(&r, "00B1510304 54020000 00", "53..DF23* 9000");     /* offsets of one to four bytes */
  expect(&r, "00B1510305 5403000000 00", "53..DF23* 9000");
  expect(&r, "00B1510306 540400000000 00", "53..DF23* 9000");
  expect(&r, "00B0000002", "DF23 9000"); /* it is the current file now */
  end();
}

static void odd_instruction_refuses(void) {
  begin();
  expect(&r, "00B1000003 540100 00", "6986");
  expect(&r, "00B1000703 540100 00", "6A82");
  expect(&r, "00B1510703 540100 00", "6A82");
  expect(&r, "00B12F0003 540100 00", "6A82"); /* of another directory */
  expect(&r, "00B1505303 540100 00", "6A82"); /* a directory */
  expect(&r, "00B1000203 550100 00", "6A80");
  expect(&r, "00B1000202 5400 00", "6A80");
  expect(&r, "00B1000207 54050000000000 00", "6A80");
  expect(&r, "00B1000204 54010000 00", "6A80");
  expect(&r, "00B1000203 540200 00", "6A80");
  expect(&r, "00B1000203 54017F 00", "6B00");
  expect(&r, "00B1000206 5404FFFFFFFF 00", "6B00");
  expect(&r, "00B1000503 540100 00", "6981");
  expect(&r, "00B10002", "6700");
  end();
}

static void structures(void) {
  begin();
  expect(&r, "00B0850000", "6981"); /* a file of records */
  expect(&r, "00B2010C00", "6981"); /* a transparent file */
  end();
}

static void directories_have_their_own_files(void) {
  begin();
  expect(&r, "00A4000C023F00", "9000");
  expect(&r, "00B09E0000", "61* 9000");
  expect(&r, "00B09D0000", "5F52* 9000");
  expect(&r, "00B0820000", "6A82");
  expect(&r, "00B1001E03 540100 00", "53..61* 9000");
  end();
}

/* A file is its objects, one after the other; objects that are not loaded are left out. */
static void files_are_objects(void) {
  begin();
  for (size_t f = 0; f < PSD_FILE_COUNT; f++) {
    const psd_file *file = &psd_files[f];
    if (file->structure != PSD_STRUCTURE_TRANSPARENT || file->parent != PSD_FILE_PSD)
      continue;
    uint8_t expected[512];
    size_t size = 0;
    for (size_t i = 0; i < psd_file_object_count; i++) {
      if (psd_file_objects[i].file != file->id)
        continue;
      uint32_t tag = psd_objects[psd_file_objects[i].object].tag;
      uint8_t get[] = {0x00, 0xCB, 0x3F, 0xFF, 0x04, 0x5C, 0x02, (uint8_t)(tag >> 8), (uint8_t)tag, 0x00};
      uint16_t status = rig_send(&r, get, sizeof get);
      CU_ASSERT_TRUE(status == PSD_SW_OK || status == PSD_SW_REFERENCE_NOT_FOUND);
      memcpy(expected + size, r.response, r.length);
      size += r.length;
    }
    uint8_t read[] = {0x00, 0xB0, (uint8_t)(0x80 | file->sfi), 0x00, 0x00};
    CU_ASSERT_EQUAL(rig_send(&r, read, sizeof read), PSD_SW_OK);
    CU_ASSERT_EQUAL(r.length, size);
    CU_ASSERT_EQUAL(memcmp(r.response, expected, size), 0);
  }
  end();
}

/* A log of `count` records: one was written when the card was made, others follow. */
static void begin_with_log(unsigned count) {
  begin();
  expect(&r, "0020008106 313233343536", "9000");
  for (unsigned i = 1; i < count; i++)
    expect(&r, "00DADF3101 41", "9000");
}

static void records_by_number(void) {
  begin_with_log(3);
  expect(&r, "00B2012C00", "00000003..{36} 9000"); /* 1 is the newest */
  expect(&r, "00B2022C00", "00000002..{36} 9000");
  expect(&r, "00B2030400", "00000001..{36} 9000"); /* of the current file */
  expect(&r, "00B2040400", "6A83");
  expect(&r, "00B2FF0400", "6A83");
  expect(&r, "00B2000400", "6A83"); /* the current record: there is none */
  expect(&r, "00B2010404", "00000003 6124");
  expect(&r, "00B2010428", "..{40} 9000");
  expect(&r, "00B2010429", "..{40} 6282"); /* the record ends first */
  expect(&r, "00B20104", "..{40} 9000");
  end();
}

static void records_one_after_the_other(void) {
  begin_with_log(3);
  expect(&r, "00B2002A00", "00000003* 9000"); /* next, from nowhere: the first */
  expect(&r, "00B2000200", "00000002* 9000");
  expect(&r, "00B2000400", "00000002* 9000"); /* the current one */
  expect(&r, "00B2010400", "00000003* 9000"); /* by number: the current one stays */
  expect(&r, "00B2000200", "00000001* 9000");
  expect(&r, "00B2000200", "6A83");
  expect(&r, "00B2000300", "00000002* 9000"); /* previous */
  expect(&r, "00B2000300", "00000003* 9000");
  expect(&r, "00B2000300", "6A83");
  expect(&r, "00B2000100", "00000001* 9000"); /* last */
  expect(&r, "00B2000000", "00000003* 9000"); /* first */
  expect(&r, "00A4020C025105", "9000");       /* selecting forgets the current record */
  expect(&r, "00B2000300", "00000001* 9000"); /* previous, from nowhere: the last */
  end();
}

static void record_parameters(void) {
  begin_with_log(2);
  expect(&r, "00B2010400", "6986");
  expect(&r, "00B2012C00", "* 9000");
  expect(&r, "00B2010500", "6A86"); /* all from there on */
  expect(&r, "00B2010600", "6A86");
  expect(&r, "00B2010700", "6A86");
  expect(&r, "00B2010200", "6A86"); /* record identifiers there are not */
  expect(&r, "00B201FC00", "6A86"); /* short identifier 31 */
  expect(&r, "00B2013C00", "6A82"); /* 7: no such file */
  expect(&r, "00B2012C01AA", "6700");
  end();
}

static void the_ring_turns(void) {
  begin_with_log(40);
  expect(&r, "00B2012C00", "00000028* 9000");
  expect(&r, "00B2202C00", "00000009* 9000"); /* 32 back */
  expect(&r, "00B2212C00", "6A83");
  expect(&r, "00B2000100", "00000009* 9000");
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"7.2.3: READ BINARY of the current file; 6986 without one", current_file},
      {"7.2.2: READ BINARY by short identifier, which then is current; 0 is the current one", by_short_identifier},
      {"7.2.2: offsets inside the file; 6B00 outside", offsets},
      {"7.2.3: 6282 when the file ends before Le", the_end_comes_first},
      {"7.2.3: a long file, in pieces and at once", long_file},
      {"7.2.3: an empty file", empty_file},
      {"7.2.2: odd INS, offset and data in data objects", odd_instruction},
      {"7.2.2: odd INS refuses malformed offsets and other files", odd_instruction_refuses},
      {"7.2.1, 7.3.1: 6981 for a file of the other structure", structures},
      {"5.3.1.1: short identifiers belong to their directory", directories_have_their_own_files},
      {"7.2: a file is its data objects", files_are_objects},
      {"7.3.3: READ RECORD by number, 6A83 beyond the last, 6282 when Le is more", records_by_number},
      {"7.3.2: first, last, next, previous and current record", records_one_after_the_other},
      {"7.3.3, table 49: other forms are refused", record_parameters},
      {"5.3.4: in a cyclic file record 1 is the newest, and the oldest are gone", the_ring_turns},
  };
  return psd_check_run("ISO 7816-4: READ BINARY and READ RECORD", tests, PSD_CHECK_COUNT(tests));
}
