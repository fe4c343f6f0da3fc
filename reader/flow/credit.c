/* Figures 8 and 9 from the Host's side: a line of credit accepted, and paid from. */
#include "psd/spec/amount.h"
#include "psd/spec/status.h"
#include "psd/spec/text.h"
#include "service.h"

#include <string.h>

/* What goes out, the same each time. */
typedef struct acceptance {
  uint8_t slot;
  psd_service_call call;
  const void *certificate;
  size_t length;
} acceptance;

static psd_result send_acceptance(psd_host *host, const void *wish, psd_buffer *out) {
  const acceptance *of = wish;
  return psd_service_der(host, psd_host_accept_credit(host, of->slot, &of->call, of->certificate, of->length, out),
                         out);
}

psd_result psd_credit_accept(const psd_desk *desk, uint8_t slot, const void *certificate, size_t length,
                             psd_buffer *out) {
  const psd_asked asked = {.slot = slot, .purpose = PSD_PURPOSE_USER, .active = true, .what = "the acceptance"};
  acceptance of = {.slot = slot, .certificate = certificate, .length = length};
  psd_result result = psd_service_number(desk->host, of.call.call);
  return result == PSD_OK ? psd_service_run(desk, &asked, send_acceptance, &of, out) : result;
}

psd_result psd_credit_look(psd_host *host, uint8_t slot, psd_credit_state *credit) {
  uint8_t bytes[PSD_SIZE_CREDIT_STATE];
  psd_buffer answer = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_host_read_certificate(host, slot, PSD_READ_CREDIT_STATE, &answer);
  if (result == PSD_OK && !psd_parse_message(bytes, answer.length, PSD_MESSAGE_CREDIT_STATE, credit))
    return psd_host_fail(host, PSD_BAD_ANSWER, "the card's line of credit has %zu bytes, not %zu", answer.length,
                         sizeof bytes);
  return result;
}

typedef struct payment {
  uint8_t slot;
  psd_payment_wish wish;
  const char *payee;
} payment;

static psd_result send_payment(psd_host *host, const void *wish, psd_buffer *out) {
  const payment *of = wish;
  return psd_service_der(host, psd_host_pay(host, of->slot, &of->wish, of->payee, out), out);
}

/* What of the line of credit stands against the payment (904). */
static bool say_credit(const payment *of, const psd_credit_state *credit, uint64_t now, psd_text *text) {
  char left[PSD_AMOUNT_WORDS], wanted[PSD_AMOUNT_WORDS];
  if (of->wish.amount > credit->remaining)
    psd_say(text, "the credit does not suffice: %s remain, and the payment is %s",
            psd_amount_words(left, credit->remaining), psd_amount_words(wanted, of->wish.amount));
  else if (now < credit->from || now > credit->until || of->wish.expiry > credit->until) {
    psd_say(text, "the line of credit is valid from ");
    psd_say_time(text, credit->from);
    psd_say(text, " until ");
    psd_say_time(text, credit->until);
  } else if (of->wish.expiry != 0 && of->wish.expiry <= now)
    psd_say(text, "the payment would have expired already");
  return text->length > 0;
}

/* A refusal that the card's services do not explain the line of credit may. */
static psd_result explain(const psd_desk *desk, const payment *of) {
  const psd_error before = *psd_host_error(desk->host);
  psd_credit_state credit;
  char words[PSD_ERROR_WORDS];
  psd_text text = psd_text_over(words, sizeof words);
  psd_result result = psd_credit_look(desk->host, of->slot, &credit);
  if (result == PSD_REFUSED && psd_host_status(desk->host) == PSD_SW_REFERENCE_NOT_FOUND)
    return psd_host_fail(desk->host, PSD_REFUSED, "slot %u has no line of credit: psd credit request asks for one",
                         of->slot);
  if (result == PSD_OK && say_credit(of, &credit, desk->services->meter.clock.now, &text))
    return psd_host_fail(desk->host, PSD_REFUSED, "%s", words);
  result = psd_host_fail(desk->host, PSD_REFUSED, "%s", before.words);
  return result;
}

psd_result psd_credit_pay(const psd_desk *desk, uint8_t slot, uint64_t amount, uint64_t expiry, const char *payee,
                          psd_buffer *out) {
  const psd_asked asked = {
      .service = PSD_SERVICE_PAYMENT, .slot = slot, .purpose = PSD_PURPOSE_USER, .active = true, .what = "a payment"};
  payment of = {.slot = slot, .wish = {.amount = amount, .expiry = expiry}, .payee = payee};
  if (strlen(payee) < 1 || strlen(payee) > PSD_PAYEE_MAX)
    return psd_host_fail(desk->host, PSD_BAD_INPUT, "the payee's name has 1 to %u bytes", PSD_PAYEE_MAX);
  psd_result result = psd_service_number(desk->host, of.wish.call);
  if (result == PSD_OK)
    result = psd_service_run(desk, &asked, send_payment, &of, out);
  /* What still has a status word nobody has explained yet. */
  return result == PSD_REFUSED && psd_host_error(desk->host)->status != 0 ? explain(desk, &of) : result;
}
