/* Frames over a link, and what a peer can do to it. */
#include "link_support.h"

#include <string.h>
#include <unistd.h>

static psd_error error;

static psd_result receive(psd_link *link, psd_frame_type *type, uint8_t *body, size_t capacity, size_t *length) {
  psd_buffer buffer = psd_buffer_over(body, capacity);
  psd_result result = psd_link_receive(link, type, &buffer, &error);
  *length = buffer.length;
  return result;
}

static void both_ways(void) {
  canned server;
  uint8_t body[PSD_FRAME_BODY_MAX];
  size_t length = 0;
  psd_frame_type type = PSD_FRAME_SIGN_OFF;
  canned_open(&server, PSD_PEER_METER, 2000);
  CU_ASSERT_PTR_NOT_NULL(strstr(psd_link_name(server.link), "meter server at /"));
  CU_ASSERT_EQUAL(psd_link_send(server.link, PSD_FRAME_SIGN_OFF, NULL, 0, &error), PSD_OK);
  CU_ASSERT_EQUAL(canned_heard(&server, PSD_FRAME_SIGN_OFF, body), 0);
  memset(body, 0x5A, sizeof body);
  CU_ASSERT_EQUAL(psd_link_send(server.link, PSD_FRAME_CARD_DATA, body, sizeof body, &error), PSD_OK);
  CU_ASSERT_EQUAL(canned_heard(&server, PSD_FRAME_CARD_DATA, body), sizeof body);
  canned_say_hex(&server, PSD_FRAME_HOST_DATA, "0102 03");
  canned_say(&server, PSD_FRAME_GREETING, body, sizeof body);
  CU_ASSERT_EQUAL(receive(server.link, &type, body, sizeof body, &length), PSD_OK);
  CU_ASSERT_EQUAL(type, PSD_FRAME_HOST_DATA);
  psd_check_bytes(body, length, "010203", "body");
  CU_ASSERT_EQUAL(receive(server.link, &type, body, sizeof body, &length), PSD_OK);
  CU_ASSERT_EQUAL(length, sizeof body);
  canned_close(&server);
}

/* Too much to send is refused before anything is sent. */
static void too_much_to_send(void) {
  canned server;
  static uint8_t body[PSD_FRAME_BODY_MAX + 1];
  canned_open(&server, PSD_PEER_METER, 2000);
  CU_ASSERT_EQUAL(psd_link_send(server.link, PSD_FRAME_CARD_DATA, body, sizeof body, &error), PSD_BAD_INPUT);
  canned_heard_nothing(&server);
  CU_ASSERT_TRUE(psd_link_is_open(server.link));
  canned_close(&server);
}

/* What a peer sends that cannot be: the link is closed, and stays so. */
static void strange_frames(void) {
  static const struct {
    const char *bytes;
    size_t room;
    psd_result result;
  } cases[] = {
      {"0000 00", 100, PSD_BAD_ANSWER},   /* a type that is none */
      {"0000 FF", 100, PSD_BAD_ANSWER},   /* likewise */
      {"F001 06", 65536, PSD_BAD_ANSWER}, /* longer than any frame */
      {"FFFF 06", 65536, PSD_BAD_ANSWER}, /* likewise */
      {"0005 06 0102030405", 4, PSD_BAD_ANSWER} /* longer than there is room for */,
      {"0005 06 01020304", 100, PSD_TIMEOUT}, /* one byte is missing */
      {"0005", 100, PSD_TIMEOUT},             /* half a head */
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    canned server;
    static uint8_t body[65536];
    uint8_t bytes[16];
    size_t length = 0;
    psd_frame_type type = PSD_FRAME_SIGN_OFF;
    canned_open(&server, PSD_PEER_METER, 30);
    size_t sent = psd_check_hex(cases[i].bytes, bytes, sizeof bytes);
    CU_ASSERT_EQUAL_FATAL(write(server.fd, bytes, sent), (ssize_t)sent);
    CU_ASSERT_EQUAL(receive(server.link, &type, body, cases[i].room, &length), cases[i].result);
    CU_ASSERT_FALSE(psd_link_is_open(server.link));
    CU_ASSERT_EQUAL(receive(server.link, &type, body, sizeof body, &length), PSD_LOST);
    CU_ASSERT_EQUAL(psd_link_send(server.link, PSD_FRAME_SIGN_OFF, NULL, 0, &error), PSD_LOST);
    canned_close(&server);
  }
}

static void peer_hangs_up(void) {
  canned server;
  uint8_t body[16];
  size_t length = 0;
  psd_frame_type type = PSD_FRAME_SIGN_OFF;
  canned_open(&server, PSD_PEER_KMS, 2000);
  CU_ASSERT_EQUAL_FATAL(write(server.fd, "\0\5\6", 3), 3);
  CU_ASSERT_EQUAL_FATAL(close(server.fd), 0);
  server.fd = -1;
  CU_ASSERT_EQUAL(receive(server.link, &type, body, sizeof body, &length), PSD_LOST);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, "key management system"));
  canned_close(&server);
}

static void nobody_there(void) {
  psd_link *link = NULL;
  CU_ASSERT_EQUAL(psd_link_open(PSD_PEER_METER, "/nowhere/at/all", 100, &link, &error), PSD_NO_SERVER);
  CU_ASSERT_PTR_NULL(link);
  CU_ASSERT_EQUAL(psd_link_open(PSD_PEER_METER, "127.0.0.1:1", 1000, &link, &error), PSD_NO_SERVER);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, "no meter server at 127.0.0.1:1"));
  CU_ASSERT_EQUAL(psd_link_open(PSD_PEER_METER, ":1", 1000, &link, &error), PSD_BAD_INPUT);
  CU_ASSERT_TRUE(psd_result_unreachable(PSD_NO_SERVER));
  psd_link_close(NULL);
}

static void signals(void) {
  uint8_t bytes[16];
  psd_error_signal signal;
  char words[PSD_SIGNAL_WORDS];
  size_t length = psd_check_hex("06 00DA 0000001E", bytes, sizeof bytes);
  CU_ASSERT_TRUE(psd_signal_read(psd_cursor_over(bytes, length), &signal, words));
  CU_ASSERT_EQUAL(signal.wait, 30);
  CU_ASSERT_STRING_EQUAL(words, psd_signal_of(PSD_SIGNAL_USER)->words);
  CU_ASSERT_FALSE(psd_signal_read(psd_cursor_over(bytes, length - 1), &signal, words));
  CU_ASSERT_FALSE(psd_signal_read(psd_cursor_over(bytes, length + 1), &signal, words));
  bytes[0] = 0xEE;
  CU_ASSERT_TRUE(psd_signal_read(psd_cursor_over(bytes, length), &signal, words));
  CU_ASSERT_STRING_EQUAL(words, "signal 238");
}

int main(void) {
  static const psd_check_test tests[] = {
      {"frames both ways, of any length", both_ways},
      {"too much to send", too_much_to_send},
      {"frames that cannot be", strange_frames},
      {"the peer hangs up", peer_hangs_up},
      {"nobody there", nobody_there},
      {"error signals", signals},
  };
  return psd_check_run("reader: link", tests, PSD_CHECK_COUNT(tests));
}
