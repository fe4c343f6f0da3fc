/* bench-null: puts cards that do nothing (tests/support/null_card.c) behind the front ends of psd-card, until SIGTERM.
 *
 *   bench-null vpcd HOST:PORT       into the virtual reader there
 *   bench-null plain HOST:PORT      the same, without quick acknowledgements: as any plain client does it
 *   bench-null listen PATH          at a Unix socket
 *
 * Behind it as many endpoints of the kind as one likes. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/front.h"
#include "measure.h"

#define CARDS_MAX 8

static psd_front *open_front(const char *kind, const char *where) {
  static const psd_ports no_ports = {.nvm = {.device = NULL}};
  psd_front_config config = {.kind = strcmp(kind, "listen") == 0 ? PSD_FRONT_LISTEN : PSD_FRONT_VPCD,
                             .name = "null",
                             .log = stderr,
                             .quick_ack = strcmp(kind, "plain") != 0};
  void *memory = malloc(psd_card_size());
  psd_front *front = NULL;
  bench_need(memory != NULL, "memory");
  config.card = psd_card_init(memory, &no_ports);
  bench_need(psd_endpoint_parse(where, &config.endpoint), "such endpoint");
  bench_need(psd_front_open(&config, &front) == PSD_FRONT_OK, "front end");
  return front;
}

int main(int argc, char **argv) {
  psd_front *fronts[CARDS_MAX] = {NULL};
  if (argc < 3 || argc > 2 + CARDS_MAX) {
    (void)fputs("usage: bench-null vpcd|plain|listen ENDPOINT...\n", stderr);
    return 2;
  }
  sigset_t stops;
  (void)sigemptyset(&stops);
  (void)sigaddset(&stops, SIGTERM);
  (void)sigaddset(&stops, SIGINT);
  (void)sigprocmask(SIG_BLOCK, &stops, NULL);
  int count = argc - 2;
  for (int i = 0; i < count; i++)
    fronts[i] = open_front(argv[1], argv[2 + i]);
  for (int i = 0; i < count; i++)
    bench_need(psd_front_start(fronts[i]), "thread");
  int received = 0;
  (void)sigwait(&stops, &received);
  for (int i = 0; i < count; i++)
    psd_front_close(fronts[i]);
  return 0; /* the cards' memory goes with the process */
}
