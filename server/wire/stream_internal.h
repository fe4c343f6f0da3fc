/* The inside of a stream. */
#ifndef PSD_SERVER_STREAM_INTERNAL_H
#define PSD_SERVER_STREAM_INTERNAL_H

#include "wire/stream.h"

/* Frames on their way out: bytes that wait, and the request that carries them once the socket takes no more. */
typedef struct psd_stream_output {
  uv_write_t request;
  size_t length, capacity;
  uint8_t data[];
} psd_stream_output;

struct psd_stream {
  union {
    uv_handle_t any;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } handle;
  uv_prepare_t turn; /* runs once frames wait, right before the loop would block */
  const psd_stream_events *events;
  void *user;
  psd_stream_output *pending; /* frames that are queued; NULL for none */
  uint8_t *body;              /* what is there of a frame that came in part; NULL while nothing is */
  size_t have;                /* bytes in it */
  size_t most;
  psd_stream_end end;
  uint8_t head[PSD_SIZE_FRAME];
  uint8_t head_have;
  uint8_t handles; /* of libuv that are not closed yet */
  bool started, reading, writing, draining, closed;
};

/* stream.c: closes at once; the first reason that is given is the one that `closed` hears. */
void psd_stream_shut(psd_stream *stream, psd_stream_end end);
/* Reads while the peer takes what it is sent, and not beyond. */
void psd_stream_pace(psd_stream *stream);

/* stream_send.c: bytes that are queued and not yet the socket's. */
size_t psd_stream_waiting(const psd_stream *stream);
/* Wipes and frees; NULL is fine. */
void psd_stream_drop_output(psd_stream_output *out);

#endif
