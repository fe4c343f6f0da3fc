#include "meter/jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/evp.h"
#include "meter/desk.h"
#include "meter/jobs_authority.h"
#include "meter/jobs_orders.h"
#include "meter/jobs_rates.h"

/* Seconds for which failed sign-ons that lock nobody any more are remembered; so many names are a crowd, in which those
 * that nobody has are remembered for less. */
#define REMEMBER 86400U
#define REMEMBER_CROWD 600U
#define CROWD 100000U

/* At first: it may find that it has to write. */
static bool only_reads(psd_meter_job_kind kind) {
  return kind == PSD_METER_JOB_SIGN_ON || kind == PSD_METER_JOB_OPERATION || kind == PSD_METER_JOB_RATES_NEXT ||
         kind == PSD_METER_JOB_CA_NEWS || kind == PSD_METER_JOB_CREDIT_NEWS;
}

psd_meter_job *psd_meter_job_new(psd_meter_job_kind kind) {
  psd_meter_job *job = calloc(1, sizeof *job);
  if (job == NULL)
    return NULL;
  job->kind = kind;
  job->writes = !only_reads(kind);
  return job;
}

void psd_meter_job_free(psd_meter_job *job) {
  if (job == NULL)
    return;
  free(job->op);
  free(job->errand);
  free(job->desk);
  free(job->rates);
  psd_secret_wipe(job, sizeof *job);
  free(job);
}

/* How long failure number `count` locks a name. */
static uint64_t lock_seconds(const psd_meter_lock *lock, uint64_t count) {
  if (count < lock->after)
    return 0;
  uint64_t seconds = lock->first;
  for (uint64_t i = lock->after; i < count && seconds < lock->most; i++)
    seconds *= 2;
  return seconds < lock->most ? seconds : lock->most;
}

/* One more failed sign-on of a name, whether anybody has it or not. */
static psd_db_result count_failure(psd_meter_job *job, psd_db *db, psd_failures failures) {
  if (failures.count < UINT32_MAX)
    failures.count++;
  uint64_t seconds = lock_seconds(&job->lock, failures.count);
  failures.until = seconds == 0 ? 0 : job->now + seconds;
  job->wait = (uint32_t)seconds;
  return psd_db_failures_set(db, job->name, &failures);
}

/* Is it this user's password? The same is done for a user that is not there, so that nobody can tell by the time. While
 * a name is locked even the right password is refused, and nothing is counted. */
static psd_db_result verify_user(psd_meter_job *job, psd_db *db, bool may_write) {
  psd_failures failures = {.count = 0};
  psd_db_result result = psd_db_failures_get(db, job->name, &failures);
  if (result != PSD_DB_DONE)
    return result;
  job->user = (psd_user_row){.id = 0};
  result = psd_db_user_find(db, job->name, &job->user);
  bool there = result == PSD_DB_DONE;
  if (!there && result != PSD_DB_ABSENT)
    return result;
  bool right = psd_db_user_check(&job->user, job->verifier);
  bool locked = job->now < failures.until;
  job->failures = failures.count;
  job->wait = locked ? (uint32_t)(failures.until - job->now) : 0;
  job->refused = locked || !right || !there || job->user.disabled;
  if (!job->refused && job->proves && may_write)
    return psd_db_failures_set(db, job->name, &failures);
  if (!job->refused || locked)
    return PSD_DB_DONE;
  if (may_write)
    return count_failure(job, db, failures);
  job->writes = true;
  return PSD_DB_DONE;
}

/* The operation that the PSD and the server have not finished. */
static psd_db_result find_open(psd_meter_job *job, psd_db *db) {
  if (job->op == NULL)
    job->op = calloc(1, sizeof *job->op);
  return job->op == NULL ? PSD_DB_BUSY : psd_db_op_find(db, job->device, job->row.open_sequence, job->op);
}

