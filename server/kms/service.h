/* The operations of the key management system: a request's bytes in, the answer's bytes out (docs/handshake.md, "Key
 * management"). No files, no sockets. */
#ifndef PSD_KMS_SERVICE_H
#define PSD_KMS_SERVICE_H

#include "kms/archive.h"

/* By how many seconds the time of an audit may differ from the clock here. */
#define PSD_KMS_AUDIT_SKEW 300U

/* Seconds an authorization of funds may be good for at most. */
#define PSD_KMS_EXPIRY_MOST 3600U

typedef struct psd_kms_classic psd_kms_classic;

/* How far it goes, whoever asks. */
typedef struct psd_kms_policy {
  uint64_t most;             /* mills: the largest refill, the largest that limits of a PSD allow, the largest price */
  uint64_t longest_watchdog; /* seconds without an inspection after which a PSD locks, at most */
} psd_kms_policy;
/* 10000.00, and 180 days. */
extern const psd_kms_policy psd_kms_policy_default;

typedef struct psd_kms_service {
  const psd_keyring *keys;
  psd_role role;
  uint64_t (*now)(void);          /* seconds since 1970-01-01 UTC */
  const psd_kms_classic *classic; /* NULL: suite classic is refused, as if it did not exist */
  const psd_kms_policy *policy;   /* NULL: psd_kms_policy_default */
  /* As the log is now, while nobody else can write to it; NULL: what needs it is refused. */
  const psd_kms_archive *archive;
  psd_kms_events events; /* what the log has yet to be told, before the answers leave */
} psd_kms_service;

/* Answers one request, a frame of type `type`: the body of the answer goes into `out` (empty, with a capacity of
 * PSD_FRAME_BODY_MAX), its type is returned. What is refused is answered with PSD_FRAME_KMS_REFUSED. The caller wipes
 * `out`. A service whose events are full refuses what needs one more as busy. */
psd_frame_type psd_kms_answer(psd_kms_service *service, psd_frame_type type, const uint8_t *body, size_t length,
                              psd_buffer *out);

/* True if a request of this type needs the archive. */
bool psd_kms_needs_archive(psd_frame_type type);
/* True if there is anything that a service of this role and domain does. */
bool psd_kms_role_serves(const psd_kms_service *service);

/* Makes of an answer a refusal to the same call: what it said is wiped. Returns its type. */
psd_frame_type psd_kms_refuse_answer(psd_buffer *answer, psd_signal signal);

/* The signal of a refusal; PSD_SIGNAL_NONE for an answer that is none. */
psd_signal psd_kms_refusal(psd_frame_type type, const psd_buffer *answer);

#endif
