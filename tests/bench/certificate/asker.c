#include "asker.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "measure.h"

int asker_open(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int length = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  bench_need(length > 0 && (size_t)length < sizeof address.sun_path, "shorter path of the socket");
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bench_need(fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0,
             "key management system at the socket");
  return fd;
}

void asker_send(int fd, psd_frame_type type, const uint8_t *body, size_t length) {
  static uint8_t bytes[PSD_SIZE_FRAME + PSD_FRAME_BODY_MAX];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_frame(&out, type, body, length);
  bench_need(!out.overflow && send(fd, out.data, out.length, MSG_NOSIGNAL) == (ssize_t)out.length, "request sent");
}

static void receive_all(int fd, void *bytes, size_t length) {
  bench_need(length == 0 || recv(fd, bytes, length, MSG_WAITALL) == (ssize_t)length, "answer");
}

size_t asker_receive(int fd, psd_frame_type type, uint8_t *body) {
  uint8_t head[PSD_SIZE_FRAME];
  psd_frame frame;
  receive_all(fd, head, sizeof head);
  bench_need(psd_peek_frame(head, sizeof head, &frame) && frame.length <= PSD_FRAME_BODY_MAX, "frame");
  receive_all(fd, body, (size_t)frame.length);
  if (frame.type != (uint64_t)type + 1)
    bench_die("the key management system answers %02X to %02X", (unsigned)frame.type, (unsigned)type);
  return (size_t)frame.length;
}
