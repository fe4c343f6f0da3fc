#include "meter/doubts.h"

/* FNV-1a, 32 bits. */
static atomic_uint *slot_of(psd_meter_doubts *doubts, const psd_meter_job *job) {
  uint32_t hash = 2166136261U;
  for (const char *at = job->name; *at != '\0'; at++)
    hash = (hash ^ (uint8_t)*at) * 16777619U;
  return &doubts->wrong[hash % PSD_METER_DOUBT_SLOTS];
}

void psd_meter_doubts_note(psd_meter_doubts *doubts, psd_meter_job *job) {
  if (job->kind != PSD_METER_JOB_SIGN_ON || !job->writes || job->doubted)
    return;
  job->doubted = true;
  (void)atomic_fetch_add(slot_of(doubts, job), 1U);
}

void psd_meter_doubts_apply(psd_meter_doubts *doubts, psd_meter_job *job) {
  if (job->kind == PSD_METER_JOB_SIGN_ON && atomic_load(slot_of(doubts, job)) != 0)
    job->writes = true;
}

void psd_meter_doubts_settle(psd_meter_doubts *doubts, psd_meter_job *job) {
  if (job->doubted)
    (void)atomic_fetch_sub(slot_of(doubts, job), 1U);
  job->doubted = false;
}
