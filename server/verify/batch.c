#include "verify/batch.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "psd/program/progress.h"
#include "verify/line.h"

/* Pieces of one transaction: one wait for the disk. */
#define COMMIT 4096U
/* Milliseconds for which pieces that are judged wait for others to be remembered with. */
#define PATIENCE 250U
#define THREADS_MOST 256U
/* Chunks that are under way for each thread. */
#define AHEAD 4U

typedef struct run {
  const psd_batch *batch;
  psd_batch_outcome *outcome;
  psd_batch_queue queue;
  psd_batch_feed feed;
  pthread_t reader, workers[THREADS_MOST];
  unsigned worker_count;
  bool reading;
  psd_progress progress;
  /* What waits to be remembered: copies in one row, and the chunks they come from. */
  psd_claim *claims;
  psd_piece_verdict *verdicts;
  psd_origin *origins;
  size_t count;
  psd_chunk *held;
} run;

/* Signals
 * --------------------------------------------------------------------------------------------------------------*/

/* A byte in it stops the reader, wherever that waits. */
static int stop_pipe[2] = {-1, -1};

static void on_signal(int number) {
  (void)number;
  /* The byte is there, or another one is. */
  ssize_t written = write(stop_pipe[1], "", 1);
  (void)written;
}

static bool open_stop(void) {
  if (pipe(stop_pipe) != 0)
    return false;
  for (size_t i = 0; i < 2; i++) {
    (void)fcntl(stop_pipe[i], F_SETFD, FD_CLOEXEC);
    (void)fcntl(stop_pipe[i], F_SETFL, O_NONBLOCK);
  }
  /* The second one ends the process: somebody is in a hurry. */
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
  (void)sigemptyset(&action.sa_mask);
  return sigaction(SIGINT, &action, NULL) == 0 && sigaction(SIGTERM, &action, NULL) == 0;
}

static void close_stop(void) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  (void)sigemptyset(&action.sa_mask);
  (void)sigaction(SIGINT, &action, NULL);
  (void)sigaction(SIGTERM, &action, NULL);
  (void)close(stop_pipe[0]);
  (void)close(stop_pipe[1]);
}

/* Threads
 * --------------------------------------------------------------------------------------------------------------*/

static void work_on_lines(const psd_site *site, psd_chunk *chunk) {
  psd_origin origin = {.path = chunk->path, .line = chunk->first};
  char *at = chunk->text;
  psd_findings_expect(&chunk->findings, chunk->inputs);
  for (char *end = at + chunk->length; at < end; origin.line++) {
    char *next = memchr(at, '\n', (size_t)(end - at));
    size_t length = (size_t)(next - at);
    if (!psd_line_is_none(at, length, origin.line == 1))
      psd_look_at_line(site, at, length, &origin, &chunk->findings);
    at = next + 1;
  }
}

static void work_on_files(const psd_site *site, psd_chunk *chunk) {
  for (size_t i = 0; i < chunk->inputs; i++) {
    psd_chunk_file *file = &chunk->files[i];
    const psd_origin origin = {.path = file->path};
    if (file->in == NULL) {
      psd_findings_refuse(&chunk->findings, &origin, PSD_CHECK_SYMBOL, file->words);
      continue;
    }
    psd_look_at_file(site, file->in, NULL, &origin, &chunk->findings);
    (void)fclose(file->in);
    file->in = NULL;
  }
}

static void *work(void *context) {
  run *at = context;
  psd_chunk *chunk;
  while ((chunk = psd_batch_queue_take(&at->queue)) != NULL) {
    if (chunk->text != NULL)
      work_on_lines(at->batch->site, chunk);
    else
      work_on_files(at->batch->site, chunk);
    psd_batch_queue_finish(&at->queue, chunk);
  }
  return NULL;
}

static void *read_all(void *context) {
  run *at = context;
  psd_feed_run(&at->feed);
  return NULL;
}

static unsigned thread_count(const psd_batch *batch) {
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  unsigned count = batch->threads > 0 ? batch->threads : cores > 0 ? (unsigned)cores : 1U;
  return count < THREADS_MOST ? count : THREADS_MOST;
}

/* Signals are for the thread that waits for them, and so do not interrupt others at work. */
static bool start(run *at) {
  sigset_t signals, before;
  (void)sigfillset(&signals);
  (void)pthread_sigmask(SIG_SETMASK, &signals, &before);
  const unsigned wanted = thread_count(at->batch);
  while (at->worker_count < wanted && pthread_create(&at->workers[at->worker_count], NULL, work, at) == 0)
    at->worker_count++;
  at->reading = at->worker_count > 0 && pthread_create(&at->reader, NULL, read_all, at) == 0;
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  return at->reading;
}

static void stop(run *at) {
  on_signal(0);
  psd_batch_queue_stop(&at->queue);
}

static void join(run *at) {
  if (at->reading)
    (void)pthread_join(at->reader, NULL);
  for (unsigned i = 0; i < at->worker_count; i++)
    (void)pthread_join(at->workers[i], NULL);
}

/* What was judged
 * ------------------------------------------------------------------------------------------------------*/

static void let_go(run *at) {
  while (at->held != NULL) {
    psd_chunk *chunk = at->held;
    at->held = chunk->next;
    psd_chunk_free(chunk);
  }
  at->count = 0;
}

