/* What the meter server is told: from its command line and its file, the command line winning. */
#ifndef PSD_METER_SETTINGS_H
#define PSD_METER_SETTINGS_H

#include "meter/log.h"
#include "psd/spec/session.h"

#define PSD_METER_LISTEN_MAX 8U
#define PSD_METER_KMS_MAX 8U
#define PSD_METER_TEXT_MAX 511U
#define PSD_METER_PATH_MAX 107U /* bytes of a Unix socket's path (unix(7)) */
#define PSD_METER_WORDS_MAX 256U
#define PSD_METER_URL_MAX 127U /* bytes of the address that certificates bear */

/* A text, or several of the same kind. */
typedef struct psd_meter_paths {
  char at[PSD_METER_KMS_MAX][PSD_METER_PATH_MAX + 1U];
  uint32_t count;
} psd_meter_paths;

typedef struct psd_meter_settings {
  char config[PSD_METER_TEXT_MAX + 1U]; /* "" for none */
  char database[PSD_METER_TEXT_MAX + 1U];
  psd_meter_paths kms;
  psd_meter_paths listen; /* HOST:PORT */
  char control[PSD_METER_TEXT_MAX + 1U];
  char control_group[PSD_METER_TEXT_MAX + 1U]; /* "": only the owner may connect */
  char realm[PSD_METER_TEXT_MAX + 1U];
  uint64_t memory, passes, lanes; /* of Argon2id; KiB */
  uint64_t suites;                /* bits */
  uint64_t forward;               /* 1: suite p256 only with forward secrecy */
  uint64_t sign_on_timeout;       /* seconds from the greeting to the sign-on */
  uint64_t handshake_timeout;     /* seconds from the sign-on to the audit result */
  uint64_t idle_timeout;          /* seconds in which nothing is said */
  uint64_t kms_timeout;           /* seconds for one answer */
  uint64_t connections;           /* most at a time */
  uint64_t workers;               /* connections to the database */
  uint64_t lock_after;            /* failed sign-ons of a name; the last of them locks it */
  uint64_t lock_first, lock_most; /* seconds: the first lock, doubled with each further failure, and the longest */
  uint64_t renew_before;          /* days before its end that a certificate is renewed */
  uint64_t certificate_days;      /* for which a certificate is good */
  uint64_t vetting;               /* psd_ca_vetting: how identity is vetted (514) */
  uint64_t credit_most;           /* mills: a line of credit that is decided without the operator */
  uint64_t user_days;             /* for which the certificate of a user is good */
  uint64_t credit_days;           /* for which a line of credit is good, as long as the holder's certificate */
  uint64_t revoke_overdue; /* days after a missed inspection after which a PSD's certificates are revoked; 0 never */
  uint64_t revoke_unpaid;  /* days for which a payment may be due before they are; 0 never */
  char http[PSD_METER_TEXT_MAX + 1U];      /* where lists, certificates and OCSP are published; "" for nowhere */
  char public_url[PSD_METER_URL_MAX + 1U]; /* what certificates say where that is; "" for nothing */
  uint64_t log_level;
} psd_meter_settings;

/* What the program does with a command line. */
typedef enum psd_meter_order { PSD_METER_RUN, PSD_METER_HELP, PSD_METER_WRONG } psd_meter_order;

extern const char *const psd_meter_run_help;

/* The options behind `run`; `words` gets one line when they are wrong. Reads the file they name. */
psd_meter_order psd_meter_settings_parse(int argc, char *const *argv, psd_meter_settings *settings,
                                         char words[PSD_METER_WORDS_MAX]);

/* Takes over from `fresh` what may change while the server runs; `words` names what differs and may not, "" for
 * nothing. */
void psd_meter_settings_reload(psd_meter_settings *settings, const psd_meter_settings *fresh,
                               char words[PSD_METER_WORDS_MAX]);

#endif
