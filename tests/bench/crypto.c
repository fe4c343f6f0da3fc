/* bench-crypto-gmp, bench-crypto-ltm: the card's cryptography beside OpenSSL's, operation by operation and in turns.
 *
 *   bench-crypto-gmp NAME        the rows are crypto.NAME.… and crypto.openssl_NAME.… */
#include "crypto.h"

#include <stdio.h>

#include "measure.h"

#define ROUNDS 41U
#define BUDGET_NS UINT64_C(80000000) /* for all rounds of one side of an operation */
#define FEWEST_ROUNDS 9U

typedef struct operation {
  const char *name;
  bool (*card)(void);
  bool (*openssl)(void);
} operation;

static const operation operations[] = {
#define X(name) {#name, crypto_card_##name, crypto_openssl_##name},
    BENCH_OPERATIONS(X)
#undef X
};

typedef struct side {
  bool (*run)(void);
  unsigned batch; /* operations a sample */
  unsigned rounds;
  bench_samples samples;
} side;

static void add_sample(side *of) {
  uint64_t start = bench_now_computing();
  for (unsigned i = 0; i < of->batch; i++)
    bench_need(of->run(), "success of an operation");
  bench_add(&of->samples, bench_now_computing() - start, of->batch);
}

/* As many operations as the budget has room for: many a sample of what is quick, few samples of what is slow. */
static side prepare(bool (*run)(void)) {
  side of = {.run = run, .batch = 1, .rounds = ROUNDS};
  bench_need(run(), "success of an operation");
  uint64_t start = bench_now_computing();
  bench_need(run(), "success of an operation");
  uint64_t took = bench_now_computing() - start + 1U;
  if (took * ROUNDS < BUDGET_NS)
    of.batch = (unsigned)(BUDGET_NS / ROUNDS / took);
  else
    of.rounds = FEWEST_ROUNDS;
  of.samples = bench_samples_make(of.rounds);
  return of;
}

static void measure(const operation *what, const char *name) {
  side card = prepare(what->card);
  side openssl = prepare(what->openssl);
  for (unsigned i = 0; i < ROUNDS; i++) {
    if (i < card.rounds)
      add_sample(&card);
    if (i < openssl.rounds)
      add_sample(&openssl);
  }
  bench_row(bench_percentile(&card.samples, 50), "crypto.%s.%s", name, what->name);
  bench_row(bench_percentile(&openssl.samples, 50), "crypto.openssl_%s.%s", name, what->name);
  bench_samples_free(&card.samples);
  bench_samples_free(&openssl.samples);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    (void)fprintf(stderr, "usage: %s NAME\n", argv[0]);
    return 2;
  }
  bench_need(crypto_card_start() && crypto_openssl_start(), "cryptography");
  (void)fprintf(stderr, "   libtomcrypt with %s, %s\n", crypto_card_math(), crypto_openssl_version());
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
    measure(&operations[i], argv[1]);
  return 0;
}
