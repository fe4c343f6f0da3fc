/* What a person, or a machine, is told of a run. */
#ifndef PSD_FLEET_REPORT_H
#define PSD_FLEET_REPORT_H

#include "options.h"
#include "tally.h"

typedef struct psd_fleet_outcome {
  const psd_fleet_options *options;
  const psd_tally *tally;
  const psd_tally *refills;
  uint64_t microseconds; /* from the first handshake to the end of the last */
  size_t cards, connections;
} psd_fleet_outcome;

/* The summary, on standard output, as words or JSON. */
void psd_fleet_report(const psd_fleet_outcome *outcome);

/* How far it is, on standard error, if that is a terminal: the line replaces itself. */
void psd_fleet_show_cards(size_t count, size_t of);
void psd_fleet_show_progress(uint64_t microseconds, uint64_t finished, uint64_t refused);
/* Takes the line away. */
void psd_fleet_show_nothing(void);

#endif
