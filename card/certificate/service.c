#include "certificate/service.h"

#include "meter/clock.h"
#include "meter/objects.h"
#include "meter/rates.h"

psd_group psd_service_group(const psd_core *core) {
  return core->funds.mode == PSD_FUNDS_MERGED ? PSD_GROUP_POSTAGE : PSD_GROUP_CERTIFICATE;
}

/* What the group that pays has: its descending register or, in current-account mode, what is left of the credit. */
static uint64_t available(const psd_core *core) {
  if (core->funds.mode == PSD_FUNDS_ACCOUNT)
    return core->funds.credit_limit - core->postage.ascending - core->certificate.ascending;
  return core->funds.mode == PSD_FUNDS_MERGED ? core->postage.descending : core->certificate.descending;
}

bool psd_service_debit(psd_core *next, uint64_t price) {
  psd_registers *registers = psd_core_group(next, psd_service_group(next));
  if (!psd_core_balanced(next) || price > available(next) || price > UINT64_MAX - registers->ascending)
    return false;
  registers->ascending += price;
  if (next->funds.mode != PSD_FUNDS_ACCOUNT)
    registers->descending -= price;
  return true;
}

bool psd_service_count(psd_core *next) {
  if (next->certificate.piece_count == UINT32_MAX)
    return false;
  next->certificate.piece_count++;
  return true;
}

uint64_t psd_service_collect(psd_core *next) {
  if (!psd_core_balanced(next))
    return 0;
  uint64_t has = available(next);
  uint64_t amount = next->services.due < has ? next->services.due : has;
  if (amount == 0 || !psd_service_debit(next, amount))
    return 0;
  next->services.due -= amount;
  return amount;
}

void psd_service_collect_due(psd_change *change, const psd_card *card) {
  uint64_t amount = psd_service_collect(&change->next);
  if (amount > 0)
    psd_change_log_funds(change, card, PSD_EVENT_DUE_PAID, psd_service_group(&change->next), amount);
}

uint16_t psd_service_price_today(const psd_card *card, psd_service service, uint64_t *price) {
  psd_service_rates rates;
  uint16_t status = psd_rates_services(card, &rates);
  if (status == PSD_SW_OK)
    *price = psd_service_price(&rates, service);
  return status;
}

/* SHA-256(INS || P1 || P2 || data) */
static bool digest_of(const psd_request *request, uint8_t digest[PSD_SHA256_SIZE]) {
  const psd_apdu *apdu = &request->apdu;
  const uint8_t head[] = {request->row->ins, apdu->p1, apdu->p2};
  return psd_sha256_two(head, sizeof head, apdu->data, apdu->nc, digest);
}

uint16_t psd_service_recall(psd_card *card, const psd_request *request, psd_service service, psd_service_step *step,
                            psd_buffer *out) {
  uint8_t last[PSD_SIZE_SERVICE_RECORD];
  size_t length = 0;
  psd_change_begin(&step->change, card);
  step->service = service;
  step->slot = request->apdu.p1;
  step->price = 0;
  step->again = false;
  if (!digest_of(request, step->record))
    return PSD_SW_EXECUTION_ERROR;
  uint16_t status = psd_record_fetch(card, PSD_RECORD_SERVICE, last, sizeof last, &length);
  if (status == PSD_SW_REFERENCE_NOT_FOUND) /* the first one of this card */
    return PSD_SW_OK;
  step->again = status == PSD_SW_OK && length == sizeof last && psd_equal(last, step->record, sizeof last);
  return step->again ? psd_record_read(card, PSD_RECORD_SERVICE_ANSWER, out) : status;
}

/* Funds for the service and, behind it, for `besides` (VM 504). */
static bool afford(psd_core *next, uint64_t price, uint64_t besides) {
  if (!psd_service_debit(next, price) || !psd_service_count(next))
    return false;
  psd_core then = *next;
  return psd_service_debit(&then, besides);
}

uint16_t psd_service_begin(psd_card *card, const psd_request *request, psd_service service, psd_service besides,
                           psd_service_step *step, psd_buffer *out) {
  psd_service_rates rates;
  uint16_t status = psd_service_recall(card, request, service, step, out);
  if (status != PSD_SW_OK || step->again)
    return status;
  if (psd_clock_now(card) == 0)
    return PSD_SW_CONDITIONS;
  status = psd_rates_services(card, &rates);
  if (status != PSD_SW_OK)
    return status;
  step->price = psd_service_price(&rates, service);
  bool may = step->change.next.services.due == 0 &&
             afford(&step->change.next, step->price, psd_service_price(&rates, besides));
  return may ? PSD_SW_OK : PSD_SW_CONDITIONS;
}

static void put_answer(psd_change *change, const psd_buffer *out, size_t start, psd_piece more) {
  size_t length = out->length - start;
  psd_change_put(change, PSD_RECORD_SERVICE_ANSWER, length > 0 ? (const void *)(out->data + start) : "", length);
  psd_change_put(change, PSD_RECORD_SERVICE_KEY, more.length > 0 ? more.data : NULL, more.length);
}

static uint16_t commit(psd_card *card, psd_service_step *step, const psd_buffer *out, size_t start, psd_piece more) {
  psd_change *change = &step->change;
  psd_event event = step->service == PSD_SERVICE_REVOCATION ? PSD_EVENT_REVOKED : PSD_EVENT_SERVED;
  if (out->overflow)
    return PSD_SW_NO_SPACE;
  psd_change_put(change, PSD_RECORD_SERVICE, step->record, sizeof step->record);
  put_answer(change, out, start, more);
  psd_change_log_service(change, card, event, psd_service_group(&change->next),
                         (uint16_t)((unsigned)step->slot << 8 | (unsigned)step->service), step->price);
  return psd_change_commit(change, card);
}

uint16_t psd_service_end(psd_card *card, psd_service_step *step, psd_buffer *out, size_t start, psd_piece more) {
  uint16_t status = commit(card, step, out, start, more);
  if (status != PSD_SW_OK)
    *out = (psd_buffer){.data = out->data, .capacity = out->capacity, .length = start};
  return status;
}
