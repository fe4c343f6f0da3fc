#include "meter/clock.h"

static uint64_t oscillator(const psd_card *card) {
  return card->ports.oscillator.seconds(card->ports.oscillator.device);
}

uint64_t psd_clock_in(const psd_card *card, const psd_core *core) {
  const psd_clock_state *clock = &core->clock;
  if (clock->set == 0)
    return 0;
  uint64_t now = oscillator(card) + clock->offset; /* modulo 2^64: the offset may stand for a negative number */
  /* An oscillator that was set back must not take the clock with it. A negative sum shows as an enormous time. */
  return now < clock->reached || now > (uint64_t)INT64_MAX ? clock->reached : now;
}

uint64_t psd_clock_now(const psd_card *card) {
  return psd_clock_in(card, &card->core);
}

bool psd_clock_set(const psd_card *card, psd_core *next, uint64_t now) {
  if (now == 0 || now < psd_clock_now(card) || now > (uint64_t)INT64_MAX)
    return false;
  next->clock = (psd_clock_state){.offset = now - oscillator(card), .reached = now, .set = 1};
  return true;
}

psd_state psd_watchdog_state(const psd_card *card) {
  const psd_watchdog *watchdog = &card->core.watchdog;
  uint64_t now = psd_clock_now(card);
  uint64_t since = now > watchdog->inspected ? now - watchdog->inspected : 0;
  if (since >= watchdog->lock_after)
    return PSD_STATE_LOCKED;
  return since >= watchdog->warn_after ? PSD_STATE_INSPECTION_DUE : PSD_STATE_OPERATIONAL;
}
