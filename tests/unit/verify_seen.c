/* Pieces that were seen: on SQLite in the folder of the bench, or on the PostgreSQL that PSD_POSTGRES names. */
#define _XOPEN_SOURCE 700
#include "verify_bench.h"

#include <errno.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "verify/seen.h"

#define TEST(name) static void name(void)
#define BATCH 500U
#define MANY 100000U

static char url[512];

static void on_postgres(const char *sql) {
  PGconn *link = PQconnectdb(url);
  CU_ASSERT_EQUAL_FATAL(PQstatus(link), CONNECTION_OK);
  PQclear(PQexec(link, "SET client_min_messages = error"));
  PGresult *result = PQexec(link, sql);
  CU_ASSERT_EQUAL_FATAL(PQresultStatus(result), PGRES_COMMAND_OK);
  PQclear(result);
  PQfinish(link);
}

static void on_sqlite(const char *sql) {
  sqlite3 *link = NULL;
  CU_ASSERT_EQUAL_FATAL(sqlite3_open(url + strlen("sqlite:"), &link), SQLITE_OK);
  CU_ASSERT_EQUAL_FATAL(sqlite3_exec(link, sql, NULL, NULL, NULL), SQLITE_OK);
  (void)sqlite3_close(link);
}

/* SQL past the site. */
static void raw(const char *sql) {
  if (getenv("PSD_POSTGRES") != NULL)
    on_postgres(sql);
  else
    on_sqlite(sql);
}

