/* The database's workers: guesses that come in a crowd are judged one by one. */
#include "meter/workers.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"
#include "crypto/evp.h"

#define CROWD 40U
#define LOCK_AFTER 5U
#define NOW 1800000000U

static const uint8_t column[32] = {9}, right[32] = {1}, wrong[32] = {2};

typedef struct bench {
  uv_loop_t loop;
  psd_meter_workers *workers;
  psd_db *db;
  char file[64];
  unsigned back, accepted, failed;
} bench;

static void bench_open_with(bench *on, unsigned workers) {
  char words[200] = "", folder[] = "/tmp/psd-workers-XXXXXX";
  int64_t account = 0;
  *on = (bench){.back = 0};
  CU_ASSERT_TRUE_FATAL(psd_evp_start());
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
  (void)snprintf(on->file, sizeof on->file, "sqlite:%s/db", folder);
  on->db = psd_db_open(on->file, true, words, sizeof words);
  CU_ASSERT_PTR_NOT_NULL_FATAL(on->db);
  psd_db_set_key(on->db, column);
  CU_ASSERT_EQUAL_FATAL(psd_db_account_add(on->db, "1", "Anna's", &account), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_add(on->db, "anna", account, right), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_add(on->db, "bert", account, right), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(uv_loop_init(&on->loop), 0);
  on->workers = psd_meter_workers_new(&on->loop, on->file, workers, column, words, sizeof words);
  CU_ASSERT_PTR_NOT_NULL_FATAL(on->workers);
}

static void bench_open(bench *on) {
  bench_open_with(on, 1);
}

static void bench_close(bench *on) {
  static const char *const ends[] = {"", "-wal", "-shm"};
  char path[80];
  psd_meter_workers_free(on->workers);
  (void)uv_run(&on->loop, UV_RUN_DEFAULT);
  CU_ASSERT_EQUAL(uv_loop_close(&on->loop), 0);
  psd_db_close(on->db);
  for (size_t i = 0; i < 3; i++) {
    (void)snprintf(path, sizeof path, "%s%s", on->file + strlen("sqlite:"), ends[i]);
    (void)unlink(path);
  }
  *strrchr(on->file, '/') = '\0';
  (void)rmdir(on->file + strlen("sqlite:"));
  psd_evp_stop();
}

static void on_done(void *owner, psd_meter_job *job) {
  bench *on = owner;
  on->back++;
  on->failed += job->result != PSD_DB_DONE;
  on->accepted += job->result == PSD_DB_DONE && !job->refused;
}

static void guess(bench *on, const char *name, const uint8_t verifier[32]) {
  psd_meter_job *job = psd_meter_job_new(PSD_METER_JOB_SIGN_ON);
  CU_ASSERT_PTR_NOT_NULL_FATAL(job);
  (void)snprintf(job->name, sizeof job->name, "%s", name);
  memcpy(job->verifier, verifier, sizeof job->verifier);
  job->now = NOW;
  job->lock = (psd_meter_lock){.after = LOCK_AFTER, .first = 60, .most = 60};
  job->done = on_done;
  job->owner = on;
  CU_ASSERT_TRUE_FATAL(psd_meter_workers_submit(on->workers, job));
}

static void run_until(bench *on, unsigned back) {
  while (on->back < back)
    (void)uv_run(&on->loop, UV_RUN_ONCE);
}

static unsigned failures_of(const bench *on, const char *name) {
  psd_failures failures;
  CU_ASSERT_EQUAL(psd_db_failures_get(on->db, name, &failures), PSD_DB_DONE);
  return failures.count;
}

/* The right password among wrong ones that came with it is of no more use than behind them. */
static void test_guesses_at_once(void) {
  bench on;
  bench_open(&on);
  for (unsigned i = 0; i < CROWD; i++)
    guess(&on, "anna", wrong);
  guess(&on, "anna", right);
  run_until(&on, CROWD + 1);
  CU_ASSERT_EQUAL(on.accepted, 0);
  CU_ASSERT_EQUAL(on.failed, 0);
  CU_ASSERT_EQUAL(failures_of(&on, "anna"), LOCK_AFTER);
  bench_close(&on);
}

/* Nor is one that comes while the wrong ones wait to be counted. */
static void test_guess_before_the_count(void) {
  bench on;
  bench_open(&on);
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(on.db, true), PSD_DB_DONE); /* the worker's transaction waits for this one */
  for (unsigned i = 0; i < LOCK_AFTER; i++)
    guess(&on, "anna", wrong);
  (void)uv_run(&on.loop, UV_RUN_NOWAIT);
  guess(&on, "anna", right);
  (void)uv_run(&on.loop, UV_RUN_NOWAIT);
  CU_ASSERT_EQUAL(on.back, 0);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(on.db), PSD_DB_DONE);
  run_until(&on, LOCK_AFTER + 1);
  CU_ASSERT_EQUAL(on.accepted, 0);
  CU_ASSERT_EQUAL(on.failed, 0);
  bench_close(&on);
}

