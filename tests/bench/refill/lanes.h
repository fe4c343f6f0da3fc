/* Lanes: threads that each refill PSDs of their own, all at once. */
#ifndef PSD_BENCH_LANES_H
#define PSD_BENCH_LANES_H

#include <pthread.h>
#include <stdatomic.h>

#include "caller.h"
#include "measure.h"
#include "owners.h"

#define LANES_MAX 256U

typedef struct lanes lanes;

typedef struct lane {
  lanes *all;
  pthread_t thread;
  size_t number;
  caller call;
  bench_samples latency; /* of each refill */
} lane;

struct lanes {
  const char *server;
  const stock *psds; /* those that sign with K3 */
  const owners *people;
  size_t open;   /* lanes with an open session */
  size_t active; /* at work now */
  bool fresh;    /* a connection and a handshake for each refill */
  atomic_bool stop;
  atomic_uint_fast64_t done;
  lane lane[LANES_MAX];
};

/* `people` are whose the PSDs were entered as. */
void lanes_init(lanes *all, const char *server, const stock *psds, const owners *people);
/* Has so many sign on, and keep their sessions; hangs up those that are too many. */
void lanes_open(lanes *all, size_t count);
/* So many lanes begin: refills in the sessions that are open or, if `fresh`, with a connection and a handshake each. */
void lanes_start(lanes *all, size_t count, bool fresh);
/* They end, and what they measured since the start is added to `latency`. */
void lanes_stop(lanes *all, bench_samples *latency);

#endif
