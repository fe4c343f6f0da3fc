#include "bare.h"

#include <stdlib.h>
#include <string.h>

#include "measure.h"

struct bare {
  const bare_engine *engine;
  void *connection;
};

static const bare_engine *engine_of(const char *url) {
  return strncmp(url, bare_sqlite.prefix, strlen(bare_sqlite.prefix)) == 0 ? &bare_sqlite : &bare_postgres;
}

bare *bare_open(const char *url) {
  bare *of = calloc(1, sizeof *of);
  bench_need(of != NULL, "memory");
  of->engine = engine_of(url);
  of->connection = of->engine->open(url);
  return of;
}

void bare_close(bare *of) {
  of->engine->close(of->connection);
  free(of);
}

uint64_t bare_written(bare *of) {
  return of->engine->written(of->connection);
}

double bare_measure(bare *of, size_t group, unsigned milliseconds) {
  static const uint8_t row[BARE_ROW] = {1};
  uint64_t begin = bench_now(), end = begin + milliseconds * UINT64_C(1000000), now = begin;
  size_t count = 0;
  for (; now < end; now = bench_now()) {
    of->engine->begin(of->connection);
    for (size_t i = 0; i < group; i++)
      of->engine->insert(of->connection, row);
    of->engine->commit(of->connection);
    count += group;
  }
  return (double)count * 1e9 / (double)(now - begin);
}
