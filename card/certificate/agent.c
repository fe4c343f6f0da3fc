/* ISSUE CERTIFICATE (VM 350-366): the card makes a key pair for somebody else, enciphers the private key for him, and
 * signs a certificate of it. */
#include "certificate/agent.h"

#include "certificate/der.h"
#include "certificate/envelope.h"
#include "certificate/service.h"
#include "iso7816/handlers.h"
#include "meter/clock.h"
#include "meter/objects.h"

#define DAY UINT64_C(86400)
#define USAGE_ALL (PSD_AGENT_SIGNS | PSD_AGENT_ENCIPHERS)

/* What is asked for. */
typedef struct wanted {
  psd_agent_wish wish;
  psd_cursor name;
  psd_certificate receiver;
} wanted;

/* The agent's certificate and key, and the pair that is made. */
typedef struct issuing {
  uint8_t der[PSD_USER_CERTIFICATE_MAX];
  psd_certificate agent;
  psd_key signer, made;
} issuing;

static bool parse(const psd_apdu *apdu, wanted *of) {
  psd_cursor data = psd_cursor_over(apdu->data, apdu->nc);
  psd_take_message(&data, PSD_MESSAGE_AGENT_WISH, &of->wish);
  const psd_agent_wish *wish = &of->wish;
  of->name = psd_cursor_over(psd_take(&data, wish->name), data.failed ? 0 : wish->name);
  return !data.failed && psd_key_algorithm_valid(wish->algorithm) && wish->days >= 1 &&
         wish->days <= PSD_AGENT_DAYS_MOST && wish->usage >= 1 && wish->usage <= USAGE_ALL &&
         psd_der_text_valid(of->name.at, of->name.left, PSD_NAME_MAX) && psd_certificate_parse(data, &of->receiver);
}

static uint16_t fetch_agent(const psd_card *card, uint8_t slot, issuing *with) {
  size_t length = 0;
  uint16_t status = psd_slot_certificate(card, slot, with->der, &length);
  if (status != PSD_SW_OK)
    return status;
  if (!psd_certificate_parse(psd_cursor_over(with->der, length), &with->agent))
    return PSD_SW_MEMORY_FAILURE;
  return psd_key_fetch(card, slot, &with->signer);
}

/* Device serial || certificates issued: no two certificates of an agent have the same, and no two agents' do. */
static uint16_t take_number(const psd_card *card, psd_core *next, uint64_t *number) {
  psd_device_id identity;
  uint16_t status = psd_object_fetch(card, PSD_OBJECT_DEVICE_ID, &identity);
  if (status != PSD_SW_OK)
    return status;
  if (next->services.issued == UINT32_MAX)
    return PSD_SW_CONDITIONS;
  *number = identity.serial << 32 | ++next->services.issued;
  return PSD_SW_OK;
}

static uint16_t put_certificate(psd_card *card, const wanted *of, const issuing *with, psd_core *next,
                                psd_buffer *out) {
  uint64_t now = psd_clock_now(card), days = of->wish.days * DAY;
  if (now > with->agent.until) /* making the pair took until after its end */
    return PSD_SW_CONDITIONS;
  psd_issue issue = {.from = now,
                     .until = with->agent.until - now < days ? with->agent.until : now + days,
                     .usage = (unsigned)of->wish.usage,
                     .name = of->name,
                     .holder = &with->made,
                     .signer = &with->signer,
                     .agent = &with->agent};
  uint16_t status = take_number(card, next, &issue.number);
  return status == PSD_SW_OK ? psd_issue_put(card, &issue, out) : status;
}

/* Everything between the debit and the commit. */
static uint16_t make(psd_card *card, const wanted *of, uint8_t slot, psd_core *next, psd_buffer *out,
                     psd_buffer *envelope) {
  issuing with;
  uint16_t status = fetch_agent(card, slot, &with);
  if (status == PSD_SW_OK)
    status = psd_key_generate(card, (psd_algorithm)of->wish.algorithm, &with.made);
  if (status == PSD_SW_OK)
    status = psd_envelope_put(card, &with.made, &of->receiver, envelope);
  if (status == PSD_SW_OK)
    status = put_certificate(card, of, &with, next, out);
  psd_wipe(&with, sizeof with);
  return status;
}

uint16_t psd_handle_issue_certificate(psd_card *card, const psd_request *request, psd_buffer *out) {
  uint8_t encoded[PSD_SIZE_SLOT], key[PSD_ENVELOPE_MAX];
  wanted of;
  psd_slot slot;
  psd_service_step step;
  psd_buffer envelope = psd_buffer_over(key, sizeof key);
  size_t start = out->length;
  if (!parse(&request->apdu, &of))
    return PSD_SW_WRONG_DATA;
  uint16_t status = psd_service_begin(card, request, PSD_SERVICE_AGENT, (psd_service)0, &step, out);
  if (status != PSD_SW_OK || step.again)
    return status;
  status = psd_slot_usable(card, step.slot, PSD_PURPOSE_AGENT, &slot);
  if (status == PSD_SW_OK)
    status = make(card, &of, step.slot, &step.change.next, out, &envelope);
  if (status != PSD_SW_OK)
    return status;
  slot.uses++;
  psd_slot_put(&step.change, &slot, encoded);
  return psd_service_end(card, &step, out, start, (psd_piece){key, envelope.length});
}
