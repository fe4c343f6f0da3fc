/* The vpcd stream parser: bytes in, events out, however the bytes were cut. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "emulator/stream.h"

#define TEXT_MAX 4096

/* Feeds bytes from memory of exactly their length, so that a sanitizer sees one byte too many; appends what came out to
 * `text`. */
static void feed(psd_vpcd_stream *stream, const uint8_t *bytes, size_t length, char *text) {
  uint8_t *exact = malloc(length > 0 ? length : 1);
  CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
  memcpy(exact, bytes, length);
  for (size_t at = 0; at < length;) {
    psd_vpcd_stream_event event;
    size_t taken = psd_vpcd_stream_feed(stream, exact + at, length - at, &event);
    CU_ASSERT_FATAL(taken > 0 && taken <= length - at);
    at += taken;
    size_t used = strlen(text);
    if (event.kind == PSD_VPCD_MORE) {
      CU_ASSERT_EQUAL(at, length);
      continue;
    }
    unsigned first = event.length > 0 ? event.command[0] : 0;
    (void)snprintf(text + used, TEXT_MAX - used, "%d:%zu:%02x ", (int)event.kind, event.length, first);
  }
  free(exact);
}

static psd_vpcd_stream *new_stream(void) {
  psd_vpcd_stream *stream = calloc(1, sizeof *stream);
  CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
  return stream;
}

static size_t sample(uint8_t *bytes, size_t capacity) {
  return psd_check_hex("000101 000104 000500A4040000 000102 0003 000000 0000 000100 0001FF 000700CA0000000000", bytes,
                       capacity);
}

static const char *const sample_events = "2:1:01 4:1:04 5:5:00 3:1:02 5:3:00 6:0:00 1:1:00 5:1:ff 5:7:00 ";

static void test_whole(void) {
  uint8_t bytes[64];
  size_t length = sample(bytes, sizeof bytes);
  char text[TEXT_MAX] = "";
  psd_vpcd_stream *stream = new_stream();
  feed(stream, bytes, length, text);
  CU_ASSERT_STRING_EQUAL(text, sample_events);
  CU_ASSERT_FALSE(psd_vpcd_stream_inside(stream));
  free(stream);
}

static void test_every_split(void) {
  uint8_t bytes[64];
  size_t length = sample(bytes, sizeof bytes);
  psd_vpcd_stream *stream = new_stream();
  for (size_t first = 0; first <= length; first++) {
    for (size_t second = first; second <= length; second++) {
      char text[TEXT_MAX] = "";
      psd_vpcd_stream_start(stream);
      feed(stream, bytes, first, text);
      feed(stream, bytes + first, second - first, text);
      feed(stream, bytes + second, length - second, text);
      CU_ASSERT_STRING_EQUAL(text, sample_events);
    }
  }
  free(stream);
}

static void test_byte_by_byte(void) {
  uint8_t bytes[64];
  size_t length = sample(bytes, sizeof bytes);
  char text[TEXT_MAX] = "";
  psd_vpcd_stream *stream = new_stream();
  for (size_t i = 0; i < length; i++)
    feed(stream, bytes + i, 1, text);
  CU_ASSERT_STRING_EQUAL(text, sample_events);
  free(stream);
}

static void test_longest(void) {
  size_t length = PSD_VPCD_HEADER + PSD_VPCD_MESSAGE_MAX;
  uint8_t *bytes = malloc(length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
  memset(bytes, 0x5A, length);
  bytes[0] = bytes[1] = 0xFF;
  psd_vpcd_stream *stream = new_stream();
  static const size_t cuts[] = {0, 1, 2, 3, 1000, 65535, 65536};
  for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
    char text[TEXT_MAX] = "";
    feed(stream, bytes, cuts[i], text);
    feed(stream, bytes + cuts[i], length - cuts[i], text);
    CU_ASSERT_STRING_EQUAL(text, "5:65535:5a ");
  }
  free(stream);
  free(bytes);
}

static void test_content(void) {
  static const uint8_t bytes[] = {0x00, 0x06, 0x00, 0xA4, 0x04, 0x00, 0x01, 0xF0};
  psd_vpcd_stream *stream = new_stream();
  psd_vpcd_stream_event event;
  CU_ASSERT_EQUAL(psd_vpcd_stream_feed(stream, bytes, sizeof bytes, &event), sizeof bytes);
  CU_ASSERT_EQUAL_FATAL(event.kind, PSD_VPCD_COMMAND);
  psd_check_bytes(event.command, event.length, "00A4040001F0", "command");
  free(stream);
}

static void test_inside(void) {
  static const uint8_t bytes[] = {0x00, 0x02, 0xAA, 0xBB};
  psd_vpcd_stream *stream = new_stream();
  psd_vpcd_stream_event event;
  CU_ASSERT_FALSE(psd_vpcd_stream_inside(stream));
  for (size_t i = 0; i < sizeof bytes; i++) {
    (void)psd_vpcd_stream_feed(stream, bytes + i, 1, &event);
    CU_ASSERT_EQUAL(psd_vpcd_stream_inside(stream), i + 1 < sizeof bytes);
  }
  free(stream);
}

static bool holds(const psd_vpcd_stream *stream, uint8_t byte, size_t count) {
  for (size_t i = 0; i + count <= sizeof stream->message; i++) {
    size_t same = 0;
    while (same < count && stream->message[i + same] == byte)
      same++;
    if (same == count)
      return true;
  }
  return false;
}

static void test_wiped(void) {
  uint8_t secret[34] = {0x00, 0x20};
  uint8_t next[] = {0x00};
  memset(secret + 2, 0x77, 32);
  psd_vpcd_stream *stream = new_stream();
  psd_vpcd_stream_event event;
  (void)psd_vpcd_stream_feed(stream, secret, sizeof secret, &event);
  CU_ASSERT_TRUE(holds(stream, 0x77, 32));
  (void)psd_vpcd_stream_feed(stream, next, sizeof next, &event);
  CU_ASSERT_FALSE(holds(stream, 0x77, 2));
  psd_vpcd_stream_start(stream);
  (void)psd_vpcd_stream_feed(stream, secret, 20, &event);
  psd_vpcd_stream_start(stream);
  CU_ASSERT_FALSE(holds(stream, 0x77, 2));
  free(stream);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"messages in one segment", test_whole},
      {"every split into three segments gives the same events", test_every_split},
      {"byte by byte gives the same events", test_byte_by_byte},
      {"the longest message, 65535 bytes", test_longest},
      {"a command keeps its bytes", test_content},
      {"inside a message or between two", test_inside},
      {"what a command held is wiped when the next message begins", test_wiped},
  };
  return psd_check_run("vpcd stream", tests, PSD_CHECK_COUNT(tests));
}
