/* Waiting for a folder to change, without working meanwhile. */
#ifndef PSD_EMULATOR_IFD_WATCH_H
#define PSD_EMULATOR_IFD_WATCH_H

#include <stdbool.h>

typedef struct psd_ifd_watch {
  int events; /* inotify */
  int wake;   /* eventfd */
} psd_ifd_watch;

/* Watches for files that come, go, or are closed by whoever wrote them. Returns false with errno. */
bool psd_ifd_watch_open(psd_ifd_watch *watch, const char *path);
void psd_ifd_watch_close(psd_ifd_watch *watch);

/* Returns once the folder has changed and is quiet again, psd_ifd_watch_wake was called (before or meanwhile), or
 * `timeout_ms` have passed. For one thread. */
void psd_ifd_watch_wait(const psd_ifd_watch *watch, int timeout_ms);
/* From any thread. */
void psd_ifd_watch_wake(const psd_ifd_watch *watch);

#endif
