/* Jobs about funds: each is one call of the data center, inside the transaction of its batch. */
#include "meter/jobs.h"

#include <string.h>

/* S1 of an operation that is not finished; ABSENT if it is, or there is none. */
static psd_db_result find_operation(psd_meter_job_funds *funds, const uint8_t device[8], psd_db *db) {
  psd_op op;
  psd_db_result result = psd_db_op_find(db, device, funds->sequence, &op);
  if (result != PSD_DB_DONE)
    return result;
  if (op.state != PSD_OP_RESERVED && op.state != PSD_OP_CREDITED)
    return PSD_DB_ABSENT;
  memcpy(funds->statement, op.request, sizeof funds->statement);
  funds->length = op.request_length;
  return PSD_DB_DONE;
}

static psd_db_result run_request(psd_meter_job *job, psd_db *db) {
  psd_meter_job_funds *funds = &job->funds;
  psd_funds_request parsed;
  if (!psd_parse_message(funds->statement, PSD_SIZE_FUNDS_REQUEST, PSD_MESSAGE_FUNDS_REQUEST, &parsed)) {
    funds->signal = PSD_SIGNAL_MESSAGE;
    return PSD_DB_DONE;
  }
  return job->kind == PSD_METER_JOB_RESERVE
             ? psd_dc_reserve(db, &parsed, funds->statement, funds->length, job->now, &funds->signal, &funds->available)
             : psd_dc_withdrawn(db, &parsed, funds->statement, funds->length, job->now, &funds->signal,
                                &funds->available);
}

static psd_db_result run_receipt(psd_meter_job *job, psd_db *db) {
  psd_meter_job_funds *funds = &job->funds;
  psd_funds_receipt parsed;
  if (!psd_parse_message(funds->statement, PSD_SIZE_FUNDS_RECEIPT, PSD_MESSAGE_FUNDS_RECEIPT, &parsed)) {
    funds->signal = PSD_SIGNAL_MESSAGE;
    return PSD_DB_DONE;
  }
  switch (job->kind) {
  case PSD_METER_JOB_SETTLE:
    return psd_dc_settle(db, &parsed, funds->statement, funds->length, job->now, &funds->signal, &funds->available);
  case PSD_METER_JOB_RELEASE:
    return psd_dc_release(db, &parsed, funds->statement, funds->length, job->now, &funds->signal, &funds->available);
  default:
    return psd_dc_closed(db, &parsed, funds->statement, funds->length, job->now, &funds->signal);
  }
}

psd_db_result psd_meter_job_run_funds(psd_meter_job *job, psd_db *db) {
  job->funds.signal = PSD_SIGNAL_NONE; /* it may be the second try */
  switch (job->kind) {
  case PSD_METER_JOB_OPERATION:
    return find_operation(&job->funds, job->device, db);
  case PSD_METER_JOB_RESERVE:
  case PSD_METER_JOB_WITHDRAWN:
    return run_request(job, db);
  default:
    return run_receipt(job, db);
  }
}
