/* What queue and cards share. */
#ifndef PSD_TSA_POOL_INTERNAL_H
#define PSD_TSA_POOL_INTERNAL_H

#include <pthread.h>
#include <time.h>

#include "pool.h"

/* One card and its thread; but for `ready`, only the thread uses it. */
typedef struct psd_tsa_card {
  psd_tsa_pool *pool;
  const psd_tsa_place *place;
  unsigned number; /* 1 for the first */
  pthread_t thread;
  psd_host *host; /* NULL while the card is gone */
  psd_services services;
  uint8_t slot;
  uint32_t tariff; /* of the rate table that is in force; 0 for none */
  bool known;      /* its identity: nobody else's card gets the PIN */
  psd_device_id device;
  struct timespec next; /* when it is looked for again, CLOCK_MONOTONIC */
  bool ready;           /* under the pool's lock: the card is there */
  bool barred;          /* it has refused the PIN, or is another card: only a person can help */
} psd_tsa_card;

struct psd_tsa_pool {
  const psd_tsa_settings *settings;
  psd_tsa_log *log;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  psd_tsa_job *first, *last;
  size_t waiting, ready; /* jobs; cards that are there */
  bool stopping;
  psd_tsa_card cards[PSD_TSA_CARDS_MAX];
  size_t count, running; /* cards; those with a thread */
};

/* card.c */
/* Reaches the card and looks what it has. */
psd_result psd_tsa_card_reach(psd_tsa_card *card, psd_error *error);
void psd_tsa_card_leave(psd_tsa_card *card);
/* Stamps, or refuses. False if the card has gone. */
bool psd_tsa_card_stamp(psd_tsa_card *card, psd_tsa_job *job);

#endif
