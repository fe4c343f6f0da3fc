#include "emulator/ifd_watch.h"

#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

/* A file that has just come may still be in the hands of the one who made it. */
#define QUIET_MS 20
/* A folder where something happens all the time must not keep a card out. */
#define QUIET_ROUNDS 10

bool psd_ifd_watch_open(psd_ifd_watch *watch, const char *path) {
  watch->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  watch->events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  uint32_t wanted = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;
  if (watch->wake >= 0 && watch->events >= 0 && inotify_add_watch(watch->events, path, wanted) >= 0)
    return true;
  psd_ifd_watch_close(watch);
  return false;
}

void psd_ifd_watch_close(psd_ifd_watch *watch) {
  if (watch->events >= 0)
    (void)close(watch->events);
  if (watch->wake >= 0)
    (void)close(watch->wake);
  watch->events = watch->wake = -1;
}

static void drain(int fd) {
  char bytes[4096];
  while (read(fd, bytes, sizeof bytes) > 0)
    continue;
}

static bool wait_readable(const psd_ifd_watch *watch, int timeout_ms, bool *woken) {
  struct pollfd waiting[] = {{.fd = watch->wake, .events = POLLIN}, {.fd = watch->events, .events = POLLIN}};
  *woken = false;
  if (poll(waiting, 2, timeout_ms) <= 0)
    return false;
  *woken = waiting[0].revents != 0;
  if (*woken)
    drain(watch->wake);
  if (waiting[1].revents != 0)
    drain(watch->events);
  return true;
}

void psd_ifd_watch_wait(const psd_ifd_watch *watch, int timeout_ms) {
  bool woken = false;
  bool changed = wait_readable(watch, timeout_ms, &woken);
  for (unsigned i = 0; i < QUIET_ROUNDS && changed && !woken; i++)
    changed = wait_readable(watch, QUIET_MS, &woken);
}

void psd_ifd_watch_wake(const psd_ifd_watch *watch) {
  uint64_t one = 1;
  (void)!write(watch->wake, &one, sizeof one);
}
