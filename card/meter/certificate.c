#include "meter/certificate.h"

#include "certificate/x509.h"
#include "meter/objects.h"

bool psd_certificate_number(psd_cursor der, uint64_t *number) {
  psd_certificate certificate;
  if (!psd_certificate_parse(der, &certificate) || certificate.number == 0 || certificate.number > UINT32_MAX)
    return false;
  *number = certificate.number;
  return true;
}

/* Whether it is of the PSD's own key; where it has none, of no key. */
static uint16_t of_own_key(const psd_card *card, const psd_certificate *certificate) {
  psd_key own = {.algorithm = PSD_ALGORITHM_P256};
  uint16_t status =
      psd_object_fetch_bytes(card, PSD_OBJECT_DEVICE_PUBLIC, own.public, PSD_P256_POINT, &own.public_length);
  if (status == PSD_SW_REFERENCE_NOT_FOUND)
    return PSD_SW_WRONG_DATA;
  return status != PSD_SW_OK || psd_certificate_is_of(certificate, &own) ? status : PSD_SW_WRONG_DATA;
}

uint16_t psd_certificate_check(psd_card *card, psd_cursor der) {
  psd_certificate certificate;
  if (!psd_certificate_parse(der, &certificate))
    return PSD_SW_WRONG_DATA;
  uint16_t status = of_own_key(card, &certificate);
  if (status == PSD_SW_OK)
    status = psd_certificate_by_authority(card, &certificate);
  return status == PSD_SW_VERIFICATION_FAILED ? PSD_SW_WRONG_DATA : status;
}
