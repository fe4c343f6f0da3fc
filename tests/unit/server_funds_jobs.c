/* Jobs about funds in a batch with others: what the rules refuse is no failure, and undoes nobody's work. */
#include <string.h>

#include "check.h"
#include "funds_bench.h"
#include "meter/batch.h"

/* S1 of a refill of this amount, as a job. */
static psd_meter_job *reserve_job(funds_bench *on, uint64_t amount) {
  uint8_t answer[PAPER_RECORD], command[5 + PSD_SIZE_FUNDS_START + 1] = {0x80, 0x40, 0, 0, PSD_SIZE_FUNDS_START};
  psd_buffer data = psd_buffer_over(command + 5, PSD_SIZE_FUNDS_START);
  psd_funds_start wish = {.amount = amount};
  psd_put_message(&data, PSD_MESSAGE_FUNDS_START, &wish);
  size_t length = paper_funds_command(&on->card, command, sizeof command, answer);
  psd_meter_job *job = psd_meter_job_new(PSD_METER_JOB_RESERVE);
  CU_ASSERT_FATAL(job != NULL && length > 2 && length - 2 <= sizeof job->funds.statement);
  paper_device(&on->at.card, job->device);
  job->now = on->at.time;
  job->funds.length = length - 2;
  memcpy(job->funds.statement, answer, length - 2);
  return job;
}

/* A PSD that was manufactured meanwhile. */
static psd_meter_job *enrol_job(const uint8_t device[8]) {
  psd_meter_job *job = psd_meter_job_new(PSD_METER_JOB_ENROL);
  CU_ASSERT_PTR_NOT_NULL_FATAL(job);
  memcpy(job->device, device, sizeof job->device);
  job->vendor_key = PAPER_KEY;
  return job;
}

static void test_batch(uint64_t amount, psd_signal signal) {
  static const uint8_t before[8] = {'P', 'S', 'D', '1', 0, 0, 0, 1}, after[8] = {'P', 'S', 'D', '1', 0, 0, 0, 2};
  funds_bench on;
  psd_meter_jobs batch;
  psd_device_row row;
  funds_open(&on);
  psd_meter_jobs_empty(&batch);
  psd_meter_job *refill = reserve_job(&on, amount);
  psd_meter_jobs_append(&batch, enrol_job(before));
  psd_meter_jobs_append(&batch, refill);
  psd_meter_jobs_append(&batch, enrol_job(after));
  /* One transaction, and no second try. */
  CU_ASSERT_EQUAL(psd_meter_jobs_try(&batch, on.at.db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(refill->result, PSD_DB_DONE);
  CU_ASSERT_EQUAL(refill->funds.signal, signal);
  CU_ASSERT_EQUAL(psd_db_device_find(on.at.db, before, &row), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_find(on.at.db, after, &row), PSD_DB_DONE);
  CU_ASSERT_EQUAL(funds_account(&on), signal == PSD_SIGNAL_NONE ? FUNDS_DEPOSIT - amount : FUNDS_DEPOSIT);
  funds_check(&on, false);
  for (psd_meter_job *job; (job = psd_meter_jobs_take(&batch)) != NULL;)
    psd_meter_job_free(job);
  funds_close(&on);
}

static void test_reserved(void) {
  test_batch(1000, PSD_SIGNAL_NONE);
}

static void test_refused(void) {
  test_batch(FUNDS_DEPOSIT + 1, PSD_SIGNAL_FUNDS);
}

/* The same job twice, as after a conflict: once reserved. */
static void test_repeated(void) {
  funds_bench on;
  funds_open(&on);
  psd_meter_job *job = reserve_job(&on, 1000);
  for (unsigned i = 0; i < 2; i++) {
    CU_ASSERT_EQUAL_FATAL(psd_db_begin(on.at.db, true), PSD_DB_DONE);
    psd_meter_job_run(job, on.at.db, true);
    CU_ASSERT_EQUAL_FATAL(psd_db_commit(on.at.db), PSD_DB_DONE);
    CU_ASSERT_EQUAL(job->result, PSD_DB_DONE);
    CU_ASSERT_EQUAL(job->funds.signal, PSD_SIGNAL_NONE);
    CU_ASSERT_EQUAL(job->funds.available, FUNDS_DEPOSIT - 1000);
  }
  psd_meter_job_free(job);
  funds_check(&on, false);
  funds_close(&on);
}

/* Bytes that are no statement never come to the ledger. */
static void test_unreadable(void) {
  static const psd_meter_job_kind kinds[] = {PSD_METER_JOB_RESERVE, PSD_METER_JOB_SETTLE, PSD_METER_JOB_RELEASE,
                                             PSD_METER_JOB_WITHDRAWN, PSD_METER_JOB_CLOSED};
  funds_bench on;
  funds_open(&on);
  for (size_t i = 0; i < PSD_CHECK_COUNT(kinds); i++) {
    psd_meter_job *job = psd_meter_job_new(kinds[i]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(job);
    CU_ASSERT_EQUAL_FATAL(psd_db_begin(on.at.db, true), PSD_DB_DONE);
    psd_meter_job_run(job, on.at.db, true);
    CU_ASSERT_EQUAL_FATAL(psd_db_commit(on.at.db), PSD_DB_DONE);
    CU_ASSERT_EQUAL(job->result, PSD_DB_DONE);
    CU_ASSERT_NOT_EQUAL(job->funds.signal, PSD_SIGNAL_NONE);
    psd_meter_job_free(job);
  }
  funds_check(&on, true);
  funds_close(&on);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a refill is reserved among other jobs", test_reserved},
      {"a refill is refused among other jobs", test_refused},
      {"a job is done once more", test_repeated},
      {"statements that are none", test_unreadable},
  };
  return psd_check_run("server funds jobs", tests, PSD_CHECK_COUNT(tests));
}
