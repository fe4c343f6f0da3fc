/* Figure 5 from the Host's side: a certificate asked for, and installed. */
#include "psd/spec/status.h"
#include "service.h"

#include <string.h>

/* What goes out, the same each time. */
typedef struct request {
  const psd_certificate_order *order;
  psd_certificate_wish wish;
} request;

static psd_result send_request(psd_host *host, const void *wish, psd_buffer *out) {
  const request *of = wish;
  psd_certificate_request head;
  psd_result result = psd_host_request_certificate(host, of->order->slot, of->order->key, &of->wish,
                                                   of->order->organization, of->order->name, out);
  psd_cursor from = psd_cursor_over(out->data, out->length);
  if (result == PSD_OK &&
      !(psd_take_message(&from, PSD_MESSAGE_CERTIFICATE_REQUEST, &head) && head.slot == of->order->slot))
    return psd_host_fail(host, PSD_BAD_ANSWER, "the card's answer, %zu bytes, is no request of slot %u", out->length,
                         of->order->slot);
  return result;
}

psd_result psd_certificate_ask(const psd_desk *desk, const psd_certificate_order *order, psd_buffer *out) {
  const psd_asked asked = {
      .service = PSD_SERVICE_REQUEST, .slot = order->slot, .what = "a request with its activation"};
  request of = {.order = order, .wish = {.purpose = order->purpose, .algorithm = order->algorithm}};
  psd_result result = psd_service_number(desk->host, of.wish.call);
  return result == PSD_OK ? psd_service_run(desk, &asked, send_request, &of, out) : result;
}

/* The last answer of a service is a sealed request, and it is the one of this slot that waits. */
static bool waits(const psd_services *services, uint8_t slot, const psd_buffer *answer) {
  psd_cursor from = psd_cursor_over(answer->data, answer->length);
  const psd_slot *at = &services->slots[slot - 1U];
  const psd_device_id *device = &services->meter.device;
  psd_certificate_request head;
  return psd_take_message(&from, PSD_MESSAGE_CERTIFICATE_REQUEST, &head) && head.slot == slot &&
         head.number == at->request && head.serial == device->serial &&
         memcmp(head.vendor, device->vendor, sizeof head.vendor) == 0 &&
         memcmp(head.model, device->model, sizeof head.model) == 0;
}

psd_result psd_certificate_waiting(const psd_desk *desk, uint8_t slot, psd_buffer *out) {
  uint8_t bytes[PSD_SERVICE_ANSWER_MAX];
  psd_buffer answer = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_host_get_last(desk->host, PSD_LAST_SERVICE, &answer);
  bool there = result == PSD_OK && slot >= 1 && slot <= PSD_USER_SLOTS && waits(desk->services, slot, &answer);
  if (there)
    psd_put(out, answer.data, answer.length);
  else if (result == PSD_OK || (result == PSD_REFUSED && psd_host_status(desk->host) == PSD_SW_REFERENCE_NOT_FOUND))
    return psd_host_fail(desk->host, PSD_REFUSED, "the card no longer has the request of slot %u", slot);
  return result;
}

/* A grant under way. */
typedef struct grant {
  uint8_t slot;
  const void *bytes;
  size_t length;
} grant;

static psd_result send_grant(psd_host *host, const void *wish, psd_buffer *out) {
  const grant *of = wish;
  (void)out;
  return psd_host_install_certificate(host, of->slot, of->bytes, of->length);
}

psd_result psd_certificate_install(const psd_desk *desk, uint8_t slot, const void *granted, size_t length) {
  const psd_asked asked = {.service = PSD_SERVICE_ACTIVATION, .slot = slot, .what = "the activation"};
  const grant of = {.slot = slot, .bytes = granted, .length = length};
  return psd_service_run(desk, &asked, send_grant, &of, NULL);
}
