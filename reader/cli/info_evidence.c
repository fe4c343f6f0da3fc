/* psd info: what evidence the card makes, and by which rates. */
#include "info.h"
#include "rates.h"

#include "psd/spec/text.h"

#include <inttypes.h>

/* The profiles of a policy, by number. */
#define PROFILES 8U

static void write_policy(psd_json *json, const psd_evidence_policy *policy) {
  psd_json_object(json, "evidence_policy");
  psd_json_text(json, "country", policy->country, sizeof policy->country);
  psd_json_array(json, "profiles");
  for (unsigned i = 0; i < PROFILES; i++)
    if ((policy->profiles >> i & 1U) != 0 && psd_profile_of(i) != NULL)
      psd_json_string(json, NULL, psd_profile_of(i)->name);
  psd_json_end_array(json);
  psd_json_number(json, "days_ahead", policy->ahead);
  psd_json_signed(json, "utc_offset_minutes", (int64_t)policy->offset - (int64_t)PSD_OFFSET_UTC);
  psd_json_end_object(json);
}

static void say_offset(psd_text *text, uint64_t offset) {
  bool behind = offset < PSD_OFFSET_UTC;
  uint64_t minutes = behind ? PSD_OFFSET_UTC - offset : offset - PSD_OFFSET_UTC;
  psd_say(text, "UTC%c%02" PRIu64 ":%02" PRIu64, behind ? '-' : '+', minutes / 60, minutes % 60);
}

static void print_policy(const psd_evidence_policy *policy) {
  char words[160];
  psd_text text = psd_text_over(words, sizeof words);
  const char *before = "";
  for (unsigned i = 0; i < PROFILES; i++) {
    if ((policy->profiles >> i & 1U) == 0 || psd_profile_of(i) == NULL)
      continue;
    psd_say(&text, "%s%s", before, psd_profile_of(i)->name);
    before = ", ";
  }
  puts("evidence of postage");
  printf("  %-42s %s\n", "profiles", words);
  printf("  %-42s %u days\n", "date of mailing ahead, at most", (unsigned)policy->ahead);
  text = psd_text_over(words, sizeof words);
  say_offset(&text, policy->offset);
  printf("  %-42s %s\n", "local time", words);
  text = psd_text_over(words, sizeof words);
  psd_say_text(&text, policy->country, sizeof policy->country);
  printf("  %-42s %s\n", "rates of", words);
}

static void write_table(psd_json *json, const char *name, const psd_rate_page *page) {
  if (page->length == 0)
    return;
  psd_json_object(json, name);
  psd_show_table(json, page);
  psd_json_end_object(json);
}

static void print_table(const char *what, const psd_rate_page *page, const char *without) {
  char words[PSD_CLI_TABLE_WORDS];
  if (page->length > 0)
    printf("  %-42s %s\n", what, psd_cli_table(&page->table, words));
  else if (without != NULL)
    printf("  %-42s %s\n", what, without);
}

psd_result psd_info_evidence(psd_cli *cli, psd_json *json) {
  psd_host_meter meter;
  psd_rate_book book;
  psd_result result = psd_host_meter_look(cli->host, &meter);
  if (result == PSD_OK)
    result = psd_rate_book_read(cli->host, &book);
  if (result != PSD_OK)
    return result;
  if (cli->json) {
    write_policy(json, &meter.policy);
    write_table(json, "rate_table", &book.first);
    write_table(json, "next_rate_table", &book.next);
    return PSD_OK;
  }
  print_policy(&meter.policy);
  print_table("rates", &book.first, "none: psd rates update");
  print_table("and then", &book.next, NULL);
  return PSD_OK;
}
