/* What card, reader and verifier share of evidence of postage (apdu-spec/include/psd/spec/evidence.h). */
#include "check.h"
#include "psd/spec/evidence.h"

#include <stdlib.h>
#include <string.h>

static void profiles_have_the_size_of_their_layouts(void) {
  CU_ASSERT_EQUAL(PSD_SIZE_INDICIUM, 49);
  CU_ASSERT_EQUAL(PSD_SIZE_COMPACT_INDICIUM, 14);
  size_t most = 0;
  for (uint64_t id = 0; id < 256; id++) {
    const psd_profile_row *row = psd_profile_of(id);
    CU_ASSERT_EQUAL(row != NULL, id >= PSD_PROFILE_DSA && id <= PSD_PROFILE_COMPACT);
    if (row == NULL)
      continue;
    size_t text = id == PSD_PROFILE_COMPACT ? PSD_SIZE_COMPACT_INDICIUM : PSD_SIZE_INDICIUM;
    CU_ASSERT(row->id == id && row->size == text + row->signature);
    CU_ASSERT_PTR_EQUAL(psd_profile_named(row->name), row);
    most = row->size > most ? row->size : most;
  }
  CU_ASSERT_EQUAL(most, PSD_INDICIUM_MAX);
  CU_ASSERT_EQUAL(psd_profile_of(PSD_PROFILE_COMPACT)->signature, PSD_COMPACT_MAC);
  CU_ASSERT_PTR_NULL(psd_profile_of(UINT64_MAX));
  CU_ASSERT_PTR_NULL(psd_profile_named(""));
  CU_ASSERT_PTR_NULL(psd_profile_named("P256"));
}

static void makers(void) {
  uint8_t vendor[2] = {0}, model[2] = {0};
  CU_ASSERT_EQUAL(psd_maker_of((const uint8_t *)"PS", (const uint8_t *)"D1"), 17);
  CU_ASSERT_EQUAL(psd_maker_of((const uint8_t *)"PS", (const uint8_t *)"D2"), 0);
  CU_ASSERT_EQUAL(psd_maker_of((const uint8_t *)"PT", (const uint8_t *)"D1"), 0);
  CU_ASSERT(psd_maker_words(17, vendor, model) && memcmp(vendor, "PS", 2) == 0 && memcmp(model, "D1", 2) == 0);
  CU_ASSERT_FALSE(psd_maker_words(0, vendor, model));
  CU_ASSERT_FALSE(psd_maker_words(17 + 256, vendor, model));
}

static void names(void) {
  static const char *const kinds[] = {"postage", "redate", "correction", "test", "withdrawal"};
  CU_ASSERT_EQUAL_FATAL(PSD_EVIDENCE_KINDS, PSD_CHECK_COUNT(kinds));
  for (uint64_t kind = 0; kind < PSD_EVIDENCE_KINDS; kind++) {
    CU_ASSERT_STRING_EQUAL(psd_evidence_kind_name(kind), kinds[kind]);
    CU_ASSERT(strlen(psd_evidence_kind_words(kind)) > 0);
  }
  CU_ASSERT_PTR_NULL(psd_evidence_kind_name(PSD_EVIDENCE_KINDS));
  CU_ASSERT_PTR_NULL(psd_evidence_kind_words(PSD_EVIDENCE_KINDS));
  for (uint64_t id = 1; id < PSD_MAIL_CLASSES; id++) {
    uint8_t found = 0;
    CU_ASSERT(psd_mail_class_named(psd_mail_class_name(id), &found) && found == id);
    CU_ASSERT(strlen(psd_mail_class_words(id)) > 0);
  }
  uint8_t untouched = 9;
  CU_ASSERT_PTR_NULL(psd_mail_class_name(0));
  CU_ASSERT_PTR_NULL(psd_mail_class_words(PSD_MAIL_CLASSES));
  CU_ASSERT(!psd_mail_class_named("First", &untouched) && !psd_mail_class_named("", &untouched) && untouched == 9);
}

static void domains_and_orders(void) {
  uint8_t found = 9;
  CU_ASSERT_STRING_EQUAL(psd_token_domain_name(PSD_TOKENS_VENDOR), "vendor");
  CU_ASSERT_STRING_EQUAL(psd_token_domain_name(PSD_TOKENS_POSTAL), "postal");
  CU_ASSERT_PTR_NULL(psd_token_domain_name(0));
  CU_ASSERT(psd_token_domain_named("postal", &found) && found == PSD_TOKENS_POSTAL);
  CU_ASSERT_FALSE(psd_token_domain_named("post", &found));
  CU_ASSERT_STRING_EQUAL(psd_token_order_name(PSD_TOKEN_BY_DAY), "day");
  CU_ASSERT(psd_token_order_named("meter", &found) && found == PSD_TOKEN_BY_METER);
  CU_ASSERT_FALSE(psd_token_order_named("", &found));
  CU_ASSERT_PTR_NULL(psd_token_order_name(PSD_TOKEN_ORDERS));
}

