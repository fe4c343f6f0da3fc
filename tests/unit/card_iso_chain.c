/* ISO/IEC 7816-4:2005, 5.1.1.1: a command in several parts. PUT DATA of the label shows what arrived. */
#include "check.h"
#include "expect.h"

static rig r;

static void begin(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  expect(&r, "0020008106 313233343536", "9000");
  expect(&r, "00DADF3103 6F6C64", "9000"); /* "old" */
}

static void end(void) {
  rig_destroy(&r);
}

static void expect_old(void) {
  expect(&r, "00CADF3100", "6F6C64 9000");
}

static void parts_are_joined(void) {
  begin();
  expect(&r, "10DADF3102 6162", "9000");
  expect(&r, "10DADF3103 636465", "9000");
  expect(&r, "00DADF3101 66", "9000");
  expect(&r, "00CADF3100", "616263646566 9000");
  end();
}

static void nothing_happens_before_the_last(void) {
  begin();
  expect(&r, "10DADF3102 6162 00", "9000"); /* an Le changes nothing: there is no answer yet */
  psd_card_reset(r.card);
  expect_selected(&r);
  expect_old();
  end();
}

static void parts_without_data(void) {
  begin();
  expect(&r, "10DADF31", "9000");
  expect(&r, "10DADF3102 6162", "9000");
  expect(&r, "10DADF31", "9000");
  expect(&r, "00DADF31", "9000");
  expect(&r, "00CADF3100", "6162 9000");
  expect(&r, "10DADF31", "9000");
  expect(&r, "00DADF31", "9000");
  expect(&r, "00CADF3100", "9000");
  end();
}

static void extended_parts(void) {
  begin();
  expect(&r, "10DADF31000020 61{32}", "9000");
  expect(&r, "00DADF3120 62{32}", "9000");
  expect(&r, "00CADF3100", "61{32} 62{32} 9000");
  end();
}

static void interrupted_by(const char *command) {
  expect(&r, "10DADF3102 6162", "9000");
  expect(&r, command, "6883");
  expect_old(); /* and now anything may be sent again */
}

static void another_command_inside(void) {
  begin();
  interrupted_by("00CADF2200");            /* another instruction */
  interrupted_by("00DADF3201 66");         /* another P2 */
  interrupted_by("00DA003101 66");         /* another P1 */
  interrupted_by("80DADF3101 66");         /* another class */
  interrupted_by("04DADF3101 66");         /* secure messaging comes in */
  interrupted_by("10CADF2200");            /* another chain */
  interrupted_by("00C0000000");            /* GET RESPONSE */
  interrupted_by("00A4040005 F050534401"); /* SELECT */
  interrupted_by("00FF0000");              /* an unknown one */
  interrupted_by("00200081");              /* VERIFY */
  end();
}

static void interruption_ends_the_chain(void) {
  begin();
  expect(&r, "10DADF3102 6162", "9000");
  expect(&r, "00200081", "6883");
  expect(&r, "00DADF3101 66", "9000"); /* a command of its own, not the end of the chain */
  expect(&r, "00CADF3100", "66 9000");
  end();
}

static void selection_and_pin_survive_an_interruption(void) {
  begin();
  expect(&r, "10DADF3102 6162", "9000");
  expect(&r, "00A40000023F00", "6883");
  expect(&r, "00200081", "9000");
  expect_old();
  end();
}

static void another_channel_does_not_interrupt(void) {
  begin();
  expect(&r, "0070000100", "9000");
  expect(&r, "01A4040005F05053440100", "*9000");
  expect(&r, "0120008106 313233343536", "9000");
  expect(&r, "10DADF3102 6162", "9000");
  expect(&r, "11DADF3102 7879", "9000");
  expect(&r, "01DADF3101 7A", "9000");
  expect(&r, "01CADF3100", "78797A 9000");
  expect(&r, "00DADF3101 63", "9000");
  expect(&r, "01CADF3100", "616263 9000");
  end();
}

static void reset_ends_it(void) {
  begin();
  expect(&r, "10DADF3102 6162", "9000");
  psd_card_reset(r.card);
  expect_selected(&r);
  expect(&r, "00CADF3100", "6F6C64 9000"); /* no 6883 */
  end();
}

