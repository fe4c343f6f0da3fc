/* ISO/IEC 7816-4:2005, 5.1.1.2 and 7.1.2: logical channels. */
#include "check.h"
#include "expect.h"

#define PIN " 0020008106 313233343536"

static rig r;

static void begin(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
}

static void end(void) {
  rig_destroy(&r);
}

static void assigned_by_the_card(void) {
  begin();
  expect(&r, "0070000001", "01 9000");
  expect(&r, "0070000001", "02 9000");
  expect(&r, "0070000001", "03 9000");
  expect(&r, "0070000001", "6A81");
  expect(&r, "00708002", "9000");
  expect(&r, "00700000", "02 9000"); /* the one that is free; a missing Le is tolerated */
  end();
}

static void assigned_by_the_reader(void) {
  begin();
  expect(&r, "00700002", "9000");
  expect(&r, "00700002", "6A86"); /* open already */
  expect(&r, "0070000001", "01 9000");
  expect(&r, "00700003", "9000");
  expect(&r, "00700004", "6A86"); /* more than the card has */
  expect(&r, "00700013", "6A86");
  expect(&r, "007000FF", "6A86");
  end();
}

static void closed(void) {
  begin();
  expect(&r, "00700001", "9000");
  expect(&r, "00700002", "9000");
  expect(&r, "00708001", "9000");
  expect(&r, "01A4040000", "6881");
  expect(&r, "00708001", "6A86");
  expect(&r, "02708000", "9000"); /* P2 00: the one that says so */
  expect(&r, "02A4040000", "6881");
  expect(&r, "00708000", "6A86"); /* the basic one never closes */
  expect(&r, "00708004", "6A86");
  expect(&r, "00A4040C", "9000");
  end();
}

static void closed_from_another(void) {
  begin();
  expect(&r, "00700001", "9000");
  expect(&r, "00700002", "9000");
  expect(&r, "01708002", "9000");
  expect(&r, "02A4040C", "6881");
  expect(&r, "01708001", "9000"); /* by its own number */
  expect(&r, "01A4040C", "6881");
  end();
}

static void other_parameters(void) {
  begin();
  for (unsigned p1 = 1; p1 < 256; p1++) {
    if (p1 == 0x80)
      continue;
    uint8_t command[] = {0x00, 0x70, (uint8_t)p1, 0x01};
    CU_ASSERT_EQUAL(rig_send(&r, command, sizeof command), PSD_SW_WRONG_P1P2);
  }
  expect(&r, "0070000101 00", "6700");
  expect(&r, "01A4040C", "6881");
  end();
}

static void opens_on_the_master_file(void) {
  begin();
  expect_selected(&r);
  expect(&r, PIN, "9000");
  expect(&r, "00700001", "9000");
  expect(&r, "01CADF2200", "6D00");
  expect(&r, "01A4040C05F050534401", "9000");
  expect(&r, "01200081", "63C3"); /* no PIN */
  expect(&r, "01B0000000", "6986");
  end();
}

static void opens_where_its_opener_is(void) {
  begin();
  expect(&r, "00700001", "9000");
  expect(&r, "01A4040C05F050534401", "9000");
  expect(&r, "01200081 06 313233343536", "9000");
  expect(&r, "0170000001", "02 9000");
  expect(&r, "02CADF2200", "0400 9000"); /* the application of channel 1 */
  expect(&r, "02200081", "63C3");        /* but not its PIN */
  expect(&r, "02B0000000", "6986");
  end();
}

static void own_application_and_pin(void) {
  begin();
  expect_selected(&r);
  expect(&r, PIN, "9000");
  expect(&r, "00700001", "9000");
  expect(&r, "01A4040C05F050534401", "9000");
  expect(&r, "00200081", "9000");
  expect(&r, "01200081", "63C3");
  expect(&r, "01DADF3101 41", "6982");
  expect(&r, "00DADF3101 41", "9000");
  expect(&r, "01200081 06 313233343536", "9000");
  expect(&r, "00A4000C023F00", "9000"); /* deselects on the basic channel alone */
  expect(&r, "01200081", "9000");
  expect(&r, "01DADF3101 42", "9000");
  expect(&r, "00CADF3100", "6D00");
  end();
}

static void own_file_and_record(void) {
  begin();
  expect_selected(&r);
  expect(&r, "00700001", "9000");
  expect(&r, "01A4040C05F050534401", "9000");
  for (int i = 0; i < 3; i++)
    expect(&r, "0020008104 30303030", "63C."); /* a second record for the log */
  expect(&r, "00A4020C025105", "9000");
  expect(&r, "00B2000200", "00000002* 9000"); /* next: the newest */
  expect(&r, "01B2002A00", "00000002* 9000"); /* channel 1 is at its own beginning */
  expect(&r, "01B2000200", "00000001* 9000");
  expect(&r, "00B2000200", "00000001* 9000");
  expect(&r, "01A4020C025103", "9000");
  expect(&r, "00B2000300", "00000002* 9000");
  expect(&r, "01B0000000", "DF23* 9000");
  end();
}

