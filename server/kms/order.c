/* The provider's orders: a command authenticated for one PSD (docs/funds.md). */
#include "kms/operations.h"
#include "kms/order_rules.h"
#include "kms/wrapped_k4.h"

/* ORDER: HMAC(K3, "psd order" || INS || P1 || device || number || content) */
static bool put_order(const psd_kms_order *call, const psd_kms_device *device, const psd_kms_wanted *wanted,
                      psd_buffer *out) {
  const uint8_t head[] = {(uint8_t)call->ins, (uint8_t)call->p1};
  const uint8_t *number = out->data + out->length;
  psd_put_uint(out, call->number, 4);
  uint8_t *authentication = psd_put_room(out, PSD_AUTHENTICATION);
  const psd_part parts[] = {{PSD_SIGN_ORDER, sizeof PSD_SIGN_ORDER - 1U},
                            {head, sizeof head},
                            {device->bytes, sizeof device->bytes},
                            {number, 4},
                            wanted->content};
  return authentication != NULL &&
         psd_hmac(wanted->k4->key, sizeof wanted->k4->key, parts, sizeof parts / sizeof parts[0], authentication);
}

static bool note(psd_kms_service *service, const psd_kms_order *call, const psd_kms_device *device) {
  const psd_kms_event event = {.event = PSD_KMS_EVENT_COMMANDED,
                               .time = service->now(),
                               .key = (uint32_t)(call->ins << 8 | call->p1),
                               .about_device = true,
                               .device = *device,
                               .sequence = (uint32_t)call->number};
  return psd_kms_note(&service->events, &event);
}

psd_signal psd_kms_order_command(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  psd_kms_order call;
  psd_k4 k4;
  bool taken = psd_take_message(body, PSD_MESSAGE_KMS_ORDER, &call);
  const uint8_t *wrapped = psd_take(body, PSD_SIZE_WRAPPED_K4);
  if (!taken || wrapped == NULL)
    return PSD_SIGNAL_MESSAGE;
  psd_kms_wanted wanted = {.service = service, .content = {body->at, body->left}, .k4 = &k4};
  psd_kms_device device = psd_kms_device_of(call.vendor, call.model, call.serial);
  if (!psd_kms_unwrap_k4(service->keys, &device, wrapped, &k4))
    return PSD_SIGNAL_DEVICE_KEY;
  /* Cards count from 1. */
  psd_signal signal = call.number != 0 ? psd_kms_may_order(call.ins, call.p1, &wanted) : PSD_SIGNAL_REQUEST;
  if (signal == PSD_SIGNAL_NONE && !put_order(&call, &device, &wanted, out))
    signal = PSD_SIGNAL_INTERNAL;
  psd_secret_wipe(&k4, sizeof k4);
  if (signal == PSD_SIGNAL_NONE && !note(service, &call, &device))
    return PSD_SIGNAL_BUSY;
  return signal;
}
