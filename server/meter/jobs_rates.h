/* Jobs about rate tables and certificates: inside the transaction that is open on `db` (jobs.h). */
#ifndef PSD_METER_JOBS_RATES_H
#define PSD_METER_JOBS_RATES_H

#include "meter/jobs.h"

/* Whether a rate table waits for `job->row`: `rates_wait`. */
psd_db_result psd_meter_job_rates_wait(psd_meter_job *job, psd_db *db);
/* The table that the PSD is to have next, in `rates`; ABSENT for none. */
psd_db_result psd_meter_job_rates_next(psd_meter_job *job, psd_db *db);
/* The PSD has the version `rates_version`, or has refused it: `rates_refused`. */
psd_db_result psd_meter_job_rates_done(psd_meter_job *job, psd_db *db);
/* Keeps the certificate of the errand, before the PSD gets it. */
psd_db_result psd_meter_job_certified(psd_meter_job *job, psd_db *db);

#endif
