#include "emulator/stream.h"

#include <string.h>

#include "crypto/crypto.h"

void psd_vpcd_stream_start(psd_vpcd_stream *stream) {
  if (stream->have > PSD_VPCD_HEADER)
    psd_wipe(stream->message, stream->have - PSD_VPCD_HEADER);
  stream->have = 0;
  stream->length = 0;
}

static bool complete(const psd_vpcd_stream *stream) {
  return stream->have >= PSD_VPCD_HEADER && stream->have - PSD_VPCD_HEADER == stream->length;
}

static size_t feed_header(psd_vpcd_stream *stream, const uint8_t *bytes, size_t length) {
  size_t taken = 0;
  for (; taken < length && stream->have < PSD_VPCD_HEADER; taken++, stream->have++)
    stream->length = stream->length << 8 | bytes[taken];
  return taken;
}

static size_t feed_message(psd_vpcd_stream *stream, const uint8_t *bytes, size_t length) {
  size_t at = stream->have - PSD_VPCD_HEADER;
  size_t wanted = stream->length - at;
  if (wanted > length)
    wanted = length;
  if (wanted > 0)
    memcpy(stream->message + at, bytes, wanted);
  stream->have += wanted;
  return wanted;
}

static psd_vpcd_stream_kind kind_of(const psd_vpcd_stream *stream) {
  if (stream->length == 0)
    return PSD_VPCD_MALFORMED;
  if (stream->length > 1)
    return PSD_VPCD_COMMAND;
  switch (stream->message[0]) {
  case 0:
    return PSD_VPCD_POWER_OFF;
  case 1:
    return PSD_VPCD_POWER_ON;
  case 2:
    return PSD_VPCD_RESET;
  case 4:
    return PSD_VPCD_ATR;
  default:
    return PSD_VPCD_COMMAND;
  }
}

size_t psd_vpcd_stream_feed(psd_vpcd_stream *stream, const uint8_t *bytes, size_t length,
                            psd_vpcd_stream_event *event) {
  if (complete(stream))
    psd_vpcd_stream_start(stream);
  size_t taken = feed_header(stream, bytes, length);
  if (stream->have >= PSD_VPCD_HEADER)
    taken += feed_message(stream, bytes + taken, length - taken);
  *event = (psd_vpcd_stream_event){.kind = PSD_VPCD_MORE};
  if (complete(stream))
    *event = (psd_vpcd_stream_event){.kind = kind_of(stream), .command = stream->message, .length = stream->length};
  return taken;
}

bool psd_vpcd_stream_inside(const psd_vpcd_stream *stream) {
  return stream->have > 0 && !complete(stream);
}
