/* Jobs of the authority's desk: what they are about lies on job->desk. */
#ifndef PSD_METER_JOBS_AUTHORITY_H
#define PSD_METER_JOBS_AUTHORITY_H

#include "meter/jobs.h"

/* Does one, inside the transaction that is open on `db`. */
psd_db_result psd_meter_job_run_authority(psd_meter_job *job, psd_db *db);
/* Revokes what VM's forced revocation is for; the count of certificates goes into job->count. */
psd_db_result psd_meter_job_sweep(psd_meter_job *job, psd_db *db);

#endif
