/* bench-verify: how many pieces psd-verify judges a second, beside ECDSA alone.
 *
 *   bench-verify make SITE                            the folder of a site, and lists SITE/first, rated, small, large
 *   bench-verify rate NAME PSD-VERIFY SITE THREADS    pieces a second, without and with the database, and OpenSSL's
 *                                                     verifications, so many threads, in turns
 *   bench-verify memory PSD-VERIFY SITE THREADS       the most memory for a small list and for a large one */
#include <fcntl.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/evp_internal.h"
#include "measure.h"
#include "site.h"

#define METERS 1000U
#define RATED 30000U /* pieces of the list whose rate is measured */
#define SMALL 10000U /* and of those whose memory is */
#define LARGE 200000U
#define ROUNDS 5U
#define RAW_NS UINT64_C(1500000000)
#define RAW_KEYS 64U
#define RAW_TURN 32U
#define THREADS_MOST 256U
#define ARGUMENTS 16U
#define PATH_SIZE 4096

extern char **environ;

typedef struct text {
  char words[PATH_SIZE];
} text;

static text join(const char *first, const char *second) {
  text made;
  int length = snprintf(made.words, sizeof made.words, "%s%s", first, second);
  bench_need(length > 0 && (size_t)length < sizeof made.words, "room for the path");
  return made;
}

/* OpenSSL alone: keys and contexts that are ready, signatures in DER, digests
 * ---------------------------------------------------------------------------------------------------------------- */

typedef struct raw_piece {
  EVP_PKEY_CTX *context;
  uint8_t digest[PSD_HASH], *der;
  size_t length;
} raw_piece;

typedef struct raw_thread {
  pthread_t thread;
  uint64_t count, computing; /* verifications, ns */
} raw_thread;

static raw_piece raw_one(void) {
  static const char data[] = "what is signed of an indicium has 49 bytes or so";
  raw_piece piece = {.length = 0};
  psd_pair *pair = psd_pair_new();
  EVP_PKEY *key = pair != NULL ? psd_pair_pkey(pair) : NULL;
  uint8_t signature[64];
  const psd_part part = {data, sizeof data};
  bench_need(key != NULL && psd_hash(&part, 1, piece.digest) && psd_pair_sign(pair, &part, 1, signature), "signature");
  ECDSA_SIG *both = ECDSA_SIG_new();
  bench_need(both != NULL &&
                 ECDSA_SIG_set0(both, BN_bin2bn(signature, 32, NULL), BN_bin2bn(signature + 32, 32, NULL)) == 1,
             "signature");
  int length = i2d_ECDSA_SIG(both, &piece.der);
  piece.length = length > 0 ? (size_t)length : 0;
  piece.context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
  bench_need(piece.length > 0 && piece.context != NULL && EVP_PKEY_verify_init(piece.context) == 1, "key");
  ECDSA_SIG_free(both);
  EVP_PKEY_free(key);
  psd_pair_free(pair);
  return piece;
}

static void *run_raw(void *argument) {
  raw_thread *at = argument;
  raw_piece pieces[RAW_KEYS];
  for (size_t i = 0; i < RAW_KEYS; i++)
    pieces[i] = raw_one();
  uint64_t begin = bench_now(), computing = bench_now_computing();
  for (at->count = 0; bench_now() - begin < RAW_NS; at->count += RAW_TURN)
    for (size_t i = 0; i < RAW_TURN; i++) {
      const raw_piece *piece = &pieces[(at->count + i) % RAW_KEYS];
      bench_need(EVP_PKEY_verify(piece->context, piece->der, piece->length, piece->digest, PSD_HASH) == 1, "signature");
    }
  at->computing = bench_now_computing() - computing;
  for (size_t i = 0; i < RAW_KEYS; i++) {
    EVP_PKEY_CTX_free(pieces[i].context);
    OPENSSL_free(pieces[i].der);
  }
  return NULL;
}

static void measure_raw(const char *name, size_t count) {
  raw_thread threads[THREADS_MOST];
  uint64_t verified = 0, computing = 0;
  for (size_t i = 0; i < count; i++)
    bench_need(pthread_create(&threads[i].thread, NULL, run_raw, &threads[i]) == 0, "threads");
  for (size_t i = 0; i < count; i++) {
    (void)pthread_join(threads[i].thread, NULL);
    verified += threads[i].count;
    computing += threads[i].computing;
  }
  bench_row((double)verified * 1e9 / (double)RAW_NS, "verify.%s.raw.rate", name);
  bench_row((double)computing / 1e3 / (double)verified, "verify.%s.raw.us", name);
}

/* psd-verify batch
 * ---------------------------------------------------------------------------------------------------------------- */

