/* bench-seen NAME URL SIZE...: the database of pieces that were seen, when it has seen so many.
 *
 * Pieces come from 10 000 meters, each at random: every one goes to another place of the tree, as on a sorting line. */
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bare.h"
#include "crypto/evp.h"
#include "measure.h"
#include "verify/seen.h"
#include "watch.h"

#define METERS 10000U
#define GROUP 4096U /* pieces of one transaction, as psd-verify has them */
#define GROUPS 12U  /* that are measured at each size */
#define BARE_MS 1000U
#define SQLITE "sqlite:"
#define SAY_EVERY 500000U

typedef struct bench {
  const char *name, *url;
  psd_seen *seen;
  uint32_t counts[METERS]; /* pieces of each meter so far */
  uint32_t chance;
  uint64_t total;
  psd_claim claims[GROUP];
  psd_piece_verdict verdicts[GROUP];
} bench;

static uint32_t draw(bench *at) {
  at->chance ^= at->chance << 13;
  at->chance ^= at->chance >> 17;
  at->chance ^= at->chance << 5;
  return at->chance;
}

/* An indicium whose signature was found right; what stands for it differs from piece to piece. */
static void fill_claim(psd_claim *claim, uint32_t meter, uint32_t number) {
  *claim = (psd_claim){.length = PSD_INDICIUM_MAX, .profile = PSD_PROFILE_P256};
  claim->fields = (psd_indicium){.vendor = "PS",
                                 .model = "D1",
                                 .serial = meter + 1,
                                 .ascending = UINT64_C(730) * number,
                                 .postage = 730,
                                 .piece_count = number};
  memcpy(claim->bytes, &meter, sizeof meter);
  memcpy(claim->bytes + sizeof meter, &number, sizeof number);
}

/* Returns the nanoseconds of a group of pieces, each of which must be found to be new or, with `again`, not. */
static uint64_t add(bench *at, bool again) {
  char words[256];
  for (size_t i = 0; i < GROUP; i++) {
    uint32_t meter = draw(at) % METERS;
    while (again && at->counts[meter] == 0)
      meter = draw(at) % METERS;
    uint32_t number = again ? 1 + draw(at) % at->counts[meter] : ++at->counts[meter];
    fill_claim(&at->claims[i], meter, number);
    at->verdicts[i] = (psd_piece_verdict){.accepted = false};
    at->verdicts[i].checks[PSD_CHECK_SIGNATURE].result = PSD_CHECK_PASSED;
  }
  uint64_t start = bench_now();
  if (!psd_seen_add(at->seen, at->claims, at->verdicts, GROUP, (uint64_t)time(NULL), words, sizeof words))
    bench_die("%s", words);
  uint64_t taken = bench_now() - start;
  for (size_t i = 0; i < GROUP; i++)
    bench_need(at->verdicts[i].checks[PSD_CHECK_DUPLICATE].result == (again ? PSD_CHECK_FAILED : PSD_CHECK_PASSED),
               "right answer about a piece");
  at->total += again ? 0 : GROUP;
  return taken;
}

static void fill_up(bench *at, uint64_t size) {
  while (at->total < size) {
    uint64_t before = at->total;
    (void)add(at, false);
    if (at->total / SAY_EVERY != before / SAY_EVERY)
      (void)fprintf(stderr, "--   %s: %llu pieces\n", at->name, (unsigned long long)at->total);
  }
}

/* Of all groups together: what a group leaves to a later one is paid for as well. */
static double each(bench *at, bool again, unsigned groups) {
  uint64_t taken = 0;
  for (unsigned i = 0; i < groups; i++)
    taken += add(at, again);
  return (double)taken / 1e3 / GROUP / groups;
}

/* Its size, and how deep the tree is
 * ---------------------------------------------------------------------------------------------------------------- */

static double ask_sqlite(sqlite3 *db, const char *text) {
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW)
    bench_die("%s", sqlite3_errmsg(db));
  double number = sqlite3_column_double(statement, 0);
  (void)sqlite3_finalize(statement);
  return number;
}

/* The path of a page in the table dbstat is "/", and four characters for each level below the root. */
static void tell_sqlite(const bench *at, uint64_t size) {
  sqlite3 *db = NULL;
  if (sqlite3_open(at->url + strlen(SQLITE), &db) != SQLITE_OK)
    bench_die("%s", sqlite3_errmsg(db));
  double bytes = ask_sqlite(db, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
  bench_row(bytes / (double)at->total, "seen.%s.%llu.bytes", at->name, (unsigned long long)size);
  bench_row(
      1 + ask_sqlite(db,
                     "SELECT max(length(path)) / 4 FROM dbstat WHERE name = 'seen_pieces' AND pagetype <> 'overflow'"),
      "seen.%s.%llu.levels", at->name, (unsigned long long)size);
  (void)sqlite3_close(db);
}

static void tell_postgres(const bench *at, uint64_t size) {
  PGconn *db = PQconnectdb(at->url);
  PGresult *result = PQexec(db, "SELECT pg_total_relation_size('seen_pieces')");
  if (PQresultStatus(result) != PGRES_TUPLES_OK)
    bench_die("%s", PQerrorMessage(db));
  bench_row(strtod(PQgetvalue(result, 0, 0), NULL) / (double)at->total, "seen.%s.%llu.bytes", at->name,
            (unsigned long long)size);
  PQclear(result);
  PQfinish(db);
}

static void measure(bench *at, uint64_t size) {
  const unsigned groups = size < GROUPS * GROUP * 4U ? 2 : GROUPS;
  fill_up(at, size);
  bench_row(each(at, false, groups), "seen.%s.%llu.new", at->name, (unsigned long long)size);
  bench_row(each(at, true, groups), "seen.%s.%llu.again", at->name, (unsigned long long)size);
  bench_row(bench_resident(getpid(), "Rss:"), "seen.%s.%llu.resident", at->name, (unsigned long long)size);
  if (strncmp(at->url, SQLITE, strlen(SQLITE)) == 0)
    tell_sqlite(at, size);
  else
    tell_postgres(at, size);
}

int main(int argc, char **argv) {
  char words[256];
  if (argc < 4) {
    (void)fputs("usage: bench-seen NAME URL SIZE...\n", stderr);
    return 2;
  }
  bench *at = calloc(1, sizeof *at);
  bench_need(at != NULL && psd_evp_start(), "memory, or cryptography");
  at->name = argv[1];
  at->url = argv[2];
  at->chance = 1;
  at->seen = psd_seen_open(at->url, words, sizeof words);
  if (at->seen == NULL)
    bench_die("%s", words);
  for (int i = 3; i < argc; i++)
    measure(at, strtoull(argv[i], NULL, 10));
  psd_seen_close(at->seen);
  bare *alone = bare_open(at->url);
  bench_row(1e6 / bare_measure(alone, GROUP, BARE_MS), "seen.%s.bare", at->name);
  bare_close(alone);
  free(at);
  return 0;
}