static psd_db_result sign_on(psd_meter_job *job, psd_db *db, bool may_write) {
  psd_db_result result = verify_user(job, db, may_write);
  if (result != PSD_DB_DONE || job->refused)
    return result;
  result = psd_db_meter_find(db, job->device, &job->row);
  job->device_known = result == PSD_DB_DONE;
  if (result == PSD_DB_DONE)
    result = psd_meter_job_rates_wait(job, db);
  if (result == PSD_DB_DONE && job->row.open_sequence != 0)
    return find_open(job, db);
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

static psd_db_result new_password(psd_meter_job *job, psd_db *db) {
  psd_db_result result = verify_user(job, db, true);
  if (result != PSD_DB_DONE || job->refused)
    return result;
  return psd_db_user_set_verifier(db, job->user.id, job->next_verifier);
}

/* Failures of long ago; of made-up names, when there are many, even those of a while ago. */
static psd_db_result prune(const psd_meter_job *job, psd_db *db) {
  psd_db_result result = psd_db_failures_prune(db, job->now - REMEMBER);
  if (result != PSD_DB_DONE)
    return result;
  return psd_db_failures_prune_crowd(db, job->now - REMEMBER_CROWD, CROWD);
}

static psd_db_result run(psd_meter_job *job, psd_db *db, bool may_write) {
  switch (job->kind) {
  case PSD_METER_JOB_SIGN_ON:
    return sign_on(job, db, may_write);
  case PSD_METER_JOB_AUDITED:
    return psd_meter_job_audited(job, db);
  case PSD_METER_JOB_REGISTER:
    return psd_meter_job_register(job, db);
  case PSD_METER_JOB_NEW_PASSWORD:
    return new_password(job, db);
  case PSD_METER_JOB_PRUNE:
    return prune(job, db);
  case PSD_METER_JOB_ORDER_NEXT:
    return psd_meter_job_order_next(job, db);
  case PSD_METER_JOB_ORDER_DONE:
    return psd_meter_job_order_done(job, db);
  case PSD_METER_JOB_CERTIFIED:
    return psd_meter_job_certified(job, db);
  case PSD_METER_JOB_RATES_NEXT:
    return psd_meter_job_rates_next(job, db);
  case PSD_METER_JOB_RATES_DONE:
    return psd_meter_job_rates_done(job, db);
  case PSD_METER_JOB_OPERATION:
  case PSD_METER_JOB_RESERVE:
  case PSD_METER_JOB_SETTLE:
  case PSD_METER_JOB_RELEASE:
  case PSD_METER_JOB_WITHDRAWN:
  case PSD_METER_JOB_CLOSED:
    return psd_meter_job_run_funds(job, db);
  case PSD_METER_JOB_ALARM:
    return psd_dc_distrust(db, job->device, job->alarm, job->now);
  case PSD_METER_JOB_CA_REQUESTED:
  case PSD_METER_JOB_CA_NEWS:
  case PSD_METER_JOB_CA_ISSUED:
  case PSD_METER_JOB_CA_REVOKE:
  case PSD_METER_JOB_CA_COMMAND:
  case PSD_METER_JOB_CA_COMMANDED:
  case PSD_METER_JOB_CA_REFUSED:
  case PSD_METER_JOB_CA_CONFIRMED:
  case PSD_METER_JOB_CREDIT_APPLIED:
  case PSD_METER_JOB_CREDIT_NEWS:
  case PSD_METER_JOB_CREDIT_ISSUED:
    return psd_meter_job_run_authority(job, db);
  case PSD_METER_JOB_SWEEP:
    return psd_meter_job_sweep(job, db);
  case PSD_METER_JOB_ENROL:
  default:
    return psd_db_device_add(db, job->device, job->wrapped_k4, job->vendor_key, job->ca_key);
  }
}

void psd_meter_job_run(psd_meter_job *job, psd_db *db, bool may_write) {
  job->result = run(job, db, may_write);
  if (job->result == PSD_DB_FAILED || job->result == PSD_DB_BUSY)
    (void)snprintf(job->words, sizeof job->words, "%s", psd_db_error(db));
}
