/* What came of the handshakes: how long they took, and why some failed. */
#ifndef PSD_FLEET_TALLY_H
#define PSD_FLEET_TALLY_H

#include <stdint.h>

#include "psd/reader/session.h"

/* Latencies fall into classes 1/32 of their size wide, so that memory does not grow. */
#define PSD_TALLY_FINE 32U
#define PSD_TALLY_CLASSES (40U * PSD_TALLY_FINE)
#define PSD_TALLY_REASONS 32U

/* Failures of one kind. */
typedef struct psd_tally_reason {
  uint64_t count;
  psd_refusal first;
} psd_tally_reason;

typedef struct psd_tally {
  uint64_t done, failed;
  uint64_t longest; /* microseconds */
  uint64_t classes[PSD_TALLY_CLASSES];
  psd_tally_reason reasons[PSD_TALLY_REASONS]; /* those in use come first */
  uint64_t others;                             /* failures of kinds beyond them */
} psd_tally;

void psd_tally_done(psd_tally *tally, uint64_t microseconds);
void psd_tally_failed(psd_tally *tally, const psd_refusal *refusal);
/* Adds another one. */
void psd_tally_merge(psd_tally *tally, const psd_tally *other);
/* The latency that `permille` of the handshakes do not exceed, microseconds, at most 1/32 too high; 0 without any. */
uint64_t psd_tally_percentile(const psd_tally *tally, unsigned permille);

#endif