/* FEDCBA9876543210 is 18364758544493064720. */
static void digits_of_a_token(void) {
  static const uint32_t expected[] = {0, 0, 20, 720, 4720, 64720, 64720, 3064720, 93064720};
  uint8_t mac[16] = {0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10, 0xAA};
  for (unsigned digits = 1; digits <= PSD_TOKEN_DIGITS_MOST; digits++)
    CU_ASSERT_EQUAL(psd_token_digits(mac, digits), expected[digits]);
  mac[8] = 0x55; /* the second half does not count */
  CU_ASSERT_EQUAL(psd_token_digits(mac, 8), 93064720);
  memset(mac, 0xFF, sizeof mac);
  CU_ASSERT_EQUAL(psd_token_digits(mac, 8), 9551615); /* 2^64 - 1 ends so: a zero leads */
  memset(mac, 0, sizeof mac);
  CU_ASSERT_EQUAL(psd_token_digits(mac, 5), 0);
}

static void check_addressee(const char *text, const char *expected) {
  size_t length = strlen(expected);
  char *exact = malloc(length + 1); /* the sanitizer sees a byte too many */
  CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
  psd_buffer out = psd_buffer_over(exact, length);
  psd_put_addressee(&out, text);
  CU_ASSERT(!out.overflow && out.length == length && memcmp(exact, expected, length) == 0);
  if (length > 0) {
    out = psd_buffer_over(exact, length - 1);
    psd_put_addressee(&out, text);
    CU_ASSERT_TRUE(out.overflow);
  }
  free(exact);
}

static void addressees(void) {
  check_addressee("JANE DOE 1 MAIN ST 90210", "JANE DOE 1 MAIN ST 90210");
  check_addressee("  Jane  Doe\r\n1 Main St.\t\n\n90210 \n", "JANE DOE 1 MAIN ST. 90210");
  check_addressee("", "");
  check_addressee(" \t\r\n\x01\x7F ", "");
  check_addressee("a", "A");
  check_addressee("az{`@[AZ", "AZ{`@[AZ");
  check_addressee("M\xC3\xBCller", "M\xC3\xBCLLER"); /* other letters stay */
  check_addressee("x\x7Fy", "X Y");
}

static void destinations(void) {
  static const struct {
    const char *words;
    uint64_t value;
  } right[] = {{"90210", 90210000000},
               {"902101234", 90210123400},
               {"90210-1234", 90210123400},
               {"90210123456", 90210123456},
               {"90210-123456", 90210123456},
               {"90210-1234-56", 90210123456},
               {"902101234-56", 90210123456},
               {"00501", 501000000},
               {"99999999999", PSD_DESTINATION_MOST},
               {"00000000001", 1}};
  static const char *const wrong[] = {
      "",       "9021",        "902101",        "90210-",         "90210-12",     "-90210",
      "9-0210", "90210--1234", "90210-1234-",   "90210-1234-5",   "902101234567", "90210 1234",
      "9021o",  "00000",       "00000-0000-00", "90210-1234--56", "+90210",       "90210123-4"};
  uint64_t found = 0;
  for (size_t i = 0; i < PSD_CHECK_COUNT(right); i++)
    CU_ASSERT(psd_destination_parse(right[i].words, &found) && found == right[i].value);
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++)
    CU_ASSERT_FALSE(psd_destination_parse(wrong[i], &found));
}

/* An indicium of IBI-Lite that was published; its version byte is FF. */
static void published_compact_indicium(void) {
  uint8_t bytes[20], again[PSD_SIZE_COMPACT_INDICIUM];
  psd_compact_indicium indicium;
  CU_ASSERT_EQUAL_FATAL(psd_check_hex("ff 47132700 11 f50fce 960100 0000 9aca2921e3f1", bytes, sizeof bytes), 20);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(bytes, PSD_SIZE_COMPACT_INDICIUM, PSD_MESSAGE_COMPACT_INDICIUM, &indicium));
  CU_ASSERT_EQUAL(indicium.version, PSD_COMPACT_LITE);
  CU_ASSERT_EQUAL(indicium.piece_count, 2560839);
  CU_ASSERT_EQUAL(indicium.maker, 17);
  CU_ASSERT_EQUAL(indicium.serial, 13504501);
  CU_ASSERT_EQUAL(indicium.postage, 406);
  CU_ASSERT_EQUAL(indicium.category, 0);
  psd_buffer out = psd_buffer_over(again, sizeof again);
  psd_put_message(&out, PSD_MESSAGE_COMPACT_INDICIUM, &indicium);
  CU_ASSERT(!out.overflow && out.length == sizeof again && memcmp(again, bytes, sizeof again) == 0);
}

