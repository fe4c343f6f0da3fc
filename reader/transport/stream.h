/* Whole messages over a byte stream that may deliver them in any pieces, each call with a time limit. */
#ifndef PSD_READER_STREAM_H
#define PSD_READER_STREAM_H

#include "psd/reader.h"

/* Who is at the other end: what people call it, and what its absence means. */
typedef struct psd_socket_peer {
  const char *name;  /* "card" */
  psd_result absent; /* PSD_NO_CARD */
} psd_socket_peer;

/* Opens a stream to "host:port", "[address]:port" or the path of a Unix socket; `*fd` is then non-blocking and the
 * caller's. `limit_ms` bounds each attempt to connect. */
psd_result psd_socket_open(const char *address, const psd_socket_peer *peer, int limit_ms, int *fd, psd_error *error);

/* Sends all of `data`. */
psd_result psd_socket_send(int fd, const psd_socket_peer *peer, const void *data, size_t length, int limit_ms,
                           psd_error *error);

/* Receives exactly `length` bytes. The other end hanging up is PSD_LOST. */
psd_result psd_socket_receive(int fd, const psd_socket_peer *peer, void *data, size_t length, int limit_ms,
                              psd_error *error);

#endif
