/* Rate tables by date and version, and what the card looks up in them (docs/evidence.md, "Rate tables"). */
#include "check.h"
#include "meter/rates.h"
#include "rates_bench.h"

#include <string.h>

static void dates_decide(void) {
  begin();
  refused_new(9, 20250101, 20260101, PSD_SW_CONDITIONS); /* yesterday was its last day */
  refused_new(9, 20240101, 20250101, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(load_new(1, 20260102, 20260103), PSD_SW_OK); /* tomorrow */
  CU_ASSERT_EQUAL(newest().detail, 0xDF43);
  holds(0, 1);
  CU_ASSERT_EQUAL(in_force(), 0);
  r.seconds = RIG_TIME + DAY - 1;
  CU_ASSERT_EQUAL(in_force(), 0);
  r.seconds++;
  CU_ASSERT_EQUAL(in_force(), 1);
  r.seconds += DAY;
  CU_ASSERT_EQUAL(in_force(), 0); /* and it is over */
  r.seconds = NOON;
  CU_ASSERT_EQUAL(load_new(2, 20260101, 20260102), PSD_SW_OK); /* a single day, today's */
  holds(2, 0);
  CU_ASSERT_EQUAL(in_force(), 2);
  CU_ASSERT_EQUAL(load_new(3, 19700101, 99991231), PSD_SW_OK);
  CU_ASSERT_EQUAL(in_force(), 3);
  end();
}

static void local_time_says_what_today_is(void) {
  begin();
  r.seconds = RIG_TIME; /* midnight of UTC: in New York it is the day before */
  policy(&(psd_evidence_policy){.country = "US", .profiles = 4, .ahead = 30, .offset = PSD_OFFSET_UTC - 300});
  CU_ASSERT_EQUAL(load_new(1, 20260101, 20270101), PSD_SW_OK);
  holds(0, 1);
  CU_ASSERT_EQUAL(in_force(), 0);
  CU_ASSERT_EQUAL(load_new(2, 20251231, 20260101), PSD_SW_OK); /* not yet over there */
  holds(2, 0);
  CU_ASSERT_EQUAL(in_force(), 2);
  r.seconds += 5 * 3600;
  CU_ASSERT_EQUAL(in_force(), 0);
  end();
}

static void without_a_clock_nothing_is_taken(void) {
  begin();
  psd_core core = r.card->core;
  core.clock.set = 0;
  rig_set_core(&r, &core);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
  refused_new(1, 19700101, 99991231, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(in_force(), 0);
  end();
}

static void versions_count_upwards(void) {
  begin();
  CU_ASSERT_EQUAL(load_new(5, 20260101, 20270101), PSD_SW_OK);
  refused_new(4, 20260101, 20270101, PSD_SW_CONDITIONS);
  refused_new(5, 20260101, 20270102, PSD_SW_CONDITIONS); /* the same version, and another table */
  refused_new(5, 20260201, 20270101, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(load_new(7, 20260201, 20270101), PSD_SW_OK);
  refused_new(6, 20260101, 20270101, PSD_SW_CONDITIONS); /* above the one in force, and not above the next */
  refused_new(6, 20260301, 20270101, PSD_SW_CONDITIONS);
  refused_new(7, 20260301, 20270101, PSD_SW_CONDITIONS);
  refused_new(5, 20260301, 20270101, PSD_SW_CONDITIONS);
  holds(5, 7);
  CU_ASSERT_EQUAL(load_new(UINT32_MAX, 20260101, 20270101), PSD_SW_OK);
  CU_ASSERT_EQUAL(in_force(), UINT32_MAX);
  refused_new(UINT32_MAX, 20260201, 20270101, PSD_SW_CONDITIONS);
  refused_new(1, 20260201, 20270101, PSD_SW_CONDITIONS);
  end();
}

/* One that the card has is answered 9000, and that is all; whoever signed it anew has made the same table. */
static void the_same_again_changes_nothing(void) {
  begin();
  table current = make((rates_wish){.version = 1}), next = make((rates_wish){.version = 2, .effective = 20260201});
  CU_ASSERT_EQUAL(load(&current), PSD_SW_OK);
  refused(&current, PSD_SW_OK);
  CU_ASSERT_EQUAL(load(&next), PSD_SW_OK);
  refused(&current, PSD_SW_OK);
  refused(&next, PSD_SW_OK);
  table again = make((rates_wish){.version = 1});
  CU_ASSERT(memcmp(again.bytes, current.bytes, current.length) != 0);
  refused(&again, PSD_SW_OK);
  r.seconds = RIG_TIME + 40 * DAY; /* the next counts */
  refused(&next, PSD_SW_OK);
  refused(&current, PSD_SW_OK);
  holds(1, 2);
  CU_ASSERT_EQUAL(in_force(), 2);
  r.seconds = RIG_TIME + 400 * DAY; /* both are over */
  refused(&next, PSD_SW_OK);
  CU_ASSERT_EQUAL(load_new(3, 20270101, 20280101), PSD_SW_OK);
  refused(&next, PSD_SW_CONDITIONS); /* it has another now */
  end();
}

static void next_replaces_next(void) {
  begin();
  CU_ASSERT_EQUAL(load_new(1, 20260101, 20270101), PSD_SW_OK);
  CU_ASSERT_EQUAL(load_new(2, 20260201, 20270101), PSD_SW_OK);
  CU_ASSERT_EQUAL(load_new(3, 20260301, 20270101), PSD_SW_OK);
  holds(1, 3);
  r.seconds = RIG_TIME + 35 * DAY; /* February, when the one that was withdrawn would have counted */
  CU_ASSERT_EQUAL(in_force(), 1);
  r.seconds = RIG_TIME + 60 * DAY;
  CU_ASSERT_EQUAL(in_force(), 3);
  end();
}

static void next_moves_up(void) {
  begin();
  table second = make((rates_wish){.version = 2, .effective = 20260201});
  CU_ASSERT_EQUAL(load_new(1, 20260101, 20270101), PSD_SW_OK);
  CU_ASSERT_EQUAL(load(&second), PSD_SW_OK);
  r.seconds = RIG_TIME + 31 * DAY; /* its first day */
  CU_ASSERT_EQUAL(in_force(), 2);
  CU_ASSERT_EQUAL(load_new(3, 20260301, 20270101), PSD_SW_OK);
  holds(2, 3);
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF42000000"), PSD_SW_OK);
  CU_ASSERT(r.length == second.length && memcmp(r.response, second.bytes, second.length) == 0);
  CU_ASSERT_EQUAL(in_force(), 2);
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
  holds(2, 3);
  CU_ASSERT_EQUAL(load_new(4, 20260201, 20270101), PSD_SW_OK); /* in force today: there is no next any more */
  holds(4, 0);
  end();
}

/* The day before, it does not. */
static void next_waits(void) {
  begin();
  CU_ASSERT_EQUAL(load_new(1, 20260101, 20270101), PSD_SW_OK);
  CU_ASSERT_EQUAL(load_new(2, 20260201, 20270101), PSD_SW_OK);
  r.seconds = RIG_TIME + 31 * DAY - 1;
  CU_ASSERT_EQUAL(load_new(3, 20260301, 20270101), PSD_SW_OK);
  holds(1, 3);
  end();
}

/* Without a first there is nothing that moves up but the next itself. */
static void next_without_a_first(void) {
  begin();
  CU_ASSERT_EQUAL(load_new(2, 20260102, 20270101), PSD_SW_OK);
  CU_ASSERT_EQUAL(load_new(3, 20260105, 20270101), PSD_SW_OK);
  holds(0, 3);
  r.seconds = RIG_TIME + 10 * DAY;
  CU_ASSERT_EQUAL(load_new(4, 20260301, 20270101), PSD_SW_OK);
  holds(3, 4);
  CU_ASSERT_EQUAL(in_force(), 3);
  end();
}

static void date_of_mailing_chooses_the_table(void) {
  const uint16_t none = PSD_SW_REFERENCE_NOT_FOUND;
  begin();
  price(LETTER, 20260101, 90210, none);
  table first = make((rates_wish){.version = 1, .effective = 20251201, .expiry = 20260401, .letter = 700});
  table second = make((rates_wish){.version = 2, .effective = 20260201, .expiry = 20260301, .letter = 800});
  CU_ASSERT_EQUAL(load(&first), PSD_SW_OK);
  CU_ASSERT_EQUAL(price(LETTER, 20260331, 90210, 0), 700);
  CU_ASSERT_EQUAL(load(&second), PSD_SW_OK);
  for (int day = 0; day < 2; day++) {
    price(LETTER, 20251130, 90210, none);
    CU_ASSERT_EQUAL(price(LETTER, 20251201, 90210, 0), 700);
    CU_ASSERT_EQUAL(price(LETTER, 20260131, 90210, 0), 700);
    CU_ASSERT_EQUAL(price(LETTER, 20260201, 90210, 0), 800);
    CU_ASSERT_EQUAL(price(LETTER, 20260228, 90210, 0), 800);
    price(LETTER, 20260301, 90210, none); /* though the first would go on */
    price(LETTER, 20260331, 90210, none);
    r.seconds = RIG_TIME + 40 * DAY; /* today does not matter */
  }
  table third = make((rates_wish){.version = 3, .effective = 20260401, .letter = 900});
  CU_ASSERT_EQUAL(load(&third), PSD_SW_OK); /* the second has moved up */
  price(LETTER, 20260131, 90210, none);
  CU_ASSERT_EQUAL(price(LETTER, 20260201, 90210, 0), 800);
  price(LETTER, 20260315, 90210, none);
  CU_ASSERT_EQUAL(price(LETTER, 20260401, 90210, 0), 900);
  end();
}

static void rows_are_found(void) {
  const psd_indicium_wish parcel = {.mail_class = PSD_CLASS_OF_PRIORITY, .grams = 454};
  psd_indicium_wish wish = parcel;
  psd_rate_row row;
  uint64_t number = 0;
  uint8_t hash[PSD_RATES_HASH];
  begin();
  table made = make((rates_wish){0});
  CU_ASSERT_EQUAL(load(&made), PSD_SW_OK);
  wish.destination = 90501000000;
  CU_ASSERT_EQUAL(price(wish, 20260101, 90210, 0), RATES_PARCEL_1);
  wish.destination = 15001000000;
  CU_ASSERT_EQUAL(price(wish, 20260101, 90210, 0), RATES_PARCEL_8);
  price(wish, 20260101, 10001, PSD_SW_WRONG_DATA); /* from elsewhere: no zone is known */
  wish.zone = 1;
  CU_ASSERT_EQUAL(price(wish, 20260101, 10001, 0), RATES_PARCEL_1);
  price(wish, 20260101, 90210, PSD_SW_WRONG_DATA); /* the table has another */
  wish = LETTER;
  wish.postage = 12345; /* not this function's business */
  CU_ASSERT_EQUAL(psd_rates_price(r.card, &wish, 20260101, 90210, &row, &number, hash), PSD_SW_OK);
  CU_ASSERT(number == 0 && row.postage == RATES_LETTER && row.grams == 28);
  wish.grams = 86;
  price(wish, 20260101, 90210, PSD_SW_WRONG_DATA);
  wish.grams = 0;
  price(wish, 20260101, 90210, PSD_SW_WRONG_DATA);
  wish = (psd_indicium_wish){.mail_class = PSD_CLASS_OF_EXPRESS, .grams = 1};
  price(wish, 20260101, 90210, PSD_SW_WRONG_DATA);
  wish = (psd_indicium_wish){.mail_class = PSD_CLASS_OF_CARD, .grams = 9};
  CU_ASSERT_EQUAL(psd_rates_price(r.card, &wish, 20260101, 90210, &row, &number, hash), PSD_SW_OK);
  CU_ASSERT(number == 5 && row.postage == RATES_CARD);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"yesterday's, today's and tomorrow's", dates_decide},
      {"local time", local_time_says_what_today_is},
      {"no clock", without_a_clock_nothing_is_taken},
      {"versions count upwards", versions_count_upwards},
      {"the very same again", the_same_again_changes_nothing},
      {"a next one in place of the next", next_replaces_next},
      {"the next has come into force", next_moves_up},
      {"the next has not yet come into force", next_waits},
      {"a next one and no first", next_without_a_first},
      {"the date of mailing chooses the table", date_of_mailing_chooses_the_table},
      {"class, zone and weight choose the row", rows_are_found},
  };
  return psd_check_run("rates: terms", tests, PSD_CHECK_COUNT(tests));
}