/* An empty database. */
static void clear(void) {
  const char *postgres = getenv("PSD_POSTGRES");
  bench_fill();
  if (postgres == NULL) {
    (void)snprintf(url, sizeof url, "sqlite:%s/seen.db", bench_folder());
    return;
  }
  (void)snprintf(url, sizeof url, "%s", postgres);
  on_postgres("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
}

static psd_seen *open_seen(void) {
  char words[256] = "";
  psd_seen *seen = psd_seen_open(url, words, sizeof words);
  if (seen == NULL)
    fprintf(stderr, "%s\n", words);
  CU_ASSERT_PTR_NOT_NULL_FATAL(seen);
  return seen;
}

/* A piece whose signature was found right, with registers behind it. */
static psd_claim claim_of(uint32_t serial, uint32_t piece, uint64_t ascending, uint64_t postage) {
  psd_claim claim = {.length = 113, .profile = PSD_PROFILE_P256};
  claim.fields = bench_fields(PSD_PROFILE_P256);
  claim.fields.serial = serial;
  claim.fields.piece_count = piece;
  claim.fields.ascending = ascending;
  claim.fields.postage = postage;
  psd_buffer out = psd_buffer_over(claim.bytes, sizeof claim.bytes);
  psd_put_message(&out, PSD_MESSAGE_INDICIUM, &claim.fields);
  return claim;
}

static psd_piece_verdict right(void) {
  psd_piece_verdict verdict = {.accepted = false};
  psd_find(&verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_PASSED, "right");
  psd_find(&verdict, PSD_CHECK_REGISTERS, PSD_CHECK_PASSED, "right");
  return verdict;
}

static psd_piece_verdict add(psd_seen *seen, const psd_claim *claim, uint64_t now) {
  char words[256] = "";
  psd_piece_verdict verdict = right();
  bool done = psd_seen_add(seen, claim, &verdict, 1, now, words, sizeof words);
  if (!done)
    fprintf(stderr, "%s\n", words);
  CU_ASSERT_TRUE_FATAL(done);
  return verdict;
}

static psd_piece_verdict add_piece(psd_seen *seen, uint32_t serial, uint32_t piece, uint64_t ascending,
                                   uint64_t postage) {
  psd_claim claim = claim_of(serial, piece, ascending, postage);
  return add(seen, &claim, BENCH_NOON);
}

TEST(test_duplicate) {
  clear();
  psd_seen *seen = open_seen();
  psd_claim claim = claim_of(1, 7, 5000, 730);
  psd_piece_verdict verdict = add(seen, &claim, BENCH_NOON);
  CU_ASSERT_TRUE(verdict.accepted);
  bench_found(&verdict, PSD_CHECK_DUPLICATE, PSD_CHECK_PASSED, "not seen before");
  psd_seen_close(seen);
  /* It is there when the database is opened again. */
  seen = open_seen();
  verdict = add(seen, &claim, BENCH_NOON + 60);
  CU_ASSERT_FALSE(verdict.accepted);
  bench_found(&verdict, PSD_CHECK_DUPLICATE, PSD_CHECK_FAILED, "was seen 2026-11-22 12:00:00 UTC");
  CU_ASSERT_PTR_NULL(strstr(verdict.checks[PSD_CHECK_DUPLICATE].words, "other content"));
  claim.bytes[112] ^= 1;
  verdict = add(seen, &claim, BENCH_NOON + 90);
  bench_found(&verdict, PSD_CHECK_DUPLICATE, PSD_CHECK_FAILED, "12:00:00 UTC, with other content");
  /* Another PSD's piece of that number, and another piece of that PSD. */
  CU_ASSERT_TRUE(add_piece(seen, 2, 7, 5000, 730).accepted);
  CU_ASSERT_TRUE(add_piece(seen, 1, 8, 5730, 730).accepted);
  psd_seen_close(seen);
}

/* What nobody has signed is not remembered: it would keep the genuine piece out. */
TEST(test_not_signed) {
  static const psd_check_result results[] = {PSD_CHECK_UNKNOWN, PSD_CHECK_FAILED};
  char words[256] = "";
  clear();
  psd_seen *seen = open_seen();
  psd_claim claim = claim_of(1, 7, 5000, 730);
  for (size_t i = 0; i < 2; i++) {
    psd_piece_verdict verdict = right();
    verdict.checks[PSD_CHECK_SIGNATURE].result = results[i];
    CU_ASSERT_TRUE(psd_seen_add(seen, &claim, &verdict, 1, BENCH_NOON, words, sizeof words));
    bench_found(&verdict, PSD_CHECK_DUPLICATE, PSD_CHECK_UNKNOWN, "nobody knows");
    CU_ASSERT_FALSE(verdict.accepted);
  }
  CU_ASSERT_TRUE(add(seen, &claim, BENCH_NOON).accepted);
  CU_ASSERT_TRUE(psd_seen_add(seen, NULL, NULL, 0, BENCH_NOON, words, sizeof words));
  psd_seen_close(seen);
}

/* One call with the same piece three times, one of another content, and one that was there. */
TEST(test_in_one_call) {
  psd_claim claims[5];
  psd_piece_verdict verdicts[5];
  char words[256] = "";
  clear();
  psd_seen *seen = open_seen();
  CU_ASSERT_TRUE(add_piece(seen, 9, 1, 730, 730).accepted);
  claims[0] = claims[1] = claims[2] = claim_of(1, 7, 5000, 730);
  claims[2].bytes[60] ^= 1;
  claims[3] = claim_of(9, 1, 730, 730);
  claims[4] = claim_of(1, 6, 4270, 730);
  for (size_t i = 0; i < 5; i++)
    verdicts[i] = right();
  CU_ASSERT_TRUE_FATAL(psd_seen_add(seen, claims, verdicts, 5, BENCH_NOON + 1, words, sizeof words));
  bench_found(&verdicts[0], PSD_CHECK_DUPLICATE, PSD_CHECK_PASSED, NULL);
  bench_found(&verdicts[1], PSD_CHECK_DUPLICATE, PSD_CHECK_FAILED, "12:00:01 UTC");
  bench_found(&verdicts[2], PSD_CHECK_DUPLICATE, PSD_CHECK_FAILED, "12:00:01 UTC, with other content");
  bench_found(&verdicts[3], PSD_CHECK_DUPLICATE, PSD_CHECK_FAILED, "12:00:00 UTC");
  bench_found(&verdicts[4], PSD_CHECK_DUPLICATE, PSD_CHECK_PASSED, NULL);
  psd_seen_close(seen);
}

/* Pieces 10, 20, 30 of a meter that goes up; what fits between them and what does not. */
TEST(test_neighbours) {
  static const struct {
    uint32_t piece;
    uint64_t ascending, postage;
    bool fits;
    const char *words;
  } cases[] = {
      {10, 1000, 100, true, NULL},
      {30, 3000, 100, true, NULL},
      {20, 2000, 100, true, NULL},
      {19, 1900, 900, true, NULL},                  /* all that there is between 10 and 20 */
      {18, 1000, 0, true, NULL},                    /* nothing was spent since 10 */
      {17, 1001, 0, false, "contradicts piece 18"}, /* more than there is after it */
      {16, 1000, 1, false, "contradicts piece 10"}, /* equal, with postage */
      {21, 1999, 0, false, "contradicts piece 20"}, /* less than before */
      {29, 2901, 0, false, "contradicts piece 30"}, /* 30 began with 2900 */
      {9, 900, 100, true, NULL},
      {8, 901, 100, false, "contradicts piece 9"},
      {40, 3099, 100, false, "contradicts piece 30"},
      {41, 3199, 100, true, NULL}, /* beside 40, which is remembered as well */
  };
  clear();
  psd_seen *seen = open_seen();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    psd_piece_verdict verdict = add_piece(seen, 1, cases[i].piece, cases[i].ascending, cases[i].postage);
    bench_found(&verdict, PSD_CHECK_DUPLICATE, PSD_CHECK_PASSED, NULL);
    bench_found(&verdict, PSD_CHECK_REGISTERS, cases[i].fits ? PSD_CHECK_PASSED : PSD_CHECK_FAILED, cases[i].words);
    CU_ASSERT_EQUAL(verdict.accepted, cases[i].fits);
  }
  /* Another meter's pieces are no neighbours. */
  CU_ASSERT_TRUE(add_piece(seen, 2, 20, 1, 1).accepted);
  psd_seen_close(seen);
}

