/* The data center's calls of a refill (psd_dc_reserve, psd_dc_settle), without a server: what the database can do with
 * the very statements, in one thread, in groups. */
#ifndef PSD_BENCH_LEDGER_H
#define PSD_BENCH_LEDGER_H

#include "stock.h"

typedef struct ledger ledger;

/* With the PSDs of the second half, which never sign on. Nobody else may use them. */
ledger *ledger_open(const char *url, const stock *psds);
/* Refills a second: so many reservations in one transaction, then as many settlements in another, for that long. */
double ledger_measure(ledger *of, size_t group, unsigned milliseconds);
void ledger_close(ledger *of);

#endif
