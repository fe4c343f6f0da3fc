/* What the two kinds of front end share. */
#ifndef PSD_EMULATOR_FRONT_INTERNAL_H
#define PSD_EMULATOR_FRONT_INTERNAL_H

#include <pthread.h>

#include "emulator/front.h"
#include "emulator/link.h"
#include "emulator/net.h"

struct psd_front {
  psd_front_config config;
  char where[PSD_ENDPOINT_TEXT_MAX]; /* the endpoint, in words */
  psd_addresses addresses;
  psd_seat seat;
  psd_link_context context;
  atomic_bool stopping;
  int listener; /* -1 for vpcd */
  bool started;
  pthread_t thread;
  psd_link link;
};

/* One line of the log: "psd-card: NAME: …". */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void psd_front_say(const psd_front *front, const char *format, ...);

/* The threads' work; they return when the front end is to stop. */
void psd_vpcd_run(psd_front *front);
void psd_listener_run(psd_front *front);

#endif
