/* Jobs about an audit and the provider's orders: inside the transaction that is open on `db` (jobs.h). */
#ifndef PSD_METER_JOBS_ORDERS_H
#define PSD_METER_JOBS_ORDERS_H

#include "meter/jobs.h"

/* A completed audit. REFUSED where `finding` is not what was expected: nothing is remembered of it then. Of what it
 * ends by itself (psd_dc_ending) funds.available is what the account has. */
psd_db_result psd_meter_job_audited(psd_meter_job *job, psd_db *db);
/* Binds PSD, user and account, and orders what the account's meters are authorized with. */
psd_db_result psd_meter_job_register(psd_meter_job *job, psd_db *db);
/* The order that is wanted, with a number that nobody else has; ABSENT if it does not wait any more. */
psd_db_result psd_meter_job_order_next(psd_meter_job *job, psd_db *db);
/* The PSD has carried it out. */
psd_db_result psd_meter_job_order_done(psd_meter_job *job, psd_db *db);

#endif
