#include "emulator/run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "emulator/holder.h"

/* One card and the reader it goes into. */
typedef struct station {
  psd_holder *holder;
  psd_front *front;
} station;

static bool open_holder(const psd_options *options, unsigned index, station *at) {
  char why[PSD_HOLDER_WHY_MAX];
  at->holder = psd_holder_open(options->states[index], !options->no_sync, why);
  if (at->holder != NULL)
    return true;
  (void)fprintf(stderr, "psd-card: %s\n", why);
  return false;
}

/* The name that people see: the file's, without its folders. */
static const char *name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static psd_front_result open_front(const psd_options *options, unsigned index, station *at) {
  psd_front_config config = {.kind = options->kind,
                             .card = psd_holder_card(at->holder),
                             .name = name_of(options->states[index]),
                             .log = stderr,
                             .trace = options->trace ? stderr : NULL,
                             .quick_ack = true};
  /* The command line was checked: there is an endpoint for every card. */
  (void)psd_endpoint_nth(&options->endpoint, index, &config.endpoint);
  psd_front_result result = psd_front_open(&config, &at->front);
  if (result == PSD_FRONT_NO_RESOURCES)
    (void)fputs("psd-card: out of memory or descriptors: run fewer cards\n", stderr);
  return result;
}

static int exit_status(psd_front_result result) {
  if (result == PSD_FRONT_OK)
    return PSD_CARD_EXIT_DONE;
  return result == PSD_FRONT_UNKNOWN_HOST ? PSD_CARD_EXIT_UNREACHABLE : PSD_CARD_EXIT_REFUSED;
}

static int open_all(const psd_options *options, station *stations) {
  for (unsigned i = 0; i < options->state_count; i++)
    if (!open_holder(options, i, &stations[i]))
      return PSD_CARD_EXIT_REFUSED;
  int status = PSD_CARD_EXIT_DONE;
  for (unsigned i = 0; i < options->state_count && status == PSD_CARD_EXIT_DONE; i++)
    status = exit_status(open_front(options, i, &stations[i]));
  return status;
}

static int start_all(const psd_options *options, station *stations) {
  for (unsigned i = 0; i < options->state_count; i++) {
    if (!psd_front_start(stations[i].front)) {
      (void)fputs("psd-card: out of threads: run fewer cards\n", stderr);
      return PSD_CARD_EXIT_REFUSED;
    }
  }
  return PSD_CARD_EXIT_DONE;
}

/* All are told before any is waited for: cards that work finish side by side. */
static void close_all(const psd_options *options, station *stations) {
  for (unsigned i = 0; i < options->state_count; i++)
    if (stations[i].front != NULL)
      psd_front_stop(stations[i].front);
  for (unsigned i = 0; i < options->state_count; i++) {
    psd_front_close(stations[i].front);
    psd_holder_close(stations[i].holder);
  }
}

int psd_run_cards(const psd_options *options) {
  station stations[PSD_OPTIONS_CARDS_MAX] = {{NULL, NULL}};
  sigset_t stops;
  (void)sigemptyset(&stops);
  (void)sigaddset(&stops, SIGTERM);
  (void)sigaddset(&stops, SIGINT);
  (void)sigaddset(&stops, SIGHUP);
  (void)sigprocmask(SIG_BLOCK, &stops, NULL);
  int status = open_all(options, stations);
  if (status == PSD_CARD_EXIT_DONE)
    status = start_all(options, stations);
  int received = 0;
  if (status == PSD_CARD_EXIT_DONE)
    (void)sigwait(&stops, &received);
  close_all(options, stations);
  return status;
}
