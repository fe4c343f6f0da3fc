#include "lanes.h"

/* Mills of a refill. */
#define AMOUNT 1000U
/* Refills of one lane between a start and a stop. */
#define SAMPLES_MAX 8192U

static const soft_kind kind = SOFT_FORWARD;

/* The PSDs of a lane are its own: a PSD has one session at a time. */
static void sign_on(lane *of, size_t turn) {
  const lanes *all = of->all;
  size_t lines = all->psds->count / 2 / all->active;
  size_t psd = of->number + turn % lines * all->active;
  of->call.server = all->server;
  of->call.user = &all->people->user[psd % all->people->count];
  caller_connect(&of->call);
  caller_handshake(&of->call, stock_psd(all->psds, kind, psd), kind);
}

static void *run_lane(void *argument) {
  lane *of = argument;
  lanes *all = of->all;
  for (size_t turn = 0; !atomic_load(&all->stop); turn++) {
    uint64_t begin = bench_now();
    if (all->fresh)
      sign_on(of, turn);
    caller_refill(&of->call, AMOUNT);
    bench_add(&of->latency, bench_now() - begin, 1);
    if (all->fresh)
      caller_hang_up(&of->call);
    (void)atomic_fetch_add(&all->done, 1);
  }
  return NULL;
}

void lanes_init(lanes *all, const char *server, const stock *psds, const owners *people) {
  all->server = server;
  all->psds = psds;
  all->people = people;
  bench_need(psds->count / 2 >= LANES_MAX, "PSD for every lane");
  for (size_t i = 0; i < LANES_MAX; i++)
    all->lane[i] = (lane){.all = all, .number = i};
}

void lanes_open(lanes *all, size_t count) {
  all->active = LANES_MAX;
  for (; all->open < count; all->open++)
    sign_on(&all->lane[all->open], 0);
  for (; all->open > count; all->open--)
    caller_hang_up(&all->lane[all->open - 1].call);
}

void lanes_start(lanes *all, size_t count, bool fresh) {
  bench_need(fresh ? all->open == 0 : count <= all->open, "sessions of that kind");
  all->active = count;
  all->fresh = fresh;
  atomic_store(&all->stop, false);
  for (size_t i = 0; i < count; i++) {
    lane *of = &all->lane[i];
    of->latency = bench_samples_make(SAMPLES_MAX);
    bench_need(pthread_create(&of->thread, NULL, run_lane, of) == 0, "thread");
  }
}

void lanes_stop(lanes *all, bench_samples *latency) {
  atomic_store(&all->stop, true);
  for (size_t i = 0; i < all->active; i++) {
    lane *of = &all->lane[i];
    (void)pthread_join(of->thread, NULL);
    bench_join(latency, &of->latency);
  }
}
