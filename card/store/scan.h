/* Reading a bank's log from its start: which transactions hold, and where their records are. */
#ifndef PSD_STORE_SCAN_H
#define PSD_STORE_SCAN_H

#include "store/pages.h"

/* Reads the log of bank `store->bank`, generation `store->generation`: fills in `index`, `sequence` and `tail`, and
 * sets `stale` where nothing may be added to the log. PSD_STORE_CORRUPT if a transaction that may have been
 * acknowledged does not hold; PSD_STORE_IO if the device failed. */
psd_store_result psd_store_scan(psd_store *store, psd_store_view *view);

#endif
