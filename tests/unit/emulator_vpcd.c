/* The vpcd client against a reader made by the test. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "emulator/front.h"
#include "emulator/net.h"
#include "probe_card.h"
#include "wire.h"

typedef struct station {
  psd_wire_log log;
  psd_card *card;
  psd_front *front;
  uint16_t port;
  int listener; /* -1: the reader is not there */
} station;

static void start(station *at, int patience_ms) {
  psd_front_config config = {.kind = PSD_FRONT_VPCD, .name = "card", .quick_ack = true, .patience_ms = patience_ms};
  at->log = psd_wire_log_open();
  at->card = psd_probe_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(at->card);
  config.card = at->card;
  config.log = at->log.writer;
  char where[32];
  (void)snprintf(where, sizeof where, "localhost:%u", (unsigned)at->port);
  CU_ASSERT_FATAL(psd_endpoint_parse_tcp(where, &config.endpoint));
  CU_ASSERT_EQUAL_FATAL(psd_front_open(&config, &at->front), PSD_FRONT_OK);
  CU_ASSERT_TRUE_FATAL(psd_front_start(at->front));
}

static void open_station(station *at) {
  *at = (station){.port = 0};
  at->listener = psd_wire_listen(&at->port);
  start(at, 0);
}

static void close_station(station *at) {
  psd_front_close(at->front);
  CU_ASSERT_FALSE(psd_probe_count(at->card).on);
  free(at->card);
  psd_wire_log_close(&at->log);
  if (at->listener >= 0)
    (void)close(at->listener);
}

/* What pcscd does with a card that has come: is it there, power it on, its ATR. */
static int insert(station *at) {
  int card = psd_wire_accept(at->listener);
  psd_wire_send(card, "000104");
  psd_wire_expect(card, PSD_PROBE_ATR);
  psd_wire_expect_line(&at->log, "psd-card: card: inserted at localhost:", false);
  psd_wire_send(card, "000101 000104");
  psd_wire_expect(card, PSD_PROBE_ATR);
  return card;
}

static void test_conversation(void) {
  station at;
  open_station(&at);
  int card = insert(&at);
  psd_wire_send(card, "000500A4040000");
  psd_wire_expect(card, "00A40400009000");
  psd_wire_send(card, "000100 000102 000104");
  psd_wire_expect(card, PSD_PROBE_ATR);
  CU_ASSERT_TRUE(psd_probe_count(at.card).on);
  psd_wire_expect_no_line(&at.log);
  close_station(&at);
  psd_wire_expect_end(card);
  (void)close(card);
}

static void test_waits_with_one_line(void) {
  station at = {.port = 0};
  (void)close(psd_wire_listen(&at.port));
  at.listener = -1;
  start(&at, 0);
  psd_wire_expect_line(&at.log, "waiting for vpcd at localhost:", false);
  /* Long enough for several attempts. */
  CU_ASSERT_FALSE(psd_wire_readable(at.log.reader, 400));
  at.listener = psd_wire_listen(&at.port);
  int card = insert(&at);
  psd_wire_expect_no_line(&at.log);
  (void)close(card);
  close_station(&at);
}

static void test_reader_restarts(void) {
  station at;
  open_station(&at);
  int card = insert(&at);
  (void)close(at.listener);
  (void)close(card);
  psd_wire_expect_line(&at.log, "removed from localhost:", false);
  psd_wire_expect_line(&at.log, "waiting for vpcd", false);
  CU_ASSERT_FALSE(psd_probe_count(at.card).on);
  at.listener = psd_wire_listen(&at.port);
  card = insert(&at);
  psd_wire_send(card, "0002AABB");
  psd_wire_expect(card, "AABB9000");
  (void)close(card);
  close_station(&at);
}

