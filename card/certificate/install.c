/* INSTALL CERTIFICATE (VM figure 5, 518-520): what the authority grants, checked as docs/certificates.md has it. The
 * private key is active once the activation is paid, and not before. */
#include "certificate/communications.h"
#include "certificate/der.h"
#include "certificate/service.h"
#include "certificate/x509.h"
#include "iso7816/handlers.h"
#include "meter/clock.h"

#include <string.h>

/* The grant, taken apart. */
typedef struct granted {
  psd_certificate_grant head;
  psd_cursor der; /* the certificate */
  psd_certificate certificate;
  psd_slot slot;
  psd_key key; /* the public half */
} granted;

/* HMAC-SHA-256 under the certificate communications key, over all before it. */
static uint16_t check_grant(const psd_card *card, const psd_apdu *apdu, granted *grant) {
  uint8_t key[PSD_COMMUNICATIONS_KEY], expected[PSD_SHA256_SIZE];
  if (apdu->nc <= PSD_SIZE_CERTIFICATE_GRANT + PSD_SHA256_SIZE)
    return PSD_SW_VERIFICATION_FAILED;
  const size_t length = apdu->nc - PSD_SHA256_SIZE;
  uint16_t status = psd_communications_key(card, PSD_COMMUNICATIONS_GRANT, key);
  if (status == PSD_SW_OK && !psd_hmac_sha256(key, sizeof key, apdu->data, length, expected))
    status = PSD_SW_EXECUTION_ERROR;
  if (status == PSD_SW_OK && !psd_equal(expected, apdu->data + length, sizeof expected))
    status = PSD_SW_VERIFICATION_FAILED;
  psd_wipe(key, sizeof key);
  psd_cursor from = psd_cursor_over(apdu->data, length);
  psd_take_message(&from, PSD_MESSAGE_CERTIFICATE_GRANT, &grant->head);
  grant->der = from;
  return status;
}

/* Device and slot; the request is looked at apart. */
static uint16_t check_addressee(const psd_card *card, uint8_t number, granted *grant) {
  psd_device_id identity;
  const psd_certificate_grant *head = &grant->head;
  uint16_t status = psd_communications_identity(card, &identity);
  if (status != PSD_SW_OK)
    return status;
  if (!psd_communications_ours(&identity, head->vendor, head->model, head->serial) || head->slot != number)
    return PSD_SW_WRONG_DATA;
  return psd_slot_read(card, number, &grant->slot);
}

/* A grant that was carried out before, whatever came since: nothing is to be done, and nothing to be paid. */
static bool installed(const psd_card *card, const granted *grant) {
  uint8_t der[PSD_USER_CERTIFICATE_MAX];
  size_t length = 0;
  return grant->slot.state == PSD_SLOT_ACTIVE &&
         psd_slot_certificate(card, (uint8_t)grant->slot.slot, der, &length) == PSD_SW_OK &&
         length == grant->der.left && memcmp(der, grant->der.at, length) == 0;
}

/* The request that waits is the one that was granted. */
static bool awaited(const granted *grant) {
  const psd_slot *slot = &grant->slot;
  return (slot->state == PSD_SLOT_REQUESTED || slot->state == PSD_SLOT_ACTIVE) && slot->request != 0 &&
         slot->request == grant->head.request;
}

/* Names of the agent's own organization are all that its certificate permits. */
static bool constrained(const psd_certificate *certificate) {
  psd_cursor own = psd_certificate_name_part(certificate->subject, PSD_OID_ORGANIZATION);
  psd_cursor permitted = psd_certificate_name_part(certificate->permitted, PSD_OID_ORGANIZATION);
  return own.left > 0 && psd_der_same(own, permitted);
}

/* docs/certificates.md, "Keys and slots": what a certificate of this purpose looks like. */
static bool fits_purpose(const psd_certificate *certificate, uint64_t purpose) {
  switch (purpose) {
  case PSD_PURPOSE_USER:
    return !certificate->authority && certificate->signs && !certificate->stamps;
  case PSD_PURPOSE_POSTMARK:
    return !certificate->authority && certificate->signs && certificate->stamps;
  case PSD_PURPOSE_AGENT:
    return certificate->authority && certificate->ends && certificate->certifies && constrained(certificate);
  default:
    return false;
  }
}

/* 9000, 6A80; 6A88 where no authority is known; 6581, 6400. */
static uint16_t check_certificate(psd_card *card, granted *grant) {
  const psd_certificate *certificate = &grant->certificate;
  uint64_t now = psd_clock_now(card);
  uint16_t status = psd_key_fetch_public(card, (uint8_t)grant->slot.slot, &grant->key);
  if (status != PSD_SW_OK)
    return status;
  if (!psd_certificate_parse(grant->der, &grant->certificate) || !psd_certificate_is_of(certificate, &grant->key))
    return PSD_SW_WRONG_DATA;
  status = psd_certificate_by_authority(card, certificate);
  if (status != PSD_SW_OK)
    return status == PSD_SW_VERIFICATION_FAILED ? PSD_SW_WRONG_DATA : status;
  bool fits = grant->der.left <= PSD_USER_CERTIFICATE_MAX && certificate->number > 0 &&
              certificate->number <= UINT32_MAX && fits_purpose(certificate, grant->slot.purpose) &&
              certificate->from <= now && now <= certificate->until;
  return fits ? PSD_SW_OK : PSD_SW_WRONG_DATA;
}

/* VM 520. A certificate for the same key takes the place of the one before. */
static uint16_t activate(psd_card *card, const psd_request *request, granted *grant, psd_buffer *out) {
  psd_service_step step;
  uint8_t encoded[PSD_SIZE_SLOT];
  psd_slot *slot = &grant->slot;
  size_t start = out->length;
  uint16_t status = psd_service_begin(card, request, PSD_SERVICE_ACTIVATION, (psd_service)0, &step, out);
  if (status != PSD_SW_OK || step.again)
    return status;
  slot->state = PSD_SLOT_ACTIVE;
  slot->request = 0;
  slot->certificate = grant->certificate.number;
  slot->from = grant->certificate.from;
  slot->until = grant->certificate.until;
  psd_slot_put(&step.change, slot, encoded);
  psd_change_put(&step.change, psd_slot_record_of(PSD_SLOT_CERTIFICATE, (uint8_t)slot->slot), grant->der.at,
                 grant->der.left);
  return psd_service_end(card, &step, out, start, (psd_piece){NULL, 0});
}

uint16_t psd_handle_install_certificate(psd_card *card, const psd_request *request, psd_buffer *out) {
  const uint8_t number = request->apdu.p1;
  granted grant;
  if (!psd_slot_valid(number))
    return PSD_SW_WRONG_P1P2;
  if (psd_clock_now(card) == 0)
    return PSD_SW_CONDITIONS;
  uint16_t status = check_grant(card, &request->apdu, &grant);
  if (status == PSD_SW_OK)
    status = check_addressee(card, number, &grant);
  if (status != PSD_SW_OK || installed(card, &grant))
    return status;
  if (!awaited(&grant))
    return PSD_SW_WRONG_DATA;
  status = check_certificate(card, &grant);
  return status == PSD_SW_OK ? activate(card, request, &grant, out) : status;
}
