/* The archive from inside. */
#ifndef PSD_KMS_ARCHIVE_INTERNAL_H
#define PSD_KMS_ARCHIVE_INTERNAL_H

#include "kms/archive.h"

#define PSD_KMS_COUNTRIES (26U * 26U)

/* A key of the system itself. */
typedef struct psd_kms_known_key {
  psd_kms_kind kind;
  psd_kms_state state;
} psd_kms_known_key;

struct psd_kms_archive {
  psd_kms_token *tokens;
  size_t count, capacity;
  uint32_t *slots; /* a hash table of PSD and set: 0, or the number of a token plus 1 */
  size_t slot_count;
  psd_kms_known_key keys[PSD_KMS_KEYS_MAX + 1U]; /* by identifier */
  uint32_t key_count, changes, flaws;
  psd_kms_rates_row rates[PSD_KMS_COUNTRIES];
};

/* The token key as psd_kms_archive_token finds it, to be changed. */
psd_kms_token *psd_kms_archive_find(const psd_kms_archive *archive, const psd_kms_device *device, uint64_t set);
/* Adds one that is not there; false without memory. */
bool psd_kms_archive_add(psd_kms_archive *archive, const psd_kms_token *token);
/* Likewise the row of a country. */
psd_kms_rates_row *psd_kms_archive_country(psd_kms_archive *archive, const uint8_t country[2]);

/* What became of a record of a PSD's token key: NULL, or why the tables do not allow it. `full` is set without memory.
 */
const char *psd_kms_archive_token_record(psd_kms_archive *archive, const psd_kms_record *record, bool *full);

#endif
