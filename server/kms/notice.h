/* What a serving psd-kms tells of itself: one JSON object a line, on standard error. Nothing secret, and nothing that
 * waits: a line that the reader of a pipe does not take is lost. */
#ifndef PSD_KMS_NOTICE_H
#define PSD_KMS_NOTICE_H

#include <stddef.h>
#include <stdint.h>

typedef struct psd_kms_fact {
  const char *key;
  const char *text; /* NULL: the number counts */
  uint64_t number;
} psd_kms_fact;

/* Seconds since 1970-01-01 UTC, as notices, events and keys bear them. */
uint64_t psd_kms_now(void);

void psd_kms_notice(uint64_t now, const char *level, const char *event, const psd_kms_fact *facts, size_t count);

#endif
