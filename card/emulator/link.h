/* One connection between a reader and a card in its seat. */
#ifndef PSD_EMULATOR_LINK_H
#define PSD_EMULATOR_LINK_H

#include <stdatomic.h>

#include "emulator/seat.h"
#include "emulator/stream.h"

#define PSD_LINK_CHUNK 16384U

/* What all connections of one card have in common. */
typedef struct psd_link_context {
  psd_seat *seat;
  int stop_fd;                 /* readable once the front end is to stop */
  const atomic_bool *stopping; /* true at the same time */
  bool quick_ack;              /* acknowledge each piece of a message at once (see docs/emulator.md) */
} psd_link_context;

typedef enum psd_link_state {
  PSD_LINK_OPEN,      /* all that was there is done: wait for more */
  PSD_LINK_CLOSED,    /* the reader closed the connection between two messages */
  PSD_LINK_STOPPED,   /* the front end is to stop */
  PSD_LINK_EMPTY,     /* the reader sent an empty message */
  PSD_LINK_TRUNCATED, /* the connection ended inside a message */
  PSD_LINK_UNPOWERED, /* the reader sent a command without powering the card on */
  PSD_LINK_STUCK,     /* the reader waits for the answer to a control word (vpcd.c tells when) */
  PSD_LINK_BROKEN,    /* reading or writing failed */
} psd_link_state;

typedef struct psd_link {
  psd_link_context context;
  int fd;
  bool heard;      /* a message came */
  bool unanswered; /* the last one was a control word that has no answer */
  psd_vpcd_stream stream;
  uint8_t chunk[PSD_LINK_CHUNK];
  uint8_t answer[PSD_VPCD_HEADER + PSD_CARD_RESPONSE_MAX];
} psd_link;

/* Begins to talk over a connected socket, which stays the caller's. The memory was zeroed once, or was a link before.
 */
void psd_link_start(psd_link *link, const psd_link_context *context, int fd);

/* Serves all messages that have arrived. Call it when the socket is readable; after anything but PSD_LINK_OPEN the
 * conversation is over and the card is off. */
psd_link_state psd_link_serve(psd_link *link);

/* Ends the conversation: the card is off, and what passed over the connection is wiped. */
void psd_link_end(psd_link *link);

/* Why a conversation ended, in words that go after "the reader ". */
const char *psd_link_words(psd_link_state state);

typedef enum psd_wait_result { PSD_WAIT_READY, PSD_WAIT_TIMEOUT, PSD_WAIT_STOP } psd_wait_result;

/* Waits until `events` (as of poll) come to `fd`, the front end is to stop, or `timeout_ms` have passed (-1: never).
 * With `fd` -1 it waits for the latter two alone. */
psd_wait_result psd_link_wait(const psd_link_context *context, int fd, short events, int timeout_ms);

#endif
