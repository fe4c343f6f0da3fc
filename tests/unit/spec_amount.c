/* Amounts of money as people write and read them. */
#include "check.h"
#include "psd/spec/amount.h"

#include <string.h>

static void dollars_become_mills(void) {
  static const struct {
    const char *words;
    uint64_t mills;
  } cases[] = {{"0", 0},
               {"50", 50000},
               {"50.0", 50000},
               {"50.00", 50000},
               {"50.000", 50000},
               {"0.125", 125},
               {"0.12", 120},
               {"0.001", 1},
               {"007.5", 7500},
               {"10000.00", 10000000},
               {"999999999999999.999", PSD_AMOUNT_MOST}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    uint64_t mills = UINT64_MAX;
    CU_ASSERT_TRUE(psd_amount_parse(cases[i].words, &mills));
    CU_ASSERT_EQUAL(mills, cases[i].mills);
  }
}

static void other_words_are_refused(void) {
  static const char *const wrong[] = {"",
                                      ".",
                                      ".5",
                                      "5.",
                                      "5.0000",
                                      "1..2",
                                      "1.2.3",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1,5",
                                      "1e3",
                                      "0x10",
                                      "$5",
                                      "5.0a",
                                      "1.-1",
                                      "/",
                                      ":",
                                      "1\n",
                                      "1.1\n",
                                      "nan",
                                      "1_000",
                                      "1'000",
                                      "\xD9\xA1",
                                      "5\xC2\xA2",
                                      "1000000000000000",
                                      "0000000000000001",
                                      "18446744073709551.616"};
  uint64_t mills = 77;
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++)
    CU_ASSERT_FALSE(psd_amount_parse(wrong[i], &mills));
  CU_ASSERT_FALSE(psd_amount_parse(NULL, &mills));
  CU_ASSERT_EQUAL(mills, 77);
}

static void mills_become_dollars(void) {
  static const struct {
    uint64_t mills;
    const char *words;
  } cases[] = {{0, "0.00"},
               {1, "0.001"},
               {10, "0.01"},
               {125, "0.125"},
               {50000, "50.00"},
               {1234567, "1234.567"},
               {PSD_AMOUNT_MOST, "999999999999999.999"},
               {UINT64_MAX, "18446744073709551.615"}};
  char words[PSD_AMOUNT_WORDS];
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++)
    CU_ASSERT_STRING_EQUAL(psd_amount_words(words, cases[i].mills), cases[i].words);
}

static void both_ways_agree(void) {
  char words[PSD_AMOUNT_WORDS];
  for (uint64_t mills = 1; mills < PSD_AMOUNT_MOST / 7; mills = mills * 7 + 3) {
    uint64_t back = 0;
    CU_ASSERT_TRUE(psd_amount_parse(psd_amount_words(words, mills), &back));
    CU_ASSERT_EQUAL(back, mills);
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"dollars with up to three decimals are so many mills", dollars_become_mills},
      {"anything else is no amount, and changes nothing", other_words_are_refused},
      {"mills are shown as dollars, with a third decimal where there is one", mills_become_dollars},
      {"what is shown is read as the same", both_ways_agree},
  };
  return psd_check_run("amounts", tests, PSD_CHECK_COUNT(tests));
}
