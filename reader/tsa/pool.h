/* The cards, each with a thread, and the queue of what they are to stamp. */
#ifndef PSD_TSA_POOL_H
#define PSD_TSA_POOL_H

#include "log.h"
#include "query.h"
#include "tsa.h"

/* Jobs that may wait, for all cards together. */
#define PSD_TSA_QUEUE_MAX 256U
#define PSD_TSA_RESPONSE_MAX (PSD_SERVICE_ANSWER_MAX + 64U)

typedef struct psd_tsa_job psd_tsa_job;
struct psd_tsa_job {
  psd_tsa_job *next;
  psd_tsa_query query;
  /* Called by a card's thread when there is a response; the job is the caller's again. */
  void (*done)(psd_tsa_job *job);
  void *context;
  /* What came of it: */
  bool granted;
  psd_tsa_refusal refusal;
  uint64_t number;
  unsigned card; /* 1 for the first; 0 for none */
  uint8_t memory[PSD_TSA_RESPONSE_MAX];
  psd_buffer response;
};

typedef struct psd_tsa_pool psd_tsa_pool;
/* Reaches the cards, all of them; on anything but PSD_OK nothing runs. */
psd_result psd_tsa_pool_start(const psd_tsa_settings *settings, psd_tsa_log *log, psd_tsa_pool **pool,
                              psd_error *error);
/* Takes a job over until it is done; false if too many wait. */
bool psd_tsa_pool_put(psd_tsa_pool *pool, psd_tsa_job *job);
/* Refuses what waits from now on, and lets the cards end what they are at. */
void psd_tsa_pool_stop(psd_tsa_pool *pool);
void psd_tsa_pool_free(psd_tsa_pool *pool);
/* Refuses a job on the spot. */
void psd_tsa_job_refuse(psd_tsa_job *job, psd_tsa_failure failure, const char *words);

#endif
