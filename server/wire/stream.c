#include "wire/stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/evp.h"

/* Room a first frame gets; most frames of a handshake fit. */
#define FIRST_ROOM 512U

/* Frames on their way out: bytes that wait, and the request that carries them once the socket takes no more. */
typedef struct output {
  uv_write_t request;
  size_t length, capacity;
  uint8_t data[];
} output;

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
  output *pending; /* frames that are queued; NULL for none */
  uint8_t *body;   /* what is there of a frame that came in part; NULL while nothing is */
  size_t have;     /* bytes in it */
  size_t most;
  psd_stream_end end;
  uint8_t head[PSD_SIZE_FRAME];
  uint8_t head_have;
  uint8_t handles; /* of libuv that are not closed yet */
  bool started, reading, writing, draining, closed;
};

/* What a read brings in; one suffices, since libuv reads and hands over before it reads again. */
static _Thread_local uint8_t arrivals[PSD_STREAM_HIGH];

/* Session keys travel between meter server and key management system: nothing stays behind in memory. */
static void drop_output(output *out) {
  if (out == NULL)
    return;
  psd_secret_wipe(out->data, out->length);
  free(out);
}

static void drop_body(psd_stream *stream) {
  if (stream->body != NULL)
    psd_secret_wipe(stream->body, stream->have);
  free(stream->body);
  stream->body = NULL;
  stream->have = 0;
  stream->head_have = 0;
}

static void on_closed(uv_handle_t *handle) {
  psd_stream *stream = handle->data;
  if (--stream->handles != 0)
    return;
  drop_output(stream->pending);
  stream->pending = NULL;
  drop_body(stream);
  stream->events->closed(stream, stream->end);
  free(stream);
}

static void shut(psd_stream *stream, psd_stream_end end) {
  if (stream->closed)
    return;
  /* What ended it first is why it ended. */
  if (!stream->draining)
    stream->end = end;
  stream->closed = true;
  uv_close(&stream->handle.any, on_closed);
  uv_close((uv_handle_t *)&stream->turn, on_closed);
}

static size_t waiting(const psd_stream *stream) {
  size_t queued = stream->writing ? uv_stream_get_write_queue_size(&stream->handle.stream) : 0;
  return queued + (stream->pending == NULL ? 0 : stream->pending->length);
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)handle;
  (void)suggested;
  *buffer = uv_buf_init((char *)arrivals, sizeof arrivals);
}

static void on_read(uv_stream_t *handle, ssize_t length, const uv_buf_t *buffer);

/* Reads while the peer takes what it is sent, and not beyond. */
static void pace(psd_stream *stream) {
  bool wanted = stream->started && !stream->draining && waiting(stream) <= PSD_STREAM_HIGH;
  if (stream->closed || wanted == stream->reading)
    return;
  stream->reading = wanted;
  if (!wanted)
    (void)uv_read_stop(&stream->handle.stream);
  else if (uv_read_start(&stream->handle.stream, give_room, on_read) != 0)
    shut(stream, PSD_STREAM_CUT);
}

static void on_written(uv_write_t *request, int status) {
  psd_stream *stream = request->data;
  drop_output((output *)request);
  stream->writing = false;
  if (status != 0)
    shut(stream, PSD_STREAM_CUT);
  psd_stream_flush(stream);
}

/* The socket took `sent` bytes at once; libuv brings it the rest. */
static void write_rest(psd_stream *stream, output *out, size_t sent) {
  uv_buf_t rest = uv_buf_init((char *)out->data + sent, (unsigned)(out->length - sent));
  out->request.data = stream;
  if (uv_write(&out->request, &stream->handle.stream, &rest, 1, on_written) == 0) {
    stream->writing = true;
    return;
  }
  drop_output(out);
  shut(stream, PSD_STREAM_CUT);
}

