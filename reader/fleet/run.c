#define _GNU_SOURCE /* pipe2 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "password.h"
#include "psd/spec/text.h"
#include "report.h"
#include "worker.h"

#define CONNECTIONS 8U /* unless told otherwise */
#define TICK_MS 200    /* between two looks at how far it is */

static volatile sig_atomic_t interrupted;

/* The first one ends it in order; the second one ends the program, whatever it waits for. */
static void note_signal(int number) {
  (void)number;
  interrupted = 1;
}

static void catch_signals(void) {
  struct sigaction note = {.sa_handler = note_signal, .sa_flags = (int)SA_RESETHAND};
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  (void)sigemptyset(&note.sa_mask);
  (void)sigaction(SIGINT, &note, NULL);
  (void)sigaction(SIGTERM, &note, NULL);
  (void)sigaction(SIGPIPE, &ignore, NULL);
}

static int failed(const psd_error *error) {
  char memory[4 * PSD_ERROR_WORDS]; /* one byte may become four */
  psd_text text = psd_text_over(memory, sizeof memory);
  psd_say_text(&text, error->words, strlen(error->words));
  psd_fleet_show_nothing();
  fprintf(stderr, "psd-fleet: %s\n", memory);
  return psd_result_unreachable(error->result) ? PSD_EXIT_UNREACHABLE : PSD_EXIT_REFUSED;
}

/* Asks the server how passwords are stretched, and stretches this one: once, since all cards sign on as one user. */
static psd_result stretch(psd_fleet *fleet, psd_error *error) {
  const psd_fleet_options *options = fleet->options;
  psd_fleet_password password;
  psd_link *link = NULL;
  psd_call *call = NULL;
  psd_result result = psd_fleet_password_read(options->password_file, &password, error);
  if (result == PSD_OK)
    result = psd_link_open(PSD_PEER_METER, options->server, options->timeout * 1000U, &link, error);
  if (result == PSD_OK)
    result = psd_call_open(link, &call, error);
  if (result == PSD_OK)
    result = psd_call_stretch(psd_call_greeting(call), options->user, password.bytes, password.length, fleet->verifier,
                              error);
  psd_call_close(call);
  OPENSSL_cleanse(&password, sizeof password);
  return result;
}

static bool show_cards(void *context, size_t count, size_t of) {
  (void)context;
  psd_fleet_show_cards(count, of);
  return interrupted == 0;
}

static size_t connections_of(const psd_fleet *fleet) {
  size_t wanted = fleet->options->connections != 0 ? fleet->options->connections : CONNECTIONS;
  return wanted < fleet->cards.count ? wanted : fleet->cards.count;
}

static void show_progress(const psd_fleet *fleet, psd_worker *workers, size_t count) {
  uint64_t finished = 0, refused = 0;
  for (size_t i = 0; i < count; i++) {
    finished += atomic_load(&workers[i].finished);
    refused += atomic_load(&workers[i].refused);
  }
  psd_fleet_show_progress((psd_fleet_now() - fleet->pace.start) / 1000U, finished, refused);
}

/* Until every worker has written its byte to the pipe. */
static void watch(psd_fleet *fleet, psd_worker *workers, size_t count, int pipe_end) {
  size_t left = count;
  while (left > 0) {
    struct pollfd ended = {.fd = pipe_end, .events = POLLIN};
    char bytes[64];
    int ready = poll(&ended, 1, TICK_MS);
    ssize_t got = ready > 0 ? read(pipe_end, bytes, sizeof bytes) : 0;
    left -= got > 0 ? (size_t)got : 0;
    if (interrupted != 0)
      psd_pace_stop(&fleet->pace);
    show_progress(fleet, workers, count);
  }
  psd_fleet_show_nothing();
}

/* As many as the system has room for; returns how many that are. */
static size_t start_workers(psd_fleet *fleet, psd_worker *workers, size_t count) {
  size_t started = 0;
  while (started < count) {
    psd_worker *worker = &workers[started];
    worker->fleet = fleet;
    if (pthread_create(&worker->thread, NULL, psd_worker_run, worker) != 0)
      break;
    started++;
  }
  return started;
}

static void join_workers(psd_worker *workers, size_t count, psd_tally *tally, psd_tally *refills) {
  for (size_t i = 0; i < count; i++) {
    (void)pthread_join(workers[i].thread, NULL);
    psd_tally_merge(tally, &workers[i].tally);
    psd_tally_merge(refills, &workers[i].refills);
  }
}

static int run_workers(psd_fleet *fleet, psd_worker *workers, size_t count, int pipe_end) {
  const psd_fleet_options *options = fleet->options;
  psd_tally tally = {.done = 0}, refills = {.done = 0};
  psd_error error;
  if (!psd_pace_start(&fleet->pace, options->rate, options->duration, options->handshakes)) {
    (void)psd_error_set(&error, PSD_SYSTEM, "out of memory");
    return failed(&error);
  }
  size_t started = start_workers(fleet, workers, count);
  watch(fleet, workers, started, pipe_end);
  join_workers(workers, started, &tally, &refills);
  const psd_fleet_outcome outcome = {.options = options,
                                     .tally = &tally,
                                     .refills = &refills,
                                     .microseconds = (psd_fleet_now() - fleet->pace.start) / 1000U,
                                     .cards = fleet->cards.count,
                                     .connections = started};
  psd_pace_destroy(&fleet->pace);
  if (started > 0)
    psd_fleet_report(&outcome);
  if (started == count)
    return tally.failed == 0 ? PSD_EXIT_DONE : PSD_EXIT_REFUSED;
  (void)psd_error_set(&error, PSD_SYSTEM, "only %zu of %zu threads could be started", started, count);
  return failed(&error);
}

static int run_fleet(psd_fleet *fleet) {
  psd_error error;
  int ends[2];
  size_t count = connections_of(fleet);
  psd_worker *workers = calloc(count, sizeof *workers);
  if (workers == NULL || pipe2(ends, O_CLOEXEC) != 0) {
    free(workers);
    (void)psd_error_set(&error, PSD_SYSTEM, "no memory or descriptors are left: %s", strerror(errno));
    return failed(&error);
  }
  fleet->done = ends[1];
  int status = run_workers(fleet, workers, count, ends[0]);
  (void)close(ends[0]);
  (void)close(ends[1]);
  free(workers);
  return status;
}

static int run(const psd_fleet_options *options) {
  psd_fleet fleet = {.options = options};
  psd_error error;
  catch_signals();
  psd_result result = stretch(&fleet, &error);
  if (result == PSD_OK)
    result = psd_fleet_open(&fleet.cards, options->state_dir, options->cards, show_cards, NULL, &error);
  int status = result == PSD_OK ? run_fleet(&fleet) : failed(&error);
  psd_fleet_close(&fleet.cards);
  OPENSSL_cleanse(fleet.verifier, sizeof fleet.verifier);
  return status;
}

int psd_fleet_main(int argc, char **argv) {
  psd_fleet_options options;
  int status = psd_fleet_parse(&options, argc, argv);
  if (status != PSD_EXIT_DONE)
    return status;
  if (options.help)
    psd_fleet_help();
  else if (options.version)
    puts("psd-fleet " PSD_VERSION);
  else
    status = run(&options);
  if (fflush(stdout) != 0 || ferror(stdout)) {
    fputs("psd-fleet: standard output cannot be written\n", stderr);
    return PSD_EXIT_REFUSED;
  }
  return status;
}
