#include "meter/batch.h"

#include <stdio.h>
#include <time.h>

/* Tries of a transaction that others are in the way of, where each waits for them; and how long one is tried that does
 * not wait, because PostgreSQL tells a conflict at once. */
#define TRIES_MIN 3U
#define TRIES_NS UINT64_C(1000000000)

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

static uint64_t now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
}

/* Again after a conflict. */
static psd_db_result try_often(const psd_meter_jobs *batch, psd_db *db, bool write) {
  uint64_t end = now() + TRIES_NS;
  psd_db_result result = PSD_DB_BUSY;
  for (unsigned tries = 0; result == PSD_DB_BUSY && (tries < TRIES_MIN || now() < end); tries++)
    result = psd_meter_jobs_try(batch, db, write);
  return result;
}

/* A job on its own: a failure is now its own, too. */
static void run_alone(psd_meter_job *job, psd_db *db, bool write) {
  psd_meter_jobs alone;
  psd_meter_jobs_empty(&alone);
  psd_meter_job *next = job->next;
  psd_meter_jobs_append(&alone, job);
  psd_db_result result = try_often(&alone, db, write);
  job->next = next;
  if (result == PSD_DB_DONE)
    return;
  job->result = result;
  /* The words of the engine are those of its last failure, and a rule's refusal is none. */
  const char *words =
      result == PSD_DB_REFUSED ? "a rule of the database or of the ledger refuses it" : psd_db_error(db);
  (void)snprintf(job->words, sizeof job->words, "%s", words);
}

void psd_meter_jobs_run(const psd_meter_jobs *batch, psd_db *db, bool write) {
  if (batch->first == NULL)
    return;
  psd_db_result result = try_often(batch, db, write);
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
