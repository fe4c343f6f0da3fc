#include "meter/doubts.h"

/* FNV-1a, 32 bits. */
static uint32_t slot_of(const psd_meter_job *job) {
  uint32_t hash = 2166136261U;
  for (const char *at = job->name; *at != '\0'; at++)
    hash = (hash ^ (uint8_t)*at) * 16777619U;
  return hash % PSD_METER_DOUBT_SLOTS;
}

void psd_meter_doubts_note(psd_meter_doubts *doubts, psd_meter_job *job) {
  if (job->kind != PSD_METER_JOB_SIGN_ON || !job->writes || job->doubted)
    return;
  job->doubted = true;
  (void)atomic_fetch_add(&doubts->wrong[slot_of(job)], 1U);
}

void psd_meter_doubts_apply(psd_meter_doubts *doubts, psd_meter_job *job) {
  if (job->kind != PSD_METER_JOB_SIGN_ON)
    return;
  uint32_t slot = slot_of(job);
  job->proves = atomic_load(&doubts->uncounted[slot]);
  if (job->proves || atomic_load(&doubts->wrong[slot]) != 0)
    job->writes = true;
}

void psd_meter_doubts_settle(psd_meter_doubts *doubts, psd_meter_job *job) {
  if (job->kind != PSD_METER_JOB_SIGN_ON || !job->writes)
    return;
  uint32_t slot = slot_of(job);
  /* Before the doubt goes: nobody may read in between. */
  if (job->result == PSD_DB_DONE)
    atomic_store(&doubts->uncounted[slot], false);
  else if (job->doubted)
    atomic_store(&doubts->uncounted[slot], true);
  if (job->doubted)
    (void)atomic_fetch_sub(&doubts->wrong[slot], 1U);
  job->doubted = false;
}
