/* Days of the Gregorian calendar (apdu-spec/include/psd/spec/calendar.h). */
#include "check.h"
#include "psd/spec/calendar.h"

static unsigned month_length(unsigned year, unsigned month) {
  static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return lengths[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Each day there is, counted by hand; and the numbers around the end of each month, which are no dates. */
static void every_day_there_is(void) {
  uint64_t day = 0, found = 0, wrong = 0;
  for (unsigned year = 1970; year <= 9999; year++)
    for (unsigned month = 1; month <= 12; month++) {
      uint32_t first = year * 10000 + month * 100, length = month_length(year, month);
      wrong += psd_day_of_date(first, &found) || psd_day_of_date(first + length + 1, &found);
      for (uint32_t of_month = 1; of_month <= length; of_month++, day++)
        wrong += psd_date_of_day(day) != first + of_month || !psd_day_of_date(first + of_month, &found) || found != day;
    }
  CU_ASSERT_EQUAL(wrong, 0);
  CU_ASSERT_EQUAL(day, PSD_LAST_DAY + 1);
}

static void known_days(void) {
  uint64_t day = 1;
  CU_ASSERT(psd_day_of_date(19700101, &day) && day == 0);
  CU_ASSERT(psd_day_of_date(20000229, &day) && day == 11016);
  CU_ASSERT(psd_day_of_date(20260101, &day) && day == 1767225600 / 86400);
  CU_ASSERT(psd_day_of_date(99991231, &day) && day == PSD_LAST_DAY);
  CU_ASSERT_EQUAL(psd_date_of_day(PSD_LAST_DAY), 99991231);
}

static void no_dates(void) {
  static const uint64_t wrong[] = {0,         1,        19691231, 19700001,  19700100,
                                   19701301,  20230229, 21000229, 20260431,  20260132,
                                   20260199,  20269901, 99991232, 100000101, UINT64_C(118446744073709551),
                                   UINT64_MAX};
  uint64_t day = 77;
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++)
    CU_ASSERT_FALSE(psd_day_of_date(wrong[i], &day));
  CU_ASSERT_EQUAL(psd_date_of_day(PSD_LAST_DAY + 1), 0);
  CU_ASSERT_EQUAL(psd_date_of_day(UINT64_MAX), 0);
}

static void local_time_says_which_day(void) {
  const uint64_t midnight = 1767225600; /* 2026-01-01 */
  CU_ASSERT_EQUAL(psd_local_date(midnight, 1440), 20260101);
  CU_ASSERT_EQUAL(psd_local_date(midnight - 1, 1440), 20251231);
  CU_ASSERT_EQUAL(psd_local_date(midnight + 86399, 1440), 20260101);
  CU_ASSERT_EQUAL(psd_local_date(midnight + 86400, 1440), 20260102);
  CU_ASSERT_EQUAL(psd_local_date(midnight, 1439), 20251231); /* a minute behind UTC */
  CU_ASSERT_EQUAL(psd_local_date(midnight + 59, 1439), 20251231);
  CU_ASSERT_EQUAL(psd_local_date(midnight + 60, 1439), 20260101);
  CU_ASSERT_EQUAL(psd_local_date(midnight + 5 * 3600 - 1, 1440 - 5 * 60), 20251231); /* New York */
  CU_ASSERT_EQUAL(psd_local_date(midnight + 5 * 3600, 1440 - 5 * 60), 20260101);
  CU_ASSERT_EQUAL(psd_local_date(midnight - 9 * 3600, 1440 + 9 * 60), 20260101); /* Tokyo */
  CU_ASSERT_EQUAL(psd_local_date(midnight, 0), 20251231);
  CU_ASSERT_EQUAL(psd_local_date(midnight, 2880), 20260102);
  CU_ASSERT_EQUAL(psd_local_date(0, 1440), 19700101);
  CU_ASSERT_EQUAL(psd_local_date(0, 0), 19700101); /* there is no day before */
  CU_ASSERT_EQUAL(psd_local_date((PSD_LAST_DAY + 1) * 86400 - 1, 1440), 99991231);
  CU_ASSERT_EQUAL(psd_local_date((PSD_LAST_DAY + 1) * 86400, 1440), 0);
  CU_ASSERT_EQUAL(psd_local_date(UINT64_MAX, 2880), 0);
}

static void dates_in_words(void) {
  static const char *const wrong[] = {"",           "2026-02-29", "2026-1-01",   "20260101",    "2026-01-011",
                                      "2026-01-0",  "2026/01/01", "2026-01-01 ", " 2026-01-01", "1969-12-31",
                                      "2026-13-01", "202a-01-01", "2026-01:01",  "-026-01-01",  "2026-01"};
  uint32_t date = 5;
  CU_ASSERT(psd_date_parse("2026-11-22", &date) && date == 20261122);
  CU_ASSERT(psd_date_parse("2024-02-29", &date) && date == 20240229);
  CU_ASSERT(psd_date_parse("9999-12-31", &date) && date == 99991231);
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++)
    CU_ASSERT_FALSE(psd_date_parse(wrong[i], &date));
  CU_ASSERT_EQUAL(date, 99991231); /* left alone */
}

int main(void) {
  static const psd_check_test tests[] = {
      {"every day from 1970 to 9999 has its date, and every date its day", every_day_there_is},
      {"days that everybody knows", known_days},
      {"dates that there are not", no_dates},
      {"where it is which day", local_time_says_which_day},
      {"dates in words", dates_in_words},
  };
  return psd_check_run("calendar", tests, PSD_CHECK_COUNT(tests));
}
