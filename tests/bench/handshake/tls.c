/* bench-tls: processor time of the server's end of a TLS 1.3 handshake, by OpenSSL.
 *
 *   bench-tls FOLDER        the rows are KIND.memory and KIND.tcp, microseconds a handshake; the identities that were
 *                           used are left in the folder, for the peers in other languages */
#include <stdio.h>

#include "measure.h"
#include "tls.h"

#define ROUNDS 9U

/* Some 40 ms a round, each. */
static const unsigned batch[TLS_KINDS] = {[TLS_MUTUAL] = 40, [TLS_PSK_DHE] = 100, [TLS_PSK] = 160};

typedef struct measured {
  tls_ends ends;
  bench_samples memory, tcp;
} measured;

static void measure(measured *of) {
  unsigned count = batch[of->ends.kind];
  bench_add(&of->memory, tls_in_memory(&of->ends, count), count);
  bench_add(&of->tcp, tls_over_tcp(&of->ends, count), count);
}

static void report(measured *of) {
  const char *name = tls_kind_name(of->ends.kind);
  bench_row(bench_percentile(&of->memory, 50), "%s.memory", name);
  bench_row(bench_percentile(&of->tcp, 50), "%s.tcp", name);
  bench_samples_free(&of->memory);
  bench_samples_free(&of->tcp);
  tls_ends_free(&of->ends);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    (void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  tls_identities identities = tls_identities_make();
  tls_identities_write(&identities, argv[1]);
  measured kinds[TLS_KINDS];
  for (unsigned i = 0; i < TLS_KINDS; i++) {
    kinds[i] = (measured){.ends = tls_ends_make((tls_kind)i, &identities),
                          .memory = bench_samples_make(ROUNDS),
                          .tcp = bench_samples_make(ROUNDS)};
    (void)tls_in_memory(&kinds[i].ends, batch[i]); /* warm */
  }
  /* In turns, so that noise falls on all alike. */
  for (unsigned round = 0; round < ROUNDS; round++)
    for (unsigned i = 0; i < TLS_KINDS; i++)
      measure(&kinds[i]);
  for (unsigned i = 0; i < TLS_KINDS; i++)
    report(&kinds[i]);
  tls_identities_free(&identities);
  return 0;
}
