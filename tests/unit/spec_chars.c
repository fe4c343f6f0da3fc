/* Hexadecimal digits, and printable characters. */
#include "check.h"
#include "psd/spec/chars.h"

#include <string.h>

static void digits_have_values(void) {
  static const char upper[] = "0123456789ABCDEF";
  static const char lower[] = "0123456789abcdef";
  unsigned found = 0;
  for (int c = 0; c < 256; c++) {
    int value = psd_hex_digit((char)c);
    if (value < 0)
      continue;
    CU_ASSERT_FATAL(value < 16);
    CU_ASSERT_TRUE(c == upper[value] || c == lower[value]);
    found++;
  }
  CU_ASSERT_EQUAL(found, 22);
}

static void digits_become_bytes(void) {
  static const uint8_t wanted[] = {0x01, 0xAB, 0xCD, 0xEF};
  uint8_t bytes[4];
  CU_ASSERT_EQUAL(psd_hex_bytes("01abCDEf", 8, bytes, sizeof bytes), 4);
  CU_ASSERT_EQUAL(memcmp(bytes, wanted, sizeof wanted), 0);
  CU_ASSERT_EQUAL(psd_hex_bytes("01ab and more", 4, bytes, sizeof bytes), 2);
}

static void other_text_is_refused(void) {
  uint8_t bytes[4];
  CU_ASSERT_EQUAL(psd_hex_bytes("", 0, bytes, sizeof bytes), 0);
  CU_ASSERT_EQUAL(psd_hex_bytes("012", 3, bytes, sizeof bytes), 0);
  CU_ASSERT_EQUAL(psd_hex_bytes("0102030405", 10, bytes, sizeof bytes), 0); /* one byte too many */
  CU_ASSERT_EQUAL(psd_hex_bytes("0x01", 4, bytes, sizeof bytes), 0);
  CU_ASSERT_EQUAL(psd_hex_bytes("01 2", 4, bytes, sizeof bytes), 0);
  CU_ASSERT_EQUAL(psd_hex_bytes("0G", 2, bytes, sizeof bytes), 0);
}

static void printable_is_20_to_7e(void) {
  CU_ASSERT_TRUE(psd_printable("", 0));
  CU_ASSERT_TRUE(psd_printable(" 09AZaz~", 8));
  for (int c = 0; c < 256; c++) {
    const uint8_t text[] = {'a', (uint8_t)c, 'z'};
    CU_ASSERT_EQUAL(psd_printable(text, sizeof text), c >= 0x20 && c <= 0x7E);
  }
}

/* RFC 3629, 4; and nothing that could work on a terminal. */
static void utf8_is_clean_without_controls(void) {
  static const char *const clean[] = {"", "a", "Zo\u00EB", "\u00A0", "\u20AC \U0001F600"};
  static const char *const others[] = {"\n", "a\x7F", "\xC2\x9F", "\x80", "\xC0\xAF", "a\xE2\x82", "\xED\xA0\x80"};
  for (size_t i = 0; i < sizeof clean / sizeof clean[0]; i++)
    CU_ASSERT_TRUE(psd_utf8_clean(clean[i], strlen(clean[i])));
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    CU_ASSERT_FALSE(psd_utf8_clean(others[i], strlen(others[i])));
  CU_ASSERT_FALSE(psd_utf8_clean("a\0b", 3));
}

/* ISO 3166-1: two letters. */
static void countries_are_two_capitals(void) {
  static const uint8_t none[][2] = {{'u', 'S'}, {'U', 's'}, {'@', 'S'}, {'U', '['}, {0, 'S'}, {'U', 0xC5}};
  CU_ASSERT_TRUE(psd_country((const uint8_t *)"US") && psd_country((const uint8_t *)"AZ") &&
                 psd_country((const uint8_t *)"ZA"));
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
    CU_ASSERT_FALSE(psd_country(none[i]));
}

static void ports_end_at_65535(void) {
  static const char *const none[] = {"", "65536", "80000", "4294975112", "-1", "+1", " 1", "1 ", "0x10", "http"};
  CU_ASSERT_TRUE(psd_port("0"));
  CU_ASSERT_TRUE(psd_port("7816"));
  CU_ASSERT_TRUE(psd_port("65535"));
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
    CU_ASSERT_FALSE(psd_port(none[i]));
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the 22 hexadecimal digits, and no other character, have a value", digits_have_values},
      {"pairs of digits become bytes", digits_become_bytes},
      {"odd, too many, or other characters are refused", other_text_is_refused},
      {"printable are 20 to 7E", printable_is_20_to_7e},
      {"UTF-8 without control characters", utf8_is_clean_without_controls},
      {"countries are two capitals", countries_are_two_capitals},
      {"port numbers end at 65535", ports_end_at_65535},
  };
  return psd_check_run("characters", tests, PSD_CHECK_COUNT(tests));
}
