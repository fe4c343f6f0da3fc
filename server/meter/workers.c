#include "meter/workers.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/evp.h"
#include "meter/workers_internal.h"

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
  psd_meter_jobs reads, writes;
  psd_meter_jobs_split(&all->fresh, &reads, &writes);
  (void)pthread_mutex_lock(&all->lock);
  psd_meter_jobs_join(&all->reads, &reads);
  psd_meter_jobs_join(&all->writes, &writes);
  psd_meter_workers_wake(all);
  (void)pthread_mutex_unlock(&all->lock);
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
  psd_meter_workers_doubt(all, &reads);
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
  if (!psd_meter_worker_open(&all->here))
    return false;
  psd_db_set_patience(all->here.db, 0);
  return true;
}

/* Starts the threads; those that run when one cannot be started are stopped by psd_meter_workers_free. */
static bool start_threads(psd_meter_workers *all, unsigned count) {
  for (; all->count < count; all->count++) {
    psd_meter_worker *at = &all->workers[all->count];
    at->all = all;
    if (!psd_meter_worker_open(at))
      return false;
    if (pthread_create(&at->thread, NULL, psd_meter_worker_run, at) != 0) {
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
  psd_meter_jobs_empty(&all->reads);
  psd_meter_jobs_empty(&all->writes);
  psd_meter_jobs_empty(&all->done);
  (void)pthread_mutex_init(&all->lock, NULL);
  (void)pthread_cond_init(&all->to_read, NULL);
  (void)pthread_cond_init(&all->to_write, NULL);
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
  (void)pthread_cond_destroy(&all->to_read);
  (void)pthread_cond_destroy(&all->to_write);
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
  (void)pthread_cond_broadcast(&workers->to_read);
  (void)pthread_cond_signal(&workers->to_write);
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
