#include "measure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t read_clock(clockid_t clock) {
  struct timespec now;
  (void)clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint64_t bench_now(void) {
  return read_clock(CLOCK_MONOTONIC);
}

uint64_t bench_now_computing(void) {
  return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

bench_samples bench_samples_make(size_t capacity) {
  bench_samples samples = {.us = calloc(capacity, sizeof *samples.us), .capacity = capacity};
  bench_need(samples.us != NULL, "memory");
  return samples;
}

void bench_samples_free(bench_samples *samples) {
  free(samples->us);
  *samples = (bench_samples){.us = NULL};
}

void bench_add(bench_samples *samples, uint64_t ns, unsigned operations) {
  bench_need(samples->count < samples->capacity, "room for another sample");
  samples->us[samples->count++] = (double)ns / 1000.0 / operations;
}

void bench_join(bench_samples *to, bench_samples *from) {
  size_t count = to->count + from->count;
  if (count > to->capacity) {
    to->us = realloc(to->us, count * sizeof *to->us);
    to->capacity = count;
    bench_need(to->us != NULL, "memory");
  }
  for (size_t i = 0; i < from->count; i++)
    to->us[to->count++] = from->us[i];
  bench_samples_free(from);
}

static int compare(const void *a, const void *b) {
  double left = *(const double *)a;
  double right = *(const double *)b;
  return (left > right) - (left < right);
}

double bench_percentile(bench_samples *samples, unsigned percent) {
  bench_need(samples->count > 0, "samples");
  qsort(samples->us, samples->count, sizeof *samples->us, compare);
  size_t at = samples->count * percent / 100;
  return samples->us[at < samples->count ? at : samples->count - 1];
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 0)))
#endif
static void
print_row(double value, const char *key, va_list arguments, const char *suffix) {
  (void)vprintf(key, arguments);
  (void)printf("%s %.9g\n", suffix, value);
}

void bench_row(double value, const char *key, ...) {
  va_list arguments;
  va_start(arguments, key);
  print_row(value, key, arguments, "");
  va_end(arguments);
}

void bench_row_percentiles(bench_samples *samples, const char *key, ...) {
  va_list arguments;
  va_start(arguments, key);
  print_row(bench_percentile(samples, 50), key, arguments, ".p50");
  va_end(arguments);
  va_start(arguments, key);
  print_row(bench_percentile(samples, 99), key, arguments, ".p99");
  va_end(arguments);
  bench_samples_free(samples);
}

void bench_die(const char *words, ...) {
  va_list arguments;
  va_start(arguments, words);
  (void)fputs("bench: ", stderr);
  (void)vfprintf(stderr, words, arguments);
  va_end(arguments);
  (void)fputc('\n', stderr);
  exit(1);
}

void bench_need(bool good, const char *what) {
  if (!good)
    bench_die("no %s", what);
}