static void write_pending(psd_stream *stream) {
  output *out = stream->pending;
  uv_buf_t all = uv_buf_init((char *)out->data, (unsigned)out->length);
  int sent = uv_try_write(&stream->handle.stream, &all, 1);
  stream->pending = NULL;
  if (sent < 0 && sent != UV_EAGAIN) {
    drop_output(out);
    shut(stream, PSD_STREAM_CUT);
  } else if (sent >= 0 && (size_t)sent == out->length) {
    drop_output(out);
  } else {
    write_rest(stream, out, sent > 0 ? (size_t)sent : 0);
  }
}

void psd_stream_flush(psd_stream *stream) {
  if (stream->closed)
    return;
  if (stream->pending != NULL && !stream->writing) {
    (void)uv_prepare_stop(&stream->turn);
    write_pending(stream);
  }
  if (stream->draining && stream->pending == NULL && !stream->writing)
    shut(stream, PSD_STREAM_CLOSED_BY_US);
  pace(stream);
}

static void on_turn(uv_prepare_t *turn) {
  psd_stream *stream = turn->data;
  (void)uv_prepare_stop(turn);
  psd_stream_flush(stream);
}

/* Makes room for `more` bytes behind what waits. */
static bool make_room(psd_stream *stream, size_t more) {
  output *old = stream->pending;
  size_t length = old == NULL ? 0 : old->length;
  size_t capacity = old == NULL ? FIRST_ROOM : old->capacity;
  if (old != NULL && capacity - length >= more)
    return true;
  while (capacity - length < more)
    capacity *= 2;
  output *out = malloc(sizeof *out + capacity);
  if (out == NULL)
    return false;
  out->length = length;
  out->capacity = capacity;
  if (old != NULL)
    memcpy(out->data, old->data, length);
  drop_output(old);
  stream->pending = out;
  return true;
}

static void append(output *out, psd_frame_type type, size_t length, const psd_body *pieces, size_t count) {
  psd_buffer buffer = psd_buffer_over(out->data + out->length, out->capacity - out->length);
  psd_frame frame = {.length = length, .type = type};
  psd_put_message(&buffer, PSD_MESSAGE_FRAME, &frame);
  for (size_t i = 0; i < count; i++)
    psd_put(&buffer, pieces[i].data, pieces[i].length);
  assert(!buffer.overflow);
  out->length += buffer.length;
}

void psd_stream_send_pieces(psd_stream *stream, psd_frame_type type, const psd_body *pieces, size_t count) {
  size_t length = 0;
  for (size_t i = 0; i < count; i++)
    length += pieces[i].length;
  assert(length <= PSD_FRAME_BODY_MAX);
  if (psd_stream_closing(stream))
    return;
  if (waiting(stream) + PSD_SIZE_FRAME + length > PSD_STREAM_LIMIT) {
    shut(stream, PSD_STREAM_STUFFED);
    return;
  }
  bool first = stream->pending == NULL;
  if (!make_room(stream, PSD_SIZE_FRAME + length)) {
    shut(stream, PSD_STREAM_CUT);
    return;
  }
  append(stream->pending, type, length, pieces, count);
  if (first && !stream->writing)
    (void)uv_prepare_start(&stream->turn, on_turn);
  if (stream->pending->length > PSD_STREAM_HIGH)
    psd_stream_flush(stream);
}

bool psd_stream_full(const psd_stream *stream) {
  return waiting(stream) > PSD_STREAM_LIMIT / 2U;
}

void psd_stream_send(psd_stream *stream, psd_frame_type type, const void *body, size_t length) {
  psd_body piece = {body, length};
  psd_stream_send_pieces(stream, type, &piece, 1);
}

static void hand_over(psd_stream *stream, const uint8_t *body, size_t length) {
  psd_frame_type type = (psd_frame_type)stream->head[PSD_SIZE_FRAME - 1];
  stream->head_have = 0;
  stream->events->frame(stream, type, body, length);
}

