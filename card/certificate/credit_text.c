#include "certificate/credit.h"

#include "certificate/der.h"
#include "meter/clock.h"

#include <string.h>

#define VERSION 1U
#define PAYMENT_MAX 640U /* content: a Name of 300 bytes, 64 of payee, and the rest */
/* What a payment has more than the first one, at most: payee; 8 bytes of amount and 4 of sequence; longer lengths
 * around them, and a longer signature. */
#define GROWTH (PSD_PAYEE_MAX + 32U)

/* From the content of CreditLine (psd_certificate.credit). */
static bool parse_terms(psd_cursor content, psd_credit_terms *line) {
  return psd_der_take_number(&content, PSD_DER_INTEGER, &line->amount) &&
         psd_der_take_octets(&content, PSD_SIZE_DEVICE_ID, &line->device) &&
         psd_der_take_number(&content, PSD_DER_INTEGER, &line->certificate) &&
         psd_der_take_last(&content, PSD_DER_UTF8_STRING, &line->use) &&
         psd_der_text_valid(line->use.at, line->use.left, PSD_NAME_MAX);
}

bool psd_credit_parse(psd_cursor der, psd_credit *credit) {
  credit->der = der;
  return psd_certificate_parse(der, &credit->certificate) && credit->certificate.credit.left > 0 &&
         parse_terms(credit->certificate.credit, &credit->line);
}

static void put_content(psd_buffer *out, const psd_signing *signing, const psd_credit *credit,
                        const psd_payment *payment, uint64_t time, const psd_credit_state *state) {
  size_t whole = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_number(out, VERSION);
  psd_put(out, credit->certificate.subject.at, credit->certificate.subject.left);
  psd_der_put_number(out, credit->line.certificate);
  psd_put_tlv(out, PSD_DER_OCTET_STRING, signing->device, sizeof signing->device);
  psd_put_tlv(out, PSD_DER_OCTET_STRING, state->hash, sizeof state->hash);
  psd_der_put_number(out, payment->amount);
  psd_der_put_number(out, state->remaining);
  psd_put_tlv(out, PSD_DER_UTF8_STRING, payment->payee.at, payment->payee.left);
  psd_der_put_generalized(out, time);
  psd_der_put_generalized(out, payment->expiry);
  psd_der_put_number(out, state->sequence);
  psd_put_tlv(out, PSD_DER_OCTET_STRING, state->previous, sizeof state->previous);
  psd_close_tlv(out, whole);
}

/* The first one leaves room for those after it. */
static bool has_room(const psd_buffer *out, const psd_payment *payment) {
  size_t more = payment->amount == 0 ? GROWTH : 0;
  return !out->overflow && out->capacity - out->length >= more;
}

uint16_t psd_payment_put(psd_card *card, const psd_signing *signing, const psd_credit *credit,
                         const psd_payment *payment, psd_credit_state *state, psd_buffer *out) {
  uint8_t bytes[PAYMENT_MAX];
  psd_buffer content = psd_buffer_over(bytes, sizeof bytes);
  size_t start = out->length;
  uint64_t now = psd_clock_now(card);
  state->remaining -= payment->amount;
  put_content(&content, signing, credit, payment, now, state);
  const psd_cms wanted = {.type = PSD_OID_PAYMENT,
                          .content = {bytes, content.length},
                          .time = now,
                          .key = &signing->key,
                          .certificate = credit->der,
                          .enclosed = true};
  uint16_t status = has_room(&content, payment) ? psd_cms_put(card, &wanted, out) : PSD_SW_NO_SPACE;
  if (status == PSD_SW_OK && !has_room(out, payment))
    status = PSD_SW_NO_SPACE;
  if (status == PSD_SW_OK && !psd_sha256(out->data + start, out->length - start, state->previous))
    status = PSD_SW_EXECUTION_ERROR;
  return status;
}

void psd_credit_state_put(psd_change *change, const psd_credit_state *state, uint8_t encoded[PSD_SIZE_CREDIT_STATE]) {
  psd_buffer out = psd_buffer_over(encoded, PSD_SIZE_CREDIT_STATE);
  psd_put_message(&out, PSD_MESSAGE_CREDIT_STATE, state);
  if (out.overflow) /* a value that its field cannot hold */
    change->failed = true;
  psd_change_put(change, psd_slot_record_of(PSD_SLOT_CREDIT_STATE, (uint8_t)state->slot), encoded, out.length);
}
