/* What other processes use. */
#ifndef PSD_BENCH_WATCH_H
#define PSD_BENCH_WATCH_H

#include <stdint.h>
#include <sys/types.h>

/* Nanoseconds of processor time a process used so far, all of its threads together. */
uint64_t bench_processor_time(pid_t pid);
/* Kilobytes, 1024 bytes each, from the line of /proc/PID/smaps_rollup that begins with `what`. */
double bench_resident(pid_t pid, const char *what);

/* Lets time pass, while others are at work. */
void bench_let_pass(unsigned milliseconds);

#endif
