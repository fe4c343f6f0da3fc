#include "psd/spec/rates.h"

#include "psd/spec/calendar.h"
#include "psd/spec/chars.h"

#include <string.h>

#define ZIP3_MOST 999U

static bool head_valid(const psd_rate_table *head) {
  uint64_t day;
  return memcmp(head->magic, "PSDR", sizeof head->magic) == 0 && head->format == 1 && psd_country(head->country) &&
         head->version > 0 && psd_day_of_date(head->effective, &day) && psd_day_of_date(head->expiry, &day) &&
         head->effective < head->expiry &&
         (head->zones > 0 ? head->origin <= ZIP3_MOST : head->origin == PSD_RATES_NO_ORIGIN) && head->rows > 0 &&
         head->rows < PSD_ROW_UNRATED;
}

static bool zones_valid(psd_cursor zones) {
  psd_zone_row row;
  for (uint64_t next = 0; zones.left > 0; next = row.last + 1)
    if (!psd_take_message(&zones, PSD_MESSAGE_ZONE_ROW, &row) || row.first < next || row.last < row.first ||
        row.last > ZIP3_MOST || row.zone < 1 || row.zone > PSD_ZONE_MOST)
      return false;
  return true;
}

static bool row_valid(const psd_rate_row *row) {
  return row->mail_class >= 1 && row->mail_class < PSD_MAIL_CLASSES && row->zone <= PSD_ZONE_MOST && row->grams > 0 &&
         row->postage > 0;
}

/* By class, then zone, then weight; and a class that began without zones goes on without. */
static bool row_follows(const psd_rate_row *last, const psd_rate_row *row) {
  if (row->mail_class != last->mail_class)
    return row->mail_class > last->mail_class;
  if (row->zone != last->zone)
    return row->zone > last->zone && last->zone > 0;
  return row->grams > last->grams;
}

static bool rows_valid(psd_cursor rows) {
  psd_rate_row last = {0}, row;
  for (; rows.left > 0; last = row)
    if (!psd_take_message(&rows, PSD_MESSAGE_RATE_ROW, &row) || !row_valid(&row) || !row_follows(&last, &row))
      return false;
  return true;
}

/* Takes `count` rows of `size` bytes off. */
static bool take_rows(psd_cursor *from, uint64_t count, size_t size, psd_cursor *rows) {
  size_t length = (size_t)count * size;
  const uint8_t *at = psd_take(from, length);
  *rows = psd_cursor_over(at, at != NULL ? length : 0);
  return at != NULL;
}

bool psd_rates_reopen(const void *table, size_t length, psd_rates *rates) {
  psd_cursor from = psd_cursor_over(table, length);
  return length <= PSD_RATES_MAX && psd_take_message(&from, PSD_MESSAGE_RATE_TABLE, &rates->head) &&
         psd_take_message(&from, PSD_MESSAGE_SERVICE_RATES, &rates->services) && head_valid(&rates->head) &&
         take_rows(&from, rates->head.zones, PSD_SIZE_ZONE_ROW, &rates->zones) &&
         take_rows(&from, rates->head.rows, PSD_SIZE_RATE_ROW, &rates->rows) && psd_cursor_done(&from);
}

bool psd_rates_open(const void *table, size_t length, psd_rates *rates) {
  return psd_rates_reopen(table, length, rates) && zones_valid(rates->zones) && rows_valid(rates->rows);
}

bool psd_rates_in_force(const psd_rates *rates, uint64_t date) {
  return rates->head.effective <= date && date < rates->head.expiry;
}

uint64_t psd_rates_zone(const psd_rates *rates, uint64_t zip, uint64_t destination) {
  psd_cursor zones = rates->zones;
  psd_zone_row row;
  uint64_t to = destination / 100000000U;
  if (destination == 0 || zip / 100U != rates->head.origin)
    return 0;
  while (zones.left > 0 && psd_take_message(&zones, PSD_MESSAGE_ZONE_ROW, &row))
    if (to >= row.first && to <= row.last)
      return row.zone;
  return 0;
}

psd_rating psd_rates_find(const psd_rates *rates, uint64_t mail_class, uint64_t zone, uint64_t grams, uint64_t zip,
                          uint64_t destination, psd_rate_row *row, uint64_t *number) {
  psd_cursor rows = rates->rows;
  psd_rating why = PSD_RATING_CLASS;
  uint64_t charted = psd_rates_zone(rates, zip, destination);
  /* Who keeps the destination back where the table has its zone has none to name. */
  bool kept_back = destination == 0 && rates->head.zones > 0 && zip / 100U == rates->head.origin;
  bool agreed = charted != 0 ? zone == 0 || zone == charted : !kept_back;
  uint64_t wanted = charted != 0 ? charted : zone;
  for (*number = 0; rows.left > 0 && psd_take_message(&rows, PSD_MESSAGE_RATE_ROW, row); ++*number) {
    if (row->mail_class != mail_class)
      continue;
    if (row->zone == 0 ? zone != 0 : row->zone != wanted || !agreed) {
      why = why == PSD_RATING_CLASS ? PSD_RATING_ZONE : why;
      continue;
    }
    why = PSD_RATING_WEIGHT;
    if (grams > 0 && grams <= row->grams)
      return PSD_RATED;
  }
  return why;
}

bool psd_rates_row(const psd_rates *rates, uint64_t number, psd_rate_row *row) {
  if (number >= rates->head.rows)
    return false;
  return psd_parse_message(rates->rows.at + (size_t)number * PSD_SIZE_RATE_ROW, PSD_SIZE_RATE_ROW, PSD_MESSAGE_RATE_ROW,
                           row);
}
