#include "pace.h"

#include <time.h>

#define SECOND UINT64_C(1000000000)

uint64_t psd_fleet_now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

bool psd_pace_start(psd_pace *pace, unsigned rate, unsigned seconds, uint64_t limit) {
  pthread_condattr_t attributes;
  *pace = (psd_pace){.rate = rate, .limit = limit};
  if (pthread_condattr_init(&attributes) != 0)
    return false;
  (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  bool made = pthread_cond_init(&pace->changed, &attributes) == 0;
  (void)pthread_condattr_destroy(&attributes);
  if (!made || pthread_mutex_init(&pace->lock, NULL) != 0)
    return false;
  pace->start = psd_fleet_now();
  pace->end = seconds != 0 ? pace->start + seconds * SECOND : 0;
  return true;
}

void psd_pace_destroy(psd_pace *pace) {
  (void)pthread_cond_destroy(&pace->changed);
  (void)pthread_mutex_destroy(&pace->lock);
}

/* Until `time`, or until it is over. The lock is held. */
static void wait_until(psd_pace *pace, uint64_t time) {
  const struct timespec until = {.tv_sec = (time_t)(time / SECOND), .tv_nsec = (long)(time % SECOND)};
  while (!pace->stopped && psd_fleet_now() < time)
    (void)pthread_cond_timedwait(&pace->changed, &pace->lock, &until);
}

/* True if a handshake that is due at `due` is not to be made. The lock is held. */
static bool over(const psd_pace *pace, uint64_t due) {
  return pace->stopped || (pace->end != 0 && due >= pace->end);
}

bool psd_pace_next(psd_pace *pace, uint64_t *due) {
  (void)pthread_mutex_lock(&pace->lock);
  while (pace->begun > 0 && !pace->tried && !pace->stopped)
    (void)pthread_cond_wait(&pace->changed, &pace->lock);
  bool another = !pace->stopped && (pace->limit == 0 || pace->begun < pace->limit);
  *due = psd_fleet_now();
  if (another && pace->rate != 0) {
    *due = pace->start + pace->begun * SECOND / pace->rate;
    another = !over(pace, *due);
  }
  if (another) {
    pace->begun++;
    wait_until(pace, *due);
    another = !over(pace, psd_fleet_now());
  }
  (void)pthread_mutex_unlock(&pace->lock);
  return another;
}

bool psd_pace_rest(psd_pace *pace, unsigned milliseconds) {
  (void)pthread_mutex_lock(&pace->lock);
  wait_until(pace, psd_fleet_now() + milliseconds * (SECOND / 1000U));
  bool going_on = !over(pace, psd_fleet_now());
  (void)pthread_mutex_unlock(&pace->lock);
  return going_on;
}

static void change(psd_pace *pace, bool *what) {
  (void)pthread_mutex_lock(&pace->lock);
  if (!*what) {
    *what = true;
    (void)pthread_cond_broadcast(&pace->changed);
  }
  (void)pthread_mutex_unlock(&pace->lock);
}

void psd_pace_tried(psd_pace *pace) {
  change(pace, &pace->tried);
}

void psd_pace_stop(psd_pace *pace) {
  change(pace, &pace->stopped);
}
