#include "psd/reader/link.h"
#include "transport/stream.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const psd_socket_peer peers[] = {
    [PSD_PEER_METER] = {"meter server", PSD_NO_SERVER},
    [PSD_PEER_CONTROL] = {"meter server's control socket", PSD_NO_SERVER},
    [PSD_PEER_KMS] = {"key management system", PSD_NO_SERVER},
};

struct psd_link {
  const psd_socket_peer *peer;
  char *name;
  int fd; /* -1 once it has failed */
  int limit_ms;
  uint8_t frame[PSD_SIZE_FRAME + PSD_FRAME_BODY_MAX];
};

/* "PEER at ADDRESS"; NULL without memory. */
static char *name_of(const psd_socket_peer *peer, const char *address) {
  size_t size = strlen(peer->name) + strlen(" at ") + strlen(address) + 1;
  char *name = malloc(size);
  if (name != NULL)
    (void)snprintf(name, size, "%s at %s", peer->name, address);
  return name;
}

psd_result psd_link_open(psd_peer peer, const char *address, unsigned limit_ms, psd_link **link, psd_error *error) {
  *link = NULL;
  psd_link *made = calloc(1, sizeof *made);
  char *name = name_of(&peers[peer], address);
  psd_result result = PSD_SYSTEM;
  if (made == NULL || name == NULL) {
    (void)psd_error_set(error, result, "out of memory");
  } else {
    *made = (psd_link){.peer = &peers[peer], .name = name, .fd = -1, .limit_ms = (int)limit_ms};
    result = psd_socket_open(address, made->peer, made->limit_ms, &made->fd, error);
  }
  if (result != PSD_OK) {
    free(name);
    free(made);
    return result;
  }
  *link = made;
  return PSD_OK;
}

void psd_link_hang_up(psd_link *link) {
  if (link->fd >= 0)
    (void)close(link->fd);
  link->fd = -1;
}

void psd_link_close(psd_link *link) {
  if (link == NULL)
    return;
  psd_link_hang_up(link);
  OPENSSL_cleanse(link->frame, sizeof link->frame);
  free(link->name);
  free(link);
}

const char *psd_link_name(const psd_link *link) {
  return link->name;
}

bool psd_link_is_open(const psd_link *link) {
  return link->fd >= 0;
}

static psd_result check_open(const psd_link *link, psd_error *error) {
  return link->fd >= 0 ? PSD_OK : psd_error_set(error, PSD_LOST, "the connection to the %s is closed", link->name);
}

/* After a failure nobody knows where the next frame begins. */
static psd_result settle(psd_link *link, psd_result result) {
  if (result != PSD_OK)
    psd_link_hang_up(link);
  return result;
}

psd_result psd_link_send(psd_link *link, psd_frame_type type, const void *body, size_t length, psd_error *error) {
  psd_buffer frame = psd_buffer_over(link->frame, sizeof link->frame);
  psd_put_frame(&frame, type, body, length);
  if (frame.overflow)
    return psd_error_set(error, PSD_BAD_INPUT, "a frame has at most %u bytes, not %zu", PSD_FRAME_BODY_MAX, length);
  psd_result result = check_open(link, error);
  if (result == PSD_OK)
    result = settle(link, psd_socket_send(link->fd, link->peer, frame.data, frame.length, link->limit_ms, error));
  OPENSSL_cleanse(frame.data, frame.length);
  return result;
}

static psd_result receive_body(psd_link *link, const psd_frame *head, psd_buffer *body, psd_error *error) {
  if (psd_frame_of((unsigned)head->type) == NULL)
    return psd_error_set(error, PSD_BAD_ANSWER, "the %s sent a frame of type %02X, which is none", link->name,
                         (unsigned)head->type);
  size_t length = (size_t)head->length;
  uint8_t *room = length <= PSD_FRAME_BODY_MAX ? psd_put_room(body, length) : NULL;
  if (room == NULL)
    return psd_error_set(error, PSD_BAD_ANSWER, "the %s sent a frame of %zu bytes, more than there can be", link->name,
                         length);
  return psd_socket_receive(link->fd, link->peer, room, length, link->limit_ms, error);
}

psd_result psd_link_receive(psd_link *link, psd_frame_type *type, psd_buffer *body, psd_error *error) {
  uint8_t head[PSD_SIZE_FRAME];
  psd_frame frame;
  psd_result result = check_open(link, error);
  if (result == PSD_OK)
    result = psd_socket_receive(link->fd, link->peer, head, sizeof head, link->limit_ms, error);
  if (result == PSD_OK && psd_peek_frame(head, sizeof head, &frame)) {
    *type = (psd_frame_type)frame.type;
    result = receive_body(link, &frame, body, error);
  }
  return settle(link, result);
}