/* A compact indicium has no registers: others look past it, and it contradicts nothing. */
TEST(test_compact) {
  clear();
  psd_seen *seen = open_seen();
  CU_ASSERT_TRUE(add_piece(seen, 1, 10, 1000, 100).accepted);
  psd_claim claim = claim_of(1, 11, 0, 100);
  claim.profile = PSD_PROFILE_COMPACT;
  CU_ASSERT_TRUE(add(seen, &claim, BENCH_NOON).accepted);
  psd_piece_verdict verdict = add_piece(seen, 1, 12, 999, 0);
  bench_found(&verdict, PSD_CHECK_REGISTERS, PSD_CHECK_FAILED, "contradicts piece 10");
  /* The same piece in the other form, either way. */
  verdict = add_piece(seen, 1, 11, 1100, 100);
  bench_found(&verdict, PSD_CHECK_DUPLICATE, PSD_CHECK_FAILED, "with other content");
  claim.fields.piece_count = 10;
  verdict = add(seen, &claim, BENCH_NOON);
  bench_found(&verdict, PSD_CHECK_DUPLICATE, PSD_CHECK_FAILED, "with other content");
  claim.fields.piece_count = 11;
  verdict = add(seen, &claim, BENCH_NOON);
  bench_found(&verdict, PSD_CHECK_DUPLICATE, PSD_CHECK_FAILED, "12:00:00 UTC");
  CU_ASSERT_PTR_NULL(strstr(verdict.checks[PSD_CHECK_DUPLICATE].words, "other"));
  psd_seen_close(seen);
}

TEST(test_refused) {
  char words[256] = "";
  clear();
  CU_ASSERT_PTR_NULL(psd_seen_open("mysql://somewhere", words, sizeof words));
  CU_ASSERT_PTR_NOT_NULL(strstr(words, "sqlite:FILE or postgresql://"));
  CU_ASSERT_PTR_NULL(psd_seen_open("sqlite:/nowhere/at/all.db", words, sizeof words));
  CU_ASSERT_PTR_NOT_NULL(strstr(words, "/nowhere/at/all.db"));
  CU_ASSERT_PTR_NULL(psd_seen_open("postgresql://u@/d?host=/nowhere", words, sizeof words));
  CU_ASSERT_PTR_NOT_NULL(strstr(words, "PostgreSQL"));
  bench_put("no.db",
            "this is no database, though it is long enough for a head of one, which has a hundred bytes....."
            "...................................................................",
            160, 0600);
  char broken[128];
  (void)snprintf(broken, sizeof broken, "sqlite:%s/no.db", bench_folder());
  CU_ASSERT_PTR_NULL(psd_seen_open(broken, words, sizeof words));
  CU_ASSERT_PTR_NOT_NULL(strstr(words, "is damaged, or is no database"));
}

