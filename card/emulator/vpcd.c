#include <poll.h>
#include <unistd.h>

#include "emulator/front_internal.h"

/* Between two attempts to connect: soon at first, then once a second for as long as it takes. */
#define RETRY_FIRST_MS 20
#define RETRY_MOST_MS 1000
/* A host that does not even refuse. */
#define CONNECT_MS 5000

/* How far the card has come on its way into the reader. */
typedef struct approach {
  int pause_ms;      /* before the next attempt */
  bool said_waiting; /* the person knows that it waits for vpcd, */
  bool said_silent;  /* or for the reader behind it */
  bool inserted;
} approach;

static int connect_to(const psd_front *front, const psd_address *address) {
  int fd = psd_net_connect(address);
  if (fd < 0)
    return -1;
  if (psd_link_wait(&front->context, fd, POLLOUT, CONNECT_MS) == PSD_WAIT_READY && psd_net_connected(fd))
    return fd;
  (void)close(fd);
  return -1;
}

static int connect_any(const psd_front *front) {
  int fd = -1;
  for (unsigned i = 0; i < front->addresses.count && fd < 0; i++)
    fd = connect_to(front, &front->addresses.at[i]);
  return fd;
}

static void say_waiting(const psd_front *front, approach *way) {
  if (!way->said_waiting)
    psd_front_say(front, "waiting for vpcd at %s (start pcscd, with vsmartcard-vpcd installed)", front->where);
  way->said_waiting = true;
}

static void say_silent(const psd_front *front, approach *way) {
  psd_front_say(front, "connected to %s, but no reader asks for the card (is another card in this slot?)",
                front->where);
  way->said_silent = true;
}

static void enter(const psd_front *front, approach *way) {
  *way = (approach){.inserted = true};
  psd_front_say(front, "inserted at %s", front->where);
}

/* A reader that broke the rules gets time to see that the card is gone. */
static void leave(const psd_front *front, approach *way, psd_link_state state) {
  if (!way->inserted) {
    if (state != PSD_LINK_STOPPED)
      say_waiting(front, way);
    return;
  }
  *way = (approach){.pause_ms = state == PSD_LINK_CLOSED ? RETRY_FIRST_MS : RETRY_MOST_MS};
  if (state == PSD_LINK_STOPPED)
    psd_front_say(front, "removed from %s", front->where);
  else
    psd_front_say(front, "removed from %s: the reader %s", front->where, psd_link_words(state));
}

/* How long the reader may be silent now. One that says nothing right after the connection does not see the card. One
 * that falls silent after a control word was given a command of one byte by its application: vpcd sends that as a
 * control word, and waits for an answer, in vain and with all of the reader, until the card leaves. */
static int patience(const psd_front *front, const approach *way) {
  if (!front->link.unanswered && (way->inserted || way->said_silent))
    return -1;
  return front->config.patience_ms > 0 ? front->config.patience_ms : PSD_FRONT_PATIENCE_MS;
}

/* Talks to the reader until one of the two leaves. */
static psd_link_state converse(psd_front *front, approach *way) {
  psd_link_state state = PSD_LINK_OPEN;
  while (state == PSD_LINK_OPEN) {
    psd_wait_result waited = psd_link_wait(&front->context, front->link.fd, POLLIN, patience(front, way));
    if (waited == PSD_WAIT_STOP)
      state = PSD_LINK_STOPPED;
    else if (waited == PSD_WAIT_TIMEOUT && front->link.unanswered)
      state = PSD_LINK_STUCK;
    else if (waited == PSD_WAIT_TIMEOUT)
      say_silent(front, way);
    else
      state = psd_link_serve(&front->link);
    if (front->link.heard && !way->inserted)
      enter(front, way);
  }
  return state;
}

static void grow_pause(approach *way) {
  way->pause_ms = way->pause_ms * 2 < RETRY_MOST_MS ? way->pause_ms * 2 : RETRY_MOST_MS;
}

void psd_vpcd_run(psd_front *front) {
  approach way = {.pause_ms = RETRY_FIRST_MS};
  psd_wait_result waited = PSD_WAIT_TIMEOUT;
  while (waited != PSD_WAIT_STOP) {
    int fd = connect_any(front);
    if (fd >= 0) {
      psd_net_prepare(fd);
      psd_link_start(&front->link, &front->context, fd);
      psd_link_state state = converse(front, &way);
      psd_link_end(&front->link);
      (void)close(fd);
      leave(front, &way, state);
    } else {
      say_waiting(front, &way);
    }
    waited = psd_link_wait(&front->context, -1, 0, way.pause_ms);
    grow_pause(&way);
  }
}