/* The next bytes of a body that did not come as a whole. */
static void take_part(psd_stream *stream, psd_cursor *bytes, size_t length) {
  if (stream->body == NULL)
    stream->body = malloc(length);
  if (stream->body == NULL) {
    shut(stream, PSD_STREAM_CUT);
    return;
  }
  size_t part = length - stream->have;
  if (part > bytes->left)
    part = bytes->left;
  (void)psd_take_into(bytes, stream->body + stream->have, part);
  stream->have += part;
  if (stream->have < length)
    return;
  uint8_t *body = stream->body;
  stream->body = NULL;
  stream->have = 0;
  hand_over(stream, body, length);
  psd_secret_wipe(body, length);
  free(body);
}

/* Nothing behind the head of such a frame can be understood. */
static void refuse_length(psd_stream *stream) {
  if (stream->events->oversize != NULL)
    stream->events->oversize(stream);
  psd_stream_close(stream, true);
  stream->end = PSD_STREAM_OVERSIZE;
}

static void take_frame(psd_stream *stream, psd_cursor *bytes) {
  while (stream->head_have < PSD_SIZE_FRAME && bytes->left > 0)
    stream->head[stream->head_have++] = psd_take_u8(bytes);
  psd_frame frame;
  if (!psd_peek_frame(stream->head, stream->head_have, &frame))
    return;
  size_t length = (size_t)frame.length;
  if (length > stream->most)
    refuse_length(stream);
  else if (stream->body == NULL && bytes->left >= length)
    hand_over(stream, psd_take(bytes, length), length);
  else if (bytes->left > 0)
    take_part(stream, bytes, length);
}

static void end_of_input(psd_stream *stream, ssize_t status) {
  bool between = stream->head_have == 0;
  shut(stream, status == UV_EOF && between ? PSD_STREAM_CLOSED_BY_PEER : PSD_STREAM_CUT);
}

static void on_read(uv_stream_t *handle, ssize_t length, const uv_buf_t *buffer) {
  psd_stream *stream = handle->data;
  if (length < 0) {
    end_of_input(stream, length);
    return;
  }
  psd_cursor bytes = psd_cursor_over(buffer->base, (size_t)length);
  while (bytes.left > 0 && !psd_stream_closing(stream))
    take_frame(stream, &bytes);
  psd_secret_wipe(buffer->base, (size_t)length);
  if (!psd_stream_closing(stream) && stream->events->drained != NULL)
    stream->events->drained(stream);
  pace(stream);
}

psd_stream *psd_stream_new(uv_loop_t *loop, bool pipe, const psd_stream_events *events, void *user) {
  psd_stream *stream = calloc(1, sizeof *stream);
  if (stream == NULL)
    return NULL;
  (void)uv_prepare_init(loop, &stream->turn);
  stream->handle.any.type = pipe ? UV_NAMED_PIPE : UV_TCP;
  stream->handle.any.data = stream;
  stream->turn.data = stream;
  stream->handles = 2;
  stream->events = events;
  stream->user = user;
  return stream;
}

uv_stream_t *psd_stream_handle(psd_stream *stream) {
  return &stream->handle.stream;
}

void *psd_stream_user(const psd_stream *stream) {
  return stream->user;
}

bool psd_stream_start(psd_stream *stream, size_t most) {
  psd_stream_limit(stream, most);
  /* Frames are joined here already; a frame that is sent shall leave. */
  if (stream->handle.any.type == UV_TCP)
    (void)uv_tcp_nodelay(&stream->handle.tcp, 1);
  stream->started = true;
  pace(stream);
  return !stream->closed;
}

void psd_stream_limit(psd_stream *stream, size_t most) {
  assert(most <= PSD_FRAME_BODY_MAX);
  stream->most = most;
}

void psd_stream_close(psd_stream *stream, bool flush) {
  if (!stream->draining) {
    stream->draining = true;
    if (!stream->closed)
      stream->end = PSD_STREAM_CLOSED_BY_US;
  }
  if (flush)
    psd_stream_flush(stream);
  else
    shut(stream, PSD_STREAM_CLOSED_BY_US);
}

bool psd_stream_closing(const psd_stream *stream) {
  return stream->draining || stream->closed;
}
