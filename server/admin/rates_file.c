/* Files of rates: read, put into order, made a table. */
#include "admin/rates_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin/columns.h"

#define GRAMS_MOST 65535U /* RATE_ROW has them in 2 bytes */

/* Thousandths of a unit from "3.5"; `end` is what follows. */
static bool take_thousandths(const char *words, uint64_t *thousandths, const char **end) {
  uint64_t value = 0;
  unsigned digits = 0, decimals = 0;
  bool point = false;
  for (; (*words >= '0' && *words <= '9') || (*words == '.' && !point && digits > 0); words++) {
    point = point || *words == '.';
    if (*words == '.')
      continue;
    value = value * 10 + (uint64_t)(*words - '0');
    digits++;
    decimals += point ? 1 : 0;
    if (digits > 8 || decimals > 3)
      return false;
  }
  if (digits == 0 || (point && decimals == 0))
    return false;
  for (; decimals < 3; decimals++)
    value *= 10;
  *thousandths = value;
  *end = words;
  return true;
}

bool psd_draft_weight(const char *words, uint64_t *grams) {
  static const struct {
    const char *name;
    uint64_t nanograms;
  } units[] = {{"g", UINT64_C(1000000000)},
               {"kg", UINT64_C(1000000000000)},
               {"oz", UINT64_C(28349523125)},
               {"lb", UINT64_C(453592370000)}};
  uint64_t thousandths = 0;
  const char *unit = NULL;
  if (!take_thousandths(words, &thousandths, &unit))
    return false;
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    if (strcmp(units[i].name, unit) != 0 || thousandths > UINT64_MAX / units[i].nanograms)
      continue;
    *grams = thousandths * units[i].nanograms / UINT64_C(1000000000000);
    return *grams >= 1 && *grams <= GRAMS_MOST;
  }
  return false;
}

static int order_of(uint64_t a, uint64_t b) {
  return a < b ? -1 : a > b;
}

static int zones_order(const void *one, const void *other) {
  const psd_draft_zone *a = one, *b = other;
  int order = order_of(a->row.first, b->row.first);
  return order != 0 ? order : order_of(a->line, b->line);
}

static int rates_order(const void *one, const void *other) {
  const psd_draft_rate *a = one, *b = other;
  int order = order_of(a->row.mail_class, b->row.mail_class);
  order = order != 0 ? order : order_of(a->row.zone, b->row.zone);
  order = order != 0 ? order : order_of(a->row.grams, b->row.grams);
  return order != 0 ? order : order_of(a->line, b->line);
}

/* Both lines of what contradicts, the later one first. */
static int contradiction(const psd_rates_draft *draft, unsigned one, unsigned other, const char *what) {
  return psd_draft_wrong(draft, one > other ? one : other, "%s line %u: change one of them", what,
                         one > other ? other : one);
}

static int sort_zones(psd_rates_draft *draft) {
  qsort(draft->zones, draft->head.zones, sizeof draft->zones[0], zones_order);
  for (size_t i = 1; i < draft->head.zones; i++)
    if (draft->zones[i].row.first <= draft->zones[i - 1].row.last)
      return contradiction(draft, draft->zones[i].line, draft->zones[i - 1].line, "it has ZIPs that are those of");
  return PSD_EXIT_DONE;
}

static int sort_rates(psd_rates_draft *draft) {
  qsort(draft->rates, draft->head.rows, sizeof draft->rates[0], rates_order);
  for (size_t i = 1; i < draft->head.rows; i++) {
    const psd_draft_rate *last = &draft->rates[i - 1], *rate = &draft->rates[i];
    if (rate->row.mail_class != last->row.mail_class)
      continue;
    if (last->row.zone == 0 && rate->row.zone != 0)
      return contradiction(draft, rate->line, last->line, "a class has zones or it has none; it is the other way in");
    if (rate->row.zone == last->row.zone && rate->row.grams == last->row.grams)
      return contradiction(draft, rate->line, last->line, "the same class, zone and weight in whole grams as in");
  }
  return PSD_EXIT_DONE;
}

int psd_draft_sort(psd_rates_draft *draft) {
  int status = sort_zones(draft);
  return status == PSD_EXIT_DONE ? sort_rates(draft) : status;
}

/* What a table is beside its rows. */
static int check_whole(psd_rates_draft *draft) {
  psd_rate_table *head = &draft->head;
  size_t size = PSD_SIZE_RATE_TABLE + PSD_SIZE_SERVICE_RATES + (size_t)head->zones * PSD_SIZE_ZONE_ROW +
                (size_t)head->rows * PSD_SIZE_RATE_ROW;
  if (head->effective >= head->expiry)
    return psd_draft_wrong(draft, 0, "it expires before it is effective: the day after \"expires\" is to be the later");
  if (head->rows == 0)
    return psd_draft_wrong(draft, 0, "it has no rate: add lines as \"rate first 28g 0.73\"");
  if (head->zones > 0 && head->origin == PSD_RATES_NO_ORIGIN)
    return psd_draft_wrong(draft, draft->zones[0].line, "zones are seen from somewhere: add a line as \"origin 627\"");
  if (head->zones == 0 && head->origin != PSD_RATES_NO_ORIGIN)
    return psd_draft_wrong(draft, 0,
                           "it has an origin and no zones: leave the origin out, or add lines as \"zone "
                           "000-099 8\"");
  if (size > PSD_RATES_MAX)
    return psd_draft_wrong(draft, 0,
                           "it has %zu bytes with %" PRIu64 " rates and %" PRIu64
                           " zones, and may have %u: a rate takes %u, a zone %u",
                           size, head->rows, head->zones, PSD_RATES_MAX, PSD_SIZE_RATE_ROW, PSD_SIZE_ZONE_ROW);
  return PSD_EXIT_DONE;
}

