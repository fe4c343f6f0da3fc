/* The secure channel under attack (GlobalPlatform Amendment D; ISO/IEC 7816-4:2005, 6: 6987 and 6988 end the session).
 */
#include "check.h"
#include "expect.h"

#include <string.h>

static rig r;
static uint8_t wire[512];

static void begin(uint8_t level) {
  rig_create(&r);
  expect_selected(&r);
  CU_ASSERT_EQUAL_FATAL(rig_open_channel(&r, level), PSD_SW_OK);
  expect_secure(&r, "00CADF2200", "0100 9000");
}

static void end(void) {
  rig_destroy(&r);
}

/* A command that writes: what it did not do shows. */
#define WRITE "80E210000B DF2008 50425331 DEADBEEF"

static void expect_nothing_written(void) {
  expect(&r, "00CADF2000", "50425331 00C0FFEE 9000");
}

static void expect_session_over(void) {
  uint16_t status = rig_send(&r, wire, rig_wrap(&r, "00CADF2200", wire, sizeof wire));
  CU_ASSERT_EQUAL(status, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(r.length, 0);
  expect_nothing_written();
  expect(&r, "80E2900000", "6982"); /* nobody is the personaliser now */
}

/* Every bit of the command on the wire: header, data, MAC. What is still a command of the session is 6988. */
static void every_bit(uint8_t level) {
  begin(level);
  rig_copy fresh;
  rig_save(&r, &fresh);
  size_t length = rig_wrap(&r, WRITE, wire, sizeof wire);
  unsigned incorrect = 0;
  for (size_t bit = 0; bit < 8 * length; bit++) {
    rig_restore(&r, &fresh);
    uint8_t changed[64];
    memcpy(changed, wire, length);
    changed[bit / 8] ^= (uint8_t)(1U << bit % 8);
    uint16_t status = rig_send(&r, changed, length);
    CU_ASSERT_NOT_EQUAL(status, PSD_SW_OK);
    CU_ASSERT_EQUAL(r.length, 0);
    incorrect += status == PSD_SW_SM_INCORRECT ? 1U : 0U;
    if (bit >= 8 * 5)
      CU_ASSERT_EQUAL(status, PSD_SW_SM_INCORRECT);
  }
  CU_ASSERT_TRUE(incorrect >= 8 * (length - 5));
  rig_restore(&r, &fresh);
  CU_ASSERT_EQUAL(rig_send(&r, wire, length), PSD_SW_OK); /* unaltered */
  rig_forget(&fresh);
  end();
}

static void altered(void) {
  every_bit(0x01);
  every_bit(0x33);
}

static void missing_mac(void) {
  begin(0x01);
  expect(&r, "84E2100007 00{7}", "6987"); /* shorter than a MAC */
  expect_session_over();
  end();
  begin(0x01);
  expect(&r, "04CADF2200", "6987");
  expect_session_over();
  end();
}

static void in_clear(void) {
  begin(0x33);
  expect(&r, "00CADF2200", "6987");
  expect_session_over();
  end();
  begin(0x33);
  expect(&r, WRITE, "6987");
  expect_session_over();
  end();
}

static void replayed(void) {
  begin(0x33);
  size_t length = rig_wrap(&r, "00CADF2200", wire, sizeof wire);
  CU_ASSERT_EQUAL(rig_send(&r, wire, length), PSD_SW_OK);
  CU_ASSERT_EQUAL(rig_send(&r, wire, length), PSD_SW_SM_INCORRECT);
  expect_session_over();
  end();
}

static void replayed_in_another_session(void) {
  begin(0x01);
  size_t length = rig_wrap(&r, WRITE, wire, sizeof wire);
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x01), PSD_SW_OK);
  CU_ASSERT_EQUAL(rig_send(&r, wire, length), PSD_SW_SM_INCORRECT);
  expect_session_over();
  end();
}

static void reordered(void) {
  begin(0x01);
  uint8_t second[64];
  size_t first_length = rig_wrap(&r, "00CADF2200", wire, sizeof wire);
  size_t second_length = rig_wrap(&r, "00CADF2000", second, sizeof second);
  CU_ASSERT_EQUAL(rig_send(&r, second, second_length), PSD_SW_SM_INCORRECT);
  CU_ASSERT_EQUAL(rig_send(&r, wire, first_length), PSD_SW_CONDITIONS);
  expect_session_over();
  end();
}

