/* Sign-ons that were wrong and are not counted. Until they are, no other sign-on of that name is judged by reading
 * alone: of a crowd of guesses that come at once each would be judged before the first of them has locked the name, and
 * in a database that takes nothing (its disk is full) no guess would ever lock it. */
#ifndef PSD_METER_DOUBTS_H
#define PSD_METER_DOUBTS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "meter/jobs.h"

/* Names that share a slot share its doubts: that costs a transaction, and lets nobody in or out. A power of two. */
#define PSD_METER_DOUBT_SLOTS 1024U

typedef struct psd_meter_doubts {
  atomic_uint wrong[PSD_METER_DOUBT_SLOTS];     /* on their way to be counted */
  atomic_bool uncounted[PSD_METER_DOUBT_SLOTS]; /* one could not be, and nothing could be written since */
} psd_meter_doubts;

/* Looks at a job that was done by reading alone. A wrong sign-on is noted, to be settled once it has been counted. */
void psd_meter_doubts_note(psd_meter_doubts *doubts, psd_meter_job *job);
/* Has a job done in a transaction that writes if it is a sign-on whose name is in doubt. */
void psd_meter_doubts_apply(psd_meter_doubts *doubts, psd_meter_job *job);
/* The job is over, done or failed. */
void psd_meter_doubts_settle(psd_meter_doubts *doubts, psd_meter_job *job);

#endif
