#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pool_internal.h"

/* How long a card's thread waits between two looks for a card that is gone, milliseconds. */
#define LOOK_MS 500

void psd_tsa_job_refuse(psd_tsa_job *job, psd_tsa_failure failure, const char *words) {
  job->granted = false;
  job->refusal = (psd_tsa_refusal){failure, words};
  job->response = psd_buffer_over(job->memory, sizeof job->memory);
  psd_tsa_put_refusal(&job->response, &job->refusal);
}

bool psd_tsa_pool_put(psd_tsa_pool *pool, psd_tsa_job *job) {
  job->next = NULL;
  job->card = 0;
  job->response = psd_buffer_over(job->memory, sizeof job->memory);
  (void)pthread_mutex_lock(&pool->lock);
  bool room = pool->waiting < PSD_TSA_QUEUE_MAX && !pool->stopping;
  if (room) {
    if (pool->last != NULL)
      pool->last->next = job;
    else
      pool->first = job;
    pool->last = job;
    pool->waiting++;
    /* All of them: a card that is gone leaves it to another. */
    (void)pthread_cond_broadcast(&pool->changed);
  }
  (void)pthread_mutex_unlock(&pool->lock);
  return room;
}

/* Under the lock. */
static psd_tsa_job *take(psd_tsa_pool *pool) {
  psd_tsa_job *job = pool->first;
  if (job == NULL)
    return NULL;
  pool->first = job->next;
  if (pool->first == NULL)
    pool->last = NULL;
  pool->waiting--;
  return job;
}

/* Under the lock. A card that is gone leaves the work to the others, and refuses it only if there are none. */
static bool has_work(const psd_tsa_card *card) {
  const psd_tsa_pool *pool = card->pool;
  return pool->stopping || (pool->first != NULL && (card->ready || pool->ready == 0));
}

static void set_ready(psd_tsa_card *card, bool ready) {
  psd_tsa_pool *pool = card->pool;
  (void)pthread_mutex_lock(&pool->lock);
  if (card->ready != ready) {
    card->ready = ready;
    pool->ready = ready ? pool->ready + 1 : pool->ready - 1;
    (void)pthread_cond_broadcast(&pool->changed);
  }
  (void)pthread_mutex_unlock(&pool->lock);
}

static struct timespec next_look(void) {
  struct timespec at;
  (void)clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_nsec += LOOK_MS * 1000000L;
  at.tv_sec += at.tv_nsec / 1000000000L;
  at.tv_nsec %= 1000000000L;
  return at;
}

/* A card that is gone has to be looked for, however many ask meanwhile. */
static bool look_is_due(const psd_tsa_card *card) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return !card->ready && !card->barred && !card->pool->stopping &&
         (now.tv_sec > card->next.tv_sec || (now.tv_sec == card->next.tv_sec && now.tv_nsec >= card->next.tv_nsec));
}

/* Waits for a job; a card that is gone waits no longer than until it is looked for again. NULL then, and at the end. */
static psd_tsa_job *wait_for_job(psd_tsa_card *card, bool *ends) {
  psd_tsa_pool *pool = card->pool;
  (void)pthread_mutex_lock(&pool->lock);
  while (!look_is_due(card) && !has_work(card))
    if (card->ready || card->barred)
      (void)pthread_cond_wait(&pool->changed, &pool->lock);
    else
      (void)pthread_cond_timedwait(&pool->changed, &pool->lock, &card->next);
  psd_tsa_job *job = look_is_due(card) ? NULL : take(pool);
  *ends = pool->stopping && job == NULL;
  (void)pthread_mutex_unlock(&pool->lock);
  return job;
}

static bool is_stopping(psd_tsa_pool *pool) {
  (void)pthread_mutex_lock(&pool->lock);
  bool stopping = pool->stopping;
  (void)pthread_mutex_unlock(&pool->lock);
  return stopping;
}

/* A card that bars itself is looked for no more: wait_for_job waits on. */
static void look_for(psd_tsa_card *card) {
  psd_error error;
  card->next = next_look();
  if (psd_tsa_card_reach(card, &error) != PSD_OK) {
    if (card->barred)
      psd_tsa_log_card(card->pool->log, card->number, "barred", error.words);
    return;
  }
  psd_tsa_log_card(card->pool->log, card->number, "back", card->place->name);
  set_ready(card, true);
}

