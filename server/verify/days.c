/* The tables of days (docs/evidence.md, "The day's table"). Secret: a key of a day makes that day's tokens. */
#include <stdlib.h>
#include <string.h>

#include "psd/spec/calendar.h"
#include "verify/folder.h"

#define SIGNATURE 64U
#define DAY_FILE_MOST ((size_t)1 << 28)

typedef struct day_keys {
  psd_public_keys vendor, postal;
} day_keys;

static bool head_valid(const psd_day_table *head, uint64_t *day) {
  return memcmp(head->magic, "PSDT", sizeof head->magic) == 0 && head->format == 1 &&
         (head->domain == PSD_TOKENS_VENDOR || head->domain == PSD_TOKENS_POSTAL) && head->order < PSD_TOKEN_ORDERS &&
         psd_day_of_date(head->date, day);
}

/* Each meter once, in their order: so they are found by halving. */
static bool in_order(const psd_day *day) {
  const uint8_t *last = NULL;
  for (psd_cursor from = psd_cursor_over(day->rows, day->length); from.left > 0;) {
    const uint8_t *row = psd_take(&from, PSD_SIZE_METER_KEY);
    if (row == NULL || (last != NULL && memcmp(last, row, PSD_SIZE_DEVICE_ID) >= 0))
      return false;
    last = row;
  }
  return true;
}

/* As many rows as it says: 1000 keys of pointers, or any number of meters. */
static bool rows_valid(const psd_day *day) {
  if (day->head.order == PSD_TOKEN_BY_DAY)
    return day->head.count == PSD_TOKEN_KEYS && day->length == PSD_TOKEN_KEYS * PSD_SIZE_DAY_KEY;
  return day->length == day->head.count * PSD_SIZE_METER_KEY && in_order(day);
}

static void free_rows(psd_day *day) {
  psd_secret_wipe(day->rows, day->length);
  free(day->rows);
}

/* The rows alone stay in memory. */
static bool keep_rows(psd_site_reading *reading, const uint8_t *rows, psd_day *day) {
  psd_site *site = reading->site;
  day->rows = malloc(day->length + 1U);
  if (day->rows == NULL)
    return psd_site_damaged(reading, "no memory");
  memcpy(day->rows, rows, day->length);
  psd_day *days = NULL;
  if (!rows_valid(day))
    (void)psd_site_damaged(reading, "its keys are not what its head says");
  else
    days = psd_room_for_row(reading, site->days, site->day_count, sizeof *site->days);
  if (days == NULL) {
    free_rows(day);
    return false;
  }
  site->days = days;
  days[site->day_count++] = *day;
  return true;
}

/* A site holds nothing that outlives its day. */
static bool is_over(psd_site_reading *reading, uint64_t day, uint64_t date) {
  const psd_site *site = reading->site;
  char words[PSD_DAY_WORDS];
  if (day + site->policy.days >= site->today)
    return false;
  psd_site_remark(reading, "not used, its day %s is over: remove it", psd_date_words(words, date));
  return true;
}

static bool take_table(psd_site_reading *reading, const day_keys *keys, const uint8_t *data, size_t length) {
  psd_day day;
  uint64_t number;
  psd_cursor from = psd_cursor_over(data, length < SIGNATURE ? 0 : length - SIGNATURE);
  if (!psd_take_message(&from, PSD_MESSAGE_DAY_TABLE, &day.head) || !head_valid(&day.head, &number))
    return psd_site_damaged(reading, "it is no table of a day");
  if (is_over(reading, number, day.head.date))
    return true;
  const char *file = day.head.domain == PSD_TOKENS_VENDOR ? "vendor.pem" : "postal.pem";
  const psd_public_keys *own = day.head.domain == PSD_TOKENS_VENDOR ? &keys->vendor : &keys->postal;
  if (own->count == 0) {
    psd_site_remark(reading, "not used: there is no %s to check its signature with", file);
    return true;
  }
  if (!psd_keys_signed(own, PSD_DAY_TABLE_LABEL, (psd_part){data, length - SIGNATURE}, data + length - SIGNATURE))
    return psd_site_damaged(reading, "its signature is of none of the keys in %s", file);
  day.length = from.left;
  return keep_rows(reading, from.at, &day);
}

static bool read_table(psd_site_reading *reading) {
  uint8_t *data = NULL;
  size_t length;
  if (!psd_file_bytes(reading, DAY_FILE_MOST, true, &data, &length))
    return false;
  bool done = take_table(reading, reading->keys, data, length);
  psd_secret_wipe(data, length);
  free(data);
  return done;
}

bool psd_read_days(psd_site_reading *reading) {
  day_keys keys;
  if (!psd_file_keys(reading, "vendor.pem", &keys.vendor) || !psd_file_keys(reading, "postal.pem", &keys.postal))
    return false;
  reading->keys = &keys;
  bool done = psd_each_file(reading, "days", ".day", read_table);
  reading->keys = NULL;
  return done;
}

void psd_free_days(psd_site *site) {
  for (size_t i = 0; i < site->day_count; i++)
    free_rows(&site->days[i]);
  free(site->days);
}