/* The database fails: nothing was added, and no verdict has changed. */
TEST(test_failed) {
  char words[256] = "";
  clear();
  psd_seen *seen = open_seen();
  psd_claim claims[] = {claim_of(1, 7, 5000, 730), claim_of(1, 8, 5730, 730)};
  psd_piece_verdict verdicts[] = {right(), right()};
  claims[1].profile = PSD_PROFILE_COMPACT;
  raw("ALTER TABLE seen_compact RENAME TO elsewhere");
  CU_ASSERT_FALSE(psd_seen_add(seen, claims, verdicts, 2, BENCH_NOON, words, sizeof words));
  CU_ASSERT_NOT_EQUAL(words[0], '\0');
  for (size_t i = 0; i < 2; i++)
    CU_ASSERT_EQUAL(verdicts[i].checks[PSD_CHECK_DUPLICATE].words[0], '\0');
  raw("ALTER TABLE elsewhere RENAME TO seen_compact");
  CU_ASSERT_TRUE(psd_seen_add(seen, claims, verdicts, 2, BENCH_NOON, words, sizeof words));
  CU_ASSERT_TRUE(verdicts[0].accepted && verdicts[1].accepted);
  psd_seen_close(seen);
  raw("DROP TABLE seen_schema");
  raw("CREATE TABLE seen_schema (version BIGINT)");
  raw("INSERT INTO seen_schema VALUES (2)");
  CU_ASSERT_PTR_NULL(psd_seen_open(url, words, sizeof words));
  CU_ASSERT_PTR_NOT_NULL(strstr(words, "has schema 2, this program knows 1"));
}

/* Many pieces
 * -------------------------------------------------------------------------------------------------------------------
 */

typedef struct batch {
  psd_claim claims[BATCH];
  psd_piece_verdict verdicts[BATCH];
} batch;

/* Pieces of a hundred meters, in the order in which mail comes. */
static void fill(batch *of, uint32_t first) {
  for (uint32_t i = 0; i < BATCH; i++) {
    uint32_t number = first + i;
    of->claims[i] = claim_of(1 + number % 100, 1 + number / 100, (1 + number / 100) * 730, 730);
    of->verdicts[i] = right();
  }
}

static size_t accepted(const batch *of) {
  size_t count = 0;
  for (size_t i = 0; i < BATCH; i++)
    count += of->verdicts[i].accepted ? 1 : 0;
  return count;
}

