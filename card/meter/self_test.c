/* SELF TEST: every known-answer test again, the random generator, and the registers against their stored copy. */
#include "iso7816/handlers.h"
#include "meter/change.h"

#include <string.h>

/* What is in RAM must be what was committed. */
static bool registers_agree(const psd_card *card) {
  uint8_t stored[PSD_CORE_SIZE];
  uint8_t held[PSD_CORE_SIZE];
  size_t length = 0;
  return psd_store_read(&card->store, PSD_RECORD_CORE, stored, sizeof stored, &length) == PSD_STORE_OK &&
         psd_core_encode(&card->core, held) && length == sizeof held && memcmp(stored, held, sizeof held) == 0 &&
         psd_core_balanced(&card->core);
}

static uint16_t record_fault(psd_card *card, psd_fault before) {
  if (card->fault == before || !card->store.open)
    return PSD_SW_OK;
  psd_change change;
  psd_change_begin(&change, card);
  psd_change_log(&change, card, PSD_EVENT_FAULT, (uint16_t)card->fault, 0);
  return psd_change_commit(&change, card);
}

uint16_t psd_handle_self_test(psd_card *card, const psd_request *request, psd_buffer *out) {
  (void)request;
  psd_fault before = card->fault;
  card->kats_run = card->kats_failed = 0;
  for (psd_kat test = 0; test < PSD_KAT_COUNT; test++)
    psd_card_ready_for(card, test);
  uint8_t sample[PSD_SHA256_SIZE];
  if (!psd_drbg_read(&card->drbg, sample, sizeof sample))
    psd_card_set_fault(card, PSD_FAULT_RANDOM);
  psd_wipe(sample, sizeof sample);
  bool sound = !card->store.open || registers_agree(card);
  if (!sound) { /* what was committed counts: nothing that RAM made of it may be recorded */
    psd_card_set_fault(card, PSD_FAULT_REGISTERS);
    psd_card_reload(card);
    sound = registers_agree(card);
  }
  psd_self_test result = {.run = card->kats_run, .failed = card->kats_failed};
  psd_put_message(out, PSD_MESSAGE_SELF_TEST, &result);
  return sound ? record_fault(card, before) : PSD_SW_OK;
}
