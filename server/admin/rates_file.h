/* A file in which a person has written rates (docs/operator.md, "Rates"), and the table that it becomes. */
#ifndef PSD_SERVER_ADMIN_RATES_FILE_H
#define PSD_SERVER_ADMIN_RATES_FILE_H

#include <stdio.h>

#include "admin/command.h"
#include "psd/spec/rates.h"

/* More of either is no table: it has room for 267 rates, and for 1000 zones there are no ZIPs. */
#define PSD_DRAFT_ZONES 1000U
#define PSD_DRAFT_RATES 2048U

/* A row and where it was written. */
typedef struct psd_draft_zone {
  psd_zone_row row;
  unsigned line;
} psd_draft_zone;
typedef struct psd_draft_rate {
  psd_rate_row row;
  unsigned line;
} psd_draft_rate;

/* A file as far as it is read. */
typedef struct psd_rates_draft {
  const char *path;
  unsigned line;
  unsigned said;     /* lines that are there once: bits by the table of words */
  unsigned services; /* fields of SERVICE_RATES that were said, bits */
  psd_rate_table head;
  psd_service_rates rates_of_services;
  psd_draft_zone zones[PSD_DRAFT_ZONES];
  psd_draft_rate rates[PSD_DRAFT_RATES];
} psd_rates_draft;

/* "FILE, line N: ..." on standard error; returns PSD_EXIT_REFUSED. Line 0 is the file as a whole. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
int psd_draft_wrong(const psd_rates_draft *draft, unsigned line, const char *format, ...);

/* Takes one line, without its comment, into the draft. */
int psd_draft_take_line(psd_rates_draft *draft, char *line);
/* What has to be there is there. */
int psd_draft_complete(const psd_rates_draft *draft);
/* Brings zones and rates into the order of a table; what contradicts is told with both lines. */
int psd_draft_sort(psd_rates_draft *draft);

/* "28g", "0.5kg", "3.5oz", "1lb" as whole grams, rounded down (an ounce is 28.349523125 g); false for anything else,
 * for less than a gram, and for more than 65535. */
bool psd_draft_weight(const char *words, uint64_t *grams);

/* Reads the whole file into a table without signature; `next` is the version of one that says none. Returns
 * PSD_EXIT_DONE, or the exit status after telling what is wrong, and where. */
int psd_admin_rates_read(const char *path, uint32_t next, uint8_t table[PSD_RATES_MAX], size_t *length);

/* Writes a table as such a file. */
void psd_admin_rates_write(FILE *out, const psd_rates *rates);

#endif
