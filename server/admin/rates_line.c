/* The lines of a file of rates. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "admin/rates_file.h"
#include "psd/spec/calendar.h"
#include "psd/spec/chars.h"

#define WORDS_MOST 8U
#define POSTAGE_MOST UINT64_C(0xFFFFFF) /* RATE_ROW has it in 3 bytes */

int psd_draft_wrong(const psd_rates_draft *draft, unsigned line, const char *format, ...) {
  char words[384];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(words, sizeof words, format, arguments);
  va_end(arguments);
  return line == 0 ? psd_admin_refuse("%s: %s", draft->path, words)
                   : psd_admin_refuse("%s, line %u: %s", draft->path, line, words);
}

/* A whole number of at most `digits` digits. */
static bool take_number(const char *words, size_t digits, uint64_t *number) {
  size_t length = strlen(words);
  if (length == 0 || length > digits || strspn(words, "0123456789") != length)
    return false;
  *number = strtoull(words, NULL, 10);
  return true;
}

/* Three digits: how a ZIP begins. */
static bool take_zip(const char *words, size_t length, uint64_t *zip) {
  char digits[4] = {0};
  if (length != 3)
    return false;
  memcpy(digits, words, length);
  return strspn(digits, "0123456789") == 3 && take_number(digits, 3, zip);
}

static bool take_zone(const char *words, uint64_t *zone) {
  return take_number(words, 1, zone) && *zone >= 1 && *zone <= PSD_ZONE_MOST;
}

