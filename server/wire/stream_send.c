/* What a stream sends. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/evp.h"
#include "wire/stream_internal.h"

/* Room a first frame gets; most frames of a handshake fit. */
#define FIRST_ROOM 512U

/* Session keys travel between meter server and key management system: nothing stays behind in memory. */
void psd_stream_drop_output(psd_stream_output *out) {
  if (out == NULL)
    return;
  psd_secret_wipe(out->data, out->length);
  free(out);
}

size_t psd_stream_waiting(const psd_stream *stream) {
  size_t queued = stream->writing ? uv_stream_get_write_queue_size(&stream->handle.stream) : 0;
  return queued + (stream->pending == NULL ? 0 : stream->pending->length);
}

static void on_written(uv_write_t *request, int status) {
  psd_stream *stream = request->data;
  psd_stream_drop_output((psd_stream_output *)request);
  stream->writing = false;
  if (status != 0)
    psd_stream_shut(stream, PSD_STREAM_CUT);
  psd_stream_flush(stream);
}

/* The socket took `sent` bytes at once; libuv brings it the rest. */
static void write_rest(psd_stream *stream, psd_stream_output *out, size_t sent) {
  uv_buf_t rest = uv_buf_init((char *)out->data + sent, (unsigned)(out->length - sent));
  out->request.data = stream;
  if (uv_write(&out->request, &stream->handle.stream, &rest, 1, on_written) == 0) {
    stream->writing = true;
    return;
  }
  psd_stream_drop_output(out);
  psd_stream_shut(stream, PSD_STREAM_CUT);
}

static void write_pending(psd_stream *stream) {
  psd_stream_output *out = stream->pending;
  uv_buf_t all = uv_buf_init((char *)out->data, (unsigned)out->length);
  int sent = uv_try_write(&stream->handle.stream, &all, 1);
  stream->pending = NULL;
  if (sent < 0 && sent != UV_EAGAIN) {
    psd_stream_drop_output(out);
    psd_stream_shut(stream, PSD_STREAM_CUT);
  } else if (sent >= 0 && (size_t)sent == out->length) {
    psd_stream_drop_output(out);
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
    psd_stream_shut(stream, PSD_STREAM_CLOSED_BY_US);
  psd_stream_pace(stream);
}

static void on_turn(uv_prepare_t *turn) {
  psd_stream *stream = turn->data;
  (void)uv_prepare_stop(turn);
  psd_stream_flush(stream);
}

/* Makes room for `more` bytes behind what waits. */
static bool make_room(psd_stream *stream, size_t more) {
  psd_stream_output *old = stream->pending;
  size_t length = old == NULL ? 0 : old->length;
  size_t capacity = old == NULL ? FIRST_ROOM : old->capacity;
  if (old != NULL && capacity - length >= more)
    return true;
  while (capacity - length < more)
    capacity *= 2;
  psd_stream_output *out = malloc(sizeof *out + capacity);
  if (out == NULL)
    return false;
  out->length = length;
  out->capacity = capacity;
  if (old != NULL)
    memcpy(out->data, old->data, length);
  psd_stream_drop_output(old);
  stream->pending = out;
  return true;
}

static void append(psd_stream_output *out, psd_frame_type type, size_t length, const psd_body *pieces, size_t count) {
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
  if (psd_stream_waiting(stream) + PSD_SIZE_FRAME + length > PSD_STREAM_LIMIT) {
    psd_stream_shut(stream, PSD_STREAM_STUFFED);
    return;
  }
  bool first = stream->pending == NULL;
  if (!make_room(stream, PSD_SIZE_FRAME + length)) {
    psd_stream_shut(stream, PSD_STREAM_CUT);
    return;
  }
  append(stream->pending, type, length, pieces, count);
  if (first && !stream->writing)
    (void)uv_prepare_start(&stream->turn, on_turn);
  if (stream->pending->length > PSD_STREAM_HIGH)
    psd_stream_flush(stream);
}

bool psd_stream_full(const psd_stream *stream) {
  return psd_stream_waiting(stream) > PSD_STREAM_LIMIT - PSD_SIZE_FRAME - PSD_FRAME_BODY_MAX;
}

void psd_stream_send(psd_stream *stream, psd_frame_type type, const void *body, size_t length) {
  psd_body piece = {body, length};
  psd_stream_send_pieces(stream, type, &piece, 1);
}
