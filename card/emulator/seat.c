#include "emulator/seat.h"

#include <string.h>
#include <time.h>

#include "emulator/trace.h"

void psd_seat_start(psd_seat *seat, psd_card *card, const char *name, FILE *trace) {
  *seat = (psd_seat){.card = card, .name = name, .trace = trace};
}

static void keep_atr(psd_seat *seat) {
  size_t length = 0;
  const uint8_t *atr = psd_card_atr(seat->card, &length);
  seat->atr_length = length <= sizeof seat->atr ? length : sizeof seat->atr;
  if (seat->atr_length > 0)
    memcpy(seat->atr, atr, seat->atr_length);
}

static void trace_power(const psd_seat *seat, const char *what) {
  if (seat->trace != NULL)
    psd_trace_power(seat->trace, seat->name, what, seat->atr, seat->atr_length);
}

void psd_seat_power_on(psd_seat *seat) {
  if (psd_card_is_on(seat->card))
    psd_card_power_off(seat->card);
  psd_card_power_on(seat->card);
  keep_atr(seat);
  trace_power(seat, "power on");
}

void psd_seat_power_off(psd_seat *seat) {
  if (!psd_card_is_on(seat->card))
    return;
  psd_card_power_off(seat->card);
  trace_power(seat, "power off");
}

void psd_seat_reset(psd_seat *seat) {
  if (psd_card_is_on(seat->card))
    psd_card_reset(seat->card);
  else
    psd_card_power_on(seat->card);
  keep_atr(seat);
  trace_power(seat, "reset");
}

const uint8_t *psd_seat_atr(psd_seat *seat, size_t *length) {
  if (seat->atr_length == 0) {
    psd_card_power_on(seat->card);
    keep_atr(seat);
    psd_card_power_off(seat->card);
  }
  *length = seat->atr_length;
  return seat->atr;
}

static uint64_t microseconds(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

size_t psd_seat_transmit(psd_seat *seat, const uint8_t *command, size_t length, uint8_t *response) {
  if (seat->trace == NULL)
    return psd_card_transmit(seat->card, command, length, response);
  uint64_t start = microseconds();
  size_t answered = psd_card_transmit(seat->card, command, length, response);
  uint64_t took = microseconds() - start;
  psd_trace_exchange(seat->trace, seat->name, command, length, response, answered, took);
  return answered;
}
