/* ACCEPT CREDIT: a line of credit comes to the key of a slot, with its first payment certificate (VM 810, 812). */
#include "certificate/credit.h"

#include "iso7816/handlers.h"
#include "meter/clock.h"
#include "meter/objects.h"

#include <string.h>

/* A line of credit on its way into the card. */
typedef struct accepting {
  psd_credit credit;
  psd_credit_state held, state; /* the line of credit the slot has, number 0 for none; and the new one */
  psd_signing signing;
  uint8_t encoded[PSD_SIZE_CREDIT_STATE];
} accepting;

/* For this key, device and certificate, and valid today. Who has signed it is for those to look at who are paid. */
static bool fits(const psd_card *card, const accepting *of) {
  const psd_credit *credit = &of->credit;
  const psd_certificate *certificate = &credit->certificate;
  uint64_t now = psd_clock_now(card);
  return psd_certificate_is_of(certificate, &of->signing.key) &&
         memcmp(credit->line.device.at, of->signing.device, sizeof of->signing.device) == 0 &&
         credit->line.certificate == of->signing.slot.certificate && certificate->number > 0 &&
         certificate->number <= UINT32_MAX && certificate->from <= now && now <= certificate->until;
}

static uint16_t fetch_held(const psd_card *card, uint8_t number, psd_credit_state *held) {
  uint8_t encoded[PSD_SIZE_CREDIT_STATE];
  size_t length = 0;
  *held = (psd_credit_state){.slot = number};
  uint16_t status =
      psd_record_fetch(card, psd_slot_record_of(PSD_SLOT_CREDIT_STATE, number), encoded, sizeof encoded, &length);
  if (status == PSD_SW_REFERENCE_NOT_FOUND)
    return PSD_SW_OK;
  if (status == PSD_SW_OK && !psd_parse_message(encoded, length, PSD_MESSAGE_CREDIT_STATE, held))
    status = PSD_SW_MEMORY_FAILURE;
  return status;
}

/* The line of credit as it is before anything is paid. */
static uint16_t open(accepting *of) {
  const psd_certificate *certificate = &of->credit.certificate;
  of->state = (psd_credit_state){.slot = of->signing.slot.slot,
                                 .certificate = certificate->number,
                                 .from = certificate->from,
                                 .until = certificate->until,
                                 .amount = of->credit.line.amount,
                                 .remaining = of->credit.line.amount};
  return psd_sha256(of->credit.der.at, of->credit.der.left, of->state.hash) ? PSD_SW_OK : PSD_SW_EXECUTION_ERROR;
}

/* VM 812, in one commit with the line of credit. */
static uint16_t accept(psd_card *card, accepting *of, psd_buffer *out) {
  uint8_t number = (uint8_t)of->state.slot;
  size_t start = out->length;
  psd_change change;
  const psd_payment none = {.expiry = of->state.until};
  uint16_t status = psd_payment_put(card, &of->signing, &of->credit, &none, &of->state, out);
  if (status != PSD_SW_OK)
    return status;
  psd_change_begin(&change, card);
  psd_signing_put(&change, &of->signing);
  psd_credit_state_put(&change, &of->state, of->encoded);
  psd_change_put(&change, psd_slot_record_of(PSD_SLOT_CREDIT, number), of->credit.der.at, of->credit.der.left);
  psd_change_put(&change, psd_slot_record_of(PSD_SLOT_PAYMENT, number), out->data + start, out->length - start);
  psd_change_log(&change, card, PSD_EVENT_CREDIT_ACCEPTED, number, of->state.amount);
  return psd_change_commit(&change, card);
}

/* The same once more is answered as it was; what was paid since has spoken for itself. */
static uint16_t take(psd_card *card, accepting *of, psd_buffer *out) {
  uint16_t status = open(of);
  if (status != PSD_SW_OK)
    return status;
  bool same =
      of->held.certificate == of->state.certificate && memcmp(of->held.hash, of->state.hash, sizeof of->held.hash) == 0;
  if (same && of->held.sequence == 0)
    return psd_record_read(card, psd_slot_record_of(PSD_SLOT_PAYMENT, (uint8_t)of->state.slot), out);
  return of->state.certificate > of->held.certificate ? accept(card, of, out) : PSD_SW_CONDITIONS;
}

uint16_t psd_handle_accept_credit(psd_card *card, const psd_request *request, psd_buffer *out) {
  psd_cursor data = psd_cursor_over(request->apdu.data, request->apdu.nc);
  uint8_t number = request->apdu.p1;
  psd_service_call call;
  accepting of;
  psd_take_message(&data, PSD_MESSAGE_SERVICE_CALL, &call);
  uint16_t status = psd_signing_begin(card, number, PSD_PURPOSE_USER, &of.signing);
  if (status == PSD_SW_OK &&
      (data.left > PSD_USER_CERTIFICATE_MAX || !psd_credit_parse(data, &of.credit) || !fits(card, &of)))
    status = PSD_SW_WRONG_DATA;
  if (status == PSD_SW_OK)
    status = fetch_held(card, number, &of.held);
  if (status == PSD_SW_OK)
    status = take(card, &of, out);
  psd_signing_end(&of.signing);
  return status;
}
