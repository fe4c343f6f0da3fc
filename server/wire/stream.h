/* Frames over libuv streams (TCP or Unix sockets), for psd-server and psd-kms.
 *
 * A stream reads frames (messages.def, FRAME) and hands each whole one over; what it holds of a frame that is not whole
 * yet, and what waits to be written, is bounded. While more than PSD_STREAM_HIGH bytes wait to be written it reads no
 * more (back-pressure). All of it runs on the loop's thread; the process ignores SIGPIPE. */
#ifndef PSD_SERVER_STREAM_H
#define PSD_SERVER_STREAM_H

#include <uv.h>

#include "psd/spec/session.h"

/* Bytes waiting to be written above which a stream stops reading, and above which it is closed. */
#define PSD_STREAM_HIGH 65536U
#define PSD_STREAM_LIMIT 1048576U

typedef struct psd_stream psd_stream;

/* Why a stream closed. */
typedef enum psd_stream_end {
  PSD_STREAM_CLOSED_BY_US,
  PSD_STREAM_CLOSED_BY_PEER, /* between two frames */
  PSD_STREAM_CUT,            /* in the middle of a frame, or by an error of the socket */
  PSD_STREAM_OVERSIZE,       /* a frame longer than the stream takes */
  PSD_STREAM_STUFFED,        /* the peer does not read */
} psd_stream_end;

typedef struct psd_stream_events {
  /* A whole frame; the body stays valid during the call only. The stream may be closed in it. */
  void (*frame)(psd_stream *stream, psd_frame_type type, const uint8_t *body, size_t length);
  /* The last event of a stream; it is freed after it. */
  void (*closed)(psd_stream *stream, psd_stream_end end);
  /* May be NULL: every frame that was in what was just read has been handed over; a good moment to flush. */
  void (*drained)(psd_stream *stream);
  /* May be NULL: a frame is longer than the stream takes. A last frame may be sent; the stream closes after it. */
  void (*oversize)(psd_stream *stream);
} psd_stream_events;

/* A stream over a handle that libuv has accepted or connected: `pipe` or `tcp` of psd_stream_handle is initialized by
 * the caller with uv_pipe_init or uv_tcp_init before psd_stream_start. NULL without memory. `events` must outlive it;
 * `user` is the owner's. */
psd_stream *psd_stream_new(uv_loop_t *loop, bool pipe, const psd_stream_events *events, void *user);
/* Its handle, for uv_accept, uv_tcp_connect or uv_pipe_connect; and its owner's `user`. */
uv_stream_t *psd_stream_handle(psd_stream *stream);
void *psd_stream_user(const psd_stream *stream);
/* Begins reading; frames with a body longer than `most` (at most PSD_FRAME_BODY_MAX) close the stream. False if libuv
 * refuses: the stream closes. */
bool psd_stream_start(psd_stream *stream, size_t most);
/* Another longest body from the next frame on. */
void psd_stream_limit(psd_stream *stream, size_t most);
/* Queues one frame; nothing is sent before psd_stream_flush, or the end of the loop's turn. A stream that is closing
 * takes and drops it. */
void psd_stream_send(psd_stream *stream, psd_frame_type type, const void *body, size_t length);
/* The same with a body of several pieces. */
typedef struct psd_body {
  const void *data;
  size_t length;
} psd_body;
void psd_stream_send_pieces(psd_stream *stream, psd_frame_type type, const psd_body *pieces, size_t count);
/* True while so much waits to be written that one more frame might close it: who has the choice sends elsewhere, or
 * nothing. */
bool psd_stream_full(const psd_stream *stream);
/* Sends what is queued, as far as the socket takes it; the rest follows by itself. */
void psd_stream_flush(psd_stream *stream);
/* Closes once what is queued has been written (`flush`), or at once. Idempotent. */
void psd_stream_close(psd_stream *stream, bool flush);
/* True from psd_stream_close on, or once it has closed itself: no more frames come or go. */
bool psd_stream_closing(const psd_stream *stream);

#endif
