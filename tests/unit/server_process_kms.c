/* A key management system on paper at a Unix socket. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server_process_bench.h"

const uint8_t column_key[32] = {9};

bool read_all(int fd, void *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    if (poll(&waiting, 1, PATIENCE_MS) != 1)
      return false;
    ssize_t part = read(fd, (uint8_t *)bytes + at, length - at);
    if (part <= 0)
      return false;
    at += (size_t)part;
  }
  return true;
}

/* Reads without end, as a server does. */
static bool serve_read(int fd, void *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    ssize_t part = read(fd, (uint8_t *)bytes + at, length - at);
    if (part <= 0)
      return false;
    at += (size_t)part;
  }
  return true;
}

bool write_frame(int fd, psd_frame_type type, const void *body, size_t length) {
  uint8_t bytes[PSD_SIZE_FRAME + PSD_FRAME_BODY_MAX];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_frame(&out, type, body, length);
  return send(fd, bytes, out.length, MSG_NOSIGNAL) == (ssize_t)out.length;
}

/* Two things that are asked when the server starts; the rest is the paper card's. */
static psd_frame_type kms_answer(paper_kms_server *at, unsigned type, const uint8_t *body, size_t length, uint8_t *out,
                                 size_t *out_length) {
  psd_buffer buffer = psd_buffer_over(out, PAPER_RECORD);
  if (type == PSD_FRAME_KMS_COLUMN) {
    psd_put(&buffer, column_key, sizeof column_key);
    *out_length = buffer.length;
    return PSD_FRAME_KMS_COLUMN_KEY;
  }
  if (type == PSD_FRAME_KMS_VENDOR_KEYS) {
    psd_put_uint(&buffer, PAPER_KEY, 4);
    psd_pair_point(at->card->k2, psd_put_room(&buffer, PSD_POINT));
    *out_length = buffer.length;
    return PSD_FRAME_KMS_VENDOR_KEY;
  }
  return paper_kms(at->card, (psd_frame_type)type, body, length, out, out_length);
}

static void kms_serve(paper_kms_server *at, int fd) {
  uint8_t head[PSD_SIZE_FRAME], body[PSD_FRAME_BODY_MAX], answer[4 + PAPER_RECORD];
  psd_frame frame;
  while (serve_read(fd, head, sizeof head) && psd_peek_frame(head, sizeof head, &frame) &&
         serve_read(fd, body, (size_t)frame.length)) {
    size_t length = 0;
    bool handshake = frame.type == PSD_FRAME_KMS_UNWRAP || frame.type == PSD_FRAME_KMS_VERIFY;
    if (handshake)
      atomic_fetch_add(&at->answered, 1);
    if (handshake && atomic_load(&at->silent))
      continue;
    memcpy(answer, body, 4);
    psd_frame_type type = kms_answer(at, (unsigned)frame.type, body + 4, (size_t)frame.length - 4, answer + 4, &length);
    (void)write_frame(fd, type, answer, 4 + length);
  }
}

static void *kms_run(void *argument) {
  paper_kms_server *at = argument;
  int fd;
  while ((fd = accept(at->listener, NULL, NULL)) >= 0) {
    at->connection = fd;
    kms_serve(at, fd);
    (void)close(fd);
  }
  return NULL;
}

void kms_start(paper_kms_server *at) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", at->path);
  at->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  at->connection = -1;
  CU_ASSERT_EQUAL_FATAL(bind(at->listener, (struct sockaddr *)&address, sizeof address), 0);
  CU_ASSERT_EQUAL_FATAL(listen(at->listener, 8), 0);
  CU_ASSERT_EQUAL_FATAL(pthread_create(&at->thread, NULL, kms_run, at), 0);
}

void kms_stop(paper_kms_server *at) {
  (void)unlink(at->path);
  (void)shutdown(at->listener, SHUT_RDWR);
  if (at->connection >= 0)
    (void)shutdown(at->connection, SHUT_RDWR);
  (void)pthread_join(at->thread, NULL);
  (void)close(at->listener);
}
