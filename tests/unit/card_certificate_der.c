/* DER, as the certificate meter writes and reads it (ITU-T X.690). */
#include "certificate/der.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

/* 2026-01-01 00:00:00, 2049-12-31 23:59:59, 9999-12-31 23:59:59 UTC */
#define TIME_2026 UINT64_C(1767225600)
#define TIME_2049 UINT64_C(2524607999)
#define TIME_9999 UINT64_C(253402300799)

static uint8_t bytes[512];
static psd_buffer out;

static psd_buffer *fresh(void) {
  out = psd_buffer_over(bytes, sizeof bytes);
  return &out;
}

static void wrote(const char *expected) {
  uint8_t wanted[512];
  const size_t length = psd_check_hex(expected, wanted, sizeof wanted);
  CU_ASSERT(!out.overflow && out.length == length && memcmp(bytes, wanted, length) == 0);
}

/* From memory of exactly that many bytes, so that one read too many is noticed. */
typedef struct exact {
  uint8_t *memory;
  psd_cursor from;
} exact;

static exact read_from(const char *hex) {
  uint8_t all[512];
  const size_t length = psd_check_hex(hex, all, sizeof all);
  exact e = {.memory = malloc(length > 0 ? length : 1)};
  CU_ASSERT_PTR_NOT_NULL_FATAL(e.memory);
  memcpy(e.memory, all, length);
  e.from = psd_cursor_over(e.memory, length);
  return e;
}

/* X.690, 8.3.2: "the bits of the first octet and bit 8 of the second octet shall not all be ones and shall not all be
 * zero". */
static void numbers(void) {
  static const struct {
    uint64_t number;
    const char *der;
  } samples[] = {{0, "020100"},
                 {1, "020101"},
                 {0x7F, "02017F"},
                 {0x80, "02020080"},
                 {0xFF, "020200FF"},
                 {0x100, "02020100"},
                 {0x7FFF, "02027FFF"},
                 {0x8000, "0203008000"},
                 {0xFFFFFFFF, "020500FFFFFFFF"},
                 {UINT64_MAX, "020900FFFFFFFFFFFFFFFF"}};
  static const char *const wrong[] = {"",
                                      "02",
                                      "0200",
                                      "020180",
                                      "0202FF80",
                                      "020200",
                                      "02020000",
                                      "0202007F",
                                      "0301 01",
                                      "0A0101",
                                      "02810101",
                                      "0280 01 0000",
                                      "0209010000000000000000",
                                      "020A00FFFFFFFFFFFFFFFFFF"};
  for (size_t i = 0; i < PSD_CHECK_COUNT(samples); i++) {
    uint64_t number = 7;
    psd_der_put_number(fresh(), samples[i].number);
    wrote(samples[i].der);
    exact e = read_from(samples[i].der);
    CU_ASSERT(psd_der_take_number(&e.from, PSD_DER_INTEGER, &number) && number == samples[i].number);
    CU_ASSERT_TRUE(psd_cursor_done(&e.from));
    free(e.memory);
  }
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++) {
    uint64_t number;
    exact e = read_from(wrong[i]);
    CU_ASSERT(!psd_der_take_number(&e.from, PSD_DER_INTEGER, &number) && e.from.failed);
    free(e.memory);
  }
}

/* As many bytes as there is room for, right-aligned, above zero. */
static void long_integers(void) {
  uint8_t number[4];
  static const char *const right[] = {"020101", "020400000001", "02047FFFFFFF", "020500FFFFFFFF"};
  static const uint32_t values[] = {1, 0, 0x7FFFFFFF, 0xFFFFFFFF};
  for (size_t i = 0; i < PSD_CHECK_COUNT(right); i++) {
    exact e = read_from(right[i]);
    CU_ASSERT_EQUAL(psd_der_take_integer(&e.from, number, sizeof number), values[i] != 0);
    psd_cursor taken = psd_cursor_over(number, sizeof number);
    CU_ASSERT(values[i] == 0 || psd_take_u32(&taken) == values[i]);
    free(e.memory);
  }
  static const char *const wrong[] = {"020100", "02050100000000", "020180", "0200", "02060000FFFFFFFF"};
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++) {
    exact e = read_from(wrong[i]);
    CU_ASSERT(!psd_der_take_integer(&e.from, number, sizeof number) && e.from.failed);
    free(e.memory);
  }
  psd_der_put_integer(fresh(), PSD_DER_INTEGER, (const uint8_t *)"\x00\x00\x80\x01", 4);
  wrote("0203008001");
  psd_der_put_integer(fresh(), PSD_DER_ENUMERATED, (const uint8_t *)"\x00\x09", 2);
  wrote("0A0109");
  psd_der_put_integer(fresh(), PSD_DER_INTEGER, (const uint8_t *)"\x00\x00", 2);
  wrote("020100");
}