static double seconds(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

TEST(test_many) {
  static batch of;
  char words[256] = "";
  const char *more = getenv("PSD_SEEN_MANY");
  uint32_t many = more != NULL ? (uint32_t)strtoul(more, NULL, 10) : MANY;
  clear();
  psd_seen *seen = open_seen();
  double begun = seconds(), adding = 0;
  for (uint32_t first = 0; first < many; first += BATCH) {
    fill(&of, first);
    double before = seconds();
    CU_ASSERT_TRUE_FATAL(psd_seen_add(seen, of.claims, of.verdicts, BATCH, BENCH_NOON, words, sizeof words));
    adding += seconds() - before;
    CU_ASSERT_EQUAL(accepted(&of), BATCH);
    if ((first + BATCH) % (many / 5) == 0) {
      fprintf(stderr, "  %u: %.1f us a piece\n", first + BATCH, adding * 5 / many * 1e6);
      adding = 0;
    }
  }
  fprintf(stderr, "  %u pieces in %.2f s\n", many, seconds() - begun);
  fill(&of, many / 2);
  CU_ASSERT_TRUE_FATAL(psd_seen_add(seen, of.claims, of.verdicts, BATCH, BENCH_NOON, words, sizeof words));
  CU_ASSERT_EQUAL(accepted(&of), 0);
  psd_seen_close(seen);
}

/* A process of its own adds batches and tells of each; it is killed. What it told is there, and of the rest whole
 * batches or nothing. */
static void add_and_tell(int out) {
  static batch of;
  char words[256] = "";
  psd_seen *seen = psd_seen_open(url, words, sizeof words);
  for (uint32_t first = 0; seen != NULL; first += BATCH) {
    fill(&of, first);
    if (!psd_seen_add(seen, of.claims, of.verdicts, BATCH, BENCH_NOON, words, sizeof words) ||
        write(out, &first, sizeof first) != (ssize_t)sizeof first)
      break;
  }
}

static pid_t start(void (*work)(int out), int *reads) {
  int ends[2];
  CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
  pid_t process = fork();
  CU_ASSERT_TRUE_FATAL(process >= 0);
  if (process == 0) {
    (void)close(ends[0]);
    work(ends[1]);
    _exit(0);
  }
  (void)close(ends[1]);
  *reads = ends[0];
  return process;
}

TEST(test_killed) {
  static batch of;
  char words[256] = "";
  uint32_t told = 0;
  int reads;
  clear();
  psd_seen_close(open_seen());
  pid_t process = start(add_and_tell, &reads);
  for (uint32_t i = 0; i < 8; i++)
    CU_ASSERT_EQUAL_FATAL(read(reads, &told, sizeof told), (ssize_t)sizeof told);
  CU_ASSERT_EQUAL(kill(process, SIGKILL), 0);
  for (uint32_t later; read(reads, &later, sizeof later) == (ssize_t)sizeof later;)
    told = later;
  (void)close(reads);
  CU_ASSERT_EQUAL(waitpid(process, NULL, 0), process);
  psd_seen *seen = open_seen();
  for (uint32_t first = 0; first <= told + 2 * BATCH; first += BATCH) {
    fill(&of, first);
    CU_ASSERT_TRUE_FATAL(psd_seen_add(seen, of.claims, of.verdicts, BATCH, BENCH_NOON, words, sizeof words));
    size_t fresh = accepted(&of);
    CU_ASSERT(first <= told ? fresh == 0 : fresh == 0 || fresh == BATCH);
  }
  psd_seen_close(seen);
}

/* Two sites are shown the same mail at the same time: of each piece one says that it was not seen before. */
static void add_the_same(int out) {
  static batch of;
  char words[256] = "";
  uint32_t count = 0;
  psd_seen *seen = psd_seen_open(url, words, sizeof words);
  for (uint32_t first = 0; seen != NULL && first < 20 * BATCH; first += BATCH) {
    fill(&of, first);
    if (!psd_seen_add(seen, of.claims, of.verdicts, BATCH, BENCH_NOON, words, sizeof words)) {
      fprintf(stderr, "%s\n", words);
      _exit(1);
    }
    count += (uint32_t)accepted(&of);
  }
  psd_seen_close(seen);
  (void)!write(out, &count, sizeof count);
}

TEST(test_two_sites) {
  int reads[2];
  pid_t processes[2];
  uint32_t counts[2] = {0, 0};
  clear();
  for (size_t i = 0; i < 2; i++)
    processes[i] = start(add_the_same, &reads[i]);
  for (size_t i = 0; i < 2; i++) {
    int status = 1;
    CU_ASSERT_EQUAL(read(reads[i], &counts[i], sizeof counts[i]), (ssize_t)sizeof counts[i]);
    CU_ASSERT_EQUAL(waitpid(processes[i], &status, 0), processes[i]);
    CU_ASSERT_EQUAL(status, 0);
    (void)close(reads[i]);
  }
  CU_ASSERT_EQUAL(counts[0] + counts[1], 20 * BATCH);
}

static const psd_check_test tests[] = {
    {"the same piece twice, with the same content and with another", test_duplicate},
    {"what is not signed is not remembered", test_not_signed},
    {"the same piece twice in one call", test_in_one_call},
    {"the ascending register goes up from piece to piece", test_neighbours},
    {"compact indicia among others", test_compact},
    {"what is no database is refused in clear words", test_refused},
    {"the database fails, or is of a later program", test_failed},
    {"many pieces", test_many},
    {"a site is killed: what it was told is there, and no half of anything", test_killed},
    {"two sites on one database", test_two_sites},
};

int main(void) {
  if (!psd_evp_start())
    return 2;
  int status = psd_check_run("pieces that were seen", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