static void the_whole_is_bounded(void) {
  begin();
  for (int i = 0; i < 8; i++)
    expect(&r, "10DADF31FF 61{255}", "9000"); /* 2040 */
  expect(&r, "10DADF3108 61{8}", "9000");     /* 2048: all there is room for */
  expect(&r, "00DADF3101 61", "6700");
  expect_old(); /* the chain is over */
  expect(&r, "10DADF31000800 61{2048}", "9000");
  expect(&r, "10DADF3101 61", "6700");
  expect_old();
  expect(&r, "10DADF3100FFFF 61{65535}", "6700");
  expect_old();
  end();
}

static void the_whole_is_judged(void) {
  begin();
  expect(&r, "10DADF3140 61{64}", "9000");
  expect(&r, "00DADF3101 61", "6A80"); /* 65 bytes; the label has at most 64 */
  expect_old();
  expect(&r, "10DADF3101 C3", "9000"); /* UTF-8 across the seam */
  expect(&r, "00DADF3101 BC", "9000");
  expect(&r, "00CADF3100", "C3BC 9000");
  end();
}

static void refused_from_the_start(void) {
  begin();
  expect(&r, "00A40000023F00", "*9000");
  expect_selected(&r); /* the PIN is gone */
  expect(&r, "10DADF3102 6162", "6982");
  expect_old(); /* no chain was begun */
  expect(&r, "10DADF3002 6162", "6982");
  end();
}

static void commands_without_chains(void) {
  begin();
  for (size_t i = 0; i < PSD_COMMAND_COUNT; i++) {
    const psd_command *row = &psd_commands[i];
    if ((row->flags & PSD_FLAG_CHAIN) != 0)
      continue;
    uint8_t command[] = {row->class == PSD_CLASS_GP ? 0x90 : 0x10, row->ins, row->p1.value, row->p2.value};
    CU_ASSERT_EQUAL(rig_send(&r, command, sizeof command), PSD_SW_CHAINING_UNSUPPORTED);
  }
  expect(&r, "00200081", "9000"); /* nothing was begun, nothing lost */
  end();
}

static void a_malformed_part_is_no_part(void) {
  begin();
  expect(&r, "10DADF3102 6162", "9000");
  expect(&r, "10DADF3103 6364", "6700");
  expect(&r, "00DADF3101 63", "9000");
  expect(&r, "00CADF3100", "616263 9000");
  end();
}

static void a_chain_drops_what_waits(void) {
  begin();
  expect(&r, "00CADF2E10", "..{16} 6114");
  expect(&r, "10DADF3102 6162", "9000");
  expect(&r, "00DADF3101 63", "9000");
  expect(&r, "00C0000000", "6985");
  expect(&r, "00CADF3100", "616263 9000");
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"5.1.1.1: the data of a chain are joined", parts_are_joined},
      {"5.1.1.1: nothing happens before the last part", nothing_happens_before_the_last},
      {"5.1.1.1: a part may be without data", parts_without_data},
      {"5.1.1.1: parts may be extended", extended_parts},
      {"5.1.1.1: class, INS, P1 and P2 stay the same, or 6883", another_command_inside},
      {"5.1.1.1: an interrupted chain is over", interruption_ends_the_chain},
      {"5.1.1.1: the command that interrupts is not carried out", selection_and_pin_survive_an_interruption},
      {"5.1.1.2: a command on another channel does not interrupt", another_channel_does_not_interrupt},
      {"5.1.1.1: a reset ends a chain", reset_ends_it},
      {"5.1.1.1: what a chain collects is bounded", the_whole_is_bounded},
      {"5.1.1.1: the data are judged as a whole", the_whole_is_judged},
      {"5.1.1.1: a command that is not allowed begins no chain", refused_from_the_start},
      {"5.1.1.1: 6884 for commands that have no chains", commands_without_chains},
      {"5.1.1.1: a malformed part is no part", a_malformed_part_is_no_part},
      {"7.6.1: a chain drops a waiting answer", a_chain_drops_what_waits},
  };
  return psd_check_run("ISO 7816-4: command chaining", tests, PSD_CHECK_COUNT(tests));
}
