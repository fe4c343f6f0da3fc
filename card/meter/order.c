#include "meter/order.h"

#include "certificate/service.h"
#include "meter/objects.h"
#include "meter/session.h"

#include <string.h>

#define HEAD_SIZE (2U + PSD_SIZE_DEVICE_ID + 4U)

/* authentication = HMAC(K3, "psd order" || INS || P1 || device || number || content) */
static uint16_t verify(const psd_card *card, const psd_request *request, psd_cursor content, const psd_order *order) {
  uint8_t head[HEAD_SIZE] = {request->row->ins, request->apdu.p1};
  size_t length = 0;
  uint16_t status = psd_object_fetch_bytes(card, PSD_OBJECT_DEVICE_ID, head + 2, PSD_SIZE_DEVICE_ID, &length);
  if (status != PSD_SW_OK)
    return status;
  psd_buffer number = psd_buffer_over(head + 2 + PSD_SIZE_DEVICE_ID, 4);
  psd_put_uint(&number, order->number, 4);
  return psd_session_verify(card, PSD_SIGN_ORDER, (psd_piece){head, sizeof head}, (psd_piece){content.at, content.left},
                            order->authentication);
}

/* Its authentication tells an order from every other: of another command, for another PSD, or with another content. */
static bool same_order(const psd_order *a, const psd_order *b) {
  return a->number == b->number && psd_equal(a->authentication, b->authentication, sizeof a->authentication);
}

static uint16_t commit(psd_order_change *order, const psd_order *taken) {
  psd_change *change = &order->change;
  change->next.order = *taken;
  psd_change_log(change, order->card, order->event, order->detail, 0);
  if (order->collects)
    psd_service_collect_due(change, order->card);
  return psd_change_commit(change, order->card);
}

uint16_t psd_order_carry_out(psd_card *card, const psd_request *request, psd_order_apply *apply) {
  const psd_apdu *apdu = &request->apdu;
  psd_cursor data = psd_cursor_over(apdu->data, apdu->nc);
  if (apdu->nc < PSD_SIZE_ORDER)
    return PSD_SW_WRONG_LENGTH;
  size_t length = apdu->nc - PSD_SIZE_ORDER;
  psd_order_change order = {.card = card, .p1 = apdu->p1, .content = psd_cursor_over(psd_take(&data, length), length)};
  psd_order taken;
  psd_take_message(&data, PSD_MESSAGE_ORDER, &taken);
  uint16_t status = verify(card, request, order.content, &taken);
  if (status != PSD_SW_OK || same_order(&taken, &card->core.order))
    return status;
  if (taken.number <= card->core.order.number)
    return PSD_SW_CONDITIONS;
  psd_change_begin(&order.change, card);
  status = apply(&order);
  return status == PSD_SW_OK ? commit(&order, &taken) : status;
}

void psd_order_put_object(psd_order_change *order, psd_object_id id, psd_cursor value) {
  order->change.next.head.written |= UINT64_C(1) << id;
  psd_change_put(&order->change, (uint16_t)(PSD_RECORD_OBJECT + id), value.at, value.left);
  order->event = PSD_EVENT_OBJECT_WRITTEN;
  order->detail = (uint16_t)psd_objects[id].tag;
}
