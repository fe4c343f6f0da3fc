/* ISO/IEC 7816-4:2005, 7.6.1: GET RESPONSE, and answers that are longer than the reader asked for. */
#include "check.h"
#include "expect.h"

#include <stdio.h>

/* 36 bytes, of which 16 are sent: 20 wait. */
#define LONG_ANSWER "00CADF2E10"
/* 24 times the postage registers: 744 bytes. */
#define VERY_LONG_LIST "5C30" MANY MANY MANY MANY
#define MANY "DF23 DF23 DF23 DF23 DF23 DF23"
#define VERY_LONG "00CB3FFF32" VERY_LONG_LIST

static rig r;

static void begin(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
}

static void end(void) {
  rig_destroy(&r);
}

static void the_rest_is_fetched(void) {
  begin();
  expect(&r, LONG_ANSWER, "..{16} 6114");
  expect(&r, "00C0000014", "..{20} 9000");
  expect(&r, "00C0000000", "6985"); /* nothing is left */
  expect(&r, LONG_ANSWER, "..{16} 6114");
  expect(&r, "00C0000000", "..{20} 9000"); /* Le 00: all there is */
  end();
}

static void in_pieces(void) {
  begin();
  expect(&r, "00CB3FFF04 5C02DF22 02", "DF22 6103");
  expect(&r, "00C0000001", "02 6102");
  expect(&r, "00C0000001", "04 6101");
  expect(&r, "00C0000001", "00 9000");
  expect(&r, "00C0000001", "6985");
  end();
}

static void too_much_is_asked_for(void) {
  begin();
  expect(&r, LONG_ANSWER, "..{16} 6114");
  expect(&r, "00C0000015", "6C14");
  expect(&r, "00C00000FF", "6C14"); /* it still waits */
  expect(&r, "00C0000014", "..{20} 9000");
  end();
}

static void le_is_missing(void) {
  begin();
  expect(&r, LONG_ANSWER, "..{16} 6114");
  expect(&r, "00C00000", "..{20} 9000");
  end();
}

static void more_than_255_wait(void) {
  begin();
  expect(&r, VERY_LONG " 00", "..{256} 6100");
  expect(&r, "00C0000000", "..{256} 61E8");
  expect(&r, "00C00000E8", "..{232} 9000");
  expect(&r, VERY_LONG " 00", "..{256} 6100");
  expect(&r, "00C00000FF", "..{255} 61E9");
  expect(&r, "00C00000000000", "..{233} 9000"); /* extended Le */
  end();
}

static void extended_le_takes_it_all(void) {
  begin();
  expect(&r, "00CB3FFF000032" VERY_LONG_LIST "0000", "..{744} 9000");
  expect(&r, "00CB3FFF000032" VERY_LONG_LIST "01F4", "..{500} 61F4");
  expect(&r, "00C000000000F4", "..{244} 9000");
  end();
}

/* What waited is gone after any other command on the channel, whether or not that one is carried out. */
static void dropped_by(const char *command, const char *answer) {
  expect_selected(&r);
  expect(&r, LONG_ANSWER, "..{16} 6114");
  expect(&r, command, answer);
  expect(&r, "00C0000000", "6985");
}

static void other_commands_drop_it(void) {
  begin();
  dropped_by("00CADF2200", "0400 9000");
  dropped_by("00200081", "63C3");
  dropped_by("00A4040005 F050534402", "6A82"); /* a selection that fails */
  dropped_by("00A4000C023F00", "9000");
  dropped_by("00FF0000", "6D00");       /* unknown */
  dropped_by("80C0000000", "6E00");     /* GET RESPONSE is not proprietary */
  dropped_by("00CADF22010000", "6700"); /* malformed */
  dropped_by("00CB3FFF000000", "6700");
  dropped_by("0CCADF2200", "6882"); /* refused for its class */
  dropped_by("10CADF2200", "6884");
  dropped_by("00C0010000", "6A86");
  dropped_by("00C0000001AA", "6700");
  dropped_by("0070000000", "01 9000");
  end();
}

static void reset_drops_it(void) {
  begin();
  expect(&r, LONG_ANSWER, "..{16} 6114");
  psd_card_reset(r.card);
  expect(&r, "00C0000000", "6985");
  end();
}

static void every_channel_has_its_own(void) {
  begin();
  expect(&r, "0070000100", "9000");
  expect(&r, "01A4040005F05053440100", "*9000");
  expect(&r, LONG_ANSWER, "..{16} 6114");
  expect(&r, "01CB3FFF04 5C02DF22 02", "DF22 6103");
  expect(&r, "00C0000004", "..{4} 6110");
  expect(&r, "01C0000001", "02 6102");
  expect(&r, "01FF0000", "6D00"); /* drops what waits on channel 1, there alone */
  expect(&r, "01C0000000", "6985");
  expect(&r, "00C0000010", "..{16} 9000");
  end();
}

static void no_chain_and_no_secure_messaging(void) {
  begin();
  expect(&r, LONG_ANSWER, "..{16} 6114");
  expect(&r, "10C0000000", "6884");
  expect(&r, "04C0000008 0000000000000000", "6882");
  expect(&r, "00C0000000", "..{20} 9000");
  end();
}

/* The pieces are those of one moment: they fit together whatever the sizes. */
static void pieces_fit_together(void) {
  begin();
  uint8_t whole[36];
  expect(&r, "00CADF2E00", "..{36} 9000");
  for (size_t i = 0; i < sizeof whole; i++)
    whole[i] = r.response[i];
  for (uint8_t first = 1; first < 36; first++) {
    uint8_t command[] = {0x00, 0xCA, 0xDF, 0x2E, first};
    uint8_t fetch[] = {0x00, 0xC0, 0x00, 0x00, 0x05};
    size_t at = 0;
    uint16_t status = rig_send(&r, command, sizeof command);
    for (;;) {
      for (size_t i = 0; i < r.length; i++)
        CU_ASSERT_EQUAL(r.response[i], whole[at + i]);
      at += r.length;
      if (status == PSD_SW_OK)
        break;
      CU_ASSERT_EQUAL_FATAL(status, 0x6100 + 36 - at);
      fetch[4] = (uint8_t)(36 - at < 5 ? 36 - at : 5);
      status = rig_send(&r, fetch, sizeof fetch);
    }
    CU_ASSERT_EQUAL(at, sizeof whole);
  }
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"7.6.1: the rest of an answer is fetched", the_rest_is_fetched},
      {"7.6.1: an answer may be fetched in pieces", in_pieces},
      {"5.1.3: 6Cxx tells how much waits, and it goes on waiting", too_much_is_asked_for},
      {"7.6.1: a missing Le asks for what there is", le_is_missing},
      {"5.1.3: 6100 stands for 256 bytes and more", more_than_255_wait},
      {"5.1: an extended Le takes the whole answer", extended_le_takes_it_all},
      {"7.6.1: any other command drops what waits, even one that is refused", other_commands_drop_it},
      {"7.6.1: a reset drops what waits", reset_drops_it},
      {"5.1.1.2: what waits belongs to its logical channel", every_channel_has_its_own},
      {"7.6.1: GET RESPONSE has neither chains nor secure messaging of its own", no_chain_and_no_secure_messaging},
      {"7.6.1: the pieces are those of one answer", pieces_fit_together},
  };
  return psd_check_run("ISO 7816-4: GET RESPONSE", tests, PSD_CHECK_COUNT(tests));
}
