/* bench-refill: durable refills of a meter server, beside what its database can do.
 *
 *   bench-refill label=… server=HOST:PORT factory=SOCKET kms=SOCKET db=URL server-pid=… kms-pid=… [psds=N] [rounds=N]
 *                [engine=0]
 *
 * Makes PSDs in software with keys of the key management system behind `factory`, and accounts and users, whose names
 * are sealed with the column key of the one behind `kms`; and has many refill at once. The rows are
 *
 *   refill.LABEL.WAY.…    rate (a second), p50, p95, p99 and max (microseconds), group (jobs in a transaction), server,
 *                         kms and psds (microseconds of processor time a refill; psds is this program's own); WAY is a
 * number of open sessions, or "handshake": 64 at once, each with a connection and a handshake of its own
 *   ledger.LABEL.WAY      refills a second by the data center's own calls, in groups of that size
 *   bare.LABEL.WAY        rows of 100 bytes a second into a bare table, in groups of that size
 *   written.LABEL         transactions that have written, from the first refill to the last, whoever's
 *
 * With engine=0 the database is left to the server alone. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "bare.h"
#include "lanes.h"
#include "ledger.h"
#include "watch.h"

#define ROUNDS 3U
#define WARM_MS 300U
#define MEASURE_MS 1000U
#define ENGINE_MS 500U
#define ACCOUNTS 100U

typedef struct settings {
  const char *label, *server, *factory, *kms, *db;
  unsigned long server_pid, kms_pid, psds, rounds, engine;
} settings;

/* One way to refill, and what was measured of it. */
typedef struct way {
  const char *name;
  size_t lanes;
  bool fresh;
  bench_samples latency, wall, server, kms, psds, group, ledger, bare;
} way;

typedef struct refilling {
  settings set;
  stock psds;
  owners people;
  lanes lanes;
  ledger *ledger;
  bare *bare;
} refilling;

typedef struct reading {
  uint64_t done, wall, server, kms, psds, written;
} reading;

static reading take_reading(refilling *all) {
  return (reading){.written = bare_written(all->bare),
                   .done = atomic_load(&all->lanes.done),
                   .wall = bench_now(),
                   .server = bench_processor_time((pid_t)all->set.server_pid),
                   .kms = bench_processor_time((pid_t)all->set.kms_pid),
                   .psds = bench_processor_time(getpid())};
}

/* Jobs in a transaction: a refill is two of them, with its handshake three. Kept as if it were microseconds. */
static void add_group(way *of, uint64_t refills, uint64_t transactions) {
  bench_need(transactions > 0, "transaction");
  bench_add(&of->group, refills * (of->fresh ? 3000U : 2000U), (unsigned)transactions);
}

static void measure_server(refilling *all, way *of) {
  bench_samples warm = {.us = NULL};
  lanes_open(&all->lanes, of->fresh ? 0 : LANES_MAX);
  lanes_start(&all->lanes, of->lanes, of->fresh);
  bench_let_pass(WARM_MS);
  lanes_stop(&all->lanes, &warm);
  bench_samples_free(&warm);
  reading before = take_reading(all);
  lanes_start(&all->lanes, of->lanes, of->fresh);
  bench_let_pass(MEASURE_MS);
  lanes_stop(&all->lanes, &of->latency);
  reading after = take_reading(all);
  unsigned count = (unsigned)(after.done - before.done);
  bench_need(count > 0, "refills");
  bench_add(&of->wall, after.wall - before.wall, count);
  bench_add(&of->server, after.server - before.server, count);
  bench_add(&of->kms, after.kms - before.kms, count);
  bench_add(&of->psds, after.psds - before.psds, count);
  add_group(of, count, after.written - before.written);
}

/* In groups as large as the server's were just now. */
static void measure_engine(refilling *all, way *of) {
  double last = of->group.us[of->group.count - 1];
  size_t group = last < 1 ? 1 : (size_t)(last + 0.5);
  bench_add(&of->ledger, (uint64_t)(1e9 / ledger_measure(all->ledger, group, ENGINE_MS)), 1);
  bench_add(&of->bare, (uint64_t)(1e9 / bare_measure(all->bare, group, ENGINE_MS)), 1);
}

