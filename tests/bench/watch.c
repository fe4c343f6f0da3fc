#include "watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

#define LINE_SIZE 512

uint64_t bench_processor_time(pid_t pid) {
  clockid_t clock;
  struct timespec used;
  bench_need(clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &used) == 0, "such process");
  return (uint64_t)used.tv_sec * UINT64_C(1000000000) + (uint64_t)used.tv_nsec;
}

double bench_resident(pid_t pid, const char *what) {
  char text[LINE_SIZE];
  (void)snprintf(text, sizeof text, "/proc/%ld/smaps_rollup", (long)pid);
  FILE *file = fopen(text, "r");
  bench_need(file != NULL, "smaps_rollup");
  double value = -1;
  while (fgets(text, sizeof text, file) != NULL)
    if (strncmp(text, what, strlen(what)) == 0)
      value = strtod(text + strlen(what), NULL);
  (void)fclose(file);
  bench_need(value >= 0, what);
  return value;
}

void bench_let_pass(unsigned milliseconds) {
  uint64_t expirations = 0;
  const struct itimerspec once = {
      .it_value = {.tv_sec = milliseconds / 1000U, .tv_nsec = (long)(milliseconds % 1000U) * 1000000L}};
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  bench_need(timer >= 0 && timerfd_settime(timer, 0, &once, NULL) == 0 &&
                 read(timer, &expirations, sizeof expirations) == (ssize_t)sizeof expirations,
             "timer");
  (void)close(timer);
}
