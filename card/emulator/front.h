/* Front ends: each puts one card into one reader, in a thread of its own, so that a card that works long holds up no
 * other. A front end knows the card by card.h alone: any card that implements it will do.
 *
 *   vpcd    connects to a virtual reader and tries again for ever
 *   listen  waits for readers to connect, one at a time; another one that comes meanwhile is turned away */
#ifndef PSD_EMULATOR_FRONT_H
#define PSD_EMULATOR_FRONT_H

#include <stdio.h>

#include "emulator/endpoint.h"
#include "psd/card.h"

typedef enum psd_front_kind { PSD_FRONT_VPCD, PSD_FRONT_LISTEN } psd_front_kind;

/* Milliseconds after which a reader behind vpcd is too silent. pcscd asks for the answer to reset every 400 ms. */
#define PSD_FRONT_PATIENCE_MS 3000

typedef struct psd_front_config {
  psd_front_kind kind;
  psd_endpoint endpoint; /* vpcd's, or where to listen */
  psd_card *card;        /* off; the front end's until it is closed */
  const char *name;      /* the card's, in lines that people read */
  FILE *log;             /* a line for each thing worth knowing */
  FILE *trace;           /* every command and answer, in words; NULL for none */
  bool quick_ack;        /* true, but for measuring what it is good for (docs/emulator.md) */
  int patience_ms;       /* 0: PSD_FRONT_PATIENCE_MS */
} psd_front_config;

typedef struct psd_front psd_front;

typedef enum psd_front_result {
  PSD_FRONT_OK = 0,
  PSD_FRONT_UNKNOWN_HOST, /* the host's name cannot be looked up */
  PSD_FRONT_NO_SOCKET,    /* it cannot listen there */
  PSD_FRONT_NO_RESOURCES, /* memory, descriptors or threads ran out */
} psd_front_result;

/* Makes a front end, `*made`: looks its endpoint up, listens where it has to. What config points at must outlive it.
 * An endpoint that cannot be used is told in one line of the log. Call it while the process has one thread (see
 * psd_net_listen). */
psd_front_result psd_front_open(const psd_front_config *config, psd_front **made);

/* Starts its thread; signals meant for the process should be blocked by now, the thread handles none. Returns false if
 * there can be no thread. */
bool psd_front_start(psd_front *front);

/* Asks it to stop: the command under way is finished and answered, then the card is powered off. Does not wait. Safe
 * from any thread. */
void psd_front_stop(psd_front *front);

/* Stops it, waits for that, frees it. NULL is allowed. */
void psd_front_close(psd_front *front);

#endif
