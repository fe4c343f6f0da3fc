#include "patience.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 2 /* seconds without a line */

static const int caught[] = {SIGINT, SIGTERM};
#define CAUGHT (sizeof caught / sizeof caught[0])

static const char clear[] = "\r\033[K";

/* The handler stands for one delivery, so that the signal raised here ends the program once this returns. */
static void tell(int number) {
  static const char words[] = "psd: interrupted; no money is lost: psd recover tells what came of it\n";
  if (isatty(STDERR_FILENO) == 1)
    (void)!write(STDERR_FILENO, clear, sizeof clear - 1);
  (void)!write(STDERR_FILENO, words, sizeof words - 1);
  (void)raise(number);
}

static void guard(psd_patience *patience) {
  struct sigaction action = {.sa_handler = tell, .sa_flags = (int)SA_RESETHAND};
  (void)sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < CAUGHT; i++)
    (void)sigaction(caught[i], &action, &patience->before[i]);
  patience->guarded = true;
}

static void draw(time_t seconds) {
  fprintf(stderr, "%swaiting for card and meter server, %" PRIu64 " s", clear, (uint64_t)seconds);
  (void)fflush(stderr);
}

/* Wakes at each full second, and when it is over. */
static void *watch(void *argument) {
  psd_patience *patience = argument;
  struct timespec begun, until;
  (void)clock_gettime(CLOCK_MONOTONIC, &begun);
  until = begun;
  until.tv_sec += PATIENCE;
  (void)pthread_mutex_lock(&patience->lock);
  while (!patience->over) {
    struct timespec now;
    (void)pthread_cond_timedwait(&patience->changed, &patience->lock, &until);
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    bool due = now.tv_sec > until.tv_sec || (now.tv_sec == until.tv_sec && now.tv_nsec >= until.tv_nsec);
    if (patience->over || !due)
      continue;
    draw(until.tv_sec - begun.tv_sec);
    until.tv_sec++;
  }
  (void)pthread_mutex_unlock(&patience->lock);
  return NULL;
}

/* The thread takes no signals: those are for whoever waits for card and server. */
static bool start(psd_patience *patience) {
  sigset_t all, before;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = pthread_create(&patience->thread, NULL, watch, patience) == 0;
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

/* Without room for a thread there is no line; what it is about goes on. */
static void show(psd_patience *patience) {
  pthread_condattr_t attributes;
  if (pthread_condattr_init(&attributes) != 0)
    return;
  (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  if (pthread_cond_init(&patience->changed, &attributes) == 0) {
    patience->watched = pthread_mutex_init(&patience->lock, NULL) == 0 && start(patience);
    if (!patience->watched)
      (void)pthread_cond_destroy(&patience->changed);
  }
  (void)pthread_condattr_destroy(&attributes);
}

void psd_patience_begin(psd_patience *patience, bool line, bool money) {
  memset(patience, 0, sizeof *patience);
  if (money)
    guard(patience);
  if (line && isatty(STDERR_FILENO) == 1)
    show(patience);
}

void psd_patience_end(psd_patience *patience) {
  if (patience->watched) {
    (void)pthread_mutex_lock(&patience->lock);
    patience->over = true;
    (void)pthread_cond_signal(&patience->changed);
    (void)pthread_mutex_unlock(&patience->lock);
    (void)pthread_join(patience->thread, NULL);
    (void)pthread_cond_destroy(&patience->changed);
    (void)pthread_mutex_destroy(&patience->lock);
    fputs(clear, stderr);
  }
  for (size_t i = 0; i < CAUGHT && patience->guarded; i++)
    (void)sigaction(caught[i], &patience->before[i], NULL);
}
