/* A certificate for the key pair of a PSD. */
#include <string.h>

#include "kms/certificate.h"
#include "kms/operations.h"
#include "kms/wrapped_k4.h"

_Static_assert(PSD_X509_MAX <= PSD_CERTIFICATE_MAX, "a PSD takes what is made here");

static bool may_certify(const psd_kms_key *ca, const psd_kms_certify *wanted, uint64_t now) {
  return wanted->number != 0 && psd_kms_apart(wanted->from, now) <= PSD_KMS_CERTIFICATE_SKEW &&
         wanted->until > wanted->from && wanted->until - wanted->from <= PSD_KMS_CERTIFICATE_SPAN &&
         /* It would outlive the authority's own. */
         wanted->until <= ca->created + PSD_KMS_CA_SPAN;
}

static bool note(psd_kms_service *service, const psd_kms_key *ca, const psd_kms_certify *wanted,
                 const psd_kms_device *device) {
  const psd_kms_event event = {.event = PSD_KMS_EVENT_CERTIFIED,
                               .time = service->now(),
                               .kind = PSD_KMS_CA,
                               .key = ca->identifier,
                               .from = ca->state,
                               .to = ca->state,
                               .about_device = true,
                               .device = *device,
                               .sequence = (uint32_t)wanted->number};
  return psd_kms_note(&service->events, &event);
}

/* A PSD takes a certificate of the CA that it was given when it was made, which may not be the active one any more. */
static const psd_kms_key *authority(const psd_keyring *keys, uint64_t identifier) {
  return identifier == 0 ? psd_keyring_active(keys, PSD_KMS_CA) : psd_keyring_opening(keys, PSD_KMS_CA, identifier);
}

/* The point is public: nothing of K4 is left. */
static psd_signal point_of(const psd_kms_service *service, const psd_kms_device *device, const uint8_t *wrapped,
                           uint8_t point[PSD_POINT]) {
  psd_k4 k4;
  if (!psd_kms_unwrap_k4(service->keys, device, wrapped, &k4))
    return PSD_SIGNAL_DEVICE_KEY;
  psd_signal signal = psd_kms_k4_has_pair(&k4) ? PSD_SIGNAL_NONE : PSD_SIGNAL_REQUEST;
  memcpy(point, k4.point, PSD_POINT);
  psd_secret_wipe(&k4, sizeof k4);
  return signal;
}

psd_signal psd_kms_certify_psd(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  psd_kms_certify wanted;
  uint8_t point[PSD_POINT], der[PSD_X509_MAX];
  size_t length = 0;
  bool taken = psd_take_message(body, PSD_MESSAGE_KMS_CERTIFY, &wanted);
  const uint8_t *wrapped = psd_take(body, PSD_SIZE_WRAPPED_K4);
  if (!taken || !psd_cursor_done(body))
    return PSD_SIGNAL_MESSAGE;
  const psd_kms_key *ca = authority(service->keys, wanted.ca_key);
  if (ca == NULL)
    return wanted.ca_key == 0 ? PSD_SIGNAL_INTERNAL : PSD_SIGNAL_REQUEST;
  if (!may_certify(ca, &wanted, service->now()))
    return PSD_SIGNAL_REQUEST;
  psd_kms_device device = psd_kms_device_of(wanted.vendor, wanted.model, wanted.serial);
  psd_signal signal = point_of(service, &device, wrapped, point);
  if (signal != PSD_SIGNAL_NONE)
    return signal;
  if (!psd_kms_psd_certificate(ca, &wanted, point, der, &length))
    return PSD_SIGNAL_INTERNAL;
  psd_put(out, der, length);
  return note(service, ca, &wanted, &device) ? PSD_SIGNAL_NONE : PSD_SIGNAL_BUSY;
}