static int encode(const psd_rates_draft *draft, uint8_t table[PSD_RATES_MAX], size_t *length) {
  psd_buffer out = psd_buffer_over(table, PSD_RATES_MAX);
  psd_rates rates;
  psd_put_message(&out, PSD_MESSAGE_RATE_TABLE, &draft->head);
  psd_put_message(&out, PSD_MESSAGE_SERVICE_RATES, &draft->rates_of_services);
  for (size_t i = 0; i < draft->head.zones; i++)
    psd_put_message(&out, PSD_MESSAGE_ZONE_ROW, &draft->zones[i].row);
  for (size_t i = 0; i < draft->head.rows; i++)
    psd_put_message(&out, PSD_MESSAGE_RATE_ROW, &draft->rates[i].row);
  *length = out.length;
  /* Whatever was passed over above is found here. */
  return !out.overflow && psd_rates_open(table, out.length, &rates)
             ? PSD_EXIT_DONE
             : psd_draft_wrong(draft, 0, "what it says makes no rate table");
}

static int read_lines(psd_rates_draft *draft, FILE *in) {
  char line[PSD_ADMIN_LINE];
  bool whole = true;
  uint64_t number = 0;
  int status = PSD_EXIT_DONE;
  while (status == PSD_EXIT_DONE && psd_admin_next_line(in, &number, line, &whole)) {
    draft->line = (unsigned)number;
    status = whole ? psd_draft_take_line(draft, line)
                   : psd_draft_wrong(draft, draft->line, "it has %u bytes or more, or is no text", PSD_ADMIN_LINE);
  }
  return status == PSD_EXIT_DONE && ferror(in) ? psd_draft_wrong(draft, 0, "it cannot be read") : status;
}

static int make_table(psd_rates_draft *draft, FILE *in, uint8_t table[PSD_RATES_MAX], size_t *length) {
  int status = read_lines(draft, in);
  if (status == PSD_EXIT_DONE)
    status = psd_draft_complete(draft);
  if (status == PSD_EXIT_DONE)
    status = psd_draft_sort(draft);
  if (status == PSD_EXIT_DONE)
    status = check_whole(draft);
  return status == PSD_EXIT_DONE ? encode(draft, table, length) : status;
}

int psd_admin_rates_read(const char *path, uint32_t next, uint8_t table[PSD_RATES_MAX], size_t *length) {
  psd_rates_draft *draft = calloc(1, sizeof *draft);
  if (draft == NULL)
    return psd_admin_refuse("no memory");
  draft->path = path;
  draft->head = (psd_rate_table){.magic = "PSDR", .format = 1, .version = next, .origin = PSD_RATES_NO_ORIGIN};
  FILE *in = fopen(path, "r");
  int status = in != NULL ? make_table(draft, in, table, length)
                          : psd_admin_refuse("%s cannot be opened: %s", path, strerror(errno));
  if (in != NULL)
    (void)fclose(in);
  free(draft);
  return status;
}

static void write_date(FILE *out, const char *name, uint64_t date) {
  fprintf(out, "%s %04u-%02u-%02u\n", name, (unsigned)(date / 10000), (unsigned)(date / 100 % 100),
          (unsigned)(date % 100));
}

static void write_services(FILE *out, const psd_service_rates *services) {
  const psd_message *layout = &psd_messages[PSD_MESSAGE_SERVICE_RATES];
  char amount[PSD_AMOUNT_WORDS];
  for (size_t i = 0; i < layout->field_count; i++) {
    const psd_field *field = &layout->fields[i];
    const uint64_t *mills = (const uint64_t *)(const void *)((const char *)services + field->offset);
    fprintf(out, "service %s %s\n", psd_field_name(field), psd_amount_words(amount, *mills));
  }
}

void psd_admin_rates_write(FILE *out, const psd_rates *rates) {
  const psd_rate_table *head = &rates->head;
  psd_cursor zones = rates->zones, rows = rates->rows;
  psd_zone_row zone;
  psd_rate_row row;
  char amount[PSD_AMOUNT_WORDS];
  fprintf(out, "country %.2s\nversion %" PRIu64 "\n", (const char *)head->country, head->version);
  write_date(out, "effective", head->effective);
  write_date(out, "expires", head->expiry);
  write_services(out, &rates->services);
  if (head->zones > 0)
    fprintf(out, "origin %03" PRIu64 "\n", head->origin);
  while (zones.left > 0 && psd_take_message(&zones, PSD_MESSAGE_ZONE_ROW, &zone))
    fprintf(out, "zone %03" PRIu64 "-%03" PRIu64 " %" PRIu64 "\n", zone.first, zone.last, zone.zone);
  while (rows.left > 0 && psd_take_message(&rows, PSD_MESSAGE_RATE_ROW, &row)) {
    fprintf(out, "rate %s ", psd_mail_class_name(row.mail_class));
    if (row.zone != 0)
      fprintf(out, "zone %" PRIu64 " ", row.zone);
    fprintf(out, "%" PRIu64 "g %s\n", row.grams, psd_amount_words(amount, row.postage));
  }
}
