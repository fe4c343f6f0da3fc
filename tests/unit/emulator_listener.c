/* The socket listener: well-behaved readers, rude ones, and several at once. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "emulator/front.h"
#include "probe_card.h"
#include "wire.h"

typedef struct station {
  psd_wire_log log;
  psd_card *card;
  psd_front *front;
  psd_endpoint endpoint;
} station;

static char folder[] = "/tmp/psd-listener-XXXXXX";

static psd_front_result open_front(station *at, const char *name) {
  psd_front_config config = {.kind = PSD_FRONT_LISTEN, .card = at->card, .name = "card", .quick_ack = true};
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  CU_ASSERT_FATAL(psd_endpoint_parse(path, &config.endpoint));
  at->endpoint = config.endpoint;
  config.log = at->log.writer;
  return psd_front_open(&config, &at->front);
}

static void open_station(station *at, const char *name) {
  at->log = psd_wire_log_open();
  at->card = psd_probe_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(at->card);
  CU_ASSERT_EQUAL_FATAL(open_front(at, name), PSD_FRONT_OK);
  CU_ASSERT_TRUE_FATAL(psd_front_start(at->front));
  psd_wire_expect_line(&at->log, "psd-card: card: listening at", false);
}

static void close_station(station *at) {
  psd_front_close(at->front);
  CU_ASSERT_FALSE(psd_probe_count(at->card).on);
  free(at->card);
  psd_wire_log_close(&at->log);
}

static int join(const station *at) {
  return psd_wire_connect_local(at->endpoint.path);
}

static void power_on(int reader) {
  psd_wire_send(reader, "000101 000104");
  psd_wire_expect(reader, PSD_PROBE_ATR);
}

static void test_conversation(void) {
  station at;
  open_station(&at, "a");
  int reader = join(&at);
  power_on(reader);
  psd_wire_send(reader, "000500A4040000");
  psd_wire_expect(reader, "00A40400009000");
  psd_wire_send(reader, "000102");
  psd_wire_send(reader, "0001FF");
  psd_wire_expect(reader, "FF9000");
  psd_probe_counts counts = psd_probe_count(at.card);
  CU_ASSERT_TRUE(counts.on);
  CU_ASSERT_EQUAL(counts.resets, 1);
  CU_ASSERT_EQUAL(counts.commands, 2);
  psd_wire_send(reader, "000100 000104");
  psd_wire_expect(reader, PSD_PROBE_ATR);
  CU_ASSERT_FALSE(psd_probe_count(at.card).on);
  (void)close(reader);
  close_station(&at);
}

static void test_atr_of_card_that_is_off(void) {
  station at;
  open_station(&at, "a");
  int reader = join(&at);
  for (unsigned i = 0; i < 3; i++) {
    psd_wire_send(reader, "000104");
    psd_wire_expect(reader, PSD_PROBE_ATR);
  }
  psd_probe_counts counts = psd_probe_count(at.card);
  CU_ASSERT_FALSE(counts.on);
  CU_ASSERT_EQUAL(counts.power_ons, 1);
  CU_ASSERT_EQUAL(counts.power_offs, 1);
  (void)close(reader);
  close_station(&at);
}

static void test_power_on_starts_afresh(void) {
  station at;
  open_station(&at, "a");
  int reader = join(&at);
  power_on(reader);
  power_on(reader);
  psd_probe_counts counts = psd_probe_count(at.card);
  CU_ASSERT_EQUAL(counts.power_ons, 2);
  CU_ASSERT_EQUAL(counts.power_offs, 1);
  (void)close(reader);
  close_station(&at);
}

static void test_pieces(void) {
  static const char *const pieces[] = {"00", "01", "01", "00", "01", "0400", "05", "00A4", "0400", "0000", "0104"};
  station at;
  open_station(&at, "a");
  int reader = join(&at);
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
    psd_wire_send(reader, pieces[i]);
  psd_wire_expect(reader, PSD_PROBE_ATR);
  psd_wire_expect(reader, "00A40400009000");
  psd_wire_expect(reader, PSD_PROBE_ATR);
  (void)close(reader);
  close_station(&at);
}

static void test_longest_command(void) {
  uint8_t command[UINT16_MAX] = {0};
  station at;
  open_station(&at, "a");
  int reader = join(&at);
  power_on(reader);
  psd_wire_send_message(reader, command, sizeof command);
  psd_wire_expect(reader, "6700");
  psd_wire_send(reader, "0002AABB");
  psd_wire_expect(reader, "AABB9000");
  (void)close(reader);
  close_station(&at);
}

/* "Every malformed frame on a socket ends that connection with one line, not the card." */
static void test_rude_readers(void) {
  static const struct {
    const char *bytes, *line;
    bool hang_up;
  } rude[] = {
      {"000101 0000", "sent an empty message", false},
      {"000101 000500A4", "left in the middle of a message", true},
      {"000101 00", "left in the middle of a message", true},
      {"000500A4040000", "sent a command before it powered the card on", false},
      {"000101 000100 000500A4040000", "sent a command before it powered the card on", false},
  };
  station at;
  open_station(&at, "a");
  for (size_t i = 0; i < sizeof rude / sizeof rude[0]; i++) {
    int reader = join(&at);
    psd_wire_send(reader, rude[i].bytes);
    if (rude[i].hang_up)
      CU_ASSERT_EQUAL(shutdown(reader, SHUT_WR), 0);
    psd_wire_expect_line(&at.log, rude[i].line, false);
    psd_wire_expect_end(reader);
    (void)close(reader);
    CU_ASSERT_FALSE(psd_probe_count(at.card).on);
  }
  int reader = join(&at);
  power_on(reader);
  psd_wire_send(reader, "0002AABB");
  psd_wire_expect(reader, "AABB9000");
  CU_ASSERT_EQUAL(psd_probe_count(at.card).commands, 1);
  psd_wire_expect_no_line(&at.log);
  (void)close(reader);
  close_station(&at);
}

