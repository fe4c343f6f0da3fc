/* The tests' benches (tests/support) assert, which CUnit wants to be inside a test. */
#ifndef PSD_BENCH_INSIDE_H
#define PSD_BENCH_INSIDE_H

/* Runs it inside one; an assertion that does not hold ends the program. */
void bench_inside(void (*run)(void));

#endif
