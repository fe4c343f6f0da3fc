/* The database engine itself, without schema and rules: rows of 100 bytes into a table with a key and nothing else. And
 * how many transactions have written to the meter server's database, as the engine counts them. */
#ifndef PSD_BENCH_BARE_H
#define PSD_BENCH_BARE_H

#include <stddef.h>
#include <stdint.h>

#define BARE_ROW 100U /* bytes */

typedef struct bare bare;
/* An engine. */
typedef struct bare_engine {
  const char *prefix; /* of a database's name */
  /* What goes wrong ends the program. */
  void *(*open)(const char *url);
  uint64_t (*written)(void *connection);
  void (*begin)(void *connection);
  void (*insert)(void *connection, const uint8_t row[BARE_ROW]);
  void (*commit)(void *connection);
  void (*close)(void *connection);
} bare_engine;
extern const bare_engine bare_sqlite, bare_postgres;

/* `url` is that of the meter server's database, beside which, or in which, the table is made. */
bare *bare_open(const char *url);
/* Transactions that have written to the meter server's database so far. PostgreSQL counts those too that were undone.
 */
uint64_t bare_written(bare *of);
/* Rows a second, so many in one transaction, for that long. */
double bare_measure(bare *of, size_t group, unsigned milliseconds);
void bare_close(bare *of);

#endif
