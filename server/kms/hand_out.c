/* What the meter server is handed out: K1 for one PSD and for all, the keys of its database's columns. */
#include <string.h>

#include "kms/operations.h"
#include "kms/wrapped_k4.h"

static bool note(psd_kms_service *service, psd_kms_event_id id, const psd_kms_key *key, const psd_kms_device *device) {
  psd_kms_event event = {.event = id, .time = service->now(), .kind = key->kind, .key = key->identifier};
  event.from = event.to = key->state;
  event.about_device = device != NULL;
  if (device != NULL)
    event.device = *device;
  return psd_kms_note(&service->events, &event);
}

/* VENDOR_KEY_ORDER: HMAC(K3, "psd vendor key" || identifier || point) */
static bool put_order(const psd_kms_key *key, const psd_k4 *k4, psd_buffer *out) {
  size_t at = out->length;
  psd_put_uint(out, key->identifier, 4);
  psd_put(out, key->point, sizeof key->point);
  uint8_t *authentication = psd_put_room(out, PSD_AUTHENTICATION);
  const psd_part parts[] = {{PSD_SIGN_VENDOR_KEY, sizeof PSD_SIGN_VENDOR_KEY - 1U}, {out->data + at, 4U + PSD_POINT}};
  return authentication != NULL && psd_hmac(k4->key, sizeof k4->key, parts, 2, authentication);
}

psd_signal psd_kms_order_key(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  psd_kms_rotate call;
  psd_k4 k4;
  const psd_kms_key *key = psd_keyring_active(service->keys, PSD_KMS_VENDOR);
  if (!psd_take_message(body, PSD_MESSAGE_KMS_ROTATE, &call) || !psd_cursor_done(body))
    return PSD_SIGNAL_MESSAGE;
  psd_kms_device device = psd_kms_device_of(call.vendor, call.model, call.serial);
  if (!psd_kms_unwrap_k4(service->keys, &device, call.wrapped_k4, &k4))
    return PSD_SIGNAL_DEVICE_KEY;
  psd_signal signal = PSD_SIGNAL_VENDOR_KEY;
  if (key != NULL)
    signal = put_order(key, &k4, out) ? PSD_SIGNAL_NONE : PSD_SIGNAL_INTERNAL;
  psd_secret_wipe(&k4, sizeof k4);
  if (signal == PSD_SIGNAL_NONE && !note(service, PSD_KMS_EVENT_ORDERED, key, &device))
    return PSD_SIGNAL_BUSY;
  return signal;
}

psd_signal psd_kms_give_column(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  psd_kms_column call;
  const psd_kms_key *master = psd_keyring_active(service->keys, PSD_KMS_COLUMN);
  if (!psd_take_message(body, PSD_MESSAGE_KMS_COLUMN, &call) || !psd_cursor_done(body))
    return PSD_SIGNAL_MESSAGE;
  uint8_t *key = psd_put_room(out, PSD_SIZE_COLUMN_KEY);
  if (master == NULL || key == NULL || !psd_kms_column_key(master, (uint8_t)call.column, key))
    return PSD_SIGNAL_INTERNAL;
  return note(service, PSD_KMS_EVENT_COLUMN, master, NULL) ? PSD_SIGNAL_NONE : PSD_SIGNAL_BUSY;
}

bool psd_kms_put_rsa(const psd_keyring *keys, psd_buffer *out) {
  uint8_t modulus[PSD_RSA_MAX];
  const psd_kms_key *key = psd_keyring_active(keys, PSD_KMS_RSA);
  if (key == NULL)
    return false;
  const psd_rsa_key row = {.identifier = key->identifier, .exponent = PSD_RSA_EXPONENT};
  psd_put_message(out, PSD_MESSAGE_RSA_KEY, &row);
  psd_put(out, modulus, psd_rsa_modulus(key->rsa, modulus));
  return true;
}

psd_signal psd_kms_give_vendor_keys(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  const psd_kms_key *key = psd_keyring_active(service->keys, PSD_KMS_VENDOR);
  if (!psd_cursor_done(body))
    return PSD_SIGNAL_MESSAGE;
  if (key == NULL)
    return PSD_SIGNAL_VENDOR_KEY;
  psd_vendor_key row = {.identifier = key->identifier};
  memcpy(row.point, key->point, sizeof row.point);
  psd_put_message(out, PSD_MESSAGE_VENDOR_KEY, &row);
  (void)psd_kms_put_rsa(service->keys, out);
  return PSD_SIGNAL_NONE;
}
