/* The command APDU and its class byte (ISO/IEC 7816-4:2005, 5.1 and 5.1.1). */
#include "check.h"
#include "psd/spec/apdu.h"

#include <stdlib.h>
#include <string.h>

static uint8_t storage[PSD_APDU_MAX];

static bool parse(const char *hex, psd_apdu *apdu) {
  size_t length = psd_check_hex(hex, storage, sizeof storage);
  return psd_parse_apdu(storage, length, apdu);
}

static void expect(const char *hex, size_t nc, size_t ne, bool extended) {
  psd_apdu apdu;
  CU_ASSERT_TRUE_FATAL(parse(hex, &apdu));
  CU_ASSERT_EQUAL(apdu.cla, storage[0]);
  CU_ASSERT_EQUAL(apdu.ins, storage[1]);
  CU_ASSERT_EQUAL(apdu.p1, storage[2]);
  CU_ASSERT_EQUAL(apdu.p2, storage[3]);
  CU_ASSERT_EQUAL(apdu.nc, nc);
  CU_ASSERT_EQUAL(apdu.ne, ne);
  CU_ASSERT_EQUAL(apdu.extended, extended);
  CU_ASSERT_EQUAL(apdu.data == NULL, nc == 0);
}

static void four_short_cases(void) {
  expect("00A40000", 0, 0, false);
  expect("00B0000000", 0, 256, false);
  expect("00B0000001", 0, 1, false);
  expect("00B00000FF", 0, 255, false);
  expect("00A40000023F00", 2, 0, false);
  expect("00A40000023F0000", 2, 256, false);
  expect("00A40000023F000A", 2, 10, false);
}

static void extended_cases(void) {
  expect("00B00000000000", 0, 65536, true);
  expect("00B00000000100", 0, 256, true);
  expect("00B0000000FFFF", 0, 65535, true);
  expect("00A400000000023F00", 2, 0, true);
  expect("00A400000000023F000000", 2, 65536, true);
  expect("00A400000000023F000001", 2, 1, true);
}

static void largest_command(void) {
  memset(storage, 0xA5, sizeof storage);
  memcpy(storage, "\x00\xDA\xDF\x31\x00\xFF\xFF", 7);
  memcpy(storage + 7 + 65535, "\x00\x00", 2);
  psd_apdu apdu;
  CU_ASSERT_TRUE_FATAL(psd_parse_apdu(storage, PSD_APDU_MAX, &apdu));
  CU_ASSERT_EQUAL(apdu.nc, 65535);
  CU_ASSERT_EQUAL(apdu.ne, 65536);
  CU_ASSERT_PTR_EQUAL(apdu.data, storage + 7);
}

static void inconsistent_lengths(void) {
  static const char *const wrong[] = {
      "",
      "00",
      "00A4",
      "00A400",
      "00A400000200",             /* one byte of two */
      "00A40000023F000000",       /* two bytes of Le behind short Lc */
      "00A400000001",             /* extended form begun, and cut */
      "00A4000000000200",         /* extended Lc of two, one byte */
      "00A400000000023F0000",     /* one byte of extended Le */
      "00A400000000023F00000000", /* three of them */
      "00A4000000000000",         /* extended Lc of nothing, with something behind it */
      "00A40000000000000A",
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    psd_apdu apdu;
    CU_ASSERT_FALSE(parse(wrong[i], &apdu));
  }
}

/* Every Nc and Ne at which the form changes survives writing and reading. */
static void round_trip(void) {
  static const size_t counts[] = {0, 1, 254, 255, 256, 257, 2048, 65535};
  static const size_t expected[] = {0, 1, 255, 256, 257, 65535, 65536};
  static uint8_t data[65535];
  memset(data, 0x3C, sizeof data);
  for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
    for (size_t e = 0; e < sizeof expected / sizeof expected[0]; e++)
      for (int extended = 0; extended < 2; extended++) {
        psd_apdu in = {0x80, 0xE2, 0x01, 0x02, counts[c] > 0 ? data : NULL, counts[c], expected[e], extended != 0};
        psd_apdu out;
        psd_buffer buffer = psd_buffer_over(storage, sizeof storage);
        psd_put_apdu(&buffer, &in);
        CU_ASSERT_FALSE_FATAL(buffer.overflow);
        CU_ASSERT_TRUE_FATAL(psd_parse_apdu(storage, buffer.length, &out));
        CU_ASSERT_TRUE(out.cla == 0x80 && out.ins == 0xE2 && out.p1 == 0x01 && out.p2 == 0x02);
        CU_ASSERT_EQUAL(out.nc, in.nc);
        CU_ASSERT_EQUAL(out.ne, in.ne);
        CU_ASSERT_TRUE(in.nc == 0 || memcmp(out.data, data, in.nc) == 0);
      }
}

