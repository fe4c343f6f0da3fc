#include "meter/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/evp.h"
#include "meter/batch.h"
#include "meter/doubts.h"

/* Jobs in one transaction. */
#define BATCH_MAX 64U
/* How long a transaction waits for what another program has locked: a handshake waits for it. */
#define PATIENCE_MS 1000U

typedef struct worker {
  psd_meter_workers *all;
  psd_db *db; /* NULL after a failure, until it can be opened anew */
  pthread_t thread;
} worker;

struct psd_meter_workers {
  uv_async_t results;
  uv_check_t turn; /* does, or hands over, what a turn of the loop has submitted */
  uv_idle_t soon;  /* keeps the loop from waiting before that */
  char url[512];
  uint8_t key[32];
  psd_meter_doubts doubts; /* of all threads */
  pthread_mutex_t lock;
  pthread_cond_t more;
  /* Of the loop's thread. */
  worker here; /* reads without a thread where the database is a file; without a connection, it does not */
  psd_meter_jobs fresh;
  size_t taken; /* jobs that are not back yet */
  unsigned handles;
  /* Under the lock. */
  psd_meter_jobs waiting, done;
  bool ending;
  unsigned count;
  worker workers[];
};

static bool open_database(worker *at) {
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
static void drop_broken(worker *at, const psd_meter_jobs *batch) {
  bool broken = false;
  for (const psd_meter_job *job = batch->first; job != NULL; job = job->next)
    broken = broken || job->result == PSD_DB_FAILED;
  if (!broken)
    return;
  psd_db_close(at->db);
  at->db = NULL;
}

/* What was read is no verdict on a name that others have just been wrong about (doubts.h). */
static void doubt(psd_meter_workers *all, const psd_meter_jobs *reads) {
  for (psd_meter_job *job = reads->first; job != NULL; job = job->next)
    psd_meter_doubts_note(&all->doubts, job);
  for (psd_meter_job *job = reads->first; job != NULL; job = job->next)
    psd_meter_doubts_apply(&all->doubts, job);
}

static void settle(psd_meter_workers *all, const psd_meter_jobs *done) {
  for (psd_meter_job *job = done->first; job != NULL; job = job->next)
    psd_meter_doubts_settle(&all->doubts, job);
}

/* What only reads, first; what has to write, including what a read has found, in one transaction after it. */
static void run_jobs(worker *at, psd_meter_jobs *batch, psd_meter_jobs *done) {
  psd_meter_jobs reads, writes;
  psd_meter_jobs_split(batch, &reads, &writes);
  if (open_database(at)) {
    psd_meter_jobs_run(&reads, at->db, false);
    doubt(at->all, &reads);
    for (psd_meter_job *job; (job = psd_meter_jobs_take(&reads)) != NULL;)
      psd_meter_jobs_append(job->writes && job->result == PSD_DB_DONE ? &writes : done, job);
    psd_meter_jobs_run(&writes, at->db, true);
    psd_meter_jobs_join(done, &writes);
    drop_broken(at, done);
  } else {
    psd_meter_jobs_join(&reads, &writes);
    psd_meter_jobs_fail(&reads, PSD_DB_FAILED, "the database cannot be opened");
    psd_meter_jobs_join(done, &reads);
  }
}

static void *work(void *argument) {
  worker *at = argument;
  psd_meter_workers *all = at->all;
  psd_meter_jobs batch, done;
  psd_meter_jobs_empty(&batch);
  psd_meter_jobs_empty(&done);
  (void)pthread_mutex_lock(&all->lock);
  for (;;) {
    while (all->waiting.first == NULL && !all->ending)
      (void)pthread_cond_wait(&all->more, &all->lock);
    psd_meter_job *job = NULL;
    for (unsigned i = 0; i < BATCH_MAX && (job = psd_meter_jobs_take(&all->waiting)) != NULL; i++)
      psd_meter_jobs_append(&batch, job);
    if (batch.first == NULL)
      break;
    if (all->waiting.first != NULL)
      (void)pthread_cond_signal(&all->more);
    (void)pthread_mutex_unlock(&all->lock);
    run_jobs(at, &batch, &done);
    settle(all, &done);
    (void)pthread_mutex_lock(&all->lock);
    psd_meter_jobs_join(&all->done, &done);
    (void)uv_async_send(&all->results);
  }
  (void)pthread_mutex_unlock(&all->lock);
  return NULL;
}

static void bring_back(psd_meter_workers *all, psd_meter_jobs *done) {
  for (psd_meter_job *job; (job = psd_meter_jobs_take(done)) != NULL;) {
    all->taken--;
    if (job->done != NULL)
      job->done(job->owner, job);
    psd_meter_job_free(job);
  }
}

static void on_results(uv_async_t *handle) {
  psd_meter_workers *all = handle->data;
  psd_meter_jobs done;
  psd_meter_jobs_empty(&done);
  (void)pthread_mutex_lock(&all->lock);
  psd_meter_jobs_join(&done, &all->done);
  (void)pthread_mutex_unlock(&all->lock);
  bring_back(all, &done);
}

static void hand_over(psd_meter_workers *all) {
  if (all->fresh.first == NULL)
    return;
  (void)pthread_mutex_lock(&all->lock);
  psd_meter_jobs_join(&all->waiting, &all->fresh);
  (void)pthread_mutex_unlock(&all->lock);
  /* One takes what there is, up to a batch; if it is at work already, another one wakes. */
  (void)pthread_cond_signal(&all->more);
}

/* Reading a file takes microseconds, waking a thread and being woken by it many more. Whatever is not that simple, a
 * lock, a failure, something to write, is left to the workers. */
static void read_here(psd_meter_workers *all, psd_meter_jobs *done) {
  psd_meter_jobs reads;
  psd_meter_jobs rest;
  if (all->here.db == NULL)
    return;
  psd_meter_jobs_split(&all->fresh, &reads, &rest);
  bool whole = reads.first != NULL && psd_meter_jobs_try(&reads, all->here.db, false) == PSD_DB_DONE;
  doubt(all, &reads);
  for (psd_meter_job *job; (job = psd_meter_jobs_take(&reads)) != NULL;)
    psd_meter_jobs_append(whole && !job->writes ? done : &rest, job);
  psd_meter_jobs_join(&all->fresh, &rest);
}

static void on_turn(uv_check_t *turn) {
  psd_meter_workers *all = turn->data;
  psd_meter_jobs done;
  psd_meter_jobs_empty(&done);
  (void)uv_check_stop(turn);
  (void)uv_idle_stop(&all->soon);
  read_here(all, &done);
  hand_over(all);
  bring_back(all, &done);
}

static void on_soon(uv_idle_t *soon) {
  (void)soon;
}

bool psd_meter_workers_submit(psd_meter_workers *workers, psd_meter_job *job) {
  if (workers->taken == PSD_METER_JOBS_MAX)
    return false;
  workers->taken++;
  if (workers->fresh.first == NULL) {
    (void)uv_check_start(&workers->turn, on_turn);
    (void)uv_idle_start(&workers->soon, on_soon);
  }
  psd_meter_jobs_append(&workers->fresh, job);
  return true;
}

/* A connection for the loop's own thread, if the database is a file. It never waits for a lock. */
static bool open_here(psd_meter_workers *all) {
  static const char file[] = "sqlite:";
  all->here.all = all;
  if (strncmp(all->url, file, sizeof file - 1) != 0)
    return true;
  if (!open_database(&all->here))
    return false;
  psd_db_set_patience(all->here.db, 0);
  return true;
}

/* Starts the threads; those that run when one cannot be started are stopped by psd_meter_workers_free. */
static bool start_threads(psd_meter_workers *all, unsigned count) {
  for (; all->count < count; all->count++) {
    worker *at = &all->workers[all->count];
    at->all = all;
    if (!open_database(at))
      return false;
    if (pthread_create(&at->thread, NULL, work, at) != 0) {
      psd_db_close(at->db);
      return false;
    }
  }
  return true;
}

psd_meter_workers *psd_meter_workers_new(uv_loop_t *loop, const char *url, unsigned count, const uint8_t key[32],
                                         char *words, size_t room) {
  psd_meter_workers *all = calloc(1, sizeof *all + count * sizeof all->workers[0]);
  if (all == NULL || uv_async_init(loop, &all->results, on_results) != 0) {
    (void)snprintf(words, room, "no memory for the database's workers");
    free(all);
    return NULL;
  }
  (void)uv_check_init(loop, &all->turn);
  (void)uv_idle_init(loop, &all->soon);
  all->results.data = all;
  all->turn.data = all;
  all->soon.data = all;
  all->handles = 3;
  (void)snprintf(all->url, sizeof all->url, "%s", url);
  memcpy(all->key, key, sizeof all->key);
  psd_meter_jobs_empty(&all->fresh);
  psd_meter_jobs_empty(&all->waiting);
  psd_meter_jobs_empty(&all->done);
  (void)pthread_mutex_init(&all->lock, NULL);
  (void)pthread_cond_init(&all->more, NULL);
  if (open_here(all) && start_threads(all, count))
    return all;
  (void)snprintf(words, room, "no connection to the database, or no thread, for each of %u workers", count);
  psd_meter_workers_free(all);
  return NULL;
}

static void on_closed(uv_handle_t *handle) {
  psd_meter_workers *all = handle->data;
  if (--all->handles != 0)
    return;
  (void)pthread_cond_destroy(&all->more);
  (void)pthread_mutex_destroy(&all->lock);
  psd_secret_wipe(all->key, sizeof all->key);
  free(all);
}

void psd_meter_workers_free(psd_meter_workers *workers) {
  if (workers == NULL)
    return;
  hand_over(workers);
  (void)pthread_mutex_lock(&workers->lock);
  workers->ending = true;
  (void)pthread_cond_broadcast(&workers->more);
  (void)pthread_mutex_unlock(&workers->lock);
  for (unsigned i = 0; i < workers->count; i++) {
    (void)pthread_join(workers->workers[i].thread, NULL);
    psd_db_close(workers->workers[i].db);
  }
  psd_db_close(workers->here.db);
  on_results(&workers->results);
  uv_close((uv_handle_t *)&workers->results, on_closed);
  uv_close((uv_handle_t *)&workers->turn, on_closed);
  uv_close((uv_handle_t *)&workers->soon, on_closed);
}
