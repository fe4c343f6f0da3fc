#include "meter/batch.h"

#include <stdio.h>

/* Tries of a transaction that others are in the way of. */
#define TRIES_MAX 3U

void psd_meter_jobs_empty(psd_meter_jobs *line) {
  line->first = NULL;
  line->end = &line->first;
}

void psd_meter_jobs_append(psd_meter_jobs *line, psd_meter_job *job) {
  job->next = NULL;
  *line->end = job;
  line->end = &job->next;
}

void psd_meter_jobs_join(psd_meter_jobs *to, psd_meter_jobs *from) {
  if (from->first == NULL)
    return;
  *to->end = from->first;
  to->end = from->end;
  psd_meter_jobs_empty(from);
}

psd_meter_job *psd_meter_jobs_take(psd_meter_jobs *line) {
  psd_meter_job *job = line->first;
  if (job == NULL)
    return NULL;
  line->first = job->next;
  if (line->first == NULL)
    line->end = &line->first;
  return job;
}

void psd_meter_jobs_fail(const psd_meter_jobs *batch, psd_db_result result, const char *words) {
  for (psd_meter_job *job = batch->first; job != NULL; job = job->next) {
    job->result = result;
    (void)snprintf(job->words, sizeof job->words, "%s", words);
  }
}

psd_db_result psd_meter_jobs_try(const psd_meter_jobs *batch, psd_db *db, bool write) {
  psd_db_result result = psd_db_begin(db, write);
  if (result != PSD_DB_DONE)
    return result;
  for (psd_meter_job *job = batch->first; job != NULL; job = job->next) {
    psd_meter_job_run(job, db, write);
    if (job->result == PSD_DB_BUSY || job->result == PSD_DB_FAILED || job->result == PSD_DB_REFUSED) {
      psd_db_rollback(db);
      return job->result;
    }
  }
  result = psd_db_commit(db);
  if (result != PSD_DB_DONE)
    psd_db_rollback(db);
  return result;
}

/* A job on its own: a failure is now its own, too. */
static void run_alone(psd_meter_job *job, psd_db *db, bool write) {
  psd_meter_jobs alone;
  psd_db_result result = PSD_DB_BUSY;
  psd_meter_jobs_empty(&alone);
  psd_meter_job *next = job->next;
  psd_meter_jobs_append(&alone, job);
  for (unsigned tries = 0; tries < TRIES_MAX && result == PSD_DB_BUSY; tries++)
    result = psd_meter_jobs_try(&alone, db, write);
  job->next = next;
  if (result == PSD_DB_DONE)
    return;
  job->result = result;
  (void)snprintf(job->words, sizeof job->words, "%s", psd_db_error(db));
}

void psd_meter_jobs_run(const psd_meter_jobs *batch, psd_db *db, bool write) {
  psd_db_result result = PSD_DB_BUSY;
  if (batch->first == NULL)
    return;
  for (unsigned tries = 0; tries < TRIES_MAX && result == PSD_DB_BUSY; tries++)
    result = psd_meter_jobs_try(batch, db, write);
  if (result == PSD_DB_BUSY)
    psd_meter_jobs_fail(batch, result, psd_db_error(db));
  if (result == PSD_DB_DONE || result == PSD_DB_BUSY)
    return;
  for (psd_meter_job *job = batch->first; job != NULL; job = job->next)
    run_alone(job, db, write);
}

void psd_meter_jobs_split(psd_meter_jobs *batch, psd_meter_jobs *reads, psd_meter_jobs *writes) {
  psd_meter_jobs_empty(reads);
  psd_meter_jobs_empty(writes);
  for (psd_meter_job *job; (job = psd_meter_jobs_take(batch)) != NULL;)
    psd_meter_jobs_append(job->writes ? writes : reads, job);
}
