#include "link_support.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void canned_open(canned *server, psd_peer peer, unsigned limit_ms) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  psd_error error;
  sandbox_create(&server->box);
  const char *path = sandbox_path(&server->box, "server");
  memcpy(at.sun_path, path, strlen(path) + 1);
  server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CU_ASSERT_FATAL(server->listener >= 0);
  CU_ASSERT_EQUAL_FATAL(bind(server->listener, (const struct sockaddr *)&at, sizeof at), 0);
  CU_ASSERT_EQUAL_FATAL(listen(server->listener, 1), 0);
  CU_ASSERT_EQUAL_FATAL(psd_link_open(peer, path, limit_ms, &server->link, &error), PSD_OK);
  server->fd = accept(server->listener, NULL, NULL);
  CU_ASSERT_FATAL(server->fd >= 0);
}

void canned_close(canned *server) {
  psd_link_close(server->link);
  (void)close(server->fd);
  (void)close(server->listener);
  sandbox_destroy(&server->box);
}

void canned_say(const canned *server, unsigned type, const void *body, size_t length) {
  uint8_t frame[PSD_SIZE_FRAME + PSD_FRAME_BODY_MAX];
  psd_buffer out = psd_buffer_over(frame, sizeof frame);
  psd_put_frame(&out, (psd_frame_type)type, body, length);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  CU_ASSERT_EQUAL_FATAL(write(server->fd, out.data, out.length), (ssize_t)out.length);
}

void canned_say_hex(const canned *server, unsigned type, const char *body) {
  uint8_t bytes[PSD_FRAME_BODY_MAX];
  canned_say(server, type, bytes, psd_check_hex(body, bytes, sizeof bytes));
}

void canned_signal(const canned *server, psd_signal signal, psd_step step, uint32_t wait) {
  uint8_t bytes[PSD_SIZE_ERROR_SIGNAL];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_error_signal message = {.signal = signal, .step = step, .wait = wait};
  psd_put_message(&out, PSD_MESSAGE_ERROR_SIGNAL, &message);
  canned_say(server, PSD_FRAME_ERROR_SIGNAL, out.data, out.length);
}

static bool readable(const canned *server) {
  struct pollfd waiting = {.fd = server->fd, .events = POLLIN};
  return poll(&waiting, 1, 0) > 0;
}

static void read_all(const canned *server, uint8_t *to, size_t length) {
  CU_ASSERT_TRUE_FATAL(length == 0 || readable(server));
  CU_ASSERT_EQUAL_FATAL(length == 0 ? 0 : recv(server->fd, to, length, MSG_WAITALL), (ssize_t)length);
}

size_t canned_heard(const canned *server, unsigned type, uint8_t body[PSD_FRAME_BODY_MAX]) {
  uint8_t head[PSD_SIZE_FRAME];
  psd_frame frame;
  read_all(server, head, sizeof head);
  CU_ASSERT_TRUE_FATAL(psd_peek_frame(head, sizeof head, &frame));
  CU_ASSERT_EQUAL(frame.type, type);
  CU_ASSERT_FATAL(frame.length <= PSD_FRAME_BODY_MAX);
  read_all(server, body, (size_t)frame.length);
  return (size_t)frame.length;
}

void canned_heard_signal(const canned *server, psd_signal signal, psd_step step) {
  uint8_t body[PSD_FRAME_BODY_MAX];
  psd_error_signal message;
  size_t length = canned_heard(server, PSD_FRAME_ERROR_SIGNAL, body);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(body, length, PSD_MESSAGE_ERROR_SIGNAL, &message));
  CU_ASSERT_EQUAL(message.signal, signal);
  CU_ASSERT_EQUAL(message.step, step);
}

void canned_heard_nothing(const canned *server) {
  uint8_t byte;
  CU_ASSERT_TRUE(!readable(server) || recv(server->fd, &byte, 1, 0) <= 0);
}
