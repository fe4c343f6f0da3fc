/* The table of a day for verification sites (docs/evidence.md, "The day's table"). */
#ifndef PSD_KMS_DAY_TABLE_H
#define PSD_KMS_DAY_TABLE_H

#include "kms/archive.h"

/* A table, whole and signed. Secret. */
typedef struct psd_kms_day_table {
  uint8_t *bytes;
  size_t length;
} psd_kms_day_table;

/* What a table is of. */
typedef struct psd_kms_day {
  psd_token_domain domain;
  psd_token_order order;
  uint32_t date; /* YYYYMMDD */
  uint64_t made; /* seconds since 1970 */
} psd_kms_day;

/* PSDs whose keys a table of order METER would have: those of the set that were made in that order, and whose keys are
 * still accepted. */
size_t psd_kms_day_meters(const psd_kms_archive *archive, uint64_t set);
/* Makes the table of a set. Free with psd_kms_day_free. */
bool psd_kms_day_make(const psd_kms_archive *archive, const psd_kms_key *set, const psd_kms_key *signer,
                      const psd_kms_day *day, psd_kms_day_table *table);
/* Wipes it, too. */
void psd_kms_day_free(psd_kms_day_table *table);

#endif