/* RFC 5280, 4.1.2.5: UTCTime through the year 2049, GeneralizedTime from 2050 on; seconds, and Z. */
static void times(void) {
  static const struct {
    uint64_t time;
    const char *text;
    uint8_t tag;
  } samples[] = {{0, "700101000000Z", 0x17},
                 {951827696, "000229123456Z", 0x17},
                 {TIME_2026, "260101000000Z", 0x17},
                 {TIME_2049, "491231235959Z", 0x17},
                 {TIME_2049 + 1, "20500101000000Z", 0x18},
                 {TIME_9999, "99991231235959Z", 0x18}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(samples); i++) {
    uint64_t time = 1;
    psd_der_put_time(fresh(), samples[i].time);
    CU_ASSERT(bytes[0] == samples[i].tag && bytes[1] == strlen(samples[i].text));
    CU_ASSERT(out.length == 2 + strlen(samples[i].text) && memcmp(bytes + 2, samples[i].text, bytes[1]) == 0);
    psd_cursor from = psd_cursor_over(bytes, out.length);
    CU_ASSERT(psd_der_take_time(&from, &time) && time == samples[i].time && psd_cursor_done(&from));
  }
  psd_der_put_generalized(fresh(), TIME_2026);
  CU_ASSERT(bytes[0] == 0x18 && out.length == 17 && memcmp(bytes + 2, "20260101000000Z", 15) == 0);
  psd_der_put_time(fresh(), TIME_9999 + 1);
  CU_ASSERT_TRUE(out.overflow);
}

static void times_that_are_none(void) {
  static const struct {
    uint8_t tag;
    const char *text;
  } wrong[] = {
      {0x17, "2601010000Z"},       /* without seconds */
      {0x17, "260101000000"},      /* without zone */
      {0x17, "260101000000+0000"}, /* another way to say Z */
      {0x17, "260101000000ZZ"},
      {0x17, "260229000000Z"}, /* no leap year */
      {0x17, "261301000000Z"},
      {0x17, "260001000000Z"},
      {0x17, "260100000000Z"},
      {0x17, "260132000000Z"},
      {0x17, "260101240000Z"},
      {0x17, "260101006000Z"},
      {0x17, "260101000060Z"},
      {0x17, "26010100000 Z"},
      {0x17, "-60101000000Z"},
      {0x17, "691231235959Z"}, /* 1969 (RFC 5280, 4.1.2.5.1) */
      {0x17, "20260101000000Z"},
      {0x18, "260101000000Z"},
      {0x18, "20260101000000.5Z"},
      {0x18, "19691231235959Z"},
      {0x18, ""},
      {0x16, "260101000000Z"},
  };
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++) {
    uint64_t time;
    psd_put_tlv(fresh(), wrong[i].tag, wrong[i].text, strlen(wrong[i].text));
    psd_cursor from = psd_cursor_over(bytes, out.length);
    CU_ASSERT(!psd_der_take_time(&from, &time) && from.failed);
  }
}

/* X.680, 41.4: letters, digits, space and ' ( ) + , - . / : = ? */
static void texts(void) {
  for (unsigned c = 0x20; c < 0x7F; c++) {
    const uint8_t text = (uint8_t)c;
    const bool printable = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                           strchr(" '()+,-./:=?", (int)c) != NULL;
    psd_der_put_text(fresh(), &text, 1);
    CU_ASSERT(bytes[0] == (printable ? PSD_DER_PRINTABLE_STRING : PSD_DER_UTF8_STRING) && bytes[1] == 1 &&
              bytes[2] == c && out.length == 3);
    CU_ASSERT_TRUE(psd_der_text_valid(&text, 1, 1));
  }
  psd_der_put_text(fresh(), (const uint8_t *)"\xC3\xBC", 2);
  wrote("0C02C3BC");
}

/* Unicode 15, table 3-7, at each of its edges. */
static void utf8(void) {
  static const char *const right[] = {"C2A0",   "DFBF",   "E0A080",   "ECBFBF",   "ED9FBF",
                                      "EE8080", "EFBFBF", "F0908080", "F3BFBFBF", "F48FBFBF"};
  static const char *const wrong[] = {"",         "00",       "1F",       "7F",       "C280",     "C29F",   "80",
                                      "BF",       "C0AF",     "C1BF",     "E08080",   "E09FBF",   "EDA080", "EDBFBF",
                                      "F0808080", "F08FBFBF", "F4908080", "F5808080", "F8808080", "FF",     "C3",
                                      "E282",     "F09F98",   "C341",     "E28241",   "41C3"};
  uint8_t text[8];
  for (size_t i = 0; i < PSD_CHECK_COUNT(right); i++)
    CU_ASSERT_TRUE(psd_der_text_valid(text, psd_check_hex(right[i], text, sizeof text), sizeof text));
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++) {
    exact e = read_from(wrong[i]);
    CU_ASSERT_FALSE(psd_der_text_valid(e.memory, e.from.left, 64));
    free(e.memory);
  }
  CU_ASSERT_TRUE(psd_der_text_valid((const uint8_t *)"abcd", 4, 4));
  CU_ASSERT_FALSE(psd_der_text_valid((const uint8_t *)"abcde", 5, 4));
}

