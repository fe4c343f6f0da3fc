/* psd tsa: a time stamping authority (RFC 3161) over HTTP, whose stamps cards make and their meters pay for
 * (docs/tsa.md).
 *
 * Threads: HTTP has one, each card has one, and the caller's waits for whatever ends it. */
#ifndef PSD_TSA_H
#define PSD_TSA_H

#include <stdio.h>

#include "psd/reader/certificate.h"

/* Cards of one server. */
#define PSD_TSA_CARDS_MAX 16U

/* Where a card is: makes a transport to it, which is not connected yet. Called whenever the card is looked for, by the
 * card's own thread. */
typedef struct psd_tsa_place {
  const char *name; /* what it is called in the log */
  psd_result (*reach)(void *context, psd_transport **transport, psd_error *error);
  void *context;
} psd_tsa_place;

/* All stays the caller's, and must outlive the server. */
typedef struct psd_tsa_settings {
  const char *address; /* HOST:PORT; port 0 for any */
  const psd_tsa_place *places;
  size_t count;
  const psd_secret *pin; /* of every card */
  uint8_t slot;          /* 0: the first that is active and for postmarks */
  FILE *log;
  bool json;
} psd_tsa_settings;

/* What came of it. */
typedef struct psd_tsa_counts {
  uint64_t granted, refused; /* TimeStampResps */
  uint64_t failed;           /* of the refused: the server's own fault, systemFailure */
  uint64_t others;           /* requests that are no time stamp query */
  uint64_t slowest, total;   /* microseconds that granted ones took */
  uint64_t by_card[PSD_TSA_CARDS_MAX];
} psd_tsa_counts;

typedef struct psd_tsa psd_tsa;
/* Reaches every card, presents the PIN, and listens. On anything but PSD_OK nothing runs. */
psd_result psd_tsa_start(const psd_tsa_settings *settings, psd_tsa **tsa, psd_error *error);
uint16_t psd_tsa_port(const psd_tsa *tsa);
/* True if only this machine can reach it. */
bool psd_tsa_is_local(const psd_tsa *tsa);
/* Takes no more connections, ends what the cards are at, refuses what waits, leaves the cards, and frees everything. */
void psd_tsa_stop(psd_tsa *tsa, psd_tsa_counts *counts);

#endif
