/* The cards of a fleet: state files of a folder, each powered on and its PSD selected. */
#ifndef PSD_FLEET_CARDS_H
#define PSD_FLEET_CARDS_H

#include <pthread.h>

#include "emulator/holder.h"
#include "psd/reader/host.h"

typedef struct psd_fleet_card psd_fleet_card;
struct psd_fleet_card {
  psd_fleet_card *next; /* that waits for its turn */
  psd_holder *holder;
  psd_host *host;
};

typedef struct psd_fleet_cards {
  psd_fleet_card *card;
  size_t count;
  pthread_mutex_t lock;
  psd_fleet_card *first, *last; /* those in no session */
} psd_fleet_cards;

/* Told of each card that is on: how many there are of how many. Returns false to end it. */
typedef bool psd_fleet_taker(void *context, size_t count, size_t of);

/* Opens the first `wanted` cards of the folder, by the names of their files, which end in ".state"; all if 0. What the
 * cards change in the course of their sessions is kept in their files, but not synced to the medium one by one. On
 * anything but PSD_OK nothing is open. */
psd_result psd_fleet_open(psd_fleet_cards *cards, const char *folder, size_t wanted, psd_fleet_taker *taker,
                          void *context, psd_error *error);
void psd_fleet_close(psd_fleet_cards *cards);

/* The card whose turn it is; it is taken until it is given back. NULL if all are taken. Each has its turn before any
 * has it again. For any thread. */
psd_fleet_card *psd_fleet_take(psd_fleet_cards *cards);
void psd_fleet_give_back(psd_fleet_cards *cards, psd_fleet_card *card);

#endif