static void identifiers(void) {
  psd_der_put_oid(fresh(), PSD_OID_COMMON_NAME);
  wrote("0603550403");
  psd_der_put_algorithm(fresh(), PSD_OID_ECDSA_SHA256, false);
  wrote("300A06082A8648CE3D040302");
  psd_der_put_algorithm(fresh(), PSD_OID_RSA_SHA256, true);
  wrote("300D06092A864886F70D01010B0500");
  psd_cursor from = psd_cursor_over(bytes, out.length);
  CU_ASSERT_TRUE(psd_der_take_algorithm(&from, PSD_OID_RSA_SHA256, true) && psd_cursor_done(&from));
  from = psd_cursor_over(bytes, out.length);
  CU_ASSERT_FALSE(psd_der_take_algorithm(&from, PSD_OID_RSA_SHA256, false));
  from = psd_cursor_over(bytes, out.length);
  CU_ASSERT_FALSE(psd_der_take_algorithm(&from, PSD_OID_RSA_ENCRYPTION, true));
  from = psd_cursor_over(bytes + 2, 11);
  CU_ASSERT_TRUE(psd_der_take_oid(&from, PSD_OID_RSA_SHA256));
  from = psd_cursor_over("\x06\x02\x55\x04", 4);
  CU_ASSERT(!psd_der_take_oid(&from, PSD_OID_COMMON_NAME) && from.failed);
}

static void bits_and_booleans(void) {
  psd_cursor value;
  bool yes = false;
  psd_der_put_bits(fresh(), "\xAA\x55", 2);
  wrote("030300AA55");
  psd_cursor from = psd_cursor_over(bytes, out.length);
  CU_ASSERT(psd_der_take_bits(&from, &value) && value.left == 2 && value.at[0] == 0xAA);
  from = psd_cursor_over("\x03\x02\x01\xAA", 4);
  CU_ASSERT(!psd_der_take_bits(&from, &value) && from.failed);
  from = psd_cursor_over("\x03\x00", 2);
  CU_ASSERT_FALSE(psd_der_take_bits(&from, &value));
  from = psd_cursor_over("\x01\x01\xFF\x01\x01\x00\x01\x01\x01", 9); /* X.690, 11.1 */
  CU_ASSERT(psd_der_take_boolean(&from, &yes) && yes && psd_der_take_boolean(&from, &yes) && !yes);
  CU_ASSERT(!psd_der_take_boolean(&from, &yes) && from.failed);
  from = psd_cursor_over("\x01\x02\xFF\xFF", 4);
  CU_ASSERT_FALSE(psd_der_take_boolean(&from, &yes));
}

static void elements(void) {
  psd_cursor from = psd_cursor_over("\x30\x03\x02\x01\x05\x05\x00", 7), value, whole;
  CU_ASSERT(psd_der_next_is(&from, PSD_DER_SEQUENCE) && !psd_der_next_is(&from, PSD_DER_SET));
  psd_cursor ahead = from;
  CU_ASSERT(psd_der_take_whole(&ahead, PSD_DER_SEQUENCE, &whole) && whole.left == 5 && whole.at == from.at);
  CU_ASSERT(psd_der_take(&from, PSD_DER_SEQUENCE, &value) && value.left == 3);
  CU_ASSERT(psd_der_same(value, psd_cursor_over("\x02\x01\x05", 3)) && !psd_der_same(value, from));
  CU_ASSERT(psd_der_take_last(&value, PSD_DER_INTEGER, &whole) && whole.left == 1);
  CU_ASSERT_TRUE(psd_der_take_exactly(&from, "\x05\x00", 2));
  CU_ASSERT(!psd_der_next_is(&from, PSD_DER_NULL) && !psd_der_take(&from, PSD_DER_NULL, &value) && from.failed);
  from = psd_cursor_over("\x30\x03\x02\x01\x05\x05\x00", 7);
  CU_ASSERT(!psd_der_take_last(&from, PSD_DER_SEQUENCE, &value) && from.failed);
  from = psd_cursor_over("\x30\x03\x02\x01", 4);
  CU_ASSERT(!psd_der_take_whole(&from, PSD_DER_SEQUENCE, &whole) && from.failed);
  from = psd_cursor_over("\x05\x00", 2);
  CU_ASSERT(!psd_der_take_exactly(&from, "\x05\x01", 2) && from.failed);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"numbers", numbers},
      {"integers of more bytes", long_integers},
      {"times", times},
      {"times that are none", times_that_are_none},
      {"PrintableString or UTF8String", texts},
      {"UTF-8", utf8},
      {"identifiers", identifiers},
      {"bits and booleans", bits_and_booleans},
      {"elements", elements},
  };
  return psd_check_run("DER", tests, PSD_CHECK_COUNT(tests));
}
