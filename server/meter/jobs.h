/* What the meter server wants of its database: one job for each question, done by a worker (workers.h). */
#ifndef PSD_METER_JOBS_H
#define PSD_METER_JOBS_H

#include "store/store.h"

/* A user's name with its end. */
#define PSD_METER_NAME (33U)

typedef enum psd_meter_job_kind {
  PSD_METER_JOB_SIGN_ON,      /* EP 216: is it the user's password; the PSD's row */
  PSD_METER_JOB_AUDITED,      /* a completed audit */
  PSD_METER_JOB_REGISTER,     /* binds PSD, user and account */
  PSD_METER_JOB_NEW_PASSWORD, /* in a session */
  PSD_METER_JOB_ENROL,        /* a PSD was manufactured */
  PSD_METER_JOB_PRUNE,        /* forgets failures that are old at `now` */
} psd_meter_job_kind;

/* When a name is locked, and for how long. */
typedef struct psd_meter_lock {
  uint64_t after;       /* failures; the last of them locks */
  uint64_t first, most; /* seconds: the first lock, doubled with each further failure, and the longest */
} psd_meter_lock;

typedef struct psd_meter_job psd_meter_job;
struct psd_meter_job {
  psd_meter_job *next;
  psd_meter_job_kind kind;
  /* Called on the loop's thread; the job is freed after it. NULL: nobody waits any more. */
  void (*done)(void *owner, psd_meter_job *job);
  void *owner;
  psd_db_result result;
  bool writes;     /* wants to be done in a transaction that writes */
  bool doubted;    /* a wrong sign-on that is not counted yet (doubts.h) */
  bool proves;     /* a sign-on that is taken only if the database takes its count (doubts.h) */
  char words[128]; /* what the engine said about a failure */

  /* What is asked. */
  char name[PSD_METER_NAME];
  uint8_t verifier[32], next_verifier[32];
  uint8_t device[8];
  uint64_t now; /* seconds since 1970 */
  psd_meter_lock lock;
  int64_t user_id, account;
  uint8_t audit[PSD_SIZE_AUDIT];
  uint8_t wrapped_k4[PSD_SIZE_WRAPPED_K4];
  uint32_t vendor_key;
  bool clear_failures;

  /* What is answered. */
  bool refused;      /* no such user, not the password, disabled, or locked */
  uint32_t wait;     /* seconds until another try makes sense */
  uint32_t failures; /* counted so far */
  psd_user_row user;
  bool device_known;
  psd_device_row row;
};

/* Zeroed, but for the kind; NULL without memory. */
psd_meter_job *psd_meter_job_new(psd_meter_job_kind kind);
/* Wipes and frees. */
void psd_meter_job_free(psd_meter_job *job);

/* Does a job inside the transaction that is open on `db`; one that only reads may find that it has to write: `writes`
 * is then set, and the job is done once more inside one that does. May be called again after a conflict. */
void psd_meter_job_run(psd_meter_job *job, psd_db *db, bool may_write);

#endif