static void test_card_is_off_for_the_next_reader(void) {
  station at;
  open_station(&at, "a");
  int reader = join(&at);
  power_on(reader);
  (void)close(reader);
  reader = join(&at);
  psd_wire_send(reader, "0002AABB");
  psd_wire_expect_end(reader);
  (void)close(reader);
  psd_wire_expect_line(&at.log, "before it powered the card on", false);
  close_station(&at);
}

static void test_second_reader(void) {
  station at;
  open_station(&at, "a");
  int first = join(&at);
  power_on(first);
  int second = join(&at);
  psd_wire_expect_end(second);
  psd_wire_expect_line(&at.log, "turned a second reader away", false);
  psd_wire_send(first, "0002AABB");
  psd_wire_expect(first, "AABB9000");
  (void)close(first);
  (void)close(second);
  close_station(&at);
}

static void test_slow_card_holds_up_no_other(void) {
  station slow;
  station quick;
  open_station(&slow, "slow");
  open_station(&quick, "quick");
  int slow_reader = join(&slow);
  int quick_reader = join(&quick);
  power_on(slow_reader);
  power_on(quick_reader);
  psd_wire_send(slow_reader, "000200EE");
  psd_probe_wait_working(slow.card);
  for (unsigned i = 0; i < 100; i++) {
    psd_wire_send(quick_reader, "0002AABB");
    psd_wire_expect(quick_reader, "AABB9000");
  }
  CU_ASSERT_FALSE(psd_wire_readable(slow_reader, 0));
  psd_probe_release(slow.card);
  psd_wire_expect(slow_reader, "00EE9000");
  (void)close(slow_reader);
  (void)close(quick_reader);
  close_station(&slow);
  close_station(&quick);
}

static void test_stop_finishes_the_command(void) {
  station at;
  open_station(&at, "a");
  int reader = join(&at);
  power_on(reader);
  psd_wire_send(reader, "000200EE 0002AABB");
  psd_probe_wait_working(at.card);
  psd_front_stop(at.front);
  psd_probe_release(at.card);
  psd_wire_expect(reader, "00EE9000");
  psd_wire_expect_end(reader);
  CU_ASSERT_EQUAL(psd_probe_count(at.card).commands, 1);
  (void)close(reader);
  close_station(&at);
}

static void flood(int reader) {
  uint8_t frame[2 + 2000] = {0x07, 0xD0};
  struct pollfd waiting = {.fd = reader, .events = POLLOUT};
  while (poll(&waiting, 1, 200) > 0)
    if (send(reader, frame, sizeof frame, MSG_NOSIGNAL | MSG_DONTWAIT) <= 0)
      break;
}

