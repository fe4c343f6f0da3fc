#include "verify/batch_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

psd_chunk *psd_chunk_new(void) {
  return calloc(1, sizeof(psd_chunk));
}

void psd_chunk_free(psd_chunk *chunk) {
  if (chunk == NULL)
    return;
  for (size_t i = 0; i < PSD_CHUNK_FILES; i++) {
    if (chunk->files[i].in != NULL)
      (void)fclose(chunk->files[i].in);
    free(chunk->files[i].path);
  }
  psd_findings_free(&chunk->findings);
  free(chunk->path);
  free(chunk->text);
  free(chunk);
}

static bool open_done(pthread_cond_t *done) {
  pthread_condattr_t attributes;
  if (pthread_condattr_init(&attributes) != 0)
    return false;
  bool opened =
      pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 && pthread_cond_init(done, &attributes) == 0;
  (void)pthread_condattr_destroy(&attributes);
  return opened;
}

bool psd_batch_queue_open(psd_batch_queue *queue, size_t limit) {
  *queue = (psd_batch_queue){.limit = limit};
  return pthread_mutex_init(&queue->lock, NULL) == 0 && pthread_cond_init(&queue->room, NULL) == 0 &&
         pthread_cond_init(&queue->work, NULL) == 0 && open_done(&queue->done);
}

void psd_batch_queue_close(psd_batch_queue *queue) {
  while (queue->head != NULL) {
    psd_chunk *chunk = queue->head;
    queue->head = chunk->next;
    psd_chunk_free(chunk);
  }
  (void)pthread_cond_destroy(&queue->done);
  (void)pthread_cond_destroy(&queue->work);
  (void)pthread_cond_destroy(&queue->room);
  (void)pthread_mutex_destroy(&queue->lock);
}

bool psd_batch_queue_put(psd_batch_queue *queue, psd_chunk *chunk) {
  (void)pthread_mutex_lock(&queue->lock);
  while (!queue->stopped && queue->count == queue->limit)
    (void)pthread_cond_wait(&queue->room, &queue->lock);
  bool goes_on = !queue->stopped;
  if (goes_on) {
    if (queue->tail != NULL)
      queue->tail->next = chunk;
    else
      queue->head = chunk;
    queue->tail = chunk;
    queue->waiting = queue->waiting != NULL ? queue->waiting : chunk;
    queue->count++;
    (void)pthread_cond_signal(&queue->work);
  }
  (void)pthread_mutex_unlock(&queue->lock);
  if (!goes_on)
    psd_chunk_free(chunk);
  return goes_on;
}

static void set(psd_batch_queue *queue, bool *what) {
  (void)pthread_mutex_lock(&queue->lock);
  *what = true;
  (void)pthread_cond_broadcast(&queue->room);
  (void)pthread_cond_broadcast(&queue->work);
  (void)pthread_cond_broadcast(&queue->done);
  (void)pthread_mutex_unlock(&queue->lock);
}

void psd_batch_queue_end(psd_batch_queue *queue) {
  set(queue, &queue->closed);
}

void psd_batch_queue_stop(psd_batch_queue *queue) {
  set(queue, &queue->stopped);
}

psd_chunk *psd_batch_queue_take(psd_batch_queue *queue) {
  (void)pthread_mutex_lock(&queue->lock);
  while (!queue->stopped && !queue->closed && queue->waiting == NULL)
    (void)pthread_cond_wait(&queue->work, &queue->lock);
  psd_chunk *chunk = queue->stopped ? NULL : queue->waiting;
  if (chunk != NULL) {
    chunk->state = PSD_CHUNK_TAKEN;
    queue->waiting = chunk->next;
  }
  (void)pthread_mutex_unlock(&queue->lock);
  return chunk;
}

void psd_batch_queue_finish(psd_batch_queue *queue, psd_chunk *chunk) {
  (void)pthread_mutex_lock(&queue->lock);
  chunk->state = PSD_CHUNK_DONE;
  if (chunk == queue->head)
    (void)pthread_cond_signal(&queue->done);
  (void)pthread_mutex_unlock(&queue->lock);
}

/* What the first chunk is ready for; LATE while it has to be waited for. */
static psd_batch_got look(const psd_batch_queue *queue) {
  if (queue->head == NULL)
    return queue->closed || queue->stopped ? PSD_BATCH_OVER : PSD_BATCH_LATE;
  if (queue->head->state == PSD_CHUNK_DONE)
    return PSD_BATCH_CHUNK;
  return queue->stopped && queue->head->state == PSD_CHUNK_WAITING ? PSD_BATCH_OVER : PSD_BATCH_LATE;
}

static struct timespec after(unsigned milliseconds) {
  struct timespec at;
  (void)clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_sec += (time_t)(milliseconds / 1000U);
  at.tv_nsec += (long)(milliseconds % 1000U) * 1000000L;
  if (at.tv_nsec >= 1000000000L) {
    at.tv_nsec -= 1000000000L;
    at.tv_sec++;
  }
  return at;
}

psd_batch_got psd_batch_queue_get(psd_batch_queue *queue, unsigned patience, psd_chunk **chunk) {
  const struct timespec until = after(patience);
  psd_batch_got got;
  int waited = 0;
  *chunk = NULL;
  (void)pthread_mutex_lock(&queue->lock);
  while ((got = look(queue)) == PSD_BATCH_LATE && waited != ETIMEDOUT)
    waited = patience > 0 ? pthread_cond_timedwait(&queue->done, &queue->lock, &until)
                          : pthread_cond_wait(&queue->done, &queue->lock);
  if (got == PSD_BATCH_CHUNK) {
    *chunk = queue->head;
    queue->head = queue->head->next;
    queue->tail = queue->head != NULL ? queue->tail : NULL;
    queue->count--;
    (void)pthread_cond_signal(&queue->room);
  }
  (void)pthread_mutex_unlock(&queue->lock);
  return got;
}
