/* A worker: what waits, done in batches on a connection of its own. */
#include <string.h>

#include "crypto/evp.h"
#include "meter/workers_internal.h"

/* Jobs in one transaction. */
#define BATCH_MAX 256U
/* How long a transaction waits for what another program has locked: a handshake waits for it. */
#define PATIENCE_MS 1000U

bool psd_meter_worker_open(psd_meter_worker *at) {
  char words[160];
  if (at->db != NULL)
    return true;
  at->db = psd_db_open(at->all->url, false, words, sizeof words);
  if (at->db == NULL)
    return false;
  psd_db_set_key(at->db, at->all->key);
  psd_db_set_patience(at->db, PATIENCE_MS);
  return true;
}

/* A connection that failed may be gone for good: the next batch begins with a new one. */
static void drop_broken(psd_meter_worker *at, const psd_meter_jobs *batch) {
  bool broken = false;
  for (const psd_meter_job *job = batch->first; job != NULL; job = job->next)
    broken = broken || job->result == PSD_DB_FAILED;
  if (!broken)
    return;
  psd_db_close(at->db);
  at->db = NULL;
}

void psd_meter_workers_doubt(psd_meter_workers *all, const psd_meter_jobs *reads) {
  for (psd_meter_job *job = reads->first; job != NULL; job = job->next)
    psd_meter_doubts_note(&all->doubts, job);
  for (psd_meter_job *job = reads->first; job != NULL; job = job->next)
    psd_meter_doubts_apply(&all->doubts, job);
}

static void settle(psd_meter_workers *all, const psd_meter_jobs *done) {
  for (psd_meter_job *job = done->first; job != NULL; job = job->next)
    psd_meter_doubts_settle(&all->doubts, job);
}

static void deliver(psd_meter_workers *all, psd_meter_jobs *done) {
  if (done->first == NULL)
    return;
  (void)pthread_mutex_lock(&all->lock);
  psd_meter_jobs_join(&all->done, done);
  (void)pthread_mutex_unlock(&all->lock);
  (void)uv_async_send(&all->results);
}

/* All of them in one transaction, and away: what is done is told when its transaction is durable, not before. */
static void run_jobs(psd_meter_worker *at, psd_meter_jobs *jobs, bool write) {
  if (jobs->first == NULL)
    return;
  if (psd_meter_worker_open(at)) {
    psd_meter_jobs_run(jobs, at->db, write);
    drop_broken(at, jobs);
  } else {
    psd_meter_jobs_fail(jobs, PSD_DB_FAILED, "the database cannot be opened");
  }
  if (write)
    settle(at->all, jobs);
  else
    psd_meter_workers_doubt(at->all, jobs);
}

/* Of what was read, what has found that it has to write goes to `writes`. */
static void run_reads(psd_meter_worker *at, psd_meter_jobs *reads, psd_meter_jobs *writes) {
  psd_meter_jobs done;
  psd_meter_jobs_empty(&done);
  run_jobs(at, reads, false);
  for (psd_meter_job *job; (job = psd_meter_jobs_take(reads)) != NULL;)
    psd_meter_jobs_append(job->writes && job->result == PSD_DB_DONE ? writes : &done, job);
  settle(at->all, &done);
  deliver(at->all, &done);
}

static void take_some(psd_meter_jobs *from, psd_meter_jobs *to) {
  psd_meter_job *job = NULL;
  for (unsigned i = 0; i < BATCH_MAX && (job = psd_meter_jobs_take(from)) != NULL; i++)
    psd_meter_jobs_append(to, job);
}

static bool is_writer(const psd_meter_worker *at) {
  return at == at->all->workers;
}

/* The rest is under the lock. */
static bool has_work(const psd_meter_worker *at) {
  const psd_meter_workers *all = at->all;
  return all->reads.first != NULL || (all->writes.first != NULL && is_writer(at));
}

/* A reader may still find what has to be written. */
static bool is_over(const psd_meter_workers *all) {
  return all->ending && all->readers_busy == 0;
}

/* Who is at work looks for more by himself. */
void psd_meter_workers_wake(psd_meter_workers *all) {
  bool reads = all->reads.first != NULL;
  if (reads && all->readers_idle > 0)
    (void)pthread_cond_signal(&all->to_read);
  if (all->writer_idle && (all->writes.first != NULL || (reads && all->readers_idle == 0) || is_over(all)))
    (void)pthread_cond_signal(&all->to_write);
}

static void wait_for_work(psd_meter_worker *at) {
  psd_meter_workers *all = at->all;
  if (is_writer(at)) {
    all->writer_idle = true;
    (void)pthread_cond_wait(&all->to_write, &all->lock);
    all->writer_idle = false;
  } else {
    all->readers_idle++;
    (void)pthread_cond_wait(&all->to_read, &all->lock);
    all->readers_idle--;
  }
}

/* What only reads; what has to write, and was found by reading, is the writer's. */
static void run_reader(psd_meter_worker *at) {
  psd_meter_workers *all = at->all;
  psd_meter_jobs reads, writes;
  psd_meter_jobs_empty(&reads);
  psd_meter_jobs_empty(&writes);
  take_some(&all->reads, &reads);
  all->readers_busy++;
  psd_meter_workers_wake(all);
  (void)pthread_mutex_unlock(&all->lock);
  run_reads(at, &reads, &writes);
  (void)pthread_mutex_lock(&all->lock);
  all->readers_busy--;
  psd_meter_jobs_join(&all->writes, &writes);
  psd_meter_workers_wake(all);
}

/* What reads, first; what has to write, including what a read has found, in one transaction after it. */
static void run_writer(psd_meter_worker *at) {
  psd_meter_workers *all = at->all;
  psd_meter_jobs reads, writes;
  psd_meter_jobs_empty(&reads);
  psd_meter_jobs_empty(&writes);
  take_some(&all->reads, &reads);
  take_some(&all->writes, &writes);
  psd_meter_workers_wake(all);
  (void)pthread_mutex_unlock(&all->lock);
  run_reads(at, &reads, &writes);
  run_jobs(at, &writes, true);
  deliver(all, &writes);
  (void)pthread_mutex_lock(&all->lock);
}

void *psd_meter_worker_run(void *argument) {
  psd_meter_worker *at = argument;
  psd_meter_workers *all = at->all;
  (void)pthread_mutex_lock(&all->lock);
  while (has_work(at) || !(is_writer(at) ? is_over(all) : all->ending))
    if (!has_work(at))
      wait_for_work(at);
    else if (is_writer(at))
      run_writer(at);
    else
      run_reader(at);
  (void)pthread_mutex_unlock(&all->lock);
  return NULL;
}