static void one_left_out(void) {
  begin(0x33);
  rig_wrap(&r, "00CADF2200", wire, sizeof wire);
  uint16_t status = rig_send(&r, wire, rig_wrap(&r, WRITE, wire, sizeof wire));
  CU_ASSERT_EQUAL(status, PSD_SW_SM_INCORRECT);
  expect_session_over();
  end();
}

/* The MAC is right, and what it covers is no padded text. */
static void wrong_padding(void) {
  begin(0x03);
  r.host.level = 0x01; /* the host does not encipher */
  size_t length = rig_wrap(&r, "80E2100010 DF2008 50425331 DEADBEEF 0000000000", wire, sizeof wire);
  CU_ASSERT_EQUAL(rig_send(&r, wire, length), PSD_SW_SM_INCORRECT);
  expect_session_over();
  end();
  begin(0x03);
  r.host.level = 0x01;
  length = rig_wrap(&r, WRITE, wire, sizeof wire); /* nor whole blocks */
  CU_ASSERT_EQUAL(rig_send(&r, wire, length), PSD_SW_SM_INCORRECT);
  expect_session_over();
  end();
}

static void ended_by_selection(void) {
  static const char *const leaves[] = {"00A4040005F05053440100", "00A4000C023F00", "00A4040C", "00A4030C"};
  for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
    begin(0x33);
    expect(&r, leaves[i], "* 9000");
    expect_selected(&r);
    expect_session_over();
    end();
  }
}

static void ended_by_reset(void) {
  begin(0x33);
  psd_card_reset(r.card);
  expect_selected(&r);
  expect_session_over();
  end();
}

static void ended_by_closing_its_channel(void) {
  psd_card_birth keys = rig_birth();
  rig_create(&r);
  expect(&r, "00700001", "9000");
  expect(&r, "01A4040C05F050534401", "9000");
  CU_ASSERT_EQUAL(rig_open_channel_as(&r, &keys, 8, 1, 0x01), PSD_SW_OK);
  expect(&r, "00708001", "9000");
  expect(&r, "00700001", "9000");
  expect(&r, "01A4040C05F050534401", "9000");
  expect_secure(&r, "00CADF2200", "6985");
  end();
}

static void ended_by_a_new_beginning(void) {
  begin(0x01);
  rig_host old = r.host;
  expect(&r, "8050000008 0102030405060708 00", "* 9000");
  r.host = old;
  expect_secure(&r, "00CADF2200", "6985");
  expect(&r, "00CADF2200", "0100 9000"); /* in clear: there is no session */
  end();
}

static void on_another_channel(void) {
  begin(0x33);
  expect(&r, "00700001", "9000");
  expect(&r, "01A4040C05F050534401", "9000");
  r.host.channel = 1;
  rig_host before = r.host;
  expect_secure(&r, WRITE, "6985"); /* the right keys, the wrong place */
  expect(&r, "01CADF2000", "50425331 00C0FFEE 9000");
  r.host = before;
  r.host.channel = 0;
  expect_secure(&r, "00CADF2000", "50425331 00C0FFEE 9000"); /* the session is untouched */
  end();
}

/* The second half of the handshake. */
static void begin_handshake(void) {
  psd_card_birth keys = rig_birth();
  rig_create(&r);
  expect_selected(&r);
  CU_ASSERT_EQUAL(rig_begin_channel(&r, &keys, 8, 0), PSD_SW_OK);
}

static void wrong_cryptogram(void) {
  begin_handshake();
  r.host.cryptogram[0] ^= 1;
  CU_ASSERT_EQUAL(rig_authenticate(&r, 0x01), PSD_SW_VERIFICATION_FAILED);
  r.host.cryptogram[0] ^= 1;
  memset(r.host.chaining, 0, sizeof r.host.chaining);
  CU_ASSERT_EQUAL(rig_authenticate(&r, 0x01), PSD_SW_CONDITIONS); /* one guess a beginning */
  end();
}

static void wrong_keys(void) {
  psd_card_birth keys = rig_birth();
  rig_create(&r);
  expect_selected(&r);
  expect(&r, "8050000008 0102030405060708 00", "* 9000");
  expect(&r, "8482010010 00112233445566778899AABBCCDDEEFF", "6988");
  expect(&r, "8482010010 00112233445566778899AABBCCDDEEFF", "6985");
  CU_ASSERT_EQUAL(rig_open_channel_as(&r, &keys, 8, 0, 0x01), PSD_SW_OK); /* who has the keys still may */
  end();
}

