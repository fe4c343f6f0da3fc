/* vpcd's framing from the reader's end: on the real card, in pieces, and from ends that know no manners. */
#include "emulator/front.h"
#include "psd/spec/status.h"
#include "reader_support.h"
#include "transport/stream.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The other end: a thread that takes one connection, and for each step waits for that many bytes and then sends some,
 * one by one. After the last it hangs up. What came is kept. */
typedef struct step {
  size_t wait;
  const char *send; /* hexadecimal, at most 100 bytes */
} step;

typedef struct peer {
  int listener;
  char address[32];
  const step *steps;
  size_t count;
  uint8_t came[256];
  size_t length;
  pthread_t thread;
} peer;

static bool receive(peer *p, int fd, size_t length) {
  while (length > 0) {
    ssize_t got = read(fd, p->came + p->length, length);
    if (got <= 0)
      return false;
    p->length += (size_t)got;
    length -= (size_t)got;
  }
  return true;
}

static void *serve(void *context) {
  peer *p = context;
  int fd = accept(p->listener, NULL, NULL);
  for (size_t i = 0; i < p->count && receive(p, fd, p->steps[i].wait); i++) {
    uint8_t bytes[100];
    size_t length = psd_check_hex(p->steps[i].send, bytes, sizeof bytes);
    for (size_t k = 0; k < length; k++)
      (void)!send(fd, bytes + k, 1, MSG_NOSIGNAL);
  }
  (void)close(fd);
  return NULL;
}

/* A socket that listens at a free port of loopback. */
static int listen_somewhere(uint16_t *port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof at;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
  CU_ASSERT_EQUAL_FATAL(listen(fd, 1), 0);
  CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&at, &length), 0);
  *port = ntohs(at.sin_port);
  return fd;
}

static void peer_start(peer *p, const step *steps, size_t count) {
  uint16_t port = 0;
  *p = (peer){.listener = listen_somewhere(&port), .steps = steps, .count = count};
  (void)snprintf(p->address, sizeof p->address, "127.0.0.1:%u", (unsigned)port);
  CU_ASSERT_EQUAL_FATAL(pthread_create(&p->thread, NULL, serve, p), 0);
}

static void peer_stop(peer *p) {
  (void)pthread_join(p->thread, NULL);
  (void)close(p->listener);
}

static psd_error error;

static psd_transport *transport_to(const char *address) {
  psd_transport *transport = NULL;
  CU_ASSERT_EQUAL_FATAL(psd_transport_socket(address, &transport, &error), PSD_OK);
  return transport;
}

/* Power on (000101) and the question for the answer to reset (000104). */
#define GREETING 6

static void pieces(void) {
  static const step steps[] = {{GREETING, "00023B00"}, {3, "00023B00"}, {7, "0004AABB9000"}, {3, ""}, {3, ""}};
  peer p;
  peer_start(&p, steps, 5);
  psd_transport *transport = transport_to(p.address);
  uint8_t bytes[64];
  size_t length = 0;
  CU_ASSERT_EQUAL(psd_transport_connect(transport, &error), PSD_OK);
  CU_ASSERT_EQUAL(psd_transport_atr(transport, bytes, &length, &error), PSD_OK);
  psd_check_bytes(bytes, length, "3B00", "answer to reset");
  CU_ASSERT_EQUAL(
      psd_transport_transmit(transport, (const uint8_t *)"\x00\xCA\xDF\x20", 5, bytes, sizeof bytes, &length, &error),
      PSD_OK);
  psd_check_bytes(bytes, length, "AABB9000", "answer");
  CU_ASSERT_EQUAL(psd_transport_reset(transport, &error), PSD_OK);
  CU_ASSERT_EQUAL(psd_transport_begin(transport, &error), PSD_OK);
  CU_ASSERT_EQUAL(psd_transport_end(transport, &error), PSD_OK);
  CU_ASSERT_STRING_EQUAL(psd_transport_name(transport), p.address);
  psd_transport_close(transport);
  peer_stop(&p);
  psd_check_bytes(p.came, p.length, "000101 000104 000104 000500CADF2000 000102 000100", "what was sent");
}

