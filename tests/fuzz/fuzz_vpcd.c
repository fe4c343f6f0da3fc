/* The byte stream between virtual reader and card: whatever comes, in whatever pieces, the same events come out of it,
 * and they are those that the protocol says.
 *
 * Input: one byte that says how the stream is cut to pieces, then the stream. */
#include "emulator/stream.h"
#include "fuzz.h"

#include <string.h>

static psd_vpcd_stream stream;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  return 0;
}

/* The protocol, read off a stream that is there as a whole. PSD_VPCD_MORE where it ends inside a message. */
static psd_vpcd_stream_event expect(psd_cursor *rest) {
  psd_vpcd_stream_event event = {.kind = PSD_VPCD_MORE};
  size_t length = psd_take_u16(rest);
  const uint8_t *message = psd_take(rest, length);
  if (rest->failed)
    return event;
  event.kind = length == 0 ? PSD_VPCD_MALFORMED : PSD_VPCD_COMMAND;
  if (length == 1) {
    static const struct {
      uint8_t word;
      psd_vpcd_stream_kind kind;
    } words[] = {{0, PSD_VPCD_POWER_OFF}, {1, PSD_VPCD_POWER_ON}, {2, PSD_VPCD_RESET}, {4, PSD_VPCD_ATR}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
      if (message[0] == words[i].word)
        event.kind = words[i].kind;
  }
  event.command = message;
  event.length = length;
  return event;
}

static void check_event(const psd_vpcd_stream_event *event, const psd_vpcd_stream_event *expected) {
  FUZZ_ASSERT(event->kind == expected->kind);
  if (event->kind != PSD_VPCD_COMMAND)
    return;
  FUZZ_ASSERT(event->length == expected->length && event->length <= PSD_VPCD_MESSAGE_MAX);
  FUZZ_ASSERT(event->length == 0 || memcmp(event->command, expected->command, event->length) == 0);
}

/* How long the next piece is: a byte, a few, or all that is left. */
static size_t next_piece(uint8_t *pattern, size_t left) {
  size_t wanted = (*pattern & 7) == 7 ? left : (size_t)(*pattern & 7) + 1;
  *pattern = (uint8_t)(*pattern << 3 | *pattern >> 5);
  return wanted < left ? wanted : left;
}

/* Feeds one piece; every message that ends in it must be the next expected one. */
static void feed(const uint8_t *piece, size_t length, psd_cursor *expected) {
  psd_vpcd_stream_event event;
  for (size_t at = 0;;) {
    size_t taken = psd_vpcd_stream_feed(&stream, piece + at, length - at, &event);
    FUZZ_ASSERT(taken <= length - at);
    at += taken;
    if (event.kind == PSD_VPCD_MORE) {
      FUZZ_ASSERT(at == length);
      return;
    }
    FUZZ_ASSERT(taken > 0);
    psd_vpcd_stream_event wanted = expect(expected);
    check_event(&event, &wanted);
    FUZZ_ASSERT(!psd_vpcd_stream_inside(&stream));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  psd_cursor input = psd_cursor_over(data, size);
  uint8_t pattern = fuzz_u8(&input);
  psd_cursor expected = input;
  psd_vpcd_stream_start(&stream);
  while (input.left > 0) {
    size_t length = 0;
    uint8_t *piece = fuzz_take(&input, next_piece(&pattern, input.left), &length);
    feed(piece, length, &expected);
    free(piece);
  }
  bool unfinished = expected.left > 0;
  FUZZ_ASSERT(psd_vpcd_stream_inside(&stream) == unfinished);
  FUZZ_ASSERT(expect(&expected).kind == PSD_VPCD_MORE);
  return 0;
}
