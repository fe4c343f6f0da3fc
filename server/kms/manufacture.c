/* Keys for a new PSD, and the key pair it has made itself. */
#include <string.h>

#include "kms/operations.h"
#include "kms/wrapped_k4.h"
#include "psd/spec/chars.h"

#define SUITES_KNOWN ((uint64_t)(PSD_SUITE_P256 | PSD_SUITE_RSA | PSD_SUITE_SHARED | PSD_SUITE_CLASSIC))
#define SUITES_RSA ((uint64_t)(PSD_SUITE_RSA | PSD_SUITE_CLASSIC))

enum { SCHEME_UNIQUE = 0, SCHEME_SET = 1 };

static bool note_device(psd_kms_service *service, psd_kms_event_id id, psd_kms_state from, psd_kms_state to,
                        const psd_kms_device *device) {
  const psd_kms_event event = {.event = id,
                               .time = service->now(),
                               .kind = PSD_KMS_DEVICE,
                               .from = from,
                               .to = to,
                               .about_device = true,
                               .device = *device};
  return psd_kms_note(&service->events, &event);
}

static bool make_k4(const psd_keyring *keys, uint64_t scheme, const psd_kms_device *device, psd_k4 *k4) {
  uint16_t pointer = 0;
  *k4 = (psd_k4){.scheme = scheme};
  if (scheme == SCHEME_UNIQUE)
    return psd_random(k4->key, sizeof k4->key);
  const psd_kms_key *set = psd_keyring_active(keys, PSD_KMS_SET);
  bool done = set != NULL && psd_kms_set_pointer(device, &pointer) && psd_kms_set_key(set, pointer, k4->key);
  k4->pointer = pointer;
  return done;
}

static bool fill_transport(const psd_keyring *keys, const psd_kms_device *device, psd_kms_manufactured *made) {
  uint8_t three[PSD_KMS_TRANSPORT_SIZE];
  const psd_kms_key *master = psd_keyring_active(keys, PSD_KMS_TRANSPORT);
  bool done = master != NULL && psd_kms_transport_keys(master, device, three);
  if (done) {
    made->transport_version = PSD_KMS_TRANSPORT_VERSION;
    memcpy(made->enc, three, sizeof made->enc);
    memcpy(made->mac, three + 32, sizeof made->mac);
    memcpy(made->dek, three + 64, sizeof made->dek);
  }
  psd_secret_wipe(three, sizeof three);
  return done;
}

static bool fill_shared(const psd_keyring *keys, const psd_kms_device *device, psd_kms_manufactured *made) {
  const psd_kms_key *master = psd_keyring_active(keys, PSD_KMS_SHARED);
  if (master == NULL || !psd_kms_shared_key(master, device, made->shared))
    return false;
  made->shared_key = master->identifier;
  return true;
}

/* The public keys a card is given; the fields of KMS_MANUFACTURED go by pairs. */
static bool fill_public(const psd_keyring *keys, psd_kms_manufactured *made) {
  const struct {
    psd_kms_kind kind;
    uint64_t *identifier;
    uint8_t *point;
  } pairs[] = {{PSD_KMS_VENDOR, &made->vendor_key, made->vendor_point},
               {PSD_KMS_CA, &made->ca_key, made->ca_point},
               {PSD_KMS_RATE, &made->rate_key, made->rate_point}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    const psd_kms_key *key = psd_keyring_active(keys, pairs[i].kind);
    if (key == NULL)
      return false;
    *pairs[i].identifier = key->identifier;
    memcpy(pairs[i].point, key->point, PSD_POINT);
  }
  return true;
}

static bool fill_device_key(const psd_keyring *keys, const psd_kms_device *device, uint64_t scheme,
                            psd_kms_manufactured *made) {
  psd_k4 k4;
  bool done = make_k4(keys, scheme, device, &k4) && psd_kms_wrap_k4(keys, device, &k4, made->wrapped_k4);
  made->scheme = k4.scheme;
  made->pointer = k4.pointer;
  memcpy(made->key, k4.key, sizeof made->key);
  psd_secret_wipe(&k4, sizeof k4);
  return done;
}

psd_signal psd_kms_manufacture_psd(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  psd_kms_manufacture call;
  psd_kms_manufactured made = {.shared_key = 0};
  if (!psd_take_message(body, PSD_MESSAGE_KMS_MANUFACTURE, &call) || !psd_cursor_done(body))
    return PSD_SIGNAL_MESSAGE;
  psd_kms_device device = psd_kms_device_of(call.vendor, call.model, call.serial);
  if (!psd_printable(call.vendor, 2) || !psd_printable(call.model, 2) || call.scheme > SCHEME_SET)
    return PSD_SIGNAL_REQUEST;
  bool rsa = (call.suites & SUITES_RSA) != 0;
  if ((call.suites & ~SUITES_KNOWN) != 0 || (rsa && psd_keyring_active(service->keys, PSD_KMS_RSA) == NULL))
    return PSD_SIGNAL_SUITE;
  bool done = fill_transport(service->keys, &device, &made) && fill_public(service->keys, &made) &&
              fill_device_key(service->keys, &device, call.scheme, &made) &&
              ((call.suites & PSD_SUITE_SHARED) == 0 || fill_shared(service->keys, &device, &made));
  if (done)
    psd_put_message(out, PSD_MESSAGE_KMS_MANUFACTURED, &made);
  psd_secret_wipe(&made, sizeof made);
  if (!done || (rsa && !psd_kms_put_rsa(service->keys, out)))
    return PSD_SIGNAL_INTERNAL;
  return note_device(service, PSD_KMS_EVENT_MANUFACTURED, PSD_KMS_STATE_GENERATED, PSD_KMS_STATE_ACTIVE, &device)
             ? PSD_SIGNAL_NONE
             : PSD_SIGNAL_BUSY;
}

psd_signal psd_kms_endorse_psd(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  psd_kms_endorse call;
  psd_k4 k4;
  if (!psd_take_message(body, PSD_MESSAGE_KMS_ENDORSE, &call) || !psd_cursor_done(body))
    return PSD_SIGNAL_MESSAGE;
  psd_kms_device device = psd_kms_device_of(call.vendor, call.model, call.serial);
  if (!psd_point_valid(call.point))
    return PSD_SIGNAL_REQUEST;
  if (!psd_kms_unwrap_k4(service->keys, &device, call.wrapped_k4, &k4))
    return PSD_SIGNAL_DEVICE_KEY;
  memcpy(k4.point, call.point, sizeof k4.point);
  uint8_t *wrapped = psd_put_room(out, PSD_SIZE_WRAPPED_K4);
  bool done = wrapped != NULL && psd_kms_wrap_k4(service->keys, &device, &k4, wrapped);
  psd_secret_wipe(&k4, sizeof k4);
  if (!done)
    return PSD_SIGNAL_INTERNAL;
  return note_device(service, PSD_KMS_EVENT_ENDORSED, PSD_KMS_STATE_ACTIVE, PSD_KMS_STATE_INSTALLED, &device)
             ? PSD_SIGNAL_NONE
             : PSD_SIGNAL_BUSY;
}
