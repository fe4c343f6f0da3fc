/* What psd tsa says while it runs, a line each, and what it counts. For all its threads. */
#ifndef PSD_TSA_LOG_H
#define PSD_TSA_LOG_H

#include <pthread.h>
#include <stdio.h>

#include "tsa.h"

typedef struct psd_tsa_log {
  pthread_mutex_t lock;
  FILE *out;
  bool json;
  psd_tsa_counts counts;
} psd_tsa_log;

bool psd_tsa_log_begin(psd_tsa_log *log, FILE *out, bool json);
void psd_tsa_log_end(psd_tsa_log *log);

/* One query was answered. */
typedef struct psd_tsa_event {
  bool granted;
  uint64_t number;     /* of the postmark */
  const char *failure; /* its name; NULL where it was granted */
  const char *words;   /* why */
  bool ours;           /* systemFailure */
  unsigned card;       /* 0 for none */
  uint64_t microseconds;
  const char *client;
} psd_tsa_event;
void psd_tsa_log_answer(psd_tsa_log *log, const psd_tsa_event *event);
/* A request that is no query: its HTTP status. */
void psd_tsa_log_other(psd_tsa_log *log, unsigned status, const char *client);
/* Something happened to a card. */
void psd_tsa_log_card(psd_tsa_log *log, unsigned card, const char *event, const char *words);

#endif