static void bad_greetings(void) {
  static const struct {
    step steps[1];
    psd_result result;
  } cases[] = {{{{GREETING, "0000"}}, PSD_NO_CARD},      {{{GREETING, "0022"}}, PSD_BAD_ANSWER},
               {{{GREETING, "FFFF3B"}}, PSD_BAD_ANSWER}, {{{GREETING, "00023B"}}, PSD_LOST},
               {{{GREETING, "00"}}, PSD_LOST},           {{{0, ""}}, PSD_LOST}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    peer p;
    peer_start(&p, cases[i].steps, 1);
    psd_transport *transport = transport_to(p.address);
    CU_ASSERT_EQUAL(psd_transport_connect(transport, &error), cases[i].result);
    CU_ASSERT_NOT_EQUAL(error.words[0], '\0');
    psd_transport_close(transport);
    peer_stop(&p);
  }
}

/* After an answer that cannot be right, nothing on this connection can be trusted: it is over. */
static void bad_answers(void) {
  static const struct {
    const char *answer;
    psd_result result, next;
  } cases[] = {{"0009 010203040506079000", PSD_BAD_ANSWER, PSD_LOST},
               {"FFFF 9000", PSD_BAD_ANSWER, PSD_LOST},
               {"0000", PSD_BAD_ANSWER, PSD_LOST},
               {"0001 90", PSD_BAD_ANSWER, PSD_LOST},
               {"0004 0102", PSD_LOST, PSD_LOST},
               {"", PSD_LOST, PSD_LOST}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const step steps[] = {{GREETING, "00023B00"}, {6, cases[i].answer}};
    peer p;
    peer_start(&p, steps, 2);
    psd_transport *transport = transport_to(p.address);
    uint8_t bytes[8];
    size_t length = 0;
    CU_ASSERT_EQUAL_FATAL(psd_transport_connect(transport, &error), PSD_OK);
    CU_ASSERT_EQUAL(psd_transport_transmit(transport, (const uint8_t *)"\0\0\0", 4, bytes, 8, &length, &error),
                    cases[i].result);
    CU_ASSERT_EQUAL(psd_transport_transmit(transport, (const uint8_t *)"\0\0\0", 4, bytes, 8, &length, &error),
                    cases[i].next);
    psd_transport_close(transport);
    peer_stop(&p);
  }
}

static void addresses(void) {
  static const struct {
    const char *address;
    psd_result result;
  } cases[] = {{"/nowhere/at/all", PSD_NO_CARD},
               {"nothing-here", PSD_NO_CARD},
               {"127.0.0.1:", PSD_BAD_INPUT},
               {":1", PSD_BAD_INPUT},
               {"[]:1", PSD_BAD_INPUT},
               {"127.0.0.1:1", PSD_NO_CARD},
               {"127.0.0.1:no such port", PSD_BAD_INPUT},
               {"127.0.0.1:65537", PSD_BAD_INPUT}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    psd_transport *transport = transport_to(cases[i].address);
    CU_ASSERT_EQUAL(psd_transport_connect(transport, &error), cases[i].result);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.words, cases[i].address));
    psd_transport_close(transport);
  }
  char path[400];
  memset(path, '/', sizeof path - 1);
  path[sizeof path - 1] = '\0';
  psd_transport *transport = transport_to(path);
  CU_ASSERT_EQUAL(psd_transport_connect(transport, &error), PSD_NO_CARD);
  psd_transport_close(transport);
  memset(path, 'h', sizeof path - 1);
  path[396] = ':';
  transport = transport_to(path);
  CU_ASSERT_EQUAL(psd_transport_connect(transport, &error), PSD_BAD_INPUT);
  psd_transport_close(transport);
}

