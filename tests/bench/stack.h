/* How deep a stack gets. */
#ifndef PSD_BENCH_STACK_H
#define PSD_BENCH_STACK_H

#include <stddef.h>

/* Bytes of stack that `run` uses with this argument, more than a thread that does nothing. */
size_t bench_stack(void *(*run)(void *), void *argument);

#endif