typedef struct batch {
  const char *program, *site, *list, *threads;
  bool database;
} batch;

typedef struct spent {
  double wall, computing; /* seconds */
  double resident;        /* KiB, the most */
} spent;

static void forget_database(const char *path) {
  static const char *const ends[] = {"", "-wal", "-shm"};
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
    (void)unlink(join(path, ends[i]).words);
}

static pid_t start(const batch *what, const char *database, const char *list) {
  char folder[] = "--site", threads[] = "--threads", db[] = "--db", none[] = "--no-remember", name[] = "batch";
  text program = join(what->program, ""), site = join(what->site, ""), count = join(what->threads, ""),
       url = join("sqlite:", database), file = join(list, "");
  char *arguments[ARGUMENTS] = {program.words, name, folder, site.words, threads, count.words};
  size_t at = 6;
  arguments[at++] = what->database ? db : none;
  if (what->database)
    arguments[at++] = url.words;
  arguments[at] = file.words;
  posix_spawn_file_actions_t actions;
  pid_t pid = -1;
  bool ok = posix_spawn_file_actions_init(&actions) == 0 &&
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
            posix_spawn(&pid, what->program, &actions, NULL, arguments, environ) == 0;
  bench_need(ok, what->program);
  (void)posix_spawn_file_actions_destroy(&actions);
  return pid;
}

static double seconds(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* A database that has seen nothing; every piece must be accepted. */
static spent run(const batch *what) {
  text list = join(what->site, what->list), database = join(what->site, "/seen.db");
  struct rusage usage;
  int status = 0;
  forget_database(database.words);
  uint64_t begin = bench_now();
  pid_t pid = start(what, database.words, list.words);
  bench_need(wait4(pid, &status, 0, &usage) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0,
             "piece that psd-verify accepts");
  double wall = (double)(bench_now() - begin) / 1e9;
  forget_database(database.words);
  return (spent){wall, seconds(usage.ru_utime) + seconds(usage.ru_stime), (double)usage.ru_maxrss};
}

/* Without what it takes to begin: the difference to a list with one piece of each meter, after which every certificate
 * was looked at. */
static void measure_batch(const char *name, batch what) {
  const char *kind = what.database ? "sqlite" : "plain";
  what.list = "/first";
  spent none = run(&what);
  what.list = "/rated";
  spent all = run(&what);
  bench_row((RATED - METERS) / (all.wall - none.wall), "verify.%s.%s.rate", name, kind);
  bench_row((all.computing - none.computing) * 1e6 / (RATED - METERS), "verify.%s.%s.us", name, kind);
  if (!what.database)
    bench_row(none.wall * 1e3, "verify.%s.begin", name);
}

static int measure_rate(char **arguments) {
  batch what = {.program = arguments[1], .site = arguments[2], .threads = arguments[3]};
  size_t threads = strtoul(what.threads, NULL, 10);
  bench_need(threads > 0 && threads <= THREADS_MOST && psd_evp_start(), "threads, or cryptography");
  for (unsigned i = 0; i < ROUNDS; i++) {
    measure_raw(arguments[0], threads);
    what.database = false;
    measure_batch(arguments[0], what);
    what.database = true;
    measure_batch(arguments[0], what);
  }
  return 0;
}

static int measure_memory(char **arguments) {
  for (unsigned i = 0; i < 2; i++) {
    batch what = {.program = arguments[0], .site = arguments[1], .threads = arguments[2], .database = i == 1};
    what.list = "/small";
    bench_row(run(&what).resident, "verify.memory.%s.%u", i == 1 ? "sqlite" : "plain", SMALL);
    what.list = "/large";
    bench_row(run(&what).resident, "verify.memory.%s.%u", i == 1 ? "sqlite" : "plain", LARGE);
  }
  return 0;
}

static int make(const char *folder) {
  bench_site of = site_make(folder, METERS);
  site_list(&of, join(folder, "/first").words, METERS);
  site_list(&of, join(folder, "/rated").words, RATED);
  site_list(&of, join(folder, "/small").words, SMALL);
  site_list(&of, join(folder, "/large").words, LARGE);
  site_free(&of);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "make") == 0)
    return make(argv[2]);
  if (argc == 6 && strcmp(argv[1], "rate") == 0)
    return measure_rate(argv + 2);
  if (argc == 5 && strcmp(argv[1], "memory") == 0)
    return measure_memory(argv + 2);
  (void)fputs("usage: bench-verify make SITE | rate NAME PSD-VERIFY SITE THREADS | memory PSD-VERIFY SITE THREADS\n",
              stderr);
  return 2;
}