static void test_reader_dies(void) {
  station at;
  open_station(&at);
  int card = insert(&at);
  struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  CU_ASSERT_EQUAL(setsockopt(card, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  (void)close(card); /* resets the connection */
  psd_wire_expect_line(&at.log, "the reader left", false);
  card = insert(&at);
  (void)close(card);
  close_station(&at);
}

static void test_malformed_message(void) {
  station at;
  open_station(&at);
  int card = insert(&at);
  psd_wire_send(card, "0000");
  psd_wire_expect_end(card);
  (void)close(card);
  psd_wire_expect_line(&at.log, "sent an empty message", false);
  card = insert(&at);
  (void)close(card);
  close_station(&at);
}

static void test_stop_while_waiting(void) {
  station at = {.port = 0};
  (void)close(psd_wire_listen(&at.port));
  at.listener = -1;
  start(&at, 0);
  psd_wire_expect_line(&at.log, "waiting for vpcd", false);
  close_station(&at);
}

static void test_silent_reader(void) {
  station at = {.port = 0};
  at.listener = psd_wire_listen(&at.port);
  start(&at, 100);
  int card = psd_wire_accept(at.listener);
  psd_wire_expect_line(&at.log, "no reader asks for the card", false);
  psd_wire_send(card, "000104");
  psd_wire_expect(card, PSD_PROBE_ATR);
  psd_wire_expect_line(&at.log, "inserted at", false);
  /* An application's command of one byte: to the card a control word, and pcscd waits for its answer. */
  psd_wire_send(card, "000100");
  psd_wire_expect_end(card);
  (void)close(card);
  psd_wire_expect_line(&at.log, "fell silent after a control word", false);
  card = insert(&at);
  (void)close(card);
  close_station(&at);
}

static double seconds(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Debian's vpcd sends the length and the rest apart, with Nagle's algorithm on: the rest waits for an acknowledgement,
 * which Linux delays by 40 ms unless asked not to. */
static void test_two_writes(void) {
  station at;
  open_station(&at);
  int card = insert(&at);
  double begun = seconds();
  for (unsigned i = 0; i < 25; i++) {
    psd_wire_send(card, "0002");
    psd_wire_send(card, "AABB");
    psd_wire_expect(card, "AABB9000");
  }
  CU_ASSERT_TRUE(seconds() - begun < 0.5);
  (void)close(card);
  close_station(&at);
}

static void test_connected_to_itself(void) {
  uint16_t port = 0;
  (void)close(psd_wire_listen(&port));
  struct sockaddr_in self = {.sin_family = AF_INET, .sin_port = htons(port)};
  self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CU_ASSERT_FATAL(fd >= 0 && bind(fd, (struct sockaddr *)&self, sizeof self) == 0);
  CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&self, sizeof self), 0);
  CU_ASSERT_FALSE(psd_net_connected(fd));
  (void)close(fd);
}

static void test_unknown_host(void) {
  station at = {.log = psd_wire_log_open(), .card = psd_probe_new()};
  psd_front_config config = {.kind = PSD_FRONT_VPCD, .card = at.card, .name = "card", .log = at.log.writer};
  /* A label of more than 63 characters: no name server need be asked (RFC 1035, 2.3.4). */
  CU_ASSERT_FATAL(psd_endpoint_parse_tcp("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx:35963",
                                         &config.endpoint));
  CU_ASSERT_EQUAL(psd_front_open(&config, &at.front), PSD_FRONT_UNKNOWN_HOST);
  CU_ASSERT_PTR_NULL(at.front);
  psd_wire_expect_line(&at.log, "cannot look up xxx", false);
  free(at.card);
  psd_wire_log_close(&at.log);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"what pcscd does with a card", test_conversation},
      {"waiting for vpcd is told in one line", test_waits_with_one_line},
      {"a restarted reader finds the card again, powered off meanwhile", test_reader_restarts},
      {"a reader that dies", test_reader_dies},
      {"an empty message ends the connection, not the card", test_malformed_message},
      {"it stops while it waits", test_stop_while_waiting},
      {"a reader that says nothing, and one that waits in vain", test_silent_reader},
      {"length and rest in two writes are answered at once", test_two_writes},
      {"a connection with itself is none", test_connected_to_itself},
      {"a host that nobody knows", test_unknown_host},
  };
  return psd_check_run("vpcd client", tests, PSD_CHECK_COUNT(tests));
}
