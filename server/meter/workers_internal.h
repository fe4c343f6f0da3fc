/* The inside of workers.h: what the loop's thread and the workers share. */
#ifndef PSD_METER_WORKERS_INTERNAL_H
#define PSD_METER_WORKERS_INTERNAL_H

#include <pthread.h>

#include "meter/batch.h"
#include "meter/doubts.h"
#include "meter/workers.h"

typedef struct psd_meter_worker {
  psd_meter_workers *all;
  psd_db *db; /* NULL after a failure, until it can be opened anew */
  pthread_t thread;
} psd_meter_worker;

struct psd_meter_workers {
  uv_async_t results;
  uv_check_t turn; /* does, or hands over, what a turn of the loop has submitted */
  uv_idle_t soon;  /* keeps the loop from waiting before that */
  char url[512];
  uint8_t key[32];
  psd_meter_doubts doubts; /* of all threads */
  pthread_mutex_t lock;
  pthread_cond_t to_read, to_write; /* for those that only read, and for the one that writes */
  /* Of the loop's thread. */
  psd_meter_worker here; /* reads without a thread where the database is a file; without a connection, it does not */
  psd_meter_jobs fresh;
  size_t taken; /* jobs that are not back yet */
  unsigned handles;
  /* Under the lock. */
  psd_meter_jobs reads, writes; /* that wait */
  psd_meter_jobs done;
  unsigned readers_idle, readers_busy;
  bool writer_idle;
  bool ending;
  unsigned count;
  /* The first one alone writes: two would be in each other's way, share no sync, and each have to read again what the
   * other has written. */
  psd_meter_worker workers[];
};

/* Opens its connection, unless it is open. */
bool psd_meter_worker_open(psd_meter_worker *at);
/* The thread of a worker; the argument is it. */
void *psd_meter_worker_run(void *argument);
/* Wakes who is wanted and has nothing to do; under the lock. */
void psd_meter_workers_wake(psd_meter_workers *all);
/* What was read is no verdict on a name that others have just been wrong about (doubts.h). */
void psd_meter_workers_doubt(psd_meter_workers *all, const psd_meter_jobs *reads);

#endif
