/* The archive: what the log says became of every PSD's token key, of the keys of the system itself, and which rate
 * tables were signed. It is made of the log's records and of nothing else (docs/kms.md, "Token keys"). In memory,
 * nothing secret. */
#ifndef PSD_KMS_ARCHIVE_H
#define PSD_KMS_ARCHIVE_H

#include "kms/log_event.h"

/* Wrong registration tokens of one key that are compared: 8 digits are then found with a chance of 1 in 10 million. */
#define PSD_KMS_REGISTRATION_TRIES 10U

/* The token key of one PSD, in one set. */
typedef struct psd_kms_token {
  psd_kms_device device;
  uint32_t set;
  psd_kms_state state;
  uint16_t pointer;
  uint8_t order, digits;  /* as it was handed out last */
  uint32_t handed_out;    /* how often */
  uint32_t failures;      /* wrong registration tokens since it was handed out first or cleared */
  uint32_t licence;       /* number that it was registered with; 0 until then */
  uint64_t made, changed; /* seconds since 1970; changed: in this state since */
} psd_kms_token;

/* The last rate table that was signed for a country. */
typedef struct psd_kms_rates_row {
  uint32_t version; /* 0: none was */
  uint8_t digest[PSD_HASH];
} psd_kms_rates_row;

typedef struct psd_kms_archive psd_kms_archive;

/* An empty one; NULL without memory. */
psd_kms_archive *psd_kms_archive_new(void);
void psd_kms_archive_free(psd_kms_archive *archive);

/* Takes the next record of a log. What the tables of keys.def do not allow changes nothing, and `flaw` is a line that
 * says what; else NULL. False without memory. */
bool psd_kms_archive_take(psd_kms_archive *archive, const psd_kms_record *record, const char **flaw);

/* In the order in which they were made. They stay the archive's, and valid until the next record is taken. */
size_t psd_kms_archive_count(const psd_kms_archive *archive);
const psd_kms_token *psd_kms_archive_at(const psd_kms_archive *archive, size_t i);
/* The token key of a PSD in a set; NULL if none was ever made. */
const psd_kms_token *psd_kms_archive_token(const psd_kms_archive *archive, const psd_kms_device *device, uint64_t set);
/* By two capitals; NULL for what is no country. */
const psd_kms_rates_row *psd_kms_archive_rates(const psd_kms_archive *archive, const uint8_t country[2]);
/* Records so far that tell of a change of keys. */
uint32_t psd_kms_archive_changes(const psd_kms_archive *archive);
/* Records that the tables do not allow. */
uint32_t psd_kms_archive_flaws(const psd_kms_archive *archive);

/* The number in the record of a token key that is handed out, and what is in it. */
uint32_t psd_kms_token_detail(uint64_t order, uint64_t digits, uint64_t pointer);
void psd_kms_token_details(uint64_t detail, psd_kms_token *token);

#endif