static bool remember(run *at) {
  const psd_batch *batch = at->batch;
  if (batch->seen != NULL)
    return psd_seen_add(batch->seen, at->claims, at->verdicts, at->count, batch->now, at->outcome->words,
                        sizeof at->outcome->words);
  for (size_t i = 0; i < at->count; i++) {
    psd_find(&at->verdicts[i], PSD_CHECK_DUPLICATE, PSD_CHECK_UNKNOWN, "not looked for: nothing is remembered");
    psd_verdict_end(&at->verdicts[i]);
  }
  return true;
}

/* Remembers what waits for it, then reports it. */
static bool commit(run *at) {
  if (at->count > 0 && !remember(at)) {
    at->outcome->end = PSD_BATCH_NO_DATABASE;
    let_go(at);
    return false;
  }
  if (at->batch->report->words)
    psd_progress_end(&at->progress);
  for (size_t i = 0; i < at->count; i++)
    psd_report_piece(at->batch->report, &at->origins[i], &at->claims[i], &at->verdicts[i]);
  psd_report_flush(at->batch->report);
  for (const psd_chunk *chunk = at->held; chunk != NULL; chunk = chunk->next)
    at->outcome->inputs += chunk->inputs;
  psd_progress_show(&at->progress, at->outcome->inputs);
  let_go(at);
  return true;
}

/* Takes over what was found in a chunk. */
static bool hold(run *at, psd_chunk *chunk) {
  const psd_findings *found = &chunk->findings;
  bool failed = found->failed;
  if (at->count + found->count > COMMIT && !commit(at)) {
    psd_chunk_free(chunk);
    return false;
  }
  chunk->next = at->held;
  at->held = chunk;
  if (failed || found->count > COMMIT) {
    at->outcome->end = PSD_BATCH_NO_MEMORY;
    return false;
  }
  if (found->count > 0) {
    memcpy(at->claims + at->count, found->claims, found->count * sizeof *at->claims);
    memcpy(at->verdicts + at->count, found->verdicts, found->count * sizeof *at->verdicts);
    memcpy(at->origins + at->count, found->origins, found->count * sizeof *at->origins);
  }
  at->count += found->count;
  return true;
}

static uint64_t now_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

/* Takes chunk after chunk until all are done, or nothing more can be. */
static void collect(run *at) {
  uint64_t since = now_ms();
  for (;;) {
    psd_chunk *chunk;
    psd_batch_got got = psd_batch_queue_get(&at->queue, PATIENCE, &chunk);
    if (at->outcome->end == PSD_BATCH_DONE && psd_feed_stopped(&at->feed)) {
      at->outcome->end = PSD_BATCH_INTERRUPTED;
      psd_batch_queue_stop(&at->queue);
    }
    if (got == PSD_BATCH_CHUNK && at->held == NULL)
      since = now_ms();
    if ((got == PSD_BATCH_CHUNK && !hold(at, chunk)) || (got == PSD_BATCH_OVER && !commit(at)))
      break;
    if (got == PSD_BATCH_OVER)
      return;
    if (at->held != NULL && now_ms() - since >= PATIENCE && !commit(at))
      break;
  }
  stop(at);
}

static bool make_room(run *at) {
  at->claims = calloc(COMMIT, sizeof *at->claims);
  at->verdicts = calloc(COMMIT, sizeof *at->verdicts);
  at->origins = calloc(COMMIT, sizeof *at->origins);
  return at->claims != NULL && at->verdicts != NULL && at->origins != NULL;
}

/* How many lines and files there are, where that can be found out before. */
static void count_inputs(run *at) {
  psd_batch_feed counting = at->feed;
  counting.queue = NULL;
  psd_feed_run(&counting);
  bool known = !counting.endless && !counting.stopped && !counting.failed;
  at->outcome->total = known ? counting.inputs : 0;
}

static void go(run *at) {
  const psd_batch *batch = at->batch;
  uint64_t begun = now_ms();
  count_inputs(at);
  at->outcome->inputs = batch->skip;
  at->progress = psd_progress_begin("lines and files", at->outcome->total);
  at->progress.on = at->progress.on && at->outcome->total > 0;
  if (start(at)) {
    collect(at);
  } else {
    at->outcome->end = PSD_BATCH_NO_MEMORY;
    stop(at);
  }
  join(at);
  psd_progress_end(&at->progress);
  at->outcome->others = at->feed.others;
  if (at->feed.failed && at->outcome->end == PSD_BATCH_DONE)
    at->outcome->end = PSD_BATCH_NO_MEMORY;
  at->outcome->milliseconds = now_ms() - begun;
}

void psd_batch_run(const psd_batch *batch, psd_batch_outcome *outcome) {
  run *at = calloc(1, sizeof *at);
  *outcome = (psd_batch_outcome){.end = PSD_BATCH_NO_MEMORY};
  if (at == NULL)
    return;
  at->batch = batch;
  at->outcome = outcome;
  if (open_stop() && psd_batch_queue_open(&at->queue, (size_t)AHEAD * thread_count(batch))) {
    at->feed = (psd_batch_feed){.paths = batch->paths,
                                .path_count = batch->path_count,
                                .skip = batch->skip,
                                .queue = &at->queue,
                                .stop = stop_pipe[0]};
    if (make_room(at)) {
      outcome->end = PSD_BATCH_DONE;
      go(at);
    }
    let_go(at);
    psd_batch_queue_close(&at->queue);
    close_stop();
  }
  free(at->claims);
  free(at->verdicts);
  free(at->origins);
  free(at);
}
