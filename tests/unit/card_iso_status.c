/* ISO/IEC 7816-4:2005, 5.1.3: status words, each for its own reason, and what comes with them. */
#include "check.h"
#include "expect.h"

#include <string.h>

static rig r;

static void begin(psd_state state) {
  rig_create(&r);
  rig_enter(&r, state);
  expect_selected(&r);
}

static void end(void) {
  rig_destroy(&r);
}

static void warnings(void) {
  begin(PSD_STATE_OPERATIONAL);
  expect(&r, "00B0810080", "DF20* 6282");  /* the file ends before 128 bytes */
  expect(&r, "00B2012CFF", "..{40} 6282"); /* and so does the record */
  expect(&r, "0020008104 30303030", "63C2");
  end();
}

static void more_to_come(void) {
  begin(PSD_STATE_OPERATIONAL);
  expect(&r, "00CADF2E10", "..{16} 6114");
  expect(&r, "00C0000015", "6C14"); /* 21 of the 20 that wait */
  expect(&r, "00C0000014", "..{20} 9000");
  end();
}

static void channels_and_chains(void) {
  begin(PSD_STATE_OPERATIONAL);
  expect(&r, "01CADF2200", "6881");
  expect(&r, "0CCADF2200", "6882");
  expect(&r, "10CADF2200", "6884"); /* GET DATA has no chains */
  expect(&r, "0020008106 313233343536", "9000");
  expect(&r, "10DADF3101 41", "9000");
  expect(&r, "00CADF2200", "6883");
  end();
}

static void not_allowed(void) {
  begin(PSD_STATE_OPERATIONAL);
  expect(&r, "00B0000000", "6986"); /* no file is current */
  expect(&r, "00B0850000", "6981"); /* READ BINARY of a file of records */
  expect(&r, "00B2010C00", "6981"); /* READ RECORD of a transparent file */
  expect(&r, "00DADF3101 41", "6982");
  for (int i = 2; i >= 0; i--)
    expect(&r, "0020008104 30303030", "63C.");
  expect(&r, "0020008106 313233343536", "6983");
  expect(&r, "80E2900000", "6985"); /* STORE DATA is over */
  end();
  rig_create(&r);
  expect_selected(&r);
  expect(&r, "0020008106 313233343536", "6984"); /* no PIN yet */
  end();
}

static void secure_messaging(void) {
  begin(PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x01), PSD_SW_OK);
  expect(&r, "00CADF2200", "6987");
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x01), PSD_SW_OK);
  expect(&r, "04CADF2208 0000000000000000", "6988");
  end();
}

static void wrong_parameters(void) {
  begin(PSD_STATE_OPERATIONAL);
  expect(&r, "00CB3FFF02 5D00", "6A80");
  expect(&r, "0070000000", "01 9000");
  expect(&r, "0070000000", "02 9000");
  expect(&r, "0070000000", "03 9000");
  expect(&r, "0070000000", "6A81"); /* no channel is left */
  expect(&r, "00A4040005 F050534402", "6A82");
  expect(&r, "00B2FE2C00", "6A83");
  expect(&r, "00200082", "6A86");
  expect(&r, "00CADF3000", "6A88");
  expect(&r, "00B0817F00", "6B00");
  expect(&r, "00FF000000", "6D00");
  expect(&r, "80A4040000", "6E00");
  expect(&r, "00B0", "6700");
  end();
}

static void could_not_be_done(void) {
  begin(PSD_STATE_OPERATIONAL);
  expect(&r, "0020008106 313233343536", "9000");
  r.ram.fail_program_in = 1;
  expect(&r, "00DADF3101 41", "6581"); /* the memory failed */
  expect(&r, "00CADF3100", "6A88");    /* and nothing changed */
  end();
  begin(PSD_STATE_OPERATIONAL);
  r.card->drbg.ready = false;
  expect(&r, "0084000008", "6400"); /* no randomness */
  end();
}

/* What must hold of every answer, whatever the command was. */
static void judge(const uint8_t *command, size_t length) {
  uint16_t status = rig_send(&r, command, length);
  unsigned sw1 = status >> 8;
  bool known = psd_status_of(status) != NULL;
  bool may_have_data = status == PSD_SW_OK || sw1 == 0x61 || sw1 == 0x62 || sw1 == 0x63;
  if (!known || (r.length > 0 && !may_have_data))
    fprintf(stderr, "%02X%02X%02X%02X: %04X, %zu bytes\n", command[0], command[1], command[2], command[3], status,
            r.length);
  CU_ASSERT_TRUE(known);
  CU_ASSERT_TRUE(r.length == 0 || may_have_data);
}

static void sweep(psd_state state) {
  static const uint8_t classes[] = {0x00, 0x80, 0x10, 0x90, 0x04, 0x84, 0x0C, 0x01, 0x41};
  static const uint8_t parameters[][2] = {{0x00, 0x00}, {0x04, 0x00}, {0x00, 0x81}, {0x3F, 0xFF}, {0xDF, 0x23},
                                          {0x81, 0x7F}, {0x80, 0x00}, {0x90, 0x00}, {0x01, 0x2C}, {0xFF, 0xFF}};
  static const size_t lengths[] = {4, 5, 7, 13, 21, 22};
  begin(state);
  for (size_t c = 0; c < sizeof classes; c++)
    for (unsigned ins = 0; ins < 256; ins++)
      for (size_t p = 0; p < sizeof parameters / sizeof parameters[0]; p++)
        for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
          if (ins == 0x10 || (ins == 0xA4 && p < 2)) /* the slow self-test; the selection, to stay where we are */
            continue;
          uint8_t command[22] = {classes[c], (uint8_t)ins, parameters[p][0], parameters[p][1],
                                 (uint8_t)(lengths[l] < 6     ? 0
                                           : lengths[l] == 22 ? 16
                                                              : lengths[l] - 5)};
          judge(command, lengths[l]);
        }
  expect_selected(&r);
  end();
}

static void every_answer_in_service(void) {
  sweep(PSD_STATE_OPERATIONAL);
}

static void every_answer_when_blank(void) {
  sweep(PSD_STATE_MANUFACTURED);
}

static void every_answer_when_broken(void) {
  sweep(PSD_STATE_FAULTED);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"5.1.3: warnings 6282 and 63Cx", warnings},
      {"5.1.3: 61xx counts what waits, 6Cxx tells the right Le", more_to_come},
      {"5.1.3: 6400 and 6581, the card could not carry it out", could_not_be_done},
      {"5.1.3: 68xx, channels, secure messaging and chains that are not supported", channels_and_chains},
      {"5.1.3: 69xx, commands that are not allowed", not_allowed},
      {"5.1.3: 6987 and 6988, secure messaging that is missing or wrong", secure_messaging},
      {"5.1.3: 6Axx and 6Bxx, wrong parameters", wrong_parameters},
      {"5.1.3: every answer has a status word of the table, errors have no data: in service", every_answer_in_service},
      {"5.1.3: the same of a blank card", every_answer_when_blank},
      {"5.1.3: the same of a faulted card", every_answer_when_broken},
  };
  return psd_check_run("ISO 7816-4: status words", tests, PSD_CHECK_COUNT(tests));
}
