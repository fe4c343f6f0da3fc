/* POSTMARK: a TimeStampToken that the card has put together itself (VM 306 to 316; RFC 3161). */
#include "certificate/service.h"
#include "certificate/signing.h"
#include "certificate/tst.h"
#include "iso7816/handlers.h"
#include "meter/clock.h"
#include "meter/rates.h"

/* A wish on its way. */
typedef struct postmark {
  psd_postmark_wish wish;
  psd_cursor data; /* what follows it */
  psd_tst info;
} postmark;

/* VM 306: digest and nonce are the Host's; time, number and tariff are not. */
static uint16_t assemble(psd_card *card, const psd_request *request, psd_service_step *step, postmark *of) {
  psd_tst *info = &of->info;
  *info = (psd_tst){.time = psd_clock_now(card)};
  uint16_t status = psd_imprint_take(card, request, of->wish.digest, &of->data, &info->imprint);
  if (status != PSD_SW_OK)
    return status;
  info->nonce = of->data;
  if (info->nonce.left != of->wish.nonce || (info->nonce.left > 0 && !psd_nonce_valid(info->nonce)))
    return PSD_SW_WRONG_DATA;
  if (step->change.next.services.postmarks == UINT64_MAX)
    return PSD_SW_CONDITIONS;
  info->number = ++step->change.next.services.postmarks;
  return psd_rates_version(card, &info->tariff);
}

static uint16_t put_token(psd_card *card, const psd_signing *signing, const psd_tst *info, bool enclosed,
                          psd_buffer *out) {
  uint8_t bytes[PSD_TST_MAX];
  psd_buffer content = psd_buffer_over(bytes, sizeof bytes);
  psd_tst_put(&content, info);
  const psd_cms wanted = {.type = PSD_OID_TST_INFO,
                          .content = {bytes, content.length},
                          .key = &signing->key,
                          .certificate = psd_cursor_over(signing->certificate, signing->certificate_length),
                          .enclosed = enclosed};
  return content.overflow ? PSD_SW_INTERNAL : psd_cms_put(card, &wanted, out);
}

/* VM 312 to 316: the debit is in `step` already, and is committed with the postmark. */
static uint16_t stamp(psd_card *card, const psd_request *request, psd_service_step *step, const psd_tst *info,
                      psd_buffer *out) {
  size_t start = out->length;
  psd_signing signing;
  uint16_t status = psd_signing_begin(card, request->apdu.p1, PSD_PURPOSE_POSTMARK, &signing);
  if (status == PSD_SW_OK)
    status = put_token(card, &signing, info, request->apdu.p2 == PSD_WITH_CERTIFICATE, out);
  if (status == PSD_SW_OK) {
    psd_signing_put(&step->change, &signing);
    status = psd_service_end(card, step, out, start, (psd_piece){NULL, 0});
  }
  psd_signing_end(&signing);
  return status;
}

uint16_t psd_handle_postmark(psd_card *card, const psd_request *request, psd_buffer *out) {
  postmark of = {.data = psd_cursor_over(request->apdu.data, request->apdu.nc)};
  psd_service_step step;
  psd_take_message(&of.data, PSD_MESSAGE_POSTMARK_WISH, &of.wish);
  if (request->apdu.p2 > PSD_WITH_CERTIFICATE)
    return PSD_SW_WRONG_P1P2;
  uint16_t status = psd_service_begin(card, request, PSD_SERVICE_POSTMARK, 0, &step, out);
  if (status == PSD_SW_OK && !step.again) {
    status = assemble(card, request, &step, &of);
    if (status == PSD_SW_OK)
      status = stamp(card, request, &step, &of.info, out);
  }
  return status;
}
