/* ISO/IEC 7816-4:2005, 5.4 and 7.5: how long a security status lasts; GET CHALLENGE and GENERAL AUTHENTICATE. */
#include "check.h"
#include "expect.h"

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

static void expect_verified(bool verified) {
  expect(&r, "00200081", verified ? "9000" : "63C3");
  expect(&r, "00DADF3101 41", verified ? "9000" : "6982");
}

static void dies_with_reset(void) {
  begin_verified();
  expect_verified(true);
  psd_card_reset(r.card);
  expect_selected(&r);
  expect_verified(false);
  end();
}

static void dies_with_power(void) {
  begin_verified();
  psd_card_power_off(r.card);
  psd_card_power_on(r.card);
  expect_selected(&r);
  expect_verified(false);
  end();
}

static void dies_with_the_application(void) {
  static const char *const leaves[] = {"00A4000C023F00", "00A4040C", "00A4030C", "00A4080C022F00"};
  for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
    begin_verified();
    expect(&r, leaves[i], "9000");
    expect(&r, "00200081", "6D00");
    expect_selected(&r);
    expect_verified(false);
    end();
  }
}

static void dies_with_a_new_selection(void) {
  begin_verified();
  expect_selected(&r);
  expect_verified(false);
  end();
}

static void survives_a_failed_selection(void) {
  begin_verified();
  expect(&r, "00A4040005F050534402", "6A82");
  expect(&r, "00A4040009 A00000030800001000", "6A82");
  expect(&r, "00A40402 01F0", "6A82");
  expect(&r, "00A4000C021234", "6A82");
  expect(&r, "00A4050C", "6A86");
  expect_verified(true);
  end();
}

static void survives_files_and_errors(void) {
  begin_verified();
  expect(&r, "00A4020C025103", "9000");
  expect(&r, "00A4000C025053", "9000"); /* the directory it is in */
  expect(&r, "00B0820000", "* 9000");
  expect(&r, "00FF0000", "6D00");
  expect(&r, "FF000000", "6E00");
  expect(&r, "00CADF3000", "6A88");
  expect(&r, "00B0", "6700");
  expect(&r, "0070000001", "01 9000");
  expect_verified(true);
  end();
}

static void does_not_come_with_a_state(void) {
  begin_verified();
  r.seconds += UINT64_C(130) * 86400; /* LOCKED by the watchdog */
  expect(&r, "00CADF2200", "0600 9000");
  expect(&r, "00200081", "9000"); /* it is still the user who is there */
  expect(&r, "805A000001 00", "6985");
  end();
}

static void challenge_lengths(void) {
  begin();
  expect(&r, "0084000008", "..{8} 9000");
  expect(&r, "0084000001", ".. 9000");
  expect(&r, "00840000FF", "..{255} 9000");
  expect(&r, "0084000000", "..{256} 9000");
  expect(&r, "00840000000010", "..{16} 9000");
  expect(&r, "00840000000100", "..{256} 9000");
  expect(&r, "00840000", "6700");
  expect(&r, "0084010008", "6A86");
  expect(&r, "0084000108", "6A86");
  expect(&r, "0084000008 0102030405060708", "6700");
  end();
}

static void challenges_differ(void) {
  begin();
  uint8_t last[16];
  expect(&r, "0084000010", "..{16} 9000");
  for (int i = 0; i < 50; i++) {
    memcpy(last, r.response, sizeof last);
    expect(&r, "0084000010", "..{16} 9000");
    CU_ASSERT_NOT_EQUAL(memcmp(last, r.response, sizeof last), 0);
  }
  end();
}

static void challenge_needs_randomness(void) {
  rig_create(&r);
  r.entropy_stuck = true;
  psd_card_reset(r.card);
  expect_selected(&r);
  expect(&r, "00CADF2200", "0705 9000"); /* FAULTED, random generator */
  expect(&r, "0084000008", "6985");
  end();
}

static void authentication_comes_with_the_session(void) {
  begin();
  expect(&r, "0086000004 7C028000 00", "6A86");
  expect(&r, "0086010104 7C028000 00", "6A80"); /* a sign-on that cannot be read */
  expect(&r, "0086000204 7C028000 00", "6985"); /* out of turn */
  expect(&r, "0082000004 7C028000 00", "6A86");
  expect(&r, "0082000104 7C028000 00", "6985");
  expect(&r, "0086000001 7C 00", "6700");
  expect(&r, "00860000", "6700");
  expect(&r, "10860000FF 00{255}", "9000"); /* it may come in a chain */
  expect(&r, "0086000004 7C028000 00", "6A86");
  expect(&r, "00C2000001 00", "6985"); /* ENVELOPE: in the provider's session */
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"5.4: what was verified dies with a reset", dies_with_reset},
      {"5.4: what was verified dies with the power", dies_with_power},
      {"5.4: what was verified dies when the application is left", dies_with_the_application},
      {"5.4: what was verified dies when the application is selected anew", dies_with_a_new_selection},
      {"5.4: what was verified survives a selection that fails", survives_a_failed_selection},
      {"5.4: what was verified survives files, channels and errors", survives_files_and_errors},
      {"5.4: the security status and the life cycle are two things", does_not_come_with_a_state},
      {"7.5.3: GET CHALLENGE gives Le bytes, 1 to 256", challenge_lengths},
      {"7.5.3: no challenge is that before it", challenges_differ},
      {"7.5.3: without randomness there is no challenge", challenge_needs_randomness},
      {"7.5.5: GENERAL AUTHENTICATE and its like without a session", authentication_comes_with_the_session},
  };
  return psd_check_run("ISO 7816-4: security status", tests, PSD_CHECK_COUNT(tests));
}
