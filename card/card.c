#include "context.h"

#include "iso7816/atr.h"
#include "iso7816/channel.h"
#include "iso7816/dispatch.h"
#include "meter/clock.h"
#include "meter/objects.h"
#include "meter/order.h"

#include <string.h>

size_t psd_card_size(void) {
  return sizeof(psd_card);
}

psd_card *psd_card_init(void *memory, const psd_ports *ports) {
  psd_card *card = memory;
  memset(card, 0, sizeof *card);
  card->ports = *ports;
  return card;
}

void psd_card_set_fault(psd_card *card, psd_fault fault) {
  if (card->fault == PSD_FAULT_NONE)
    card->fault = fault;
}

psd_state psd_card_state(const psd_card *card) {
  if (card->core.head.state == PSD_STATE_ZEROIZED) /* nothing leads out of it, no fault either */
    return PSD_STATE_ZEROIZED;
  if (card->fault != PSD_FAULT_NONE)
    return PSD_STATE_FAULTED;
  if (card->core.head.state == PSD_STATE_OPERATIONAL)
    return psd_watchdog_state(card);
  return (psd_state)card->core.head.state;
}

bool psd_card_ready_for(psd_card *card, psd_kat test) {
  uint16_t bit = (uint16_t)(1U << test);
  if ((card->kats_run & bit) == 0) {
    card->kats_run |= bit;
    if (!psd_kat_run(test)) {
      card->kats_failed |= bit;
      psd_card_set_fault(card, PSD_FAULT_ALGORITHM);
    }
  }
  return (card->kats_failed & bit) == 0;
}

static psd_fault fault_of(psd_store_result result) {
  switch (result) {
  case PSD_STORE_OK:
    return PSD_FAULT_NONE;
  case PSD_STORE_BLANK:
    return PSD_FAULT_BLANK;
  case PSD_STORE_VERSION:
    return PSD_FAULT_VERSION;
  case PSD_STORE_IO:
    return PSD_FAULT_MEMORY;
  default: /* a record that must be there and is not, or cannot be read */
    return PSD_FAULT_CORRUPT;
  }
}

static psd_fault load_core(psd_card *card) {
  uint8_t encoded[PSD_CORE_SIZE];
  size_t length = 0;
  psd_store_result result = psd_store_read(&card->store, PSD_RECORD_CORE, encoded, sizeof encoded, &length);
  if (result != PSD_STORE_OK)
    return fault_of(result);
  psd_core core;
  if (!psd_core_decode(encoded, length, &core))
    return PSD_FAULT_VERSION;
  card->core = core;
  return psd_core_balanced(&core) ? PSD_FAULT_NONE : PSD_FAULT_REGISTERS;
}

void psd_card_reload(psd_card *card) {
  card->self.known = false;
  psd_fault fault = fault_of(psd_store_open(&card->store, &card->ports.nvm));
  if (fault == PSD_FAULT_NONE) {
    fault = load_core(card);
    /* Without its core the store tells nothing: what RAM holds in its place is not what was committed. */
    card->store.open = fault == PSD_FAULT_NONE || fault == PSD_FAULT_REGISTERS;
  }
  if (fault != PSD_FAULT_NONE)
    psd_card_set_fault(card, fault);
}

static void run_power_up_tests(psd_card *card) {
  if (!psd_crypto_init()) {
    psd_card_set_fault(card, PSD_FAULT_ALGORITHM);
    return;
  }
  for (psd_kat test = 0; test < PSD_KAT_COUNT; test++)
    if ((PSD_KAT_POWER_UP & (1U << test)) != 0)
      psd_card_ready_for(card, test);
  if (!psd_drbg_start(&card->drbg, &card->ports.entropy))
    psd_card_set_fault(card, PSD_FAULT_RANDOM);
}

void psd_card_power_on(psd_card *card) {
  psd_card_power_off(card);
  card->on = true;
  psd_core_blank(&card->core);
  run_power_up_tests(card);
  psd_card_reload(card);
  psd_zeroize_finish(card);
  psd_channel_open(card, 0);
  card->atr_length = (uint8_t)psd_atr_build(card, card->atr);
}

void psd_card_power_off(psd_card *card) {
  psd_ports ports = card->ports;
  psd_drbg_stop(&card->drbg);
  psd_wipe(card, sizeof *card);
  card->ports = ports;
}

void psd_card_reset(psd_card *card) {
  psd_card_power_on(card);
}

bool psd_card_is_on(const psd_card *card) {
  return card->on;
}

const uint8_t *psd_card_atr(const psd_card *card, size_t *length) {
  *length = card->atr_length;
  return card->atr;
}

size_t psd_card_transmit(psd_card *card, const uint8_t *command, size_t length, uint8_t *response) {
  if (!card->on)
    return 0;
  psd_buffer out = psd_buffer_over(response, PSD_CARD_RESPONSE_MAX);
  uint16_t status = psd_dispatch(card, command, length, &out);
  psd_put_uint(&out, status, 2);
  psd_wipe(card->answer, sizeof card->answer);
  return out.length;
}