static int take_country(psd_rates_draft *draft, char **words, size_t count) {
  const char *country = words[1];
  (void)count;
  if (strlen(country) != 2 || strspn(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2)
    return psd_draft_wrong(draft, draft->line, "a country is two capitals, as US");
  memcpy(draft->head.country, country, 2);
  return PSD_EXIT_DONE;
}

static int take_version(psd_rates_draft *draft, char **words, size_t count) {
  (void)count;
  if (!take_number(words[1], 10, &draft->head.version) || draft->head.version < 1 || draft->head.version > UINT32_MAX)
    return psd_draft_wrong(draft, draft->line, "a version is a number from 1 to 4294967295");
  return PSD_EXIT_DONE;
}

static int take_date(const psd_rates_draft *draft, const char *words, uint64_t *date) {
  uint32_t found = 0;
  if (!psd_date_parse(words, &found))
    return psd_draft_wrong(draft, draft->line, "\"%s\" is no day: one is written as 2026-07-01", words);
  *date = found;
  return PSD_EXIT_DONE;
}

static int take_effective(psd_rates_draft *draft, char **words, size_t count) {
  (void)count;
  return take_date(draft, words[1], &draft->head.effective);
}

static int take_expires(psd_rates_draft *draft, char **words, size_t count) {
  (void)count;
  return take_date(draft, words[1], &draft->head.expiry);
}

static int take_service(psd_rates_draft *draft, char **words, size_t count) {
  const psd_message *layout = &psd_messages[PSD_MESSAGE_SERVICE_RATES];
  (void)count;
  for (size_t i = 0; i < layout->field_count; i++) {
    const psd_field *field = &layout->fields[i];
    if (strcmp(psd_field_name(field), words[1]) != 0)
      continue;
    if ((draft->services >> i & 1U) != 0)
      return psd_draft_wrong(draft, draft->line, "that service was there already: leave one of the lines out");
    draft->services |= 1U << i;
    return psd_admin_amount(words[2], (uint64_t *)(void *)((char *)&draft->rates_of_services + field->offset))
               ? PSD_EXIT_DONE
               : psd_draft_wrong(draft, draft->line, "\"%s\" is no amount: one is written as 0.25", words[2]);
  }
  return psd_draft_wrong(draft, draft->line,
                         "there is no service \"%s\": certificate, activation, signing, postmark, verification, agent, "
                         "revocation, payment",
                         words[1]);
}

static int take_origin(psd_rates_draft *draft, char **words, size_t count) {
  (void)count;
  if (!take_zip(words[1], strlen(words[1]), &draft->head.origin))
    return psd_draft_wrong(draft, draft->line, "an origin is how the senders' ZIPs begin: three digits, as 627");
  return PSD_EXIT_DONE;
}

static int take_zone_row(psd_rates_draft *draft, char **words, size_t count) {
  psd_zone_row row;
  const char *first = words[1], *dash = strchr(first, '-');
  size_t length = dash != NULL ? (size_t)(dash - first) : strlen(first);
  (void)count;
  bool range = take_zip(first, length, &row.first) &&
               take_zip(dash != NULL ? dash + 1 : first, dash != NULL ? strlen(dash + 1) : length, &row.last);
  if (!range || row.last < row.first)
    return psd_draft_wrong(draft, draft->line,
                           "\"%s\" is no range of ZIPs: one is written as 000-099, by their first three digits", first);
  if (!take_zone(words[2], &row.zone))
    return psd_draft_wrong(draft, draft->line, "a zone is a number from 1 to %u", PSD_ZONE_MOST);
  if (draft->head.zones == PSD_DRAFT_ZONES)
    return psd_draft_wrong(draft, draft->line, "there are more than %u zones: no two of so many are apart",
                           PSD_DRAFT_ZONES);
  draft->zones[draft->head.zones++] = (psd_draft_zone){row, draft->line};
  return PSD_EXIT_DONE;
}

static int unknown_class(const psd_rates_draft *draft, const char *name) {
  char words[128] = "";
  size_t length = 0;
  for (unsigned i = 1; i < PSD_MAIL_CLASSES; i++)
    length +=
        (size_t)snprintf(words + length, sizeof words - length, "%s%s", i == 1 ? "" : ", ", psd_mail_class_name(i));
  return psd_draft_wrong(draft, draft->line, "there is no class \"%s\": %s", name, words);
}

/* rate CLASS [zone N] WEIGHT AMOUNT */
static int take_rate(psd_rates_draft *draft, char **words, size_t count) {
  psd_rate_row row = {.zone = 0};
  uint8_t mail_class = 0;
  bool zoned = count == 6;
  if (!psd_mail_class_named(words[1], &mail_class))
    return unknown_class(draft, words[1]);
  if (count == 5 || (zoned && strcmp(words[2], "zone") != 0))
    return psd_draft_wrong(draft, draft->line,
                           "a rate is written as \"rate first 28g 0.73\" or \"rate ground zone 1 "
                           "454g 5.25\"");
  if (zoned && !take_zone(words[3], &row.zone))
    return psd_draft_wrong(draft, draft->line, "a zone is a number from 1 to %u", PSD_ZONE_MOST);
  row.mail_class = mail_class;
  if (!psd_draft_weight(words[count - 2], &row.grams))
    return psd_draft_wrong(draft, draft->line,
                           "\"%s\" is no weight from 1 g to 65535 g: one is written as 28g, 0.5kg, 3.5oz or 1lb",
                           words[count - 2]);
  if (!psd_admin_amount(words[count - 1], &row.postage) || row.postage < 1 || row.postage > POSTAGE_MOST)
    return psd_draft_wrong(draft, draft->line, "\"%s\" is no postage from 0.001 to 16777.215: one is written as 0.73",
                           words[count - 1]);
  if (draft->head.rows == PSD_DRAFT_RATES)
    return psd_draft_wrong(draft, draft->line, "there are more than %u rates: a table has room for 267",
                           PSD_DRAFT_RATES);
  draft->rates[draft->head.rows++] = (psd_draft_rate){row, draft->line};
  return PSD_EXIT_DONE;
}

/* What a line may begin with. */
static const struct word {
  const char *name, *form;
  size_t least, most; /* words of the line */
  bool once;
  bool needed;
  int (*take)(psd_rates_draft *draft, char **words, size_t count);
} table[] = {
    {"country", "country US", 2, 2, true, true, take_country},
    {"version", "version 7", 2, 2, true, false, take_version},
    {"effective", "effective 2026-07-01", 2, 2, true, true, take_effective},
    {"expires", "expires 2027-07-01", 2, 2, true, true, take_expires},
    {"service", "service postmark 0.25", 3, 3, false, false, take_service},
    {"origin", "origin 627", 2, 2, true, false, take_origin},
    {"zone", "zone 000-099 8", 3, 3, false, false, take_zone_row},
    {"rate", "rate first 28g 0.73", 4, 6, false, false, take_rate},
};
#define TABLE (sizeof table / sizeof table[0])

/* Cuts a line at its blanks; how many words it has, at most WORDS_MOST of which are in `words`. */
static size_t cut(char *line, char *words[WORDS_MOST]) {
  static const char blanks[] = " \t\r\n";
  size_t count = 0;
  for (char *at = line + strspn(line, blanks); *at != '\0'; at += strspn(at, blanks)) {
    if (count < WORDS_MOST)
      words[count] = at;
    count++;
    at += strcspn(at, blanks);
    if (*at != '\0')
      *at++ = '\0';
  }
  return count;
}

int psd_draft_take_line(psd_rates_draft *draft, char *line) {
  char *words[WORDS_MOST] = {NULL};
  line[strcspn(line, "#")] = '\0';
  size_t count = cut(line, words);
  if (count == 0)
    return PSD_EXIT_DONE;
  for (size_t i = 0; i < TABLE; i++) {
    if (strcmp(table[i].name, words[0]) != 0)
      continue;
    if (count < table[i].least || count > table[i].most)
      return psd_draft_wrong(draft, draft->line, "that line is written as \"%s\"", table[i].form);
    if (table[i].once && (draft->said >> i & 1U) != 0)
      return psd_draft_wrong(draft, draft->line, "%s was there already: leave one of the lines out", words[0]);
    draft->said |= 1U << i;
    return table[i].take(draft, words, count);
  }
  return psd_draft_wrong(draft, draft->line,
                         "\"%s\" begins no line: country, version, effective, expires, service, origin, zone, rate",
                         words[0]);
}

int psd_draft_complete(const psd_rates_draft *draft) {
  const psd_message *layout = &psd_messages[PSD_MESSAGE_SERVICE_RATES];
  for (size_t i = 0; i < TABLE; i++)
    if (table[i].needed && (draft->said >> i & 1U) == 0)
      return psd_draft_wrong(draft, 0, "it does not say %s: add a line as \"%s\"", table[i].name, table[i].form);
  for (size_t i = 0; i < layout->field_count; i++)
    if ((draft->services >> i & 1U) == 0)
      return psd_draft_wrong(draft, 0,
                             "it does not say what the service %s costs: add a line \"service %s 0.25\"; 0 is "
                             "free",
                             psd_field_name(&layout->fields[i]), psd_field_name(&layout->fields[i]));
  return PSD_EXIT_DONE;
}
