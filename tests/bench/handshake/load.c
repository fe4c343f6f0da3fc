/* bench-load: what handshakes cost a meter server and its key management system.
 *
 *   bench-load label=… server=HOST:PORT factory=SOCKET db=URL user=… password=… server-pid=… kms-pid=… psds=N [idle=N]
 *              [only=WAY]
 *
 * Makes PSDs in software with keys of the key management system behind `factory`, registers them, and has them sign on,
 * in each way and over fresh and kept connections. The rows are handshake.LABEL.WAY.CONNECTIONS.… : rate (a second),
 * server and kms (microseconds of processor time a handshake); and, with idle sessions, idle.sessions and idle.resident
 * (KiB). */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "caller.h"
#include "measure.h"
#include "psd/reader/session.h"
#include "stock.h"
#include "watch.h"

#define LANES 16U /* handshakes at once */
#define ROUNDS 3U
#define WARM_MS 100U
#define MEASURE_MS 400U
#define LIMIT_MS 30000U

typedef struct settings {
  const char *label, *server, *factory, *db, *user, *password;
  const char *only; /* way to sign on; NULL for all */
  unsigned long server_pid, kms_pid, psds, idle;
} settings;

/* One way to sign on over one kind of connection. */
typedef struct cell {
  soft_kind kind;
  bool kept;
  bench_samples wall, server, kms;
} cell;

typedef struct load {
  settings set;
  psd_user user;
  stock psds;
  const cell *now;
  atomic_bool stop;
  atomic_uint_fast64_t done;
} load;

/* A thread with its connection and its PSDs. */
typedef struct lane {
  load *all;
  pthread_t thread;
  size_t first;
} lane;

static void *run_lane(void *argument) {
  const lane *of = argument;
  load *all = of->all;
  caller call = {.server = all->set.server, .user = &all->user};
  for (size_t at = of->first; !atomic_load(&all->stop); at += LANES) {
    caller_connect(&call);
    caller_handshake(&call, stock_psd(&all->psds, all->now->kind, at), all->now->kind);
    if (!all->now->kept)
      caller_hang_up(&call);
    (void)atomic_fetch_add(&all->done, 1);
  }
  caller_hang_up(&call);
  return NULL;
}

typedef struct reading {
  uint64_t done, wall, server, kms;
} reading;

static reading take_reading(const load *all) {
  return (reading){.done = atomic_load(&all->done),
                   .wall = bench_now(),
                   .server = bench_processor_time((pid_t)all->set.server_pid),
                   .kms = bench_processor_time((pid_t)all->set.kms_pid)};
}

static void measure_cell(load *all, cell *of) {
  lane lanes[LANES];
  all->now = of;
  atomic_store(&all->stop, false);
  for (size_t i = 0; i < LANES; i++) {
    lanes[i] = (lane){.all = all, .first = i};
    bench_need(pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i]) == 0, "thread");
  }
  bench_let_pass(WARM_MS);
  reading before = take_reading(all);
  bench_let_pass(MEASURE_MS);
  reading after = take_reading(all);
  atomic_store(&all->stop, true);
  for (size_t i = 0; i < LANES; i++)
    (void)pthread_join(lanes[i].thread, NULL);
  unsigned count = (unsigned)(after.done - before.done);
  bench_need(count > 0, "handshakes");
  bench_add(&of->wall, after.wall - before.wall, count);
  bench_add(&of->server, after.server - before.server, count);
  bench_add(&of->kms, after.kms - before.kms, count);
}

static void report_cell(const load *all, cell *of) {
  const char *kind = soft_kind_name(of->kind), *connections = of->kept ? "kept" : "fresh", *label = all->set.label;
  bench_row(1e6 / bench_percentile(&of->wall, 50), "handshake.%s.%s.%s.rate", label, kind, connections);
  bench_row(bench_percentile(&of->server, 50), "handshake.%s.%s.%s.server", label, kind, connections);
  bench_row(bench_percentile(&of->kms, 50), "handshake.%s.%s.%s.kms", label, kind, connections);
  bench_samples_free(&of->wall);
  bench_samples_free(&of->server);
  bench_samples_free(&of->kms);
}

