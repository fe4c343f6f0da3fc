/* What the provider makes of a card: locked, open, zeroized. */
#include "certificate/slot.h"
#include "iso7816/handlers.h"
#include "iso7816/pin.h"
#include "iso7816/secure_channel.h"
#include "meter/order.h"

/* OPERATIONAL is what is stored of a card that the watchdog has locked: DISABLE locks that too, and ENABLE opens what
 * DISABLE has locked, not what the watchdog has. */
static uint16_t change_state(psd_order_change *order, psd_state to) {
  order->change.next.head.state = to;
  order->event = PSD_EVENT_STATE_CHANGED;
  return PSD_SW_OK;
}

static uint16_t enable(psd_order_change *order) {
  return change_state(order, PSD_STATE_OPERATIONAL);
}

static uint16_t disable(psd_order_change *order) {
  return change_state(order, PSD_STATE_LOCKED);
}

/* FIPS 140-2, 4.7.6: every key, secret or public, and whatever else opens something. Identity and registers stay. */
static void remove_keys(psd_change *change) {
  static const uint16_t secrets[] = {PSD_RECORD_PIN,      PSD_RECORD_PUK, PSD_RECORD_TRANSPORT,
                                     PSD_RECORD_KEY_PAIR, PSD_RECORD_DSA, PSD_RECORD_SERVICE_KEY};
  for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
    psd_change_put(change, secrets[i], NULL, 0);
  for (uint8_t slot = 1; slot <= PSD_USER_SLOTS; slot++)
    psd_change_put(change, psd_slot_record_of(PSD_SLOT_SECRET, slot), NULL, 0);
  for (size_t i = 0; i < psd_key_count; i++)
    psd_change_put(change, (uint16_t)(PSD_RECORD_OBJECT + psd_keys[i].object), NULL, 0);
}

/* The registers of a faulted card are evidence, right or wrong, and can hold nobody's money any more. */
static uint16_t zeroize(psd_order_change *order) {
  const psd_core *core = &order->card->core;
  if (order->card->fault == PSD_FAULT_NONE && (core->postage.descending > 0 || core->certificate.descending > 0))
    return PSD_SW_CONDITIONS;
  remove_keys(&order->change);
  return change_state(order, PSD_STATE_ZEROIZED);
}

bool psd_zeroize_finish(psd_card *card) {
  if (!card->store.open || card->core.head.state != PSD_STATE_ZEROIZED || psd_store_scrub(&card->store) == PSD_STORE_OK)
    return true;
  psd_card_reload(card);
  return false;
}

PSD_ORDER_HANDLER(enable)
PSD_ORDER_HANDLER(disable)

/* What RAM holds for this session still protects the answer; then it goes too (session.c). */
uint16_t psd_handle_zeroize(psd_card *card, const psd_request *request, psd_buffer *out) {
  (void)out;
  uint16_t status = psd_order_carry_out(card, request, zeroize);
  if (card->core.head.state != PSD_STATE_ZEROIZED)
    return status;
  psd_secure_channel_close(card);
  psd_pin_forget(card);
  return psd_zeroize_finish(card) ? status : PSD_SW_MEMORY_FAILURE;
}