static void test_reader_that_takes_no_answers(void) {
  station at;
  open_station(&at, "a");
  int reader = join(&at);
  power_on(reader);
  flood(reader);
  close_station(&at);
  (void)close(reader);
}

static void test_socket_file(void) {
  station at;
  struct stat status;
  open_station(&at, "a");
  CU_ASSERT_EQUAL_FATAL(stat(at.endpoint.path, &status), 0);
  CU_ASSERT_TRUE(S_ISSOCK(status.st_mode));
  CU_ASSERT_EQUAL(status.st_mode & 0777U, 0600U);
  close_station(&at);
  CU_ASSERT_NOT_EQUAL(stat(at.endpoint.path, &status), 0);
}

static void test_socket_in_use(void) {
  station at;
  open_station(&at, "a");
  station other = {.log = psd_wire_log_open(), .card = psd_probe_new()};
  CU_ASSERT_EQUAL(open_front(&other, "a"), PSD_FRONT_NO_SOCKET);
  psd_wire_expect_line(&other.log, "cannot listen at", false);
  int reader = join(&at);
  power_on(reader);
  (void)close(reader);
  free(other.card);
  psd_wire_log_close(&other.log);
  close_station(&at);
}

static void test_stale_socket(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/a", folder);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  CU_ASSERT_FATAL(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0);
  (void)close(fd);
  station at;
  open_station(&at, "a");
  int reader = join(&at);
  power_on(reader);
  (void)close(reader);
  close_station(&at);
}

static void test_other_file_in_the_way(void) {
  station at = {.log = psd_wire_log_open(), .card = psd_probe_new()};
  char path[128];
  (void)snprintf(path, sizeof path, "%s/a", folder);
  FILE *file = fopen(path, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  (void)fclose(file);
  CU_ASSERT_EQUAL(open_front(&at, "a"), PSD_FRONT_NO_SOCKET);
  CU_ASSERT_EQUAL(unlink(path), 0);
  free(at.card);
  psd_wire_log_close(&at.log);
}

static void test_tcp(void) {
  uint16_t port = 0;
  (void)close(psd_wire_listen(&port));
  station at = {.log = psd_wire_log_open(), .card = psd_probe_new()};
  psd_front_config config = {.kind = PSD_FRONT_LISTEN, .card = at.card, .name = "card", .log = at.log.writer};
  char where[32];
  (void)snprintf(where, sizeof where, ":%u", (unsigned)port);
  CU_ASSERT_FATAL(psd_endpoint_parse(where, &config.endpoint));
  CU_ASSERT_EQUAL_FATAL(psd_front_open(&config, &at.front), PSD_FRONT_OK);
  CU_ASSERT_TRUE_FATAL(psd_front_start(at.front));
  int reader = psd_wire_connect_tcp(port);
  power_on(reader);
  psd_wire_send(reader, "0002AABB");
  psd_wire_expect(reader, "AABB9000");
  (void)close(reader);
  close_station(&at);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"power, reset, ATR and commands", test_conversation},
      {"a card that is off has an ATR, and stays off", test_atr_of_card_that_is_off},
      {"power on starts a card that is on afresh", test_power_on_starts_afresh},
      {"messages in pieces", test_pieces},
      {"a command of 65535 bytes is the card's business", test_longest_command},
      {"a malformed frame ends the connection with one line, not the card", test_rude_readers},
      {"the card is off when the next reader comes", test_card_is_off_for_the_next_reader},
      {"a second reader is turned away, the first goes on", test_second_reader},
      {"a slow card holds up no other", test_slow_card_holds_up_no_other},
      {"to stop, the command under way is finished and answered", test_stop_finishes_the_command},
      {"a reader that takes no answers does not keep it from stopping", test_reader_that_takes_no_answers},
      {"the socket is its owner's alone and goes when the card goes", test_socket_file},
      {"a socket in use is not taken", test_socket_in_use},
      {"a socket that nobody listens at is replaced", test_stale_socket},
      {"another file in the socket's place is left alone", test_other_file_in_the_way},
      {"TCP, on loopback unless told otherwise", test_tcp},
  };
  if (mkdtemp(folder) == NULL)
    return 2;
  int result = psd_check_run("listener", tests, PSD_CHECK_COUNT(tests));
  return rmdir(folder) == 0 ? result : 1;
}
