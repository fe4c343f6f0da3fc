#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "emulator/front_internal.h"

/* A second reader learns at once that the card is taken. */
static void turn_away(const psd_front *front) {
  int fd = psd_net_accept(front->listener);
  if (fd < 0)
    return;
  psd_front_say(front, "turned a second reader away at %s: one at a time", front->where);
  (void)close(fd);
}

/* Waits for the reader, another one, and the order to stop. Returns true once the reader's socket is readable: whoever
 * comes when the reader has just left is the next reader, not a second one. */
static bool wait_for_message(const psd_front *front, int fd) {
  struct pollfd waiting[] = {
      {.fd = front->context.stop_fd, .events = POLLIN},
      {.fd = front->listener, .events = POLLIN},
      {.fd = fd, .events = POLLIN},
  };
  for (;;) {
    int ready = poll(waiting, 3, -1);
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready < 0 || waiting[0].revents != 0)
      return false;
    if (waiting[2].revents != 0)
      return true;
    turn_away(front);
  }
}

static void serve(psd_front *front, int fd) {
  psd_link_state state = PSD_LINK_OPEN;
  psd_net_prepare(fd);
  psd_link_start(&front->link, &front->context, fd);
  while (state == PSD_LINK_OPEN)
    state = wait_for_message(front, fd) ? psd_link_serve(&front->link) : PSD_LINK_STOPPED;
  psd_link_end(&front->link);
  if (state != PSD_LINK_STOPPED && state != PSD_LINK_CLOSED)
    psd_front_say(front, "the reader at %s %s: connection ended", front->where, psd_link_words(state));
}

void psd_listener_run(psd_front *front) {
  psd_front_say(front, "listening at %s", front->where);
  while (psd_link_wait(&front->context, front->listener, POLLIN, -1) == PSD_WAIT_READY) {
    int fd = psd_net_accept(front->listener);
    if (fd < 0)
      continue;
    serve(front, fd);
    (void)close(fd);
  }
}