/* The PSDs have keys for it, and it is wanted. */
static bool is_measured(const load *all, soft_kind kind) {
  return (soft_kind_suite(kind) & all->psds.suites) != 0 &&
         (all->set.only == NULL || strcmp(all->set.only, soft_kind_name(kind)) == 0);
}

static void measure_all(load *all) {
  cell cells[2 * SOFT_KINDS];
  size_t count = 0;
  for (unsigned kind = 0; kind < SOFT_KINDS; kind++)
    for (unsigned kept = 0; kept < 2 && is_measured(all, (soft_kind)kind); kept++)
      cells[count++] = (cell){.kind = (soft_kind)kind,
                              .kept = kept == 1,
                              .wall = bench_samples_make(ROUNDS),
                              .server = bench_samples_make(ROUNDS),
                              .kms = bench_samples_make(ROUNDS)};
  for (unsigned round = 0; round < ROUNDS; round++)
    for (size_t i = 0; i < count; i++)
      measure_cell(all, &cells[i]);
  for (size_t i = 0; i < count; i++)
    report_cell(all, &cells[i]);
}

/* Sessions that completed their handshake, and then say nothing. */
static void measure_idle(const load *all) {
  caller *calls = calloc(all->set.idle, sizeof *calls);
  bench_need(calls != NULL, "memory");
  for (size_t i = 0; i < all->set.idle; i++) {
    calls[i] = (caller){.server = all->set.server, .user = &all->user};
    caller_connect(&calls[i]);
    caller_handshake(&calls[i], stock_psd(&all->psds, SOFT_FORWARD, i), SOFT_FORWARD);
  }
  bench_row((double)all->set.idle, "idle.sessions");
  bench_row(bench_resident((pid_t)all->set.server_pid, "Rss:"), "idle.resident");
  for (size_t i = 0; i < all->set.idle; i++)
    caller_hang_up(&calls[i]);
  free(calls);
}

/* The password is stretched here, once, and is no part of any measurement. */
static void stretch(load *all) {
  psd_link *link = NULL;
  psd_call *call = NULL;
  psd_error error;
  bool done = psd_link_open(PSD_PEER_METER, all->set.server, LIMIT_MS, &link, &error) == PSD_OK &&
              psd_call_open(link, &call, &error) == PSD_OK &&
              psd_call_stretch(psd_call_greeting(call), all->set.user, all->set.password, strlen(all->set.password),
                               all->user.verifier, &error) == PSD_OK;
  if (!done)
    bench_die("%s", error.words);
  psd_call_close(call);
  bench_need(strlen(all->set.user) <= sizeof all->user.name, "user name of at most 32 bytes");
  memcpy(all->user.name, all->set.user, strlen(all->set.user));
}

static bool take_setting(settings *set, const char *argument) {
  return bench_take_text(argument, "label", &set->label) || bench_take_text(argument, "server", &set->server) ||
         bench_take_text(argument, "factory", &set->factory) || bench_take_text(argument, "db", &set->db) ||
         bench_take_text(argument, "user", &set->user) || bench_take_text(argument, "password", &set->password) ||
         bench_take_text(argument, "only", &set->only) || bench_take_number(argument, "server-pid", &set->server_pid) ||
         bench_take_number(argument, "kms-pid", &set->kms_pid) || bench_take_number(argument, "psds", &set->psds) ||
         bench_take_number(argument, "idle", &set->idle);
}

int main(int argc, char **argv) {
  load all = {.set = {.psds = 1000}};
  for (int i = 1; i < argc; i++)
    if (!take_setting(&all.set, argv[i]))
      bench_die("what is %s?", argv[i]);
  const settings *set = &all.set;
  bench_need(set->label != NULL && set->server != NULL && set->factory != NULL && set->db != NULL &&
                 set->user != NULL && set->password != NULL && set->server_pid != 0 && set->kms_pid != 0,
             "such call: see the head of load.c");
  bench_need(set->psds >= 2 * LANES, "PSD for every lane");
  bench_need(psd_evp_start(), "cryptography");
  bench_allow_descriptors();
  all.psds = stock_make(set->factory, set->psds);
  const stock_owner owner = {STOCK_FIRST_USER, STOCK_FIRST_USER};
  stock_enter(&all.psds, set->db, &owner, 1);
  stretch(&all);
  measure_all(&all);
  if (set->idle > 0)
    measure_idle(&all);
  stock_free(&all.psds);
  return 0;
}
