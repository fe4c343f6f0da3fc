/* SIGN MESSAGE: a signature of a user's, detached from its message (docs/certificates.md, "Figures 3"). */
#include "certificate/der.h"
#include "certificate/hash.h"
#include "certificate/service.h"
#include "certificate/signing.h"
#include "iso7816/handlers.h"
#include "meter/clock.h"

#define METERED_MAX 40U

/* MeteredUse: which service of the meter this signature was, and what it cost. */
static void put_metered_use(psd_buffer *out, const psd_service_step *step, const psd_signing *signing) {
  size_t whole = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_put_tlv(out, PSD_DER_OCTET_STRING, signing->device, sizeof signing->device);
  psd_der_put_number(out, step->change.next.certificate.piece_count);
  psd_der_put_number(out, step->price);
  psd_close_tlv(out, whole);
}

static uint16_t put_signature(psd_card *card, const psd_service_step *step, const psd_signing *signing,
                              const psd_imprint *imprint, bool enclosed, psd_buffer *out) {
  uint8_t bytes[METERED_MAX];
  psd_buffer use = psd_buffer_over(bytes, sizeof bytes);
  put_metered_use(&use, step, signing);
  const psd_piece metered = {bytes, use.length};
  const psd_cms wanted = {.type = PSD_OID_DATA,
                          .digest = imprint->digest,
                          .time = psd_clock_now(card),
                          .metered = &metered,
                          .key = &signing->key,
                          .certificate = psd_cursor_over(signing->certificate, signing->certificate_length),
                          .enclosed = enclosed};
  return use.overflow ? PSD_SW_INTERNAL : psd_cms_put(card, &wanted, out);
}

/* VM 312 to 316: the debit is in `step` already, and is committed with the signature. */
static uint16_t sign(psd_card *card, const psd_request *request, psd_service_step *step, const psd_imprint *imprint,
                     psd_buffer *out) {
  size_t start = out->length;
  psd_signing signing;
  uint16_t status = psd_signing_begin(card, request->apdu.p1, PSD_PURPOSE_USER, &signing);
  if (status == PSD_SW_OK)
    status = put_signature(card, step, &signing, imprint, request->apdu.p2 == PSD_WITH_CERTIFICATE, out);
  if (status == PSD_SW_OK) {
    psd_signing_put(&step->change, &signing);
    status = psd_service_end(card, step, out, start, (psd_piece){NULL, 0});
  }
  psd_signing_end(&signing);
  return status;
}

uint16_t psd_handle_sign_message(psd_card *card, const psd_request *request, psd_buffer *out) {
  psd_cursor data = psd_cursor_over(request->apdu.data, request->apdu.nc);
  psd_sign_wish wish;
  psd_service_step step;
  psd_imprint imprint;
  psd_take_message(&data, PSD_MESSAGE_SIGN_WISH, &wish);
  if (request->apdu.p2 > PSD_WITH_CERTIFICATE)
    return PSD_SW_WRONG_P1P2;
  if (wish.digest != 0 && wish.digest != PSD_DIGEST_SHA256)
    return PSD_SW_WRONG_DATA;
  uint16_t status = psd_service_begin(card, request, PSD_SERVICE_SIGNING, 0, &step, out);
  if (status != PSD_SW_OK || step.again)
    return status;
  status = psd_imprint_take(card, request, wish.digest, &data, &imprint);
  if (status == PSD_SW_OK && !psd_cursor_done(&data))
    status = PSD_SW_WRONG_DATA;
  return status == PSD_SW_OK ? sign(card, request, &step, &imprint, out) : status;
}
