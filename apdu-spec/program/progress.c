#include "psd/program/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define WIDTH 30U
#define INTERVAL_MS 100U
#define PATIENCE_MS 2000U

static uint64_t now_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

psd_progress psd_progress_begin(const char *what, uint64_t total) {
  return (psd_progress){.what = what, .total = total, .begun = now_ms(), .on = isatty(STDERR_FILENO) == 1};
}

void psd_progress_show(psd_progress *progress, uint64_t done) {
  uint64_t now = now_ms();
  if (!progress->on || now - progress->begun < PATIENCE_MS ||
      (done < progress->total && now - progress->shown < INTERVAL_MS))
    return;
  progress->shown = now;
  done = done < progress->total ? done : progress->total;
  unsigned filled = progress->total > 0 ? (unsigned)(done * WIDTH / progress->total) : 0;
  uint64_t left = done > 0 ? (now - progress->begun) * (progress->total - done) / done / 1000U : 0;
  fputs("\r[", stderr);
  for (unsigned i = 0; i < WIDTH; i++)
    fputc(i < filled ? '#' : '.', stderr);
  fprintf(stderr, "] %" PRIu64 " of %" PRIu64 " %s, %" PRIu64 " s left \033[K", done, progress->total, progress->what,
          left);
  (void)fflush(stderr);
}

void psd_progress_end(psd_progress *progress) {
  if (progress->on)
    fputs("\r\033[K", stderr);
}
