#include "meter/jobs_orders.h"

#include <string.h>

#include "authority/authority.h"
#include "meter/jobs_rates.h"

/* What the account has, now that the audit has finished what was open. */
static psd_db_result left(psd_meter_job *job, psd_db *db) {
  psd_dc_funds funds = {.available = 0};
  psd_db_result result = psd_dc_account(db, job->row.device.account, &funds);
  job->funds.available = funds.available;
  return result;
}

/* What was announced to the PSD was found by reading; another server may have changed that since. */
static psd_db_result audited_meter(psd_meter_job *job, psd_db *db) {
  psd_db_result result = psd_dc_audited(db, job->audit, job->now, &job->finding, &job->row);
  if (result == PSD_DB_DONE && job->finding != job->expected)
    return PSD_DB_REFUSED;
  return result == PSD_DB_DONE && psd_dc_ending(job->finding) ? left(job, db) : result;
}

psd_db_result psd_meter_job_audited(psd_meter_job *job, psd_db *db) {
  psd_db_result result =
      job->registered ? audited_meter(job, db) : psd_db_device_audited(db, job->device, job->audit, job->now);
  if (result == PSD_DB_DONE && job->clear_failures)
    result = psd_db_failures_clear(db, job->name);
  return result;
}

/* A meter that has no licence yet, and was ordered none, gets its account's. */
static psd_db_result license(const psd_meter_job *job, psd_db *db) {
  psd_account account = {.id = 0};
  psd_db_result result = psd_db_account_licence(db, job->account, &account);
  if (result != PSD_DB_DONE || account.zip == 0 || job->row.zip != 0)
    return result;
  return psd_dc_move(db, job->device, account.zip, account.licence, job->now);
}

psd_db_result psd_meter_job_register(psd_meter_job *job, psd_db *db) {
  psd_db_result result = psd_db_device_register(db, job->device, job->user_id, job->account);
  if (result == PSD_DB_DONE)
    result = psd_db_meter_find(db, job->device, &job->row);
  if (result == PSD_DB_DONE)
    result = license(job, db);
  if (result == PSD_DB_DONE)
    result = psd_db_meter_find(db, job->device, &job->row);
  return result == PSD_DB_DONE ? psd_meter_job_rates_wait(job, db) : result;
}

/* The PSD takes numbers above the last it has seen, and several servers may hand them out. */
static psd_db_result take_number(psd_meter_job *job, psd_db *db) {
  psd_meter_errand *errand = job->errand;
  psd_db_result result = psd_db_meter_find(db, job->device, &job->row);
  if (result != PSD_DB_DONE)
    return result;
  uint32_t last = job->row.orders > errand->told ? job->row.orders : errand->told;
  if (last == UINT32_MAX)
    return PSD_DB_REFUSED;
  errand->number = job->row.orders = last + 1;
  return psd_db_meter_update(db, &job->row);
}

psd_db_result psd_meter_job_order_next(psd_meter_job *job, psd_db *db) {
  psd_meter_errand *errand = job->errand;
  psd_db_result result = psd_db_order_next(db, job->device, errand->action, &errand->order);
  if (result == PSD_DB_ABSENT && errand->renews) {
    errand->order = (psd_order_row){.action = errand->action, .time = job->now};
    memcpy(errand->order.device, job->device, sizeof job->device);
    result = PSD_DB_DONE;
  }
  if (result == PSD_DB_DONE)
    result = take_number(job, db);
  bool certified = (errand->action & (PSD_ACTION_AUTHORIZE | PSD_ACTION_CERTIFICATE)) != 0 && errand->pair;
  return result == PSD_DB_DONE && certified ? psd_db_certificate_number(db, &errand->certificate) : result;
}

psd_db_result psd_meter_job_order_done(psd_meter_job *job, psd_db *db) {
  const psd_meter_errand *errand = job->errand;
  psd_db_result result = psd_db_order_done(db, &errand->order);
  /* Another may have come in its place meanwhile, or none was there. */
  if (result == PSD_DB_ABSENT)
    result = PSD_DB_DONE;
  if (result == PSD_DB_DONE && errand->action == PSD_ACTION_ZEROIZE)
    result = psd_db_certificate_revoke(db, job->device, PSD_REVOCATION_CESSATION, job->now);
  if (result == PSD_DB_DONE && errand->action == PSD_ACTION_ZEROIZE)
    result = psd_ca_revoke_device(db, job->device, PSD_REASON_CESSATION, PSD_CA_OPERATOR, job->now, NULL);
  if (result == PSD_DB_DONE)
    result = psd_db_meter_find(db, job->device, &job->row);
  if (result != PSD_DB_DONE || errand->until == 0)
    return result;
  job->row.certificate_until = errand->until;
  return psd_db_meter_update(db, &job->row);
}
