/* The log of key events (docs/kms.md): records of one size, each hashed into the next and signed, and a signed head
 * that says how many there must be. Several processes may append; each waits for the other's lock. */
#ifndef PSD_KMS_LOG_H
#define PSD_KMS_LOG_H

#include "kms/log_event.h"

#define PSD_KMS_SIGNATURE 64U
#define PSD_KMS_ENTRY (PSD_SIZE_KMS_RECORD + PSD_KMS_SIGNATURE)
#define PSD_KMS_WHY_MAX 200U

/* What a log amounts to. */
typedef struct psd_kms_tail {
  uint32_t count;
  uint8_t hash[PSD_HASH]; /* zeroes for an empty log */
} psd_kms_tail;

typedef struct psd_kms_log {
  int folder, file;  /* the folder stays its owner's */
  psd_kms_tail tail; /* as it was last seen */
} psd_kms_log;

/* What psd_kms_log_check looks at, besides the chain. */
typedef struct psd_kms_log_checks {
  const uint8_t *point; /* the log's public key; NULL leaves out the head and all signatures */
  bool every_signature; /* not only of the head and what comes after it */
  bool locked;          /* the caller holds the log's lock */
  uint32_t headless;    /* records there may be without a head: the first ones, before it was written */
  /* May be NULL: each record in turn; false stops the scan as a failure, with `why` set by it. */
  bool (*record)(void *user, const psd_kms_record *record, const psd_kms_tail *before, char why[PSD_KMS_WHY_MAX]);
  void *user;
} psd_kms_log_checks;

/* Opens, or makes, the log in a folder. */
bool psd_kms_log_open(psd_kms_log *log, int folder, bool make);
void psd_kms_log_close(psd_kms_log *log);

/* While it is locked nobody else appends. */
bool psd_kms_log_lock(psd_kms_log *log);
void psd_kms_log_unlock(psd_kms_log *log);
/* Brings `tail` up to date, and cuts off what an append that did not come to its end has left. Locked. */
bool psd_kms_log_refresh(psd_kms_log *log);
/* Appends records, signed with the log's key, and waits until they and the head are on the disk. Locked, refreshed. */
bool psd_kms_log_append(psd_kms_log *log, const psd_pair *key, psd_kms_record *records, size_t count);

/* Reads on from `seen`, what of the log is known, to the end of it, with chain and signatures; `seen` is moved on. As
 * psd_kms_log_check otherwise. Locked, refreshed. */
bool psd_kms_log_follow(const psd_kms_log *log, const psd_kms_log_checks *checks, psd_kms_tail *seen,
                        char why[PSD_KMS_WHY_MAX]);

/* Reads the log of a folder from its beginning. `tail` is set to its end. False with the reason and the number of the
 * record in `why`. */
bool psd_kms_log_check(int folder, const psd_kms_log_checks *scan, psd_kms_tail *tail, char why[PSD_KMS_WHY_MAX]);

#endif
