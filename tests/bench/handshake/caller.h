/* Handshakes and refills of PSDs in software with a meter server. What goes wrong ends the program. */
#ifndef PSD_BENCH_CALLER_H
#define PSD_BENCH_CALLER_H

#include "psd/reader/link.h"
#include "soft.h"

typedef struct caller {
  const char *server;
  const psd_user *user;
  psd_link *link; /* NULL between two calls */
  uint8_t greeting[PSD_SIZE_GREETING];
  uint32_t ordinal;     /* sign-ons on this connection */
  soft_session session; /* the last one on it */
} caller;

/* Calls the server, unless there is a connection. */
void caller_connect(caller *of);
/* A whole handshake, on the connection that there is. On one that had a handshake before, its session is ended first.
 */
void caller_handshake(caller *of, soft_psd *psd, soft_kind kind);
/* A whole refill in the session that the handshake has opened. */
void caller_refill(caller *of, uint64_t amount);
void caller_hang_up(caller *of);

#endif
