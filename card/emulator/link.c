#include "emulator/link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "crypto/crypto.h"

void psd_link_start(psd_link *link, const psd_link_context *context, int fd) {
  link->context = *context;
  link->fd = fd;
  link->heard = false;
  link->unanswered = false;
  psd_vpcd_stream_start(&link->stream);
}

void psd_link_end(psd_link *link) {
  psd_vpcd_stream_start(&link->stream);
  psd_seat_power_off(link->context.seat);
}

psd_wait_result psd_link_wait(const psd_link_context *context, int fd, short events, int timeout_ms) {
  struct pollfd waiting[] = {{.fd = context->stop_fd, .events = POLLIN}, {.fd = fd, .events = events}};
  for (;;) {
    int ready = poll(waiting, 2, timeout_ms);
    if (waiting[0].revents != 0 && ready > 0)
      return PSD_WAIT_STOP;
    if (ready > 0)
      return PSD_WAIT_READY;
    if (ready == 0)
      return PSD_WAIT_TIMEOUT;
    if (errno != EINTR)
      return PSD_WAIT_STOP;
  }
}

/* A reader that sends the length and the rest of a message apart, and lets Nagle's algorithm hold the rest back until
 * the length is acknowledged, waits for an acknowledgement that Linux likes to delay by 40 ms. The kernel forgets this
 * option by itself, so it is set again each time. */
static void acknowledge(const psd_link *link) {
  int yes = 1;
  if (link->context.quick_ack)
    (void)setsockopt(link->fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
}

/* What a failed read or write means: a peer that died, or something worse. */
static psd_link_state gone(void) {
  return errno == ECONNRESET || errno == EPIPE ? PSD_LINK_CLOSED : PSD_LINK_BROKEN;
}

/* Sends the `length` bytes behind the header in link->answer: in one piece, or the reader's kernel would delay it. */
static psd_link_state send_answer(psd_link *link, size_t length) {
  link->answer[0] = (uint8_t)(length >> 8);
  link->answer[1] = (uint8_t)length;
  size_t size = PSD_VPCD_HEADER + length;
  psd_link_state state = PSD_LINK_OPEN;
  for (size_t sent = 0; sent < size && state == PSD_LINK_OPEN;) {
    ssize_t written = send(link->fd, link->answer + sent, size - sent, MSG_NOSIGNAL);
    if (written >= 0)
      sent += (size_t)written;
    else if (errno == EAGAIN)
      state = psd_link_wait(&link->context, link->fd, POLLOUT, -1) == PSD_WAIT_STOP ? PSD_LINK_STOPPED : PSD_LINK_OPEN;
    else if (errno != EINTR)
      state = gone();
  }
  psd_wipe(link->answer, size);
  return state;
}

static psd_link_state answer_atr(psd_link *link) {
  size_t length = 0;
  const uint8_t *atr = psd_seat_atr(link->context.seat, &length);
  memcpy(link->answer + PSD_VPCD_HEADER, atr, length);
  return send_answer(link, length);
}

static psd_link_state answer_command(psd_link *link, const psd_vpcd_stream_event *event) {
  uint8_t *response = link->answer + PSD_VPCD_HEADER;
  size_t length = psd_seat_transmit(link->context.seat, event->command, event->length, response);
  return length > 0 ? send_answer(link, length) : PSD_LINK_UNPOWERED;
}

static bool is_answered(psd_vpcd_stream_kind kind) {
  return kind == PSD_VPCD_ATR || kind == PSD_VPCD_COMMAND;
}

static psd_link_state act(psd_link *link, const psd_vpcd_stream_event *event) {
  link->heard = true;
  link->unanswered = !is_answered(event->kind);
  switch (event->kind) {
  case PSD_VPCD_POWER_OFF:
    psd_seat_power_off(link->context.seat);
    return PSD_LINK_OPEN;
  case PSD_VPCD_POWER_ON:
    psd_seat_power_on(link->context.seat);
    return PSD_LINK_OPEN;
  case PSD_VPCD_RESET:
    psd_seat_reset(link->context.seat);
    return PSD_LINK_OPEN;
  case PSD_VPCD_ATR:
    return answer_atr(link);
  case PSD_VPCD_COMMAND:
    return answer_command(link, event);
  case PSD_VPCD_MALFORMED:
  case PSD_VPCD_MORE:
  default:
    return PSD_LINK_EMPTY;
  }
}

/* Acts on every message in the first `length` bytes of the chunk. `*answered` tells whether the last byte ended a
 * message that was answered: the reader then has nothing under way, and the answer carried the acknowledgement. */
static psd_link_state take_chunk(psd_link *link, size_t length, bool *answered) {
  psd_vpcd_stream_event event;
  psd_link_state state = PSD_LINK_OPEN;
  *answered = false;
  for (size_t at = 0; at < length && state == PSD_LINK_OPEN;) {
    if (atomic_load_explicit(link->context.stopping, memory_order_relaxed))
      return PSD_LINK_STOPPED;
    at += psd_vpcd_stream_feed(&link->stream, link->chunk + at, length - at, &event);
    if (event.kind == PSD_VPCD_MORE)
      break;
    state = act(link, &event);
    *answered = at == length && !link->unanswered;
  }
  return state;
}

psd_link_state psd_link_serve(psd_link *link) {
  psd_link_state state = PSD_LINK_OPEN;
  bool answered = false;
  while (state == PSD_LINK_OPEN && !answered) {
    ssize_t got = recv(link->fd, link->chunk, sizeof link->chunk, 0);
    if (got > 0) {
      state = take_chunk(link, (size_t)got, &answered);
      psd_wipe(link->chunk, (size_t)got);
      if (!answered)
        acknowledge(link);
    } else if (got == 0) {
      state = psd_vpcd_stream_inside(&link->stream) ? PSD_LINK_TRUNCATED : PSD_LINK_CLOSED;
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      state = gone();
    }
  }
  if (state != PSD_LINK_OPEN)
    psd_link_end(link);
  return state;
}

const char *psd_link_words(psd_link_state state) {
  switch (state) {
  case PSD_LINK_EMPTY:
    return "sent an empty message";
  case PSD_LINK_TRUNCATED:
    return "left in the middle of a message";
  case PSD_LINK_UNPOWERED:
    return "sent a command before it powered the card on";
  case PSD_LINK_STUCK:
    return "fell silent after a control word, as for a command of one byte";
  case PSD_LINK_BROKEN:
    return "cannot be read from or written to";
  case PSD_LINK_OPEN:
  case PSD_LINK_CLOSED:
  case PSD_LINK_STOPPED:
  default:
    return "left";
  }
}
