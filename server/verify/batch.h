/* Many pieces: one thread reads, all cores judge, one remembers and reports, in the order of what was read. */
#ifndef PSD_VERIFY_BATCH_H
#define PSD_VERIFY_BATCH_H

#include "verify/batch_feed.h"
#include "verify/report.h"
#include "verify/seen.h"

typedef struct psd_batch {
  const psd_site *site;
  psd_seen *seen; /* NULL: nothing is remembered */
  char *const *paths;
  size_t path_count;
  uint64_t skip;    /* lines and files that are passed over */
  unsigned threads; /* 0 for as many as there are cores */
  uint64_t now;     /* seconds since 1970 */
  psd_report *report;
} psd_batch;

typedef enum psd_batch_end {
  PSD_BATCH_DONE,
  PSD_BATCH_INTERRUPTED,
  PSD_BATCH_NO_DATABASE, /* what is reported is remembered, the rest is not */
  PSD_BATCH_NO_MEMORY,   /* or no threads; the same */
} psd_batch_end;

typedef struct psd_batch_outcome {
  psd_batch_end end;
  uint64_t inputs;       /* lines and files that were looked at, those passed over included */
  uint64_t total;        /* that there are; 0 if that is not known */
  uint64_t others;       /* files in folders that are no pictures by their names: left out */
  uint64_t milliseconds; /* it took */
  char words[256];       /* why, where there is no database */
} psd_batch_outcome;

/* Runs it to its end, or until SIGINT or SIGTERM: what was judged by then is remembered and reported. A second signal
 * ends the process. */
void psd_batch_run(const psd_batch *batch, psd_batch_outcome *outcome);

#endif
