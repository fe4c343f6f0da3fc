/* Jobs in a line, and how a batch of them is done on one connection of the database: in one transaction, so that
 * several changes become durable with one sync. */
#ifndef PSD_METER_BATCH_H
#define PSD_METER_BATCH_H

#include "meter/jobs.h"

/* A line of jobs, the oldest first. */
typedef struct psd_meter_jobs {
  psd_meter_job *first, **end;
} psd_meter_jobs;

void psd_meter_jobs_empty(psd_meter_jobs *line);
void psd_meter_jobs_append(psd_meter_jobs *line, psd_meter_job *job);
/* Moves all of `from` behind `to`. */
void psd_meter_jobs_join(psd_meter_jobs *to, psd_meter_jobs *from);
/* Takes the first one out; NULL from an empty line. */
psd_meter_job *psd_meter_jobs_take(psd_meter_jobs *line);
/* Moves the jobs that only read and those that write into two lines of their own. */
void psd_meter_jobs_split(psd_meter_jobs *batch, psd_meter_jobs *reads, psd_meter_jobs *writes);
/* Gives every job this result. */
void psd_meter_jobs_fail(const psd_meter_jobs *batch, psd_db_result result, const char *words);

/* The whole batch in one transaction, once. Only what the transaction as a whole does not survive counts as a failure;
 * nothing of it was done then. */
psd_db_result psd_meter_jobs_try(const psd_meter_jobs *batch, psd_db *db, bool write);
/* The same, again after a conflict; if a job fails, each on its own. Every job has its result after it. */
void psd_meter_jobs_run(const psd_meter_jobs *batch, psd_db *db, bool write);

#endif
