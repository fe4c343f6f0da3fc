#include "tally.h"

/* Up to PSD_TALLY_FINE each number is a class of its own; from there on each power of two has PSD_TALLY_FINE of them.
 */
static unsigned class_of(uint64_t microseconds) {
  unsigned power = 0;
  while (microseconds >> power >= 2U * PSD_TALLY_FINE)
    power++;
  unsigned at = power * PSD_TALLY_FINE + (unsigned)(microseconds >> power);
  return at < PSD_TALLY_CLASSES ? at : PSD_TALLY_CLASSES - 1U;
}

/* The highest number in it. */
static uint64_t end_of(unsigned at) {
  if (at < 2U * PSD_TALLY_FINE)
    return at;
  unsigned power = at / PSD_TALLY_FINE - 1U;
  return ((uint64_t)(at - power * PSD_TALLY_FINE + 1U) << power) - 1U;
}

void psd_tally_done(psd_tally *tally, uint64_t microseconds) {
  tally->done++;
  tally->classes[class_of(microseconds)]++;
  if (microseconds > tally->longest)
    tally->longest = microseconds;
}

/* The same party, for the same reason, at the same step. */
static bool alike(const psd_refusal *a, const psd_refusal *b) {
  return a->error.result == b->error.result && a->error.status == b->error.status && a->who == b->who &&
         a->step == b->step && a->signal == b->signal;
}

static void add_reason(psd_tally *tally, const psd_refusal *refusal, uint64_t count) {
  for (unsigned i = 0; i < PSD_TALLY_REASONS; i++) {
    psd_tally_reason *reason = &tally->reasons[i];
    if (reason->count != 0 && !alike(&reason->first, refusal))
      continue;
    if (reason->count == 0)
      reason->first = *refusal;
    reason->count += count;
    return;
  }
  tally->others += count;
}

void psd_tally_failed(psd_tally *tally, const psd_refusal *refusal) {
  tally->failed++;
  add_reason(tally, refusal, 1);
}

void psd_tally_merge(psd_tally *tally, const psd_tally *other) {
  tally->done += other->done;
  tally->failed += other->failed;
  tally->others += other->others;
  if (other->longest > tally->longest)
    tally->longest = other->longest;
  for (unsigned i = 0; i < PSD_TALLY_CLASSES; i++)
    tally->classes[i] += other->classes[i];
  for (unsigned i = 0; i < PSD_TALLY_REASONS && other->reasons[i].count != 0; i++)
    add_reason(tally, &other->reasons[i].first, other->reasons[i].count);
}

uint64_t psd_tally_percentile(const psd_tally *tally, unsigned permille) {
  uint64_t wanted = (tally->done * permille + 999U) / 1000U, seen = 0;
  for (unsigned i = 0; i < PSD_TALLY_CLASSES && tally->done != 0; i++) {
    seen += tally->classes[i];
    if (seen >= wanted && seen > 0)
      return end_of(i) < tally->longest ? end_of(i) : tally->longest;
  }
  return 0;
}
