/* One connection of the fleet: a thread that makes handshake after handshake, each with the card whose turn it is. */
#ifndef PSD_FLEET_WORKER_H
#define PSD_FLEET_WORKER_H

#include <stdatomic.h>

#include "cards.h"
#include "options.h"
#include "pace.h"
#include "tally.h"

/* What all workers share. */
typedef struct psd_fleet {
  const psd_fleet_options *options;
  psd_fleet_cards cards;
  psd_pace pace;
  uint8_t verifier[PSD_VERIFIER]; /* the password, stretched once for all */
  int done;                       /* write end of a pipe: a byte for each worker that ends */
} psd_fleet;

typedef struct psd_worker {
  psd_fleet *fleet;
  pthread_t thread;
  atomic_uint_fast64_t finished, refused; /* so far, for whoever watches */
  psd_tally tally;                        /* once the thread has ended */
  psd_tally refills;                      /* with --refill: those that came of them */
} psd_worker;

/* What the thread runs; `argument` is a psd_worker. Ends when the pace has no next handshake. A user who is refused
 * ends it for all: the server would lock him out. */
void *psd_worker_run(void *argument);

#endif
