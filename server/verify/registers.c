/* What the registers of meters have added up to: every refill and withdrawal makes another control total, and no piece
 * of mail does. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin/columns.h"
#include "psd/spec/amount.h"
#include "psd/spec/calendar.h"
#include "psd/spec/chars.h"
#include "verify/folder.h"

#define COLUMNS 5U
#define SECONDS_DIGITS 12U
#define DAY_SECONDS 86400U

static bool take_device(char *const columns[COLUMNS], uint8_t device[PSD_SIZE_DEVICE_ID]) {
  if (strlen(columns[0]) != 2 || strlen(columns[1]) != 2 || !psd_printable(columns[0], 2) ||
      !psd_printable(columns[1], 2))
    return false;
  memcpy(device, columns[0], 2);
  memcpy(device + 2, columns[1], 2);
  return strlen(columns[2]) == 8 && psd_hex_bytes(columns[2], 8, device + 4, 4) == 4;
}

/* "2026-11-22" */
static bool take_day(const char *words, uint64_t *day) {
  uint32_t date;
  return psd_date_parse(words, &date) && psd_day_of_date(date, day);
}

/* Seconds since 1970, as psd-server writes them, or a date, as a person does. */
static bool take_since(const char *words, uint64_t *day) {
  size_t digits = strspn(words, "0123456789");
  if (digits == 0 || digits > SECONDS_DIGITS || words[digits] != '\0')
    return take_day(words, day);
  *day = strtoull(words, NULL, 10) / DAY_SECONDS;
  return true;
}

static bool take_row(psd_site_reading *reading, uint64_t number, char *line, psd_total *row) {
  char *columns[COLUMNS];
  if (psd_admin_columns(line, columns, COLUMNS) != COLUMNS)
    return psd_site_damaged(reading, "line %" PRIu64 " has not the columns vendor,model,serial,control_total,since",
                            number);
  if (!take_device(columns, row->device))
    return psd_site_damaged(reading, "line %" PRIu64 ": a PSD is written as PS,D1,00C0FFEE", number);
  row->account = columns[3][0] == '\0';
  if (!row->account && !psd_amount_parse(columns[3], &row->total))
    return psd_site_damaged(reading, "line %" PRIu64 ": a control total is written as 50.00", number);
  return take_since(columns[4], &row->since) ||
         psd_site_damaged(reading, "line %" PRIu64 ": a time is written as 2026-11-22 or in seconds since 1970",
                          number);
}

static bool add_row(psd_site_reading *reading, uint64_t number, char *line) {
  psd_site *site = reading->site;
  psd_total *rows = psd_room_for_row(reading, site->totals, site->total_count, sizeof *site->totals);
  if (rows == NULL)
    return false;
  site->totals = rows;
  rows[site->total_count] = (psd_total){.account = false};
  if (!take_row(reading, number, line, &rows[site->total_count]))
    return false;
  site->total_count++;
  return true;
}

static bool read_totals(psd_site_reading *reading) {
  char line[PSD_ADMIN_LINE];
  uint64_t number = 0;
  bool done = true, whole = true;
  FILE *in = psd_file_stream(reading);
  if (in == NULL)
    return false;
  while (done && psd_admin_next_line(in, &number, line, &whole))
    done = whole ? add_row(reading, number, line) : psd_site_damaged(reading, "line %" PRIu64 " is too long", number);
  if (done && ferror(in) != 0)
    done = psd_site_damaged(reading, "it cannot be read to its end");
  (void)fclose(in);
  return done;
}

static int by_device(const void *row, const void *device) {
  return memcmp(((const psd_total *)row)->device, device, PSD_SIZE_DEVICE_ID);
}

static int rows_by_device(const void *a, const void *b) {
  return by_device(a, ((const psd_total *)b)->device);
}

bool psd_read_totals(psd_site_reading *reading) {
  psd_site *site = reading->site;
  if (!psd_one_file(reading, "meters.csv", read_totals))
    return false;
  if (site->total_count > 0)
    qsort(site->totals, site->total_count, sizeof *site->totals, rows_by_device);
  return true;
}

/* A day later: the meter's local day may be behind that of the list. */
static bool had_it(const psd_total *row, uint64_t mailed) {
  return row->since <= mailed + 1;
}

static void judge_rows(const psd_total *rows, size_t count, const psd_claim *claim, psd_piece_verdict *verdict) {
  /* The fields are of 5 and 4 bytes: no overflow. */
  uint64_t total = claim->fields.ascending + claim->fields.descending, mailed = 0;
  bool right = total == 0, account = false;
  char words[PSD_AMOUNT_WORDS];
  (void)psd_day_of_date(claim->fields.date, &mailed);
  for (size_t i = 0; i < count; i++) {
    account = account || (rows[i].account && had_it(&rows[i], mailed));
    right = right || (!rows[i].account && rows[i].total == total && had_it(&rows[i], mailed));
  }
  if (right)
    psd_find(verdict, PSD_CHECK_REGISTERS, PSD_CHECK_PASSED, "control total %s", psd_amount_words(words, total));
  else if (account)
    psd_find(verdict, PSD_CHECK_REGISTERS, PSD_CHECK_UNKNOWN, "a meter in current account has no control total");
  else
    psd_find(verdict, PSD_CHECK_REGISTERS, PSD_CHECK_FAILED,
             "the meter never had a control total of %s, or meters.csv is older than the mail",
             psd_amount_words(words, total));
}

void psd_judge_registers(const psd_site *site, const psd_claim *claim, psd_piece_verdict *verdict) {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  psd_claim_device(claim, device);
  if (claim->profile == PSD_PROFILE_COMPACT) {
    psd_find(verdict, PSD_CHECK_REGISTERS, PSD_CHECK_UNKNOWN, "a compact indicium has none");
    return;
  }
  if (claim->fields.postage > claim->fields.ascending) {
    psd_find(verdict, PSD_CHECK_REGISTERS, PSD_CHECK_FAILED, "the ascending register is less than this postage");
    return;
  }
  if (site->total_count == 0) {
    psd_find(verdict, PSD_CHECK_REGISTERS, PSD_CHECK_UNKNOWN, "there is no list of control totals (meters.csv)");
    return;
  }
  size_t at = psd_first_row(site->totals, site->total_count, sizeof *site->totals, by_device, device), count = 0;
  while (at + count < site->total_count && by_device(&site->totals[at + count], device) == 0)
    count++;
  if (count == 0)
    psd_find(verdict, PSD_CHECK_REGISTERS, PSD_CHECK_UNKNOWN, "meters.csv does not know the meter");
  else
    judge_rows(&site->totals[at], count, claim, verdict);
}
