#include "meter/jobs_rates.h"

#include <stdlib.h>
#include <string.h>

psd_db_result psd_meter_job_rates_wait(psd_meter_job *job, psd_db *db) {
  psd_published_rates due;
  psd_db_result result = psd_dc_rates_due(db, &job->row, job->now, &due);
  job->rates_wait = result == PSD_DB_DONE;
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

psd_db_result psd_meter_job_rates_next(psd_meter_job *job, psd_db *db) {
  psd_db_result result = psd_db_meter_find(db, job->device, &job->row);
  if (job->rates == NULL)
    job->rates = calloc(1, sizeof *job->rates);
  if (result != PSD_DB_DONE || job->rates == NULL)
    return result == PSD_DB_DONE ? PSD_DB_BUSY : result;
  return psd_dc_rates_due(db, &job->row, job->now, job->rates);
}

psd_db_result psd_meter_job_rates_done(psd_meter_job *job, psd_db *db) {
  psd_db_result result = job->rates_refused ? psd_db_rates_refused(db, job->device, job->rates_version)
                                            : psd_db_rates_delivered(db, job->device, job->rates_version);
  return result == PSD_DB_DONE ? psd_db_meter_find(db, job->device, &job->row) : result;
}

psd_db_result psd_meter_job_certified(psd_meter_job *job, psd_db *db) {
  const psd_meter_errand *errand = job->errand;
  psd_certificate_row row = {.number = errand->certificate, .from = errand->from, .until = errand->until};
  memcpy(row.device, job->device, sizeof row.device);
  memcpy(row.der, errand->der, errand->der_length);
  row.length = errand->der_length;
  psd_db_result result = psd_dc_certified(db, &row, job->now);
  return result == PSD_DB_DONE ? psd_db_meter_find(db, job->device, &job->row) : result;
}