static void short_form_where_it_is_enough(void) {
  psd_apdu apdu = {.cla = 0x00, .ins = 0xB0, .ne = 256};
  psd_buffer buffer = psd_buffer_over(storage, sizeof storage);
  psd_put_apdu(&buffer, &apdu);
  psd_check_bytes(storage, buffer.length, "00B0000000", "Le 256 in short form");
  apdu.ne = 257;
  buffer = psd_buffer_over(storage, sizeof storage);
  psd_put_apdu(&buffer, &apdu);
  psd_check_bytes(storage, buffer.length, "00B00000000101", "Le 257 in extended form");
}

/* Cut anywhere, a command never parses as one with more data than there are bytes. */
static void every_cut(void) {
  static const char *const whole[] = {"00A4040005F05053440100", "00A404000000 05F0505344010000"};
  for (size_t w = 0; w < 2; w++) {
    uint8_t bytes[32];
    size_t length = psd_check_hex(whole[w], bytes, sizeof bytes);
    for (size_t cut = 0; cut < length; cut++) {
      uint8_t *exact = malloc(cut > 0 ? cut : 1);
      CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
      memcpy(exact, bytes, cut);
      psd_apdu apdu;
      if (psd_parse_apdu(exact, cut, &apdu)) {
        CU_ASSERT_TRUE(apdu.nc <= cut);
        CU_ASSERT_TRUE(apdu.nc == 0 || (apdu.data > exact && apdu.data + apdu.nc <= exact + cut));
      }
      free(exact);
    }
  }
}

static psd_cla cla(uint8_t byte, bool valid) {
  psd_cla decoded = psd_decode_cla(byte);
  CU_ASSERT_EQUAL(decoded.valid, valid);
  return decoded;
}

static void classes_that_are_reserved(void) {
  for (unsigned byte = 0; byte < 256; byte++) {
    bool reserved = (byte >= 0x20 && byte <= 0x3F) || (byte >= 0xA0 && byte <= 0xBF) || byte == 0xFF;
    cla((uint8_t)byte, !reserved);
  }
}

static void first_interindustry_classes(void) {
  for (unsigned byte = 0; byte < 0x20; byte++) {
    psd_cla decoded = cla((uint8_t)byte, true);
    CU_ASSERT_EQUAL(decoded.class, PSD_CLASS_ISO);
    CU_ASSERT_EQUAL(decoded.channel, byte & 3);
    CU_ASSERT_EQUAL(decoded.chained, (byte & 0x10) != 0);
    psd_cla_sm sm = (byte & 0x0C) == 0 ? PSD_SM_NONE : (byte & 0x0C) == 4 ? PSD_SM_PROPRIETARY : PSD_SM_ISO;
    CU_ASSERT_EQUAL(decoded.sm, sm);
  }
}

static void further_interindustry_classes(void) {
  for (unsigned byte = 0x40; byte < 0x80; byte++) {
    psd_cla decoded = cla((uint8_t)byte, true);
    CU_ASSERT_EQUAL(decoded.class, PSD_CLASS_ISO);
    CU_ASSERT_EQUAL(decoded.channel, 4 + (byte & 0x0F));
    CU_ASSERT_EQUAL(decoded.chained, (byte & 0x10) != 0);
    CU_ASSERT_EQUAL(decoded.sm, (byte & 0x20) != 0 ? PSD_SM_ISO : PSD_SM_NONE);
  }
}

static void proprietary_classes(void) {
  psd_cla decoded = cla(0x84, true);
  CU_ASSERT_TRUE(decoded.class == PSD_CLASS_GP && decoded.channel == 0 && decoded.sm == PSD_SM_PROPRIETARY);
  decoded = cla(0x93, true);
  CU_ASSERT_TRUE(decoded.class == PSD_CLASS_GP && decoded.channel == 3 && decoded.chained);
  decoded = cla(0xC1, true);
  CU_ASSERT_TRUE(decoded.class == PSD_CLASS_GP && decoded.channel == 5);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"5.1: cases 1, 2, 3 and 4, short", four_short_cases},
      {"5.1: cases 2, 3 and 4, extended", extended_cases},
      {"5.1: the longest command there can be", largest_command},
      {"5.1: a length that contradicts Lc is no command", inconsistent_lengths},
      {"5.1: writing and reading give back every Nc and Ne", round_trip},
      {"5.1: short form is used where it is enough", short_form_where_it_is_enough},
      {"5.1: a command cut anywhere never claims more data than there are", every_cut},
      {"5.1.1: FF and the reserved classes are none", classes_that_are_reserved},
      {"5.1.1, table 2: classes 00 to 1F, channels 0 to 3", first_interindustry_classes},
      {"5.1.1, table 3: classes 40 to 7F, channels 4 to 19", further_interindustry_classes},
      {"GlobalPlatform classes are coded alike", proprietary_classes},
  };
  return psd_check_run("command APDU", tests, PSD_CHECK_COUNT(tests));
}
