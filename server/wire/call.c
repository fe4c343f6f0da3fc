#include "wire/call.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "crypto/evp.h"

/* Milliseconds of a clock that nobody sets. */
static int64_t now(void) {
  struct timespec time = {0};
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Waits until the socket can be read or written; false, with errno, when the time is over. */
static bool await(int fd, short events, int64_t deadline) {
  for (;;) {
    int64_t left = deadline - now();
    struct pollfd ready = {.fd = fd, .events = events};
    int count = left <= 0 ? 0 : poll(&ready, 1, (int)left);
    if (count > 0)
      return true;
    if (count == 0)
      errno = ETIMEDOUT;
    if (count == 0 || errno != EINTR)
      return false;
  }
}

static bool transfer(int fd, uint8_t *data, size_t length, bool out, int64_t deadline) {
  while (length > 0) {
    if (!await(fd, out ? POLLOUT : POLLIN, deadline))
      return false;
    ssize_t some = out ? send(fd, data, length, MSG_NOSIGNAL) : recv(fd, data, length, 0);
    if (some < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (some == 0)
      errno = ECONNRESET; /* the answer ends here */
    if (some <= 0)
      return false;
    data += some;
    length -= (size_t)some;
  }
  return true;
}

static bool reach(int fd, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(address.sun_path, path, length);
  /* A Unix socket connects at once, or its queue is full (EAGAIN). */
  return connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
         fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0;
}

static bool receive(int fd, psd_wire_answer *answer, int64_t deadline) {
  uint8_t head[PSD_SIZE_FRAME];
  psd_frame frame;
  if (!transfer(fd, head, sizeof head, false, deadline) || !psd_peek_frame(head, sizeof head, &frame))
    return false;
  if (frame.length > sizeof answer->body) {
    errno = EMSGSIZE;
    return false;
  }
  answer->type = (psd_frame_type)frame.type;
  answer->length = (size_t)frame.length;
  return transfer(fd, answer->body, answer->length, false, deadline);
}

static bool converse(int fd, const char *path, psd_buffer *question, psd_wire_answer *answer, unsigned limit) {
  int64_t deadline = now() + limit;
  return reach(fd, path) && transfer(fd, question->data, question->length, true, deadline) &&
         receive(fd, answer, deadline);
}

bool psd_wire_call(const char *path, psd_frame_type type, const void *body, size_t length, psd_wire_answer *answer,
                   unsigned limit, char *words, size_t room) {
  memset(answer, 0, sizeof *answer);
  if (length > PSD_FRAME_BODY_MAX) {
    (void)snprintf(words, room, "%s: too long a question", path);
    return false;
  }
  const size_t size = PSD_SIZE_FRAME + length;
  uint8_t *memory = malloc(size);
  psd_buffer question = psd_buffer_over(memory, memory != NULL ? size : 0);
  psd_put_frame(&question, type, body, length);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool done = fd >= 0 && !question.overflow && converse(fd, path, &question, answer, limit);
  if (!done) {
    (void)snprintf(words, room, "%s: %s", path, question.overflow ? "out of memory" : strerror(errno));
    psd_secret_wipe(answer, sizeof *answer);
  }
  if (fd >= 0)
    (void)close(fd);
  if (memory != NULL)
    psd_secret_wipe(memory, size);
  free(memory);
  return done;
}
