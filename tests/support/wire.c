#include "wire.h"

#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"

bool psd_wire_readable(int fd, int timeout_ms) {
  struct pollfd waiting = {.fd = fd, .events = POLLIN};
  return poll(&waiting, 1, timeout_ms) > 0;
}

psd_wire_log psd_wire_log_open(void) {
  int ends[2];
  CU_ASSERT_FATAL(pipe(ends) == 0);
  psd_wire_log log = {.writer = fdopen(ends[1], "w"), .reader = ends[0]};
  CU_ASSERT_PTR_NOT_NULL_FATAL(log.writer);
  return log;
}

void psd_wire_log_close(psd_wire_log *log) {
  (void)fclose(log->writer);
  (void)close(log->reader);
}

static void read_line(int fd, char *line, size_t capacity) {
  size_t length = 0;
  char next = '\0';
  while (next != '\n' && length + 1U < capacity) {
    CU_ASSERT_FATAL(psd_wire_readable(fd, PSD_WIRE_MS));
    CU_ASSERT_FATAL(read(fd, &next, 1) == 1);
    line[length++] = next;
  }
  line[length] = '\0';
}

void psd_wire_expect_line(psd_wire_log *log, const char *part, bool skip) {
  char line[1024];
  do {
    read_line(log->reader, line, sizeof line);
  } while (skip && strstr(line, part) == NULL);
  if (strstr(line, part) == NULL)
    (void)fprintf(stderr, "wanted a line with: %s\n  got: %s", part, line);
  CU_ASSERT_PTR_NOT_NULL(strstr(line, part));
}

void psd_wire_expect_no_line(psd_wire_log *log) {
  bool any = psd_wire_readable(log->reader, 0);
  if (any) {
    char line[1024];
    read_line(log->reader, line, sizeof line);
    (void)fprintf(stderr, "unexpected line: %s", line);
  }
  CU_ASSERT_FALSE(any);
}

static struct sockaddr_in loopback(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int psd_wire_listen(uint16_t *port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int yes = 1;
  struct sockaddr_in address = loopback(*port);
  socklen_t length = sizeof address;
  CU_ASSERT_FATAL(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0);
  CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, 1) == 0);
  CU_ASSERT_FATAL(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
  *port = ntohs(address.sin_port);
  return fd;
}

int psd_wire_accept(int listener) {
  CU_ASSERT_FATAL(psd_wire_readable(listener, PSD_WIRE_MS));
  int fd = accept(listener, NULL, NULL);
  CU_ASSERT_FATAL(fd >= 0);
  return fd;
}

int psd_wire_connect_tcp(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = loopback(port);
  CU_ASSERT_FATAL(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
  return fd;
}

int psd_wire_connect_local(const char *path) {
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  CU_ASSERT_FATAL(fd >= 0 && strlen(path) < sizeof address.sun_path);
  memcpy(address.sun_path, path, strlen(path));
  CU_ASSERT_FATAL(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
  return fd;
}

static void send_all(int fd, const uint8_t *bytes, size_t length) {
  for (size_t sent = 0; sent < length;) {
    ssize_t written = send(fd, bytes + sent, length - sent, MSG_NOSIGNAL);
    CU_ASSERT_FATAL(written > 0);
    sent += (size_t)written;
  }
}

void psd_wire_send(int fd, const char *hex) {
  uint8_t bytes[4096];
  send_all(fd, bytes, psd_check_hex(hex, bytes, sizeof bytes));
}

void psd_wire_send_message(int fd, const void *message, size_t length) {
  static uint8_t frame[2U + UINT16_MAX];
  CU_ASSERT_FATAL(length <= UINT16_MAX);
  frame[0] = (uint8_t)(length >> 8);
  frame[1] = (uint8_t)length;
  memcpy(frame + 2, message, length);
  send_all(fd, frame, length + 2U);
}

static void receive_all(int fd, uint8_t *bytes, size_t length) {
  for (size_t have = 0; have < length;) {
    CU_ASSERT_FATAL(psd_wire_readable(fd, PSD_WIRE_MS));
    ssize_t got = recv(fd, bytes + have, length - have, 0);
    CU_ASSERT_FATAL(got > 0);
    have += (size_t)got;
  }
}

size_t psd_wire_receive(int fd, uint8_t *message, size_t capacity) {
  uint8_t header[2];
  receive_all(fd, header, sizeof header);
  size_t length = (size_t)header[0] << 8 | header[1];
  CU_ASSERT_FATAL(length <= capacity);
  receive_all(fd, message, length);
  return length;
}

void psd_wire_expect(int fd, const char *hex) {
  uint8_t message[4096];
  size_t length = psd_wire_receive(fd, message, sizeof message);
  psd_check_bytes(message, length, hex, "message");
}

void psd_wire_expect_end(int fd) {
  uint8_t byte;
  CU_ASSERT_FATAL(psd_wire_readable(fd, PSD_WIRE_MS));
  CU_ASSERT_EQUAL(recv(fd, &byte, 1, 0), 0);
}
