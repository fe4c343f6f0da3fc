/* The life of a stream, and what it reads. */
#include "wire/stream_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/evp.h"

/* What a read brings in; one suffices, since libuv reads and hands over before it reads again. */
static _Thread_local uint8_t arrivals[PSD_STREAM_HIGH];

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
  psd_stream_drop_output(stream->pending);
  stream->pending = NULL;
  drop_body(stream);
  stream->events->closed(stream, stream->end);
  free(stream);
}

void psd_stream_shut(psd_stream *stream, psd_stream_end end) {
  if (stream->closed)
    return;
  /* What ended it first is why it ended. */
  if (!stream->draining)
    stream->end = end;
  stream->closed = true;
  uv_close(&stream->handle.any, on_closed);
  uv_close((uv_handle_t *)&stream->turn, on_closed);
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)handle;
  (void)suggested;
  *buffer = uv_buf_init((char *)arrivals, sizeof arrivals);
}

static void on_read(uv_stream_t *handle, ssize_t length, const uv_buf_t *buffer);

void psd_stream_pace(psd_stream *stream) {
  bool wanted = stream->started && !stream->draining && psd_stream_waiting(stream) <= PSD_STREAM_HIGH;
  if (stream->closed || wanted == stream->reading)
    return;
  stream->reading = wanted;
  if (!wanted)
    (void)uv_read_stop(&stream->handle.stream);
  else if (uv_read_start(&stream->handle.stream, give_room, on_read) != 0)
    psd_stream_shut(stream, PSD_STREAM_CUT);
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
    psd_stream_shut(stream, PSD_STREAM_CUT);
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
  psd_stream_shut(stream, status == UV_EOF && between ? PSD_STREAM_CLOSED_BY_PEER : PSD_STREAM_CUT);
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
  psd_stream_pace(stream);
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
  stream->started = true;
  psd_stream_pace(stream);
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
    psd_stream_shut(stream, PSD_STREAM_CLOSED_BY_US);
}

bool psd_stream_closing(const psd_stream *stream) {
  return stream->draining || stream->closed;
}
