/* PAY: a payment certificate from a line of credit (VM figure 9). */
#include "certificate/credit.h"
#include "certificate/der.h"
#include "certificate/service.h"
#include "iso7816/handlers.h"
#include "meter/clock.h"
#include "meter/objects.h"

/* A payment on its way. */
typedef struct paying {
  psd_payment payment;
  psd_credit_state state;
  uint8_t certificate[PSD_USER_CERTIFICATE_MAX]; /* the line of credit's */
  psd_credit credit;
  psd_signing signing;
  uint8_t encoded[PSD_SIZE_CREDIT_STATE];
} paying;

static bool parse(const psd_apdu *apdu, psd_payment *payment) {
  psd_cursor data = psd_cursor_over(apdu->data, apdu->nc);
  psd_payment_wish wish;
  psd_take_message(&data, PSD_MESSAGE_PAYMENT_WISH, &wish);
  *payment = (psd_payment){.amount = wish.amount, .expiry = wish.expiry, .payee = data};
  return data.left == wish.payee && psd_der_text_valid(data.at, data.left, PSD_PAYEE_MAX) && wish.amount > 0;
}

/* The line of credit of the slot. */
static uint16_t fetch(const psd_card *card, uint8_t number, paying *of) {
  size_t length = 0;
  uint16_t status = psd_record_fetch(card, psd_slot_record_of(PSD_SLOT_CREDIT_STATE, number), of->encoded,
                                     sizeof of->encoded, &length);
  if (status != PSD_SW_OK)
    return status;
  if (!psd_parse_message(of->encoded, length, PSD_MESSAGE_CREDIT_STATE, &of->state))
    return PSD_SW_MEMORY_FAILURE;
  status = psd_record_fetch(card, psd_slot_record_of(PSD_SLOT_CREDIT, number), of->certificate, sizeof of->certificate,
                            &length);
  if (status != PSD_SW_OK)
    return PSD_SW_MEMORY_FAILURE;
  return psd_credit_parse(psd_cursor_over(of->certificate, length), &of->credit) ? PSD_SW_OK : PSD_SW_MEMORY_FAILURE;
}

/* VM 904. Until when it can be settled is the payer's to say, within the line of credit. */
static uint16_t judge(const psd_card *card, paying *of) {
  const psd_credit_state *state = &of->state;
  uint64_t now = psd_clock_now(card);
  if (now < state->from || now > state->until)
    return PSD_SW_CONDITIONS;
  if (of->payment.expiry == 0)
    of->payment.expiry = state->until;
  if (of->payment.expiry <= now || of->payment.expiry > state->until)
    return PSD_SW_WRONG_DATA;
  return of->payment.amount <= state->remaining && state->sequence < UINT32_MAX ? PSD_SW_OK : PSD_SW_CONDITIONS;
}

/* VM 908, 910, in one commit. */
static uint16_t pay(psd_card *card, uint8_t number, paying *of, psd_service_step *step, psd_buffer *out) {
  size_t start = out->length;
  of->state.sequence++;
  uint16_t status = psd_payment_put(card, &of->signing, &of->credit, &of->payment, &of->state, out);
  if (status != PSD_SW_OK)
    return status;
  psd_signing_put(&step->change, &of->signing);
  psd_credit_state_put(&step->change, &of->state, of->encoded);
  psd_change_put(&step->change, psd_slot_record_of(PSD_SLOT_PAYMENT, number), out->data + start, out->length - start);
  return psd_service_end(card, step, out, start, (psd_piece){NULL, 0});
}

uint16_t psd_handle_pay(psd_card *card, const psd_request *request, psd_buffer *out) {
  uint8_t number = request->apdu.p1;
  psd_service_step step;
  paying of;
  if (!parse(&request->apdu, &of.payment))
    return PSD_SW_WRONG_DATA;
  uint16_t status = psd_service_begin(card, request, PSD_SERVICE_PAYMENT, 0, &step, out);
  if (status != PSD_SW_OK || step.again)
    return status;
  status = psd_signing_begin(card, number, PSD_PURPOSE_USER, &of.signing);
  if (status == PSD_SW_OK)
    status = fetch(card, number, &of);
  if (status == PSD_SW_OK)
    status = judge(card, &of);
  if (status == PSD_SW_OK)
    status = pay(card, number, &of, &step, out);
  psd_signing_end(&of.signing);
  return status;
}
