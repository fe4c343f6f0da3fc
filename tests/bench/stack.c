#include "stack.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "measure.h"

#define STACK_SIZE (256U * 1024U)
#define PAINT 0xA5

/* A thread that does nothing: what it leaves on its stack is not that of what is measured. */
static void *run_nothing(void *argument) {
  return argument;
}

/* By a thread whose stack was painted. */
static size_t used(void *(*run)(void *), void *argument) {
  static _Alignas(4096) uint8_t stack[STACK_SIZE];
  pthread_t thread;
  pthread_attr_t attributes;
  memset(stack, PAINT, sizeof stack);
  bool ok = pthread_attr_init(&attributes) == 0 && pthread_attr_setstack(&attributes, stack, sizeof stack) == 0 &&
            pthread_create(&thread, &attributes, run, argument) == 0 && pthread_join(thread, NULL) == 0;
  bench_need(ok, "thread");
  (void)pthread_attr_destroy(&attributes);
  size_t untouched = 0;
  while (untouched < sizeof stack && stack[untouched] == PAINT)
    untouched++;
  return sizeof stack - untouched;
}

size_t bench_stack(void *(*run)(void *), void *argument) {
  size_t nothing = used(run_nothing, argument);
  return used(run, argument) - nothing;
}
