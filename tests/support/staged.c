#include "staged.h"

#include "iso7816/pin.h"
#include "meter/change.h"

#include <string.h>

#define DAY 86400U

psd_card_birth staged_birth(void) {
  psd_card_birth birth = {.vendor = "PB", .model = "S1", .serial = 0x00C0FFEE, .key_version = 1, .key_size = 16};
  for (uint8_t i = 0; i < 16; i++) {
    birth.enc[i] = (uint8_t)(0x40 + i);
    birth.mac[i] = (uint8_t)(0x50 + i);
    birth.dek[i] = (uint8_t)(0x60 + i);
  }
  return birth;
}

static bool put_pin(psd_card *card, psd_change *change, uint16_t record, const char *value,
                    uint8_t out[PSD_SIZE_PIN_RECORD]) {
  psd_pin pin;
  bool is_pin = record == PSD_RECORD_PIN;
  if (!psd_pin_parse((const uint8_t *)value, strlen(value), &pin) ||
      !psd_pin_make(card, &pin, is_pin ? card->core.pins.pin_tries : card->core.pins.puk_tries, out))
    return false;
  psd_change_put(change, record, out, PSD_SIZE_PIN_RECORD);
  return true;
}

bool staged_core(psd_card *card, const psd_core *core, bool pins) {
  uint8_t pin[PSD_SIZE_PIN_RECORD];
  uint8_t puk[PSD_SIZE_PIN_RECORD];
  uint8_t encoded[PSD_CORE_SIZE];
  psd_change change;
  psd_change_begin(&change, card);
  bool ok = psd_core_encode(core, encoded);
  psd_change_put(&change, PSD_RECORD_CORE, encoded, sizeof encoded);
  if (ok && pins)
    ok = put_pin(card, &change, PSD_RECORD_PIN, STAGED_PIN, pin) &&
         put_pin(card, &change, PSD_RECORD_PUK, STAGED_PUK, puk);
  ok = ok && psd_change_commit(&change, card) == PSD_SW_OK;
  psd_card_reset(card);
  return ok;
}

static psd_core served(const psd_card *card) {
  uint64_t now = card->ports.oscillator.seconds(card->ports.oscillator.device);
  psd_core core = card->core;
  core.postage = (psd_registers){.ascending = 1000, .descending = 9000, .control_total = 10000, .piece_count = 2};
  core.limits = (psd_limits){10, 99990, 1000000, 1000, 500000};
  core.clock = (psd_clock_state){.offset = 0, .reached = now, .set = 1};
  core.watchdog = (psd_watchdog){.inspected = now, .warn_after = 90 * DAY, .lock_after = 120 * DAY};
  core.head.state = PSD_STATE_OPERATIONAL;
  return core;
}

bool staged_enter(psd_card *card, psd_state state) {
  psd_core core = served(card);
  if (state == PSD_STATE_FAULTED) /* registers that do not balance */
    core.postage.descending++;
  else if (state == PSD_STATE_INSPECTION_DUE)
    core.watchdog.inspected -= 100 * DAY;
  else
    core.head.state = state;
  bool ok = state == PSD_STATE_MANUFACTURED || staged_core(card, &core, true);
  return ok && psd_card_state(card) == state;
}
