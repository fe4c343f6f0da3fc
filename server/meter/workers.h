/* The threads that talk to the database: each has a connection of its own and takes jobs in batches, so that several
 * changes become durable with one sync. Where the database is a file, what only reads is done on the loop's own thread.
 */
#ifndef PSD_METER_WORKERS_H
#define PSD_METER_WORKERS_H

#include <uv.h>

#include "meter/jobs.h"

/* Jobs that wait or are being done, above which no more are taken. */
#define PSD_METER_JOBS_MAX 16384U

typedef struct psd_meter_workers psd_meter_workers;

/* Opens `count` connections; `key` is that of column 1. The results come back on `loop`. NULL, and one line in `words`,
 * if that fails. */
psd_meter_workers *psd_meter_workers_new(uv_loop_t *loop, const char *url, unsigned count, const uint8_t key[32],
                                         char *words, size_t room);
/* Takes a job over; false if there are too many already: it is then the caller's as before. */
bool psd_meter_workers_submit(psd_meter_workers *workers, psd_meter_job *job);
/* Waits until the jobs that are there are done, and calls `done` for each. The loop must run once more to let go of the
 * memory. NULL is fine. */
void psd_meter_workers_free(psd_meter_workers *workers);

#endif
