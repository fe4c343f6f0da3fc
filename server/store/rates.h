/* Rate tables that were published, and which PSD has which (docs/evidence.md, "Rate tables").
 *
 * Dates are numbers YYYYMMDD, times seconds since 1970. A table that was published is never changed and never removed:
 * meters hold it, and evidence has its hash. */
#ifndef PSD_SERVER_STORE_RATES_H
#define PSD_SERVER_STORE_RATES_H

#include "psd/spec/rates.h"
#include "store/store.h"

#define PSD_RATES_SIGNED_MAX (PSD_RATES_MAX + PSD_RATES_SIGNATURE)

typedef struct psd_published_rates {
  uint32_t version;
  char country[3];
  uint32_t effective, expiry;
  uint64_t published;
  uint8_t bytes[PSD_RATES_SIGNED_MAX]; /* the table and its signature */
  size_t length;
} psd_published_rates;

/* EXISTS if there is one of this version. REFUSED for what cannot be. */
psd_db_result psd_db_rates_add(psd_db *db, const psd_published_rates *row);
psd_db_result psd_db_rates_find(psd_db *db, uint32_t version, psd_published_rates *row);
/* The highest version; 0 for none. */
psd_db_result psd_db_rates_newest(psd_db *db, uint32_t *version);
/* The one that is in force on a day: of several the highest version. ABSENT for none. */
psd_db_result psd_db_rates_current(psd_db *db, uint32_t date, psd_published_rates *row);
/* Of those above `version` the one that comes into force first after a day; of several the highest version. */
psd_db_result psd_db_rates_next(psd_db *db, uint32_t date, uint32_t version, psd_published_rates *row);
/* In order of their versions. */
typedef bool psd_db_rates_visitor(void *user, const psd_published_rates *row);
psd_db_result psd_db_rates_list(psd_db *db, psd_db_rates_visitor *visit, void *user);

/* The PSD has this version, or has refused it. DONE as well if it is known of a higher one, and for no such PSD. */
psd_db_result psd_db_rates_delivered(psd_db *db, const uint8_t device[8], uint32_t version);
psd_db_result psd_db_rates_refused(psd_db *db, const uint8_t device[8], uint32_t version);
/* How many PSDs have this version, and none above it. */
psd_db_result psd_db_rates_holders(psd_db *db, uint32_t version, uint64_t *devices);

#endif
