/* psd tsa: time stamps over HTTP, made and paid for by the cards that are here (docs/tsa.md). */
#include "tsa.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <string.h>

#include "cli.h"
#include "psd/program/json.h"

#define ADDRESS "127.0.0.1:3161"

static psd_result reach_socket(void *context, psd_transport **transport, psd_error *error) {
  const psd_cli_place *place = context;
  return psd_transport_socket(place->name, transport, error);
}

static psd_result reach_reader(void *context, psd_transport **transport, psd_error *error) {
  const psd_cli_place *place = context;
  return psd_transport_pcsc(place->name, 0, transport, error);
}

/* Without any the first reader with a card. */
static size_t places_of(psd_cli *cli, psd_tsa_place places[PSD_CLI_PLACES]) {
  if (cli->place_count == 0)
    cli->places[cli->place_count++] = (psd_cli_place){.name = NULL};
  for (size_t i = 0; i < cli->place_count; i++) {
    psd_cli_place *place = &cli->places[i];
    places[i] = (psd_tsa_place){.name = place->name != NULL ? place->name : "the first reader with a card",
                                .reach = place->socket ? reach_socket : reach_reader,
                                .context = place};
  }
  return cli->place_count;
}

/* What the threads that begin from here on leave to this one. */
static void block_signals(sigset_t *set) {
  (void)signal(SIGPIPE, SIG_IGN);
  (void)sigemptyset(set);
  (void)sigaddset(set, SIGINT);
  (void)sigaddset(set, SIGTERM);
  (void)pthread_sigmask(SIG_BLOCK, set, NULL);
}

/* The second one ends the program, whatever it waits for. */
static void wait_for_signal(const sigset_t *set) {
  int number;
  (void)sigwait(set, &number);
  (void)pthread_sigmask(SIG_UNBLOCK, set, NULL);
}

static void say_begin(const psd_cli *cli, const psd_tsa *tsa, const char *address, size_t count) {
  const char *colon = strrchr(address, ':');
  int length = colon != NULL ? (int)(colon - address) : 0;
  if (!cli->json)
    printf("psd tsa listens at %.*s:%u, with %zu card%s; Ctrl-C ends it\n", length, address,
           (unsigned)psd_tsa_port(tsa), count, count == 1 ? "" : "s");
  (void)fflush(stdout);
  if (!psd_tsa_is_local(tsa))
    fputs("psd: warning: whoever reaches this address spends the money of the meter\n", stderr);
}

static void tell_counts(const psd_tsa_counts *counts, size_t count) {
  psd_json json = psd_json_lines_on(stdout);
  psd_json_object(&json, NULL);
  psd_json_string(&json, "event", "end");
  psd_json_number(&json, "granted", counts->granted);
  psd_json_number(&json, "refused", counts->refused);
  psd_json_number(&json, "failed", counts->failed);
  psd_json_number(&json, "others", counts->others);
  psd_json_number(&json, "mean", counts->granted > 0 ? counts->total / counts->granted : 0);
  psd_json_number(&json, "slowest", counts->slowest);
  psd_json_array(&json, "cards");
  for (size_t i = 0; i < count; i++)
    psd_json_number(&json, NULL, counts->by_card[i]);
  psd_json_end_array(&json);
  psd_json_end_object(&json);
}

static void say_counts(const psd_tsa_counts *counts, size_t count) {
  printf("%" PRIu64 " stamps, %" PRIu64 " queries refused (%" PRIu64 " by the server's fault), %" PRIu64
         " other requests\n",
         counts->granted, counts->refused, counts->failed, counts->others);
  if (counts->granted == 0)
    return;
  printf("a stamp took %" PRIu64 " ms, the slowest %" PRIu64 " ms\n", counts->total / counts->granted / 1000,
         counts->slowest / 1000);
  for (size_t i = 0; i < count && count > 1; i++)
    printf("card %zu: %" PRIu64 "\n", i + 1, counts->by_card[i]);
}

static int run(psd_cli *cli, const psd_tsa_settings *settings) {
  psd_tsa *tsa = NULL;
  psd_tsa_counts counts;
  psd_error error;
  sigset_t signals;
  block_signals(&signals);
  if (psd_tsa_start(settings, &tsa, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  say_begin(cli, tsa, settings->address, settings->count);
  wait_for_signal(&signals);
  psd_tsa_stop(tsa, &counts);
  if (cli->json)
    tell_counts(&counts, settings->count);
  else
    say_counts(&counts, settings->count);
  return PSD_EXIT_DONE;
}

int psd_run_tsa(psd_cli *cli) {
  static const psd_question question = {.prompt = "PIN"};
  psd_tsa_place places[PSD_CLI_PLACES];
  psd_secret pin;
  psd_error error;
  if (psd_ask(cli->pin_file, &question, 1, &pin, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  const psd_tsa_settings settings = {.address = cli->listen != NULL ? cli->listen : ADDRESS,
                                     .places = places,
                                     .count = places_of(cli, places),
                                     .pin = &pin,
                                     .slot = (uint8_t)cli->slot,
                                     .log = stdout,
                                     .json = cli->json};
  int status = run(cli, &settings);
  OPENSSL_cleanse(&pin, sizeof pin);
  return status;
}
