/* REQUEST REVOCATION: the user asks for the end of a certificate of his (VM 602). */
#include "certificate/communications.h"
#include "certificate/revocation.h"
#include "certificate/signing.h"
#include "iso7816/handlers.h"
#include "meter/change.h"
#include "meter/clock.h"
#include "meter/objects.h"

#include <string.h>

/* A key whose certificate is over may still ask; one that is not paid for, or revoked, may not. */
static uint16_t find(const psd_card *card, uint8_t number, psd_slot *slot) {
  uint16_t status = psd_slot_read(card, number, slot);
  if (status != PSD_SW_OK)
    return status;
  if (slot->state != PSD_SLOT_ACTIVE || psd_clock_now(card) == 0 || card->core.services.requests == UINT32_MAX)
    return PSD_SW_CONDITIONS;
  return psd_communications_confirmable(card) ? PSD_SW_OK : PSD_SW_REFERENCE_NOT_FOUND;
}

static uint16_t put_request(psd_card *card, const psd_signing *signing, uint8_t reason, uint64_t number,
                            psd_buffer *out) {
  uint8_t bytes[PSD_REVOCATION_MAX];
  psd_buffer content = psd_buffer_over(bytes, sizeof bytes);
  psd_revocation request = {
      .certificate = signing->slot.certificate, .reason = reason, .time = psd_clock_now(card), .number = number};
  memcpy(request.device, signing->device, sizeof request.device);
  psd_revocation_put_request(&content, &request);
  const psd_cms wanted = {.type = PSD_OID_REVOCATION_REQUEST,
                          .content = {bytes, content.length},
                          .time = request.time,
                          .key = &signing->key,
                          .certificate = psd_cursor_over(signing->certificate, signing->certificate_length),
                          .enclosed = true};
  return content.overflow ? PSD_SW_INTERNAL : psd_cms_put(card, &wanted, out);
}

static uint16_t sign(psd_card *card, const psd_slot *slot, uint8_t reason, psd_buffer *out) {
  psd_signing signing;
  psd_change change;
  psd_change_begin(&change, card);
  uint64_t number = ++change.next.services.requests;
  uint16_t status = psd_signing_fetch(card, slot, &signing);
  if (status == PSD_SW_OK)
    status = put_request(card, &signing, reason, number, out);
  if (status == PSD_SW_OK) {
    psd_signing_put(&change, &signing);
    psd_change_core(&change);
    status = psd_change_commit(&change, card);
  }
  psd_signing_end(&signing);
  return status;
}

uint16_t psd_handle_request_revocation(psd_card *card, const psd_request *request, psd_buffer *out) {
  psd_slot slot;
  uint8_t reason = request->apdu.p2;
  if (!psd_revocation_reason(reason))
    return PSD_SW_WRONG_P1P2;
  uint16_t status = find(card, request->apdu.p1, &slot);
  return status == PSD_SW_OK ? sign(card, &slot, reason, out) : status;
}
