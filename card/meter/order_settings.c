/* What the provider sets: limits, watchdog, clock, licence, service rates, certificate. */
#include "iso7816/handlers.h"
#include "meter/certificate.h"
#include "meter/objects.h"
#include "meter/order.h"
#include "psd/spec/session.h"

#include <string.h>

/* A setting that is kept in the core, by the rules of personalisation. */
static uint16_t set(psd_order_change *order, psd_object_id id) {
  order->event = PSD_EVENT_OBJECT_WRITTEN;
  order->detail = (uint16_t)psd_objects[id].tag;
  return psd_object_set(order->card, &psd_objects[id], order->content, &order->change.next);
}

/* As at personalisation; and what was charged to the account stays within it, or the registers would not balance. What
 * is due for revocations is collected from the credit that was gained (VM 620). */
static uint16_t set_credit_limit(psd_order_change *order) {
  psd_credit_line line;
  psd_core *next = &order->change.next;
  if (!psd_parse_message(order->content.at, order->content.left, PSD_MESSAGE_CREDIT_LINE, &line))
    return PSD_SW_WRONG_DATA;
  if (next->funds.mode != PSD_FUNDS_ACCOUNT)
    return PSD_SW_CONDITIONS;
  next->funds.credit_limit = line.credit_limit;
  order->event = PSD_EVENT_OBJECT_WRITTEN;
  order->detail = (uint16_t)psd_objects[PSD_OBJECT_FUNDS].tag;
  order->collects = true;
  return psd_funds_valid(&next->funds) && psd_core_balanced(next) ? PSD_SW_OK : PSD_SW_WRONG_DATA;
}

static uint16_t set_limits(psd_order_change *order) {
  switch (order->p1) {
  case PSD_SLOT_LIMITS:
    return set(order, PSD_OBJECT_LIMITS);
  case PSD_SLOT_CREDIT_LIMIT:
    return set_credit_limit(order);
  default:
    return PSD_SW_WRONG_P1P2;
  }
}

static uint16_t set_watchdog(psd_order_change *order) {
  return set(order, PSD_OBJECT_WATCHDOG);
}

static uint16_t set_clock(psd_order_change *order) {
  return set(order, PSD_OBJECT_CLOCK);
}

/* Takes LICENCE off the content. */
static uint16_t take_licence(psd_order_change *order) {
  const uint8_t *bytes = psd_take(&order->content, PSD_SIZE_LICENCE);
  if (bytes == NULL)
    return PSD_SW_WRONG_DATA;
  psd_order_put_object(order, PSD_OBJECT_LICENCE, psd_cursor_over(bytes, PSD_SIZE_LICENCE));
  return PSD_SW_OK;
}

static uint16_t set_licence(psd_order_change *order) {
  uint16_t status = take_licence(order);
  return status != PSD_SW_OK || psd_cursor_done(&order->content) ? status : PSD_SW_WRONG_DATA;
}

static uint16_t put_certificate(psd_order_change *order) {
  uint16_t status = PSD_SW_WRONG_DATA;
  if (order->content.left <= PSD_CERTIFICATE_MAX)
    status = psd_certificate_check(order->card, order->content);
  if (status == PSD_SW_OK)
    psd_order_put_object(order, PSD_OBJECT_CERTIFICATE, order->content);
  return status;
}

static uint16_t load_certificate(psd_order_change *order) {
  return order->p1 == PSD_SLOT_PSD_CERTIFICATE ? put_certificate(order) : PSD_SW_WRONG_P1P2;
}

/* Without a certificate the one it has, if any, stays. */
static uint16_t authorize(psd_order_change *order) {
  psd_core_head *head = &order->change.next.head;
  uint16_t status = take_licence(order);
  if (status == PSD_SW_OK && order->content.left > 0)
    status = put_certificate(order);
  if (status != PSD_SW_OK)
    return status;
  if (head->state == PSD_STATE_INITIALIZED)
    head->state = PSD_STATE_AUTHORIZED;
  order->event = PSD_EVENT_STATE_CHANGED;
  order->detail = 0;
  return PSD_SW_OK;
}

PSD_ORDER_HANDLER(authorize)
PSD_ORDER_HANDLER(set_limits)
PSD_ORDER_HANDLER(set_watchdog)
PSD_ORDER_HANDLER(set_clock)
PSD_ORDER_HANDLER(set_licence)
PSD_ORDER_HANDLER(load_certificate)