/* Commands of three channels, each in the middle of something else. */
static void interleaved(void) {
  begin();
  expect_selected(&r);
  expect(&r, PIN, "9000");
  expect(&r, "00700001", "9000");
  expect(&r, "00700002", "9000");
  expect(&r, "01A4040C05F050534401", "9000");
  expect(&r, "02A4000C022F00", "9000");
  expect(&r, "10DADF3102 6162", "9000");      /* a chain on 0 */
  expect(&r, "01CADF2E10", "..{16} 6114");    /* an answer on 1 */
  expect(&r, "02B0000004", "61.. 4F05 9000"); /* a file on 2 */
  expect(&r, "10DADF3101 63", "9000");
  expect(&r, "01C0000004", "..{4} 6110");
  expect(&r, "02B0000402", "F050 9000");
  expect(&r, "00DADF3101 64", "9000");
  expect(&r, "01C0000010", "..{16} 9000");
  expect(&r, "02B0000603", "534401 9000");
  expect(&r, "00CADF3100", "61626364 9000");
  end();
}

static void tries_are_the_cards(void) {
  begin();
  expect_selected(&r);
  expect(&r, "00700001", "9000");
  expect(&r, "01A4040C05F050534401", "9000");
  expect(&r, "0120008104 30303030", "63C2");
  expect(&r, "0020008104 30303030", "63C1");
  expect(&r, "01200081", "63C1");
  end();
}

static void a_new_pin_counts_everywhere(void) {
  begin();
  expect_selected(&r);
  expect(&r, PIN, "9000");
  expect(&r, "00700001", "9000");
  expect(&r, "01A4040C05F050534401", "9000");
  expect(&r, "0124008120 313233343536 FF{10} 343536373839 FF{10}", "9000");
  expect(&r, "00200081", "63C3"); /* what was verified is no longer the PIN */
  end();
}

static void a_blocked_pin_counts_everywhere(void) {
  begin();
  expect_selected(&r);
  expect(&r, PIN, "9000");
  expect(&r, "00700001", "9000");
  expect(&r, "01A4040C05F050534401", "9000");
  for (int i = 0; i < 3; i++)
    expect(&r, "0120008104 30303030", "63C.");
  expect(&r, "00200081", "6983");
  expect(&r, "00DADF3101 41", "6982");
  end();
}

static void closing_forgets(void) {
  begin();
  expect(&r, "00700001", "9000");
  expect(&r, "01A4040C05F050534401", "9000");
  expect(&r, "01200081 06 313233343536", "9000");
  expect(&r, "01CADF2E10", "..{16} 6114");
  expect(&r, "00708001", "9000");
  expect(&r, "00700001", "9000");
  expect(&r, "01C0000000", "6985");
  expect(&r, "01A4040C05F050534401", "9000");
  expect(&r, "01200081", "63C3");
  end();
}

static void reset_closes_all(void) {
  begin();
  for (int i = 0; i < 3; i++)
    expect(&r, "0070000001", "0. 9000");
  psd_card_reset(r.card);
  expect(&r, "01A4040C", "6881");
  expect(&r, "02A4040C", "6881");
  expect(&r, "03A4040C", "6881");
  expect(&r, "0070000001", "01 9000");
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"7.1.2: the card assigns a channel, 6A81 when none is left", assigned_by_the_card},
      {"7.1.2: the reader assigns a channel", assigned_by_the_reader},
      {"7.1.2: a channel is closed by its number or from itself; never the basic one", closed},
      {"7.1.2: a channel is closed from another", closed_from_another},
      {"7.1.2: other parameters are answered 6A86", other_parameters},
      {"7.1.2: opened from the basic channel, a channel begins at the master file", opens_on_the_master_file},
      {"7.1.2: opened from another, it begins in that one's directory", opens_where_its_opener_is},
      {"5.1.1.2: each channel has its application and PIN", own_application_and_pin},
      {"5.1.1.2: each channel has its file and record", own_file_and_record},
      {"5.1.1.2: chains, answers and files of several channels interleaved", interleaved},
      {"7.5.6: the tries are the PIN's, not the channel's", tries_are_the_cards},
      {"7.5.7: a PIN that is replaced is verified nowhere", a_new_pin_counts_everywhere},
      {"7.5.6: a PIN that is blocked is verified nowhere", a_blocked_pin_counts_everywhere},
      {"7.1.2: closing forgets everything", closing_forgets},
      {"5.1.1.2: a reset leaves the basic channel alone", reset_closes_all},
  };
  return psd_check_run("ISO 7816-4: logical channels", tests, PSD_CHECK_COUNT(tests));
}