static void work(psd_tsa_card *card, psd_tsa_job *job) {
  if (is_stopping(card->pool)) {
    psd_tsa_job_refuse(job, PSD_TSA_SYSTEM_FAILURE, "the server stops");
  } else if (!card->ready) {
    psd_tsa_job_refuse(job, PSD_TSA_SYSTEM_FAILURE, "card gone");
    job->card = card->number;
  } else if (!psd_tsa_card_stamp(card, job)) {
    psd_tsa_card_leave(card);
    card->next = next_look();
    set_ready(card, false);
  }
  job->done(job);
}

static void *run(void *context) {
  psd_tsa_card *card = context;
  bool ends = false;
  while (!ends) {
    psd_tsa_job *job = wait_for_job(card, &ends);
    if (job != NULL)
      work(card, job);
    else if (!ends)
      look_for(card);
  }
  return NULL;
}

static bool make_lock(psd_tsa_pool *pool) {
  pthread_condattr_t attributes;
  if (pthread_mutex_init(&pool->lock, NULL) != 0)
    return false;
  bool done = pthread_condattr_init(&attributes) == 0;
  done = done && pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
         pthread_cond_init(&pool->changed, &attributes) == 0;
  (void)pthread_condattr_destroy(&attributes);
  return done;
}

static psd_result start_all(psd_tsa_pool *pool, psd_error *error) {
  psd_result result = PSD_OK;
  for (size_t i = 0; i < pool->count && result == PSD_OK; i++) {
    psd_tsa_card *card = &pool->cards[i];
    *card = (psd_tsa_card){.pool = pool, .place = &pool->settings->places[i], .number = (unsigned)i + 1};
    result = psd_tsa_card_reach(card, error);
    if (result == PSD_OK && card->slot == 0)
      result =
          psd_error_set(error, PSD_REFUSED,
                        "%s: no postmark key is active: psd cert request --purpose postmark asks for a certificate",
                        card->place->name);
  }
  for (size_t i = 0; i < pool->count && result == PSD_OK; i++) {
    pool->cards[i].ready = true;
    pool->ready++;
  }
  for (; pool->running < pool->count && result == PSD_OK; pool->running += result == PSD_OK)
    if (pthread_create(&pool->cards[pool->running].thread, NULL, run, &pool->cards[pool->running]) != 0)
      result = psd_error_set(error, PSD_SYSTEM, "no thread can be made");
  return result;
}

psd_result psd_tsa_pool_start(const psd_tsa_settings *settings, psd_tsa_log *log, psd_tsa_pool **pool,
                              psd_error *error) {
  *pool = calloc(1, sizeof **pool);
  if (*pool == NULL || !make_lock(*pool)) {
    free(*pool);
    *pool = NULL;
    return psd_error_set(error, PSD_SYSTEM, "out of memory");
  }
  (*pool)->settings = settings;
  (*pool)->log = log;
  (*pool)->count = settings->count;
  psd_result result = start_all(*pool, error);
  if (result != PSD_OK) {
    psd_tsa_pool_stop(*pool);
    psd_tsa_pool_free(*pool);
    *pool = NULL;
  }
  return result;
}

void psd_tsa_pool_stop(psd_tsa_pool *pool) {
  (void)pthread_mutex_lock(&pool->lock);
  pool->stopping = true;
  (void)pthread_cond_broadcast(&pool->changed);
  (void)pthread_mutex_unlock(&pool->lock);
  for (size_t i = 0; i < pool->running; i++)
    (void)pthread_join(pool->cards[i].thread, NULL);
  pool->running = 0;
}

void psd_tsa_pool_free(psd_tsa_pool *pool) {
  if (pool == NULL)
    return;
  for (size_t i = 0; i < pool->count; i++)
    psd_tsa_card_leave(&pool->cards[i]);
  (void)pthread_cond_destroy(&pool->changed);
  (void)pthread_mutex_destroy(&pool->lock);
  free(pool);
}