static void levels_that_are_none(void) {
  static const uint8_t levels[] = {0x01, 0x03, 0x11, 0x13, 0x33};
  for (unsigned level = 0; level < 256; level++) {
    if (memchr(levels, (int)level, sizeof levels) != NULL)
      continue;
    begin_handshake();
    CU_ASSERT_EQUAL(rig_authenticate(&r, (uint8_t)level), PSD_SW_WRONG_P1P2);
    memset(r.host.chaining, 0, sizeof r.host.chaining);
    CU_ASSERT_EQUAL(rig_authenticate(&r, 0x01), PSD_SW_CONDITIONS);
    end();
  }
}

static void authentication_out_of_turn(void) {
  rig_create(&r);
  expect_selected(&r);
  expect(&r, "8482010010 00{16}", "6985"); /* nothing was begun */
  expect(&r, "8082010008 00{8}", "6985");
  end();
  begin_handshake();
  expect(&r, "8082010008 00{8}", "6985"); /* in clear */
  CU_ASSERT_EQUAL(rig_authenticate(&r, 0x01), PSD_SW_CONDITIONS);
  end();
  begin_handshake();
  expect(&r, "00CADF2200", "0100 9000"); /* something else first */
  CU_ASSERT_EQUAL(rig_authenticate(&r, 0x01), PSD_SW_CONDITIONS);
  end();
  begin_handshake();
  expect(&r, "8482010018 00{24}", "6988");
  end();
  begin(0x01);
  CU_ASSERT_EQUAL(rig_authenticate(&r, 0x33), PSD_SW_CONDITIONS); /* twice */
  end();
}

static void secured_before_it_is_open(void) {
  begin_handshake();
  r.host.level = 0x01;
  rig_host before = r.host;
  expect_secure(&r, "00CADF2200", "6985");
  r.host = before;
  CU_ASSERT_EQUAL(rig_authenticate(&r, 0x01), PSD_SW_OK); /* which ends nothing */
  end();
}

static void other_secure_messaging(void) {
  begin(0x33);
  expect(&r, "0CCADF2200", "6882");
  expect(&r, "08CADF2200", "6882");
  expect_secure(&r, "00CADF2200", "0100 9000");
  end();
}

static void access_needs_the_session(void) {
  begin(0x01);
  expect_secure(&r, "80E2100007 DF3204 31323334", "6982"); /* a PIN needs C-ENC */
  expect_secure(&r, "80E210000B DF2008 50425331 DEADBEEF", "9000");
  expect(&r, "00A4040005F05053440100", "* 9000");
  expect(&r, "80E2100007 DF3204 31323334", "6982");
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"6.2.4: a command with any bit altered is not carried out", altered},
      {"7816-4, 6: a missing MAC is answered 6987 and ends the session", missing_mac},
      {"7816-4, 6: a command in clear is answered 6987 and ends the session", in_clear},
      {"6.2.3: a command that is repeated is answered 6988", replayed},
      {"6.2.3: a command of an earlier session is answered 6988", replayed_in_another_session},
      {"6.2.3: commands in another order are answered 6988", reordered},
      {"6.2.3: a command that was left out is noticed", one_left_out},
      {"6.2.6: what does not decipher to padded text is answered 6988", wrong_padding},
      {"a selection ends the session", ended_by_selection},
      {"a reset ends the session", ended_by_reset},
      {"closing its logical channel ends the session", ended_by_closing_its_channel},
      {"INITIALIZE UPDATE ends the session", ended_by_a_new_beginning},
      {"a session is worth nothing on another logical channel", on_another_channel},
      {"7.1.2: a wrong cryptogram has one guess", wrong_cryptogram},
      {"7.1.2: without the keys nothing opens", wrong_keys},
      {"7.1.2: other security levels are answered 6A86", levels_that_are_none},
      {"7.1.2: EXTERNAL AUTHENTICATE out of its turn", authentication_out_of_turn},
      {"7.1.2: no secured command before the session is open", secured_before_it_is_open},
      {"5.1.1: secure messaging of another kind is answered 6882 and ends nothing", other_secure_messaging},
      {"who is the personaliser is told by the session alone", access_needs_the_session},
  };
  return psd_check_run("SCP03: attacks", tests, PSD_CHECK_COUNT(tests));
}