static void report(const refilling *all, way *of) {
  const char *label = all->set.label;
  bench_row(1e6 / bench_percentile(&of->wall, 50), "refill.%s.%s.rate", label, of->name);
  bench_row(bench_percentile(&of->latency, 50), "refill.%s.%s.p50", label, of->name);
  bench_row(bench_percentile(&of->latency, 95), "refill.%s.%s.p95", label, of->name);
  bench_row(bench_percentile(&of->latency, 99), "refill.%s.%s.p99", label, of->name);
  bench_row(bench_percentile(&of->latency, 100), "refill.%s.%s.max", label, of->name);
  bench_row(bench_percentile(&of->group, 50), "refill.%s.%s.group", label, of->name);
  bench_row(bench_percentile(&of->server, 50), "refill.%s.%s.server", label, of->name);
  bench_row(bench_percentile(&of->kms, 50), "refill.%s.%s.kms", label, of->name);
  bench_row(bench_percentile(&of->psds, 50), "refill.%s.%s.psds", label, of->name);
  if (all->set.engine == 0)
    return;
  bench_row(1e6 / bench_percentile(&of->ledger, 50), "ledger.%s.%s", label, of->name);
  bench_row(1e6 / bench_percentile(&of->bare, 50), "bare.%s.%s", label, of->name);
}

static way make_way(const refilling *all, const char *name, size_t lane_count, bool fresh) {
  size_t rounds = all->set.rounds;
  return (way){.name = name,
               .lanes = lane_count,
               .fresh = fresh,
               .wall = bench_samples_make(rounds),
               .server = bench_samples_make(rounds),
               .kms = bench_samples_make(rounds),
               .psds = bench_samples_make(rounds),
               .group = bench_samples_make(rounds),
               .ledger = bench_samples_make(rounds),
               .bare = bench_samples_make(rounds)};
}

static void free_way(way *of) {
  bench_samples *all[] = {&of->latency, &of->wall,  &of->server, &of->kms,
                          &of->psds,    &of->group, &of->ledger, &of->bare};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    bench_samples_free(all[i]);
}

static void measure(refilling *all) {
  way ways[] = {make_way(all, "64", 64, false), make_way(all, "256", 256, false), make_way(all, "handshake", 64, true)};
  uint64_t written = bare_written(all->bare);
  for (unsigned long round = 0; round < all->set.rounds; round++)
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
      measure_server(all, &ways[i]);
      if (all->set.engine != 0)
        measure_engine(all, &ways[i]);
    }
  lanes_open(&all->lanes, 0);
  bench_row((double)(bare_written(all->bare) - written), "written.%s", all->set.label);
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    report(all, &ways[i]);
    free_way(&ways[i]);
  }
}

static bool take_setting(settings *set, const char *argument) {
  return bench_take_text(argument, "label", &set->label) || bench_take_text(argument, "server", &set->server) ||
         bench_take_text(argument, "factory", &set->factory) || bench_take_text(argument, "kms", &set->kms) ||
         bench_take_text(argument, "db", &set->db) || bench_take_number(argument, "server-pid", &set->server_pid) ||
         bench_take_number(argument, "kms-pid", &set->kms_pid) || bench_take_number(argument, "psds", &set->psds) ||
         bench_take_number(argument, "rounds", &set->rounds) || bench_take_number(argument, "engine", &set->engine);
}

int main(int argc, char **argv) {
  static refilling all = {.set = {.psds = 1000, .rounds = ROUNDS, .engine = 1}};
  const settings *set = &all.set;
  for (int i = 1; i < argc; i++)
    if (!take_setting(&all.set, argv[i]))
      bench_die("what is %s?", argv[i]);
  bench_need(set->label != NULL && set->server != NULL && set->factory != NULL && set->kms != NULL && set->db != NULL &&
                 set->server_pid != 0 && set->kms_pid != 0 && set->rounds > 0,
             "such call: see the head of refill.c");
  bench_need(psd_evp_start(), "cryptography");
  bench_allow_descriptors();
  all.psds = stock_make(set->factory, set->psds);
  all.people = owners_make(set->db, set->kms, set->label, ACCOUNTS);
  stock_enter(&all.psds, set->db, all.people.owner, all.people.count);
  lanes_init(&all.lanes, set->server, &all.psds, &all.people);
  all.ledger = ledger_open(set->db, &all.psds);
  all.bare = bare_open(set->db);
  measure(&all);
  bare_close(all.bare);
  ledger_close(all.ledger);
  owners_free(&all.people);
  stock_free(&all.psds);
  return 0;
}
