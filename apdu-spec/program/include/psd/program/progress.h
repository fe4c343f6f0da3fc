/* A progress bar on standard error, where that is a terminal; elsewhere nothing, nor for what is over in two seconds.
 */
#ifndef PSD_PROGRAM_PROGRESS_H
#define PSD_PROGRAM_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct psd_progress {
  const char *what; /* "cards" */
  uint64_t total;
  uint64_t begun; /* milliseconds */
  uint64_t shown; /* when it was last drawn, milliseconds */
  bool on;
} psd_progress;

psd_progress psd_progress_begin(const char *what, uint64_t total);
/* `done` of them, of `total` at most, are done. Draws at most ten times a second. */
void psd_progress_show(psd_progress *progress, uint64_t done);
/* Takes the bar away; before other lines are written, too: the next call of psd_progress_show draws it again. */
void psd_progress_end(psd_progress *progress);

#endif
