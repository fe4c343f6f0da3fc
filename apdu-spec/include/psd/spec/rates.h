/* Rate tables (docs/evidence.md): taken apart, checked, looked up. Needs no library, so that the card may use it. */
#ifndef PSD_SPEC_RATES_H
#define PSD_SPEC_RATES_H

#include "psd/spec/evidence.h"

#define PSD_RATES_SIGNATURE 64U /* r || s, ECDSA P-256 over label and table */
#define PSD_RATES_LABEL "psd rate table"
#define PSD_RATES_MAX 1960U /* bytes of a table: with its signature it fits one command in a record of a session */
#define PSD_RATES_HASH 4U   /* first bytes of SHA-256 of the table that evidence has */
#define PSD_RATES_NO_ORIGIN 1000U
#define PSD_ZONE_MOST 9U

/* A table, taken apart; the bytes stay the caller's. */
typedef struct psd_rates {
  psd_rate_table head;
  psd_service_rates services;
  psd_cursor zones, rows; /* whole rows */
} psd_rates;

/* Takes a table without its signature apart and checks all of it: magic, format, country of two capitals, dates that
 * there are and effective before expiry, version above 0, an origin where there are zones and only there, zones and
 * rows strictly ascending (ranges of ZIPs apart from one another; rows by class, zone, weight), no class both with and
 * without zones, postage above 0, as many bytes as the counts say and at most PSD_RATES_MAX. */
bool psd_rates_open(const void *table, size_t length, psd_rates *rates);
/* The same for one that psd_rates_open has taken before: what the rows say is not checked again. */
bool psd_rates_reopen(const void *table, size_t length, psd_rates *rates);

/* True on days from effective to the day before expiry. */
bool psd_rates_in_force(const psd_rates *rates, uint64_t date);

/* Why there is no rate. */
typedef enum psd_rating {
  PSD_RATED,
  PSD_RATING_CLASS,  /* the table does not have the class */
  PSD_RATING_ZONE,   /* the class has zones, and none is known or it is another than the table's; or it has none */
  PSD_RATING_WEIGHT, /* heavier than the class (and zone) goes, or weightless */
} psd_rating;
/* The row for a piece, and its number. `zone` is what the sender says, 0 for nothing; where the table has zones it is
 * theirs that counts, for a sender within its origin (`zip`, 5 digits). `destination` 11 digits, 0 for none. */
psd_rating psd_rates_find(const psd_rates *rates, uint64_t mail_class, uint64_t zone, uint64_t grams, uint64_t zip,
                          uint64_t destination, psd_rate_row *row, uint64_t *number);
/* The row of a number; false if there is none. */
bool psd_rates_row(const psd_rates *rates, uint64_t number, psd_rate_row *row);
/* The zone of a destination as the table has it for a sender at `zip`; 0 for none. */
uint64_t psd_rates_zone(const psd_rates *rates, uint64_t zip, uint64_t destination);

#endif
