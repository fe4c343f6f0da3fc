/* ROTATE KEY: another K1, in the session of the meter server and with the word of the key management system for it. */
#include "iso7816/handlers.h"
#include "meter/change.h"
#include "meter/objects.h"
#include "meter/session.h"

#include <string.h>

/* Orders have no number of their own, and one that was recorded stays authentic: identifiers count upwards, so that
 * nobody brings back a key that was replaced. The same order once more changes nothing. */
static uint16_t check_order(const psd_card *card, const psd_vendor_key_order *order, bool *known) {
  psd_vendor_key current;
  uint16_t status = psd_object_fetch(card, PSD_OBJECT_VENDOR_KEY, &current);
  if (status != PSD_SW_OK)
    return status;
  *known = order->identifier == current.identifier && memcmp(order->point, current.point, sizeof current.point) == 0;
  return *known || order->identifier > current.identifier ? PSD_SW_OK : PSD_SW_CONDITIONS;
}

uint16_t psd_handle_rotate_key(psd_card *card, const psd_request *request, psd_buffer *out) {
  (void)out;
  const psd_apdu *apdu = &request->apdu;
  psd_vendor_key_order order;
  bool known = false;
  if (apdu->p1 != 0)
    return PSD_SW_WRONG_P1P2;
  if (!psd_parse_message(apdu->data, apdu->nc, PSD_MESSAGE_VENDOR_KEY_ORDER, &order) || !psd_p256_check(order.point))
    return PSD_SW_WRONG_DATA;
  uint16_t status = psd_session_verify(card, PSD_SIGN_VENDOR_KEY, (psd_piece){apdu->data, PSD_SIZE_VENDOR_KEY},
                                       (psd_piece){NULL, 0}, order.authentication);
  if (status == PSD_SW_OK)
    status = check_order(card, &order, &known);
  if (status != PSD_SW_OK || known)
    return status;
  psd_change change;
  psd_change_begin(&change, card);
  psd_change_put(&change, PSD_RECORD_OBJECT + PSD_OBJECT_VENDOR_KEY, apdu->data, PSD_SIZE_VENDOR_KEY);
  psd_change_log(&change, card, PSD_EVENT_OBJECT_WRITTEN, (uint16_t)psd_objects[PSD_OBJECT_VENDOR_KEY].tag, 0);
  return psd_change_commit(&change, card);
}