/* The places of the IBI data set: version 0, algorithm 1, certificate 2, vendor 6, model 8, serial 10, ascending 14,
 * postage 19, date 22, ZIP 26, destination 30, software (ours: piece count and category) 35, descending 41, rate (ours:
 * hash of the table) 45. */
static void indicium_is_laid_out_as_published(void) {
  const psd_indicium indicium = {.version = 0x53,
                                 .algorithm = 2,
                                 .certificate = 0x01020304,
                                 .vendor = "PS",
                                 .model = "D1",
                                 .serial = 0x00C0FFEE,
                                 .ascending = UINT64_C(0x0A0B0C0D0E),
                                 .postage = 0x0002DA,
                                 .date = 20261122,
                                 .zip = 90210,
                                 .destination = 90210123456,
                                 .piece_count = 0x11223344,
                                 .category = 3U << PSD_CATEGORY_KIND | PSD_ROW_UNRATED,
                                 .descending = 0xFFFFFFFE,
                                 .rates = {0xAA, 0xBB, 0xCC, 0xDD}};
  uint8_t bytes[PSD_SIZE_INDICIUM];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&out, PSD_MESSAGE_INDICIUM, &indicium);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  psd_check_bytes(bytes, sizeof bytes,
                  "53 02 04030201 5053 4431 EEFFC000 0E0D0C0B0A DA0200 02293501 62600100 C03EF10015 44332211 FF7F"
                  "FEFFFFFF AABBCCDD",
                  "indicium");
}

/* Numbers that go least significant byte first fit, or they do not. */
static void little_numbers_have_a_most(void) {
  uint8_t bytes[PSD_SIZE_INDICIUM];
  static const struct {
    size_t offset;
    uint64_t most;
  } fields[] = {{offsetof(psd_indicium, certificate), UINT32_MAX},
                {offsetof(psd_indicium, serial), UINT32_MAX},
                {offsetof(psd_indicium, ascending), PSD_ASCENDING_MOST},
                {offsetof(psd_indicium, postage), PSD_POSTAGE_MOST},
                {offsetof(psd_indicium, destination), UINT64_C(0xFFFFFFFFFF)},
                {offsetof(psd_indicium, category), 0xFFFF},
                {offsetof(psd_indicium, descending), PSD_DESCENDING_MOST}};
  CU_ASSERT(PSD_DESTINATION_MOST < UINT64_C(0xFFFFFFFFFF));
  for (size_t i = 0; i < PSD_CHECK_COUNT(fields); i++) {
    psd_indicium indicium, back;
    memset(&indicium, 0, sizeof indicium);
    memset(&back, 0, sizeof back);
    uint64_t *field = (uint64_t *)(void *)((uint8_t *)&indicium + fields[i].offset);
    *field = fields[i].most;
    psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
    psd_put_message(&out, PSD_MESSAGE_INDICIUM, &indicium);
    CU_ASSERT_FALSE(out.overflow);
    CU_ASSERT(psd_parse_message(bytes, sizeof bytes, PSD_MESSAGE_INDICIUM, &back));
    CU_ASSERT_EQUAL(memcmp(&back, &indicium, sizeof back), 0);
    *field = fields[i].most + 1;
    out = psd_buffer_over(bytes, sizeof bytes);
    psd_put_message(&out, PSD_MESSAGE_INDICIUM, &indicium);
    CU_ASSERT_TRUE(out.overflow);
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a profile is its layout and its signature", profiles_have_the_size_of_their_layouts},
      {"makers", makers},
      {"kinds and classes have names", names},
      {"domains and orders have names", domains_and_orders},
      {"a token is the end of a number", digits_of_a_token},
      {"addressees, however they are typed", addressees},
      {"delivery points in words", destinations},
      {"IBI-Lite, as published", published_compact_indicium},
      {"the IBI data set, as published", indicium_is_laid_out_as_published},
      {"numbers that go least significant byte first", little_numbers_have_a_most},
  };
  return psd_check_run("evidence", tests, PSD_CHECK_COUNT(tests));
}
