/* Rate tables on arbitrary bytes: whatever psd_rates_open takes keeps its rules, and every rate is found where another
 * way of looking finds it.
 *
 * Input: a question (class, zone, grams, ZIP, destination), then a table. */
#include "fuzz.h"
#include "psd/spec/calendar.h"
#include "psd/spec/rates.h"

#include <string.h>

#define ELSEWHERE 100000U /* no ZIP of any origin */

typedef struct question {
  uint64_t mail_class, zone, grams, zip, destination;
} question;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  return 0;
}

/* Put together again, the table is the same. */
static void check_again(const psd_rates *rates, const uint8_t *table, size_t length) {
  uint8_t again[PSD_RATES_MAX];
  psd_buffer out = psd_buffer_over(again, sizeof again);
  psd_put_message(&out, PSD_MESSAGE_RATE_TABLE, &rates->head);
  psd_put_message(&out, PSD_MESSAGE_SERVICE_RATES, &rates->services);
  psd_put(&out, rates->zones.at, rates->zones.left);
  psd_put(&out, rates->rows.at, rates->rows.left);
  FUZZ_ASSERT(!out.overflow && out.length == length && memcmp(again, table, length) == 0);
  FUZZ_ASSERT(rates->zones.left == rates->head.zones * PSD_SIZE_ZONE_ROW);
  FUZZ_ASSERT(rates->rows.left == rates->head.rows * PSD_SIZE_RATE_ROW);
}

static void check_head(const psd_rate_table *head) {
  uint64_t first, after;
  FUZZ_ASSERT(psd_day_of_date(head->effective, &first) && psd_day_of_date(head->expiry, &after) && first < after);
  FUZZ_ASSERT(head->version > 0 && head->rows > 0 && head->rows < PSD_ROW_UNRATED);
  FUZZ_ASSERT(head->zones > 0 ? head->origin < PSD_RATES_NO_ORIGIN : head->origin == PSD_RATES_NO_ORIGIN);
}

/* All ranges that have the destination's first three digits: there is at most one. */
static uint64_t zone_of(const psd_rates *rates, const question *asked) {
  uint64_t zone = 0;
  psd_cursor zones = rates->zones;
  psd_zone_row row;
  while (zones.left > 0 && psd_take_message(&zones, PSD_MESSAGE_ZONE_ROW, &row)) {
    uint64_t to = asked->destination / 100000000U;
    if (asked->destination == 0 || asked->zip / 100 != rates->head.origin || to < row.first || to > row.last)
      continue;
    FUZZ_ASSERT(zone == 0 && row.zone >= 1 && row.zone <= PSD_ZONE_MOST);
    zone = row.zone;
  }
  return zone;
}

/* Of the rows that would do, the lightest. PSD_ROW_UNRATED for none. */
static uint64_t row_of(const psd_rates *rates, const question *asked) {
  bool kept_back = asked->destination == 0 && rates->head.zones > 0 && asked->zip / 100 == rates->head.origin;
  uint64_t best = PSD_ROW_UNRATED, lightest = UINT64_MAX, charted = zone_of(rates, asked);
  psd_rate_row row;
  for (uint64_t number = 0; psd_rates_row(rates, number, &row); number++) {
    bool zone = row.zone == 0  ? asked->zone == 0
                : charted != 0 ? row.zone == charted && (asked->zone == 0 || asked->zone == charted)
                               : row.zone == asked->zone && !kept_back;
    FUZZ_ASSERT(row.postage > 0 && row.grams > 0 && row.mail_class > 0 && row.mail_class < PSD_MAIL_CLASSES);
    if (row.mail_class != asked->mail_class || !zone || asked->grams == 0 || asked->grams > row.grams ||
        row.grams >= lightest)
      continue;
    best = number;
    lightest = row.grams;
  }
  return best;
}

static void ask(const psd_rates *rates, const question *asked) {
  psd_rate_row row, same;
  uint64_t number = PSD_ROW_UNRATED;
  FUZZ_ASSERT(psd_rates_zone(rates, asked->zip, asked->destination) == zone_of(rates, asked));
  psd_rating rating = psd_rates_find(rates, asked->mail_class, asked->zone, asked->grams, asked->zip,
                                     asked->destination, &row, &number);
  uint64_t expected = row_of(rates, asked);
  FUZZ_ASSERT((rating == PSD_RATED) == (expected != PSD_ROW_UNRATED));
  if (rating == PSD_RATED)
    FUZZ_ASSERT(number == expected && psd_rates_row(rates, number, &same) && memcmp(&row, &same, sizeof row) == 0);
}

/* Each row is the one for the very piece that it names. */
static void ask_for_each(const psd_rates *rates) {
  psd_rate_row row, found;
  uint64_t number;
  for (uint64_t i = 0; psd_rates_row(rates, i, &row); i++)
    FUZZ_ASSERT(psd_rates_find(rates, row.mail_class, row.zone, row.grams, ELSEWHERE, 0, &found, &number) ==
                    PSD_RATED &&
                number == i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  psd_cursor input = psd_cursor_over(data, size);
  question asked = {.mail_class = fuzz_u8(&input), .zone = fuzz_u8(&input), .grams = fuzz_u16(&input)};
  asked.zip = (uint64_t)fuzz_u8(&input) << 16;
  asked.zip |= fuzz_u16(&input);
  for (int i = 0; i < 5; i++)
    asked.destination = asked.destination << 8 | fuzz_u8(&input);
  size_t length = 0;
  uint8_t *table = fuzz_take(&input, input.left, &length);
  psd_rates rates;
  if (psd_rates_open(table, length, &rates)) {
    check_again(&rates, table, length);
    check_head(&rates.head);
    ask(&rates, &asked);
    ask_for_each(&rates);
    FUZZ_ASSERT(psd_rates_in_force(&rates, rates.head.effective) && !psd_rates_in_force(&rates, rates.head.expiry));
  }
  free(table);
  return 0;
}