/* Those whose passwords are right do not wait for one another, nor for those who guess another's. */
static void test_honest_crowd(void) {
  bench on;
  bench_open(&on);
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(on.db, true), PSD_DB_DONE);
  guess(&on, "anna", wrong);
  for (unsigned i = 0; i < CROWD; i++)
    guess(&on, "bert", right);
  run_until(&on, CROWD);
  CU_ASSERT_EQUAL(on.accepted, CROWD);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(on.db), PSD_DB_DONE);
  run_until(&on, CROWD + 1);
  CU_ASSERT_EQUAL(on.accepted, CROWD);
  /* What is counted is in doubt no longer. */
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(on.db, true), PSD_DB_DONE);
  guess(&on, "anna", right);
  run_until(&on, CROWD + 2);
  CU_ASSERT_EQUAL(on.accepted, CROWD + 1);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(on.db), PSD_DB_DONE);
  bench_close(&on);
}

/* A database that takes nothing cannot count: then no guess is judged, the right one neither. */
static void test_nothing_can_be_counted(void) {
  bench on;
  struct rlimit before, none;
  bench_open(&on);
  CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
  none = before;
  none.rlim_cur = 0;
  (void)signal(SIGXFSZ, SIG_IGN);
  CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &none), 0);
  guess(&on, "anna", wrong);
  run_until(&on, 1);
  CU_ASSERT_EQUAL(on.failed, 1);
  guess(&on, "anna", right);
  run_until(&on, 2);
  CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &before), 0);
  CU_ASSERT_EQUAL(on.accepted, 0);
  guess(&on, "anna", right);
  run_until(&on, 3);
  CU_ASSERT_EQUAL(on.accepted, 1);
  /* From here on reading suffices again. */
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(on.db, true), PSD_DB_DONE);
  guess(&on, "anna", right);
  run_until(&on, 4);
  CU_ASSERT_EQUAL(on.accepted, 2);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(on.db), PSD_DB_DONE);
  bench_close(&on);
}

/* A wrong guess is read and then written; whoever of several workers reads it, it is counted, and all come back even
 * when the end comes before they were looked at. */
static void test_several_workers(void) {
  bench on;
  bench_open_with(&on, 3);
  for (unsigned i = 0; i < CROWD; i++) {
    guess(&on, i % 2 == 0 ? "anna" : "bert", wrong);
    (void)uv_run(&on.loop, UV_RUN_NOWAIT);
  }
  run_until(&on, CROWD);
  CU_ASSERT_EQUAL(failures_of(&on, "anna"), LOCK_AFTER);
  CU_ASSERT_EQUAL(failures_of(&on, "bert"), LOCK_AFTER);
  for (unsigned i = 0; i < CROWD; i++)
    guess(&on, "carl", wrong);
  bench_close(&on);
  CU_ASSERT_EQUAL(on.back, 2 * CROWD);
  CU_ASSERT_EQUAL(on.failed, 0);
  CU_ASSERT_EQUAL(on.accepted, 0);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"wrong guesses and the right one at once: locked", test_guesses_at_once},
      {"the right guess before the wrong ones are counted: locked", test_guess_before_the_count},
      {"an honest crowd waits for nobody", test_honest_crowd},
      {"wrong guesses that cannot be counted", test_nothing_can_be_counted},
      {"several workers, and an end before they are done", test_several_workers},
  };
  return psd_check_run("the database's workers", tests, PSD_CHECK_COUNT(tests));
}
