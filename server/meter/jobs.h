/* What the meter server wants of its database: one job for each question, done by a worker (workers.h). */
#ifndef PSD_METER_JOBS_H
#define PSD_METER_JOBS_H

#include "datacenter/datacenter.h"
#include "datacenter/rates.h"

/* A user's name with its end. */
#define PSD_METER_NAME (33U)

typedef enum psd_meter_job_kind {
  PSD_METER_JOB_SIGN_ON,      /* EP 216: is it the user's password; the PSD's row */
  PSD_METER_JOB_AUDITED,      /* a completed audit */
  PSD_METER_JOB_REGISTER,     /* binds PSD, user and account */
  PSD_METER_JOB_NEW_PASSWORD, /* in a session */
  PSD_METER_JOB_ENROL,        /* a PSD was manufactured */
  PSD_METER_JOB_PRUNE,        /* forgets failures that are old at `now` */
  PSD_METER_JOB_OPERATION,    /* reads the request of an operation with funds that is not finished */
  PSD_METER_JOB_RESERVE,      /* S1 of a refill (docs/funds.md), */
  PSD_METER_JOB_SETTLE,       /* the receipt of one that was credited, */
  PSD_METER_JOB_RELEASE,      /* and of one that was cancelled */
  PSD_METER_JOB_WITHDRAWN,    /* S1 of a withdrawal, authorized, */
  PSD_METER_JOB_CLOSED,       /* and its receipt */
  PSD_METER_JOB_ALARM,        /* the PSD has signed what cannot be: `alarm` */
  PSD_METER_JOB_ORDER_NEXT,   /* an order that waits, and a number for it: `errand` */
  PSD_METER_JOB_ORDER_DONE,   /* it was carried out */
  PSD_METER_JOB_CERTIFIED,    /* the certificate in `errand` was made, and is kept */
  PSD_METER_JOB_RATES_NEXT,   /* reads the rate table that waits for the PSD */
  PSD_METER_JOB_RATES_DONE,   /* it has that, or has refused it */
  /* The authority's (docs/server.md, "The authority"): what they are about lies on `desk`. */
  PSD_METER_JOB_CA_REQUESTED,   /* a certificate request was opened: it is kept and vetted */
  PSD_METER_JOB_CA_NEWS,        /* what became of one */
  PSD_METER_JOB_CA_ISSUED,      /* its certificate was made */
  PSD_METER_JOB_CA_REVOKE,      /* the holder's request for revocation */
  PSD_METER_JOB_CA_COMMAND,     /* the next revocation that waits for the card */
  PSD_METER_JOB_CA_COMMANDED,   /* its command was signed, */
  PSD_METER_JOB_CA_REFUSED,     /* and the card does not take it */
  PSD_METER_JOB_CA_CONFIRMED,   /* the card has confirmed one */
  PSD_METER_JOB_CREDIT_APPLIED, /* a request for a line of credit verifies: it is kept and decided */
  PSD_METER_JOB_CREDIT_NEWS,    /* what became of one */
  PSD_METER_JOB_CREDIT_ISSUED,  /* its certificate was made */
  PSD_METER_JOB_SWEEP,          /* forced revocations that are due at `now` */
} psd_meter_job_kind;

/* When a name is locked, and for how long. */
typedef struct psd_meter_lock {
  uint64_t after;       /* failures; the last of them locks */
  uint64_t first, most; /* seconds: the first lock, doubled with each further failure, and the longest */
} psd_meter_lock;

/* An order on its way to a PSD. */
typedef struct psd_meter_errand {
  unsigned action;      /* which one is wanted: a bit of PSD_ACTION */
  uint32_t told;        /* number of the last order that the PSD has told of */
  bool pair;            /* the PSD has a key pair */
  bool renews;          /* a certificate that ends soon: it is wanted without an order that waits */
  psd_order_row order;  /* as it waits */
  uint32_t number;      /* of the order */
  uint32_t certificate; /* serial number for a certificate; 0 where none is wanted */
  uint64_t from, until; /* validity of the certificate that was brought; 0 for none */
  uint8_t der[PSD_CERTIFICATE_MAX];
  size_t der_length;
} psd_meter_errand;

/* Of the jobs about funds. What the rules say against it is `signal`, and no failure of the database. */
typedef struct psd_meter_job_funds {
  uint32_t sequence;                        /* asked for by OPERATION */
  uint8_t statement[PSD_FUNDS_REQUEST_MAX]; /* FUNDS_REQUEST or FUNDS_RECEIPT, with its signature */
  size_t length;
  psd_signal signal;
  uint64_t available; /* what the account has left, mills */
} psd_meter_job_funds;

typedef struct psd_meter_desk psd_meter_desk;
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
  uint32_t vendor_key, ca_key;
  bool clear_failures;
  bool registered;          /* the PSD that was audited is somebody's */
  psd_finding expected;     /* what the audit is to show: another finding refuses it */
  psd_meter_errand *errand; /* the job's, or NULL */
  psd_meter_desk *desk;     /* the job's, or NULL (desk.h) */
  psd_meter_job_funds funds;
  const char *alarm; /* why; a constant */
  uint32_t rates_version;
  bool rates_refused;
  uint64_t overdue, unpaid; /* seconds, of a sweep */

  /* What is answered. */
  bool refused;      /* no such user, not the password, disabled, or locked */
  uint32_t wait;     /* seconds until another try makes sense */
  uint32_t failures; /* counted so far */
  psd_user_row user;
  bool device_known;
  psd_meter_row row;          /* as it is after the job */
  psd_op *op;                 /* the operation that is open; the job's, NULL for none */
  psd_finding finding;        /* what the audit has shown */
  bool rates_wait;            /* of a sign-on and a registration: a rate table waits */
  psd_published_rates *rates; /* that table; the job's, or NULL */
  uint64_t count;             /* certificates that a sweep has revoked */
};

/* Zeroed, but for the kind; NULL without memory. */
psd_meter_job *psd_meter_job_new(psd_meter_job_kind kind);
/* Wipes and frees. */
void psd_meter_job_free(psd_meter_job *job);

/* Does a job inside the transaction that is open on `db`; one that only reads may find that it has to write: `writes`
 * is then set, and the job is done once more inside one that does. May be called again after a conflict. */
void psd_meter_job_run(psd_meter_job *job, psd_db *db, bool may_write);
/* The same for those about funds. */
psd_db_result psd_meter_job_run_funds(psd_meter_job *job, psd_db *db);

#endif
