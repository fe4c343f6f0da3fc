/* What every benchmark needs: a clock, samples, and rows. A row is a line "key value" on standard output; report.pl
 * makes tables of them. Whatever goes wrong ends the program: a figure that is not right is worse than none. */
#ifndef PSD_BENCH_MEASURE_H
#define PSD_BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bench_samples {
  double *us; /* microseconds */
  size_t count, capacity;
} bench_samples;

/* Nanoseconds of CLOCK_MONOTONIC. Asking for them twice takes some 30 ns, which are part of every sample. */
uint64_t bench_now(void);
/* Nanoseconds of processor time this thread used: for what only computes, since no other program adds to it. */
uint64_t bench_now_computing(void);

bench_samples bench_samples_make(size_t capacity);
void bench_samples_free(bench_samples *samples);
/* Adds a sample: `ns` nanoseconds divided by `operations`. What goes beyond the capacity is an error. */
void bench_add(bench_samples *samples, uint64_t ns, unsigned operations);
/* Moves all samples of `from`, which is freed, to the end of `to`, which grows. */
void bench_join(bench_samples *to, bench_samples *from);
/* The value that `percent` of the samples do not exceed; 50 is the median. Sorts them. */
double bench_percentile(bench_samples *samples, unsigned percent);

/* Prints a row; the key is printf-like. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void bench_row(double value, const char *key, ...);
/* Two rows, KEY.p50 and KEY.p99; frees the samples. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void bench_row_percentiles(bench_samples *samples, const char *key, ...);

/* One line on standard error, and the end. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
_Noreturn void
bench_die(const char *words, ...);
/* The same, unless `good`. */
void bench_need(bool good, const char *what);

#endif