/* One byte would be a control byte, and 65536 do not fit the length. */
static void commands_that_do_not_fit(void) {
  static uint8_t command[65536], bytes[8];
  size_t length;
  psd_transport *transport = transport_to("/nowhere/at/all");
  CU_ASSERT_EQUAL(psd_transport_transmit(transport, command, 0, bytes, 8, &length, &error), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(psd_transport_transmit(transport, command, 1, bytes, 8, &length, &error), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(psd_transport_transmit(transport, command, 65536, bytes, 8, &length, &error), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(psd_transport_transmit(transport, command, 65535, bytes, 8, &length, &error), PSD_LOST);
  psd_transport_close(transport);
}

/* Neither an end that is silent nor one that takes nothing holds the caller for longer than the limit. */
static void limits(void) {
  static const psd_socket_peer card = {"card", PSD_NO_CARD};
  int ends[2];
  static uint8_t bytes[4000000];
  CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  CU_ASSERT_EQUAL(psd_socket_receive(ends[0], &card, bytes, 1, 20, &error), PSD_TIMEOUT);
  CU_ASSERT_EQUAL(psd_socket_send(ends[0], &card, bytes, sizeof bytes, 20, &error), PSD_TIMEOUT);
  (void)close(ends[1]);
  CU_ASSERT_EQUAL(psd_socket_send(ends[0], &card, bytes, 1, 20, &error), PSD_LOST);
  (void)close(ends[0]);
}

/* A front end that serves the rig's card at a socket of the sandbox. */
static psd_front *open_front(rig *r, const char *path, FILE *log) {
  psd_front *front = NULL;
  psd_front_config config = {.kind = PSD_FRONT_LISTEN, .card = r->card, .name = "card", .log = log, .quick_ack = true};
  psd_card_power_off(r->card);
  CU_ASSERT_TRUE_FATAL(psd_endpoint_parse(path, &config.endpoint));
  CU_ASSERT_EQUAL_FATAL(psd_front_open(&config, &front), PSD_FRONT_OK);
  CU_ASSERT_TRUE_FATAL(psd_front_start(front));
  return front;
}

static psd_result over_socket(const char *path, const psd_profile *profile) {
  psd_host *host = NULL;
  psd_host_keys keys = support_keys();
  CU_ASSERT_EQUAL_FATAL(psd_host_open(transport_to(path), &host, &error), PSD_OK);
  psd_result result = psd_personalize(host, &keys, profile, RIG_TIME);
  error = *psd_host_error(host);
  psd_host_close(host);
  return result;
}

static void real_card(void) {
  rig r;
  sandbox box;
  psd_profile profile;
  psd_error warning;
  rig_create(&r);
  sandbox_create(&box);
  FILE *log = tmpfile();
  CU_ASSERT_PTR_NOT_NULL_FATAL(log);
  psd_front *front = open_front(&r, sandbox_path(&box, "card"), log);
  CU_ASSERT_EQUAL_FATAL(psd_profile_read(sandbox_write(&box, "profile", support_profile), &profile, &warning, &error),
                        PSD_OK);
  CU_ASSERT_EQUAL(over_socket(sandbox_path(&box, "card"), &profile), PSD_OK);
  CU_ASSERT_EQUAL(over_socket(sandbox_path(&box, "card"), &profile), PSD_REFUSED);
  CU_ASSERT_EQUAL(error.status, PSD_SW_CONDITIONS);
  psd_front_close(front);
  psd_profile_wipe(&profile);
  (void)fclose(log);
  sandbox_destroy(&box);
  rig_destroy(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"messages in pieces", pieces},
      {"ends that do not greet as a card", bad_greetings},
      {"answers that cannot be right", bad_answers},
      {"addresses", addresses},
      {"commands that do not fit", commands_that_do_not_fit},
      {"time limits", limits},
      {"personalisation over a socket", real_card},
  };
  return psd_check_run("reader: socket", tests, PSD_CHECK_COUNT(tests));
}
