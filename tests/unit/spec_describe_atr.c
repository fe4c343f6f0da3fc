/* An answer to reset in words (ISO/IEC 7816-3:2006, 8; historical bytes ISO/IEC 7816-4:2005, 8.1.1). */
#include "check.h"
#include "psd/spec/describe.h"

#include <stdlib.h>
#include <string.h>

static char memory[4096];

static void describe(const char *hex) {
  uint8_t bytes[64];
  size_t length = psd_check_hex(hex, bytes, sizeof bytes);
  uint8_t *exact = malloc(length > 0 ? length : 1);
  CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
  memcpy(exact, bytes, length);
  psd_text text = psd_text_over(memory, sizeof memory);
  psd_describe_atr(&text, exact, length);
  free(exact);
}

static void has(const char *words) {
  if (strstr(memory, words) == NULL)
    fprintf(stderr, "'%s' is not in:\n%s", words, memory);
  CU_ASSERT_PTR_NOT_NULL(strstr(memory, words));
}

static void has_not(const char *words) {
  CU_ASSERT_PTR_NULL(strstr(memory, words));
}

static const char ours[] = "3B8F8131FE45 80 31F8 73F621FB 8101 F5F050534401 D5";

static void our_card(void) {
  describe(ours);
  has("direct convention");
  has("15 historical bytes");
  has("protocol T=1");
  has("IFSC");
  has("card service data");
  has("command chaining, extended lengths, 4 logical channels");
  has("life cycle state");
  has("application identifier");
  has("TCK");
  has_not("malformed");
}

static void check_byte(void) {
  uint8_t bytes[64];
  size_t length = psd_check_hex(ours, bytes, sizeof bytes);
  uint8_t sum = 0;
  for (size_t i = 1; i + 1 < length; i++)
    sum ^= bytes[i];
  bytes[length - 1] = sum;
  psd_text text = psd_text_over(memory, sizeof memory);
  psd_describe_atr(&text, bytes, length);
  has("check byte, right");
  bytes[length - 1] ^= 1;
  text = psd_text_over(memory, sizeof memory);
  psd_describe_atr(&text, bytes, length);
  has("check byte, WRONG");
}

static void t0_only_has_no_check_byte(void) {
  describe("3B02 8031");
  has("2 historical bytes");
  has_not("TCK");
  describe("3F00");
  has("inverse convention");
  has("0 historical bytes");
}

static void all_interface_bytes(void) {
  describe("3BF0 11 22 33 81 F1 44 55 66 00");
  has("TA1");
  has("TB1");
  has("TC1");
  has("TD1");
  has("TD2");
  has("TA3");
}

static void poor_capabilities(void) {
  describe("3B05 80 73000000");
  has("no command chaining, no extended lengths, 1 logical channels");
  describe("3B03 80 71 00"); /* too short for the third table */
  has("card capabilities");
  has_not("logical channels");
}

static void malformed(void) {
  describe("3B03 80 7300"); /* three bytes announced, one there */
  has("(malformed)");
  describe("3B05 8031"); /* fewer historical bytes than announced */
  has("(cut short)");
  describe("3B03 10 AABB"); /* another category */
  has("historical bytes");
  has_not("compact data objects");
}

/* Any prefix, and any byte changed: no crash, no byte beyond the end. */
static void damaged(void) {
  uint8_t bytes[64];
  size_t length = psd_check_hex(ours, bytes, sizeof bytes);
  for (size_t cut = 0; cut <= length; cut++) {
    uint8_t *exact = malloc(cut > 0 ? cut : 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
    memcpy(exact, bytes, cut);
    for (size_t i = 0; i < cut; i++)
      for (unsigned change = 1; change < 256; change += 37) {
        exact[i] ^= (uint8_t)change;
        psd_text text = psd_text_over(memory, sizeof memory);
        psd_describe_atr(&text, exact, cut);
        exact[i] ^= (uint8_t)change;
      }
    free(exact);
  }
  CU_PASS("it ended");
}

int main(void) {
  static const psd_check_test tests[] = {
      {"our card's answer to reset, piece by piece", our_card},
      {"7816-3, 8.2.5: the check byte is checked", check_byte},
      {"7816-3, 8.2.5: T=0 alone has no check byte", t0_only_has_no_check_byte},
      {"7816-3, 8.2.3: every interface byte is named", all_interface_bytes},
      {"8.1.1.2.7: a card without capabilities", poor_capabilities},
      {"malformed historical bytes are called so", malformed},
      {"a damaged answer to reset is survived", damaged},
  };
  return psd_check_run("answer to reset in words", tests, PSD_CHECK_COUNT(tests));
}
