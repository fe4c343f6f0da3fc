/* A certificate for the key pair of a PSD. */
#include <string.h>

#include "kms/certificate.h"
#include "kms/operations.h"
#include "kms/wrapped_k4.h"

_Static_assert(PSD_X509_MAX <= PSD_CERTIFICATE_MAX, "a PSD takes what is made here");

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
  /* A PSD takes a certificate of the CA that it was given when it was made, which may not be the active one any more.
   */
  const psd_kms_key *ca = psd_kms_authority_key(service->keys, PSD_KMS_CA, wanted.ca_key);
  if (ca == NULL)
    return wanted.ca_key == 0 ? PSD_SIGNAL_INTERNAL : PSD_SIGNAL_REQUEST;
  if (wanted.number == 0 || !psd_kms_validity_fits(service->keys, ca, (psd_kms_validity){wanted.from, wanted.until},
                                                   PSD_KMS_CERTIFICATE_SPAN, service->now()))
    return PSD_SIGNAL_REQUEST;
  psd_kms_device device = psd_kms_device_of(wanted.vendor, wanted.model, wanted.serial);
  psd_signal signal = point_of(service, &device, wrapped, point);
  if (signal != PSD_SIGNAL_NONE)
    return signal;
  if (!psd_kms_psd_certificate(ca, &wanted, point, der, &length))
    return PSD_SIGNAL_INTERNAL;
  psd_put(out, der, length);
  const psd_kms_use use = {
      .event = PSD_KMS_EVENT_CERTIFIED, .key = ca, .device = &device, .number = wanted.number, .made = {der, length}};
  return psd_kms_note_use(service, &use);
}
