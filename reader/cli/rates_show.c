/* A rate table as people read it: what a class, a zone and a weight cost, and what services do. */
#include "rates.h"

#include "psd/spec/amount.h"
#include "psd/spec/calendar.h"
#include "psd/spec/text.h"
#include "show.h"

#include <inttypes.h>

/* The last day of a table is the one before its expiry. */
static uint64_t last_day(const psd_rate_table *head) {
  uint64_t day = 0;
  return psd_day_of_date(head->expiry, &day) && day > 0 ? psd_date_of_day(day - 1) : head->expiry;
}

const char *psd_cli_table(const psd_rates *table, char words[PSD_CLI_TABLE_WORDS]) {
  psd_text text = psd_text_over(words, PSD_CLI_TABLE_WORDS);
  psd_say(&text, "rate table %" PRIu64 ", ", table->head.version);
  psd_say_text(&text, table->head.country, sizeof table->head.country);
  psd_say(&text, ", ");
  psd_say_date(&text, table->head.effective);
  psd_say(&text, " to ");
  psd_say_date(&text, last_day(&table->head));
  return words;
}

static void write_date(psd_json *json, const char *name, uint64_t date) {
  char words[16];
  psd_text text = psd_text_over(words, sizeof words);
  psd_say_date(&text, date);
  psd_json_string(json, name, words);
}

void psd_show_table(psd_json *json, const psd_rate_page *page) {
  const psd_rate_table *head = &page->table.head;
  psd_json_number(json, "version", head->version);
  psd_json_text(json, "country", head->country, sizeof head->country);
  write_date(json, "effective", head->effective);
  write_date(json, "last_day", last_day(head));
  psd_json_hex(json, "hash", page->hash, sizeof page->hash);
}

static void write_services(psd_json *json, const psd_service_rates *services) {
  uint8_t bytes[PSD_SIZE_SERVICE_RATES];
  psd_buffer encoded = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&encoded, PSD_MESSAGE_SERVICE_RATES, services);
  psd_json_object(json, "services");
  psd_show_fields(json, &psd_messages[PSD_MESSAGE_SERVICE_RATES], psd_cursor_over(bytes, encoded.length));
  psd_json_end_object(json);
}

static void print_services(const psd_service_rates *services) {
  uint8_t bytes[PSD_SIZE_SERVICE_RATES];
  psd_buffer encoded = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&encoded, PSD_MESSAGE_SERVICE_RATES, services);
  psd_object heading = psd_objects[PSD_OBJECT_SERVICE_RATES];
  heading.words = "services";
  psd_show_people(&heading, psd_cursor_over(bytes, encoded.length));
}

static void write_zones(psd_json *json, const psd_rates *table) {
  psd_cursor zones = table->zones;
  psd_zone_row row;
  if (zones.left == 0)
    return;
  psd_json_number(json, "origin", table->head.origin);
  psd_json_array(json, "zones");
  while (zones.left > 0 && psd_take_message(&zones, PSD_MESSAGE_ZONE_ROW, &row)) {
    psd_json_object(json, NULL);
    psd_json_number(json, "first", row.first);
    psd_json_number(json, "last", row.last);
    psd_json_number(json, "zone", row.zone);
    psd_json_end_object(json);
  }
  psd_json_end_array(json);
}

static void print_zones(const psd_rates *table) {
  psd_cursor zones = table->zones;
  psd_zone_row row;
  if (zones.left > 0)
    printf("zones as seen from %03u\n", (unsigned)table->head.origin);
  while (zones.left > 0 && psd_take_message(&zones, PSD_MESSAGE_ZONE_ROW, &row))
    printf("  %03u to %03u  %u\n", (unsigned)row.first, (unsigned)row.last, (unsigned)row.zone);
}

static void write_rows(psd_json *json, const psd_rates *table, uint64_t mail_class) {
  psd_rate_row row;
  psd_json_array(json, "rates");
  for (uint64_t i = 0; psd_rates_row(table, i, &row); i++) {
    if (mail_class != 0 && row.mail_class != mail_class)
      continue;
    psd_json_object(json, NULL);
    psd_json_string(json, "class", psd_mail_class_name(row.mail_class));
    if (row.zone != 0)
      psd_json_number(json, "zone", row.zone);
    psd_json_number(json, "grams", row.grams);
    psd_show_amount(json, "postage", row.postage);
    psd_json_end_object(json);
  }
  psd_json_end_array(json);
}

static void print_rows(const psd_rates *table, uint64_t mail_class) {
  char words[PSD_AMOUNT_WORDS], zone[8];
  psd_rate_row row;
  printf("%-10s %-5s %8s  %10s\n", "class", "zone", "up to", "postage");
  for (uint64_t i = 0; psd_rates_row(table, i, &row); i++) {
    if (mail_class != 0 && row.mail_class != mail_class)
      continue;
    (void)snprintf(zone, sizeof zone, "%u", (unsigned)row.zone);
    printf("%-10s %-5s %6u g  %10s\n", psd_mail_class_name(row.mail_class), row.zone != 0 ? zone : "",
           (unsigned)row.grams, psd_amount_words(words, row.postage));
  }
}

void psd_show_rates(const psd_cli *cli, const psd_rate_page *page, uint64_t mail_class) {
  char words[PSD_CLI_TABLE_WORDS];
  if (cli->json) {
    psd_json json = psd_json_on(stdout);
    psd_json_object(&json, NULL);
    psd_show_table(&json, page);
    write_zones(&json, &page->table);
    write_rows(&json, &page->table, mail_class);
    write_services(&json, &page->table.services);
    psd_json_end_object(&json);
    return;
  }
  printf("%s, hash %02X%02X%02X%02X\n", psd_cli_table(&page->table, words), page->hash[0], page->hash[1], page->hash[2],
         page->hash[3]);
  print_rows(&page->table, mail_class);
  if (mail_class != 0)
    return;
  print_zones(&page->table);
  print_services(&page->table.services);
}
