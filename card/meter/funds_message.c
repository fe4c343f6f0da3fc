#include "meter/clock.h"
#include "meter/funds.h"
#include "meter/objects.h"
#include "meter/session.h"
#include "meter/signature.h"

#include <string.h>

uint16_t psd_funds_last(const psd_card *card, psd_buffer *out) {
  return psd_record_read(card, PSD_RECORD_FUNDS, out);
}

uint16_t psd_funds_take_start(const psd_card *card, const psd_apdu *apdu, psd_funds_start *start) {
  const psd_core *core = &card->core;
  const psd_operation *last = &core->operation;
  if (apdu->p1 > PSD_GROUP_CERTIFICATE || (apdu->p1 == PSD_GROUP_CERTIFICATE && core->funds.mode == PSD_FUNDS_MERGED))
    return PSD_SW_WRONG_P1P2;
  if (last->operation == PSD_OPERATION_LOADING || last->operation == PSD_OPERATION_WITHDRAWING ||
      last->sequence == UINT32_MAX)
    return PSD_SW_CONDITIONS;
  if (!psd_parse_message(apdu->data, apdu->nc, PSD_MESSAGE_FUNDS_START, start) || start->final > 1)
    return PSD_SW_WRONG_DATA;
  /* A current account holds no funds; all that there is of it is the end of the service. */
  return core->funds.mode == PSD_FUNDS_ACCOUNT && start->final == 0 ? PSD_SW_CONDITIONS : PSD_SW_OK;
}

void psd_funds_begin(psd_funds_step *step, const psd_card *card, psd_operation_state state, psd_group group,
                     const psd_funds_start *start) {
  psd_change_begin(&step->change, card);
  step->change.next.operation = (psd_operation){.operation = state,
                                                .group = group,
                                                .final = start->final,
                                                .sequence = card->core.operation.sequence + 1,
                                                .amount = start->amount};
}

void psd_funds_proceed(psd_funds_step *step, const psd_card *card, psd_operation_state state) {
  psd_change_begin(&step->change, card);
  step->change.next.operation.operation = state;
}

/* The authorization names this PSD, the last operation, and the control total that this has made or is going to make.
 */
static bool names_operation(const psd_funds_authorization *authorization, psd_core *core, const psd_device_id *identity,
                            psd_operation_state done) {
  const psd_operation *last = &core->operation;
  const psd_registers *registers = psd_core_group(core, last->group);
  uint64_t to_come = last->operation == PSD_OPERATION_LOADING ? last->amount : 0;
  return memcmp(authorization->vendor, identity->vendor, sizeof identity->vendor) == 0 &&
         memcmp(authorization->model, identity->model, sizeof identity->model) == 0 &&
         authorization->serial == identity->serial && authorization->operation == done &&
         authorization->group == last->group && authorization->sequence == last->sequence &&
         authorization->amount == last->amount && authorization->control_total >= to_come &&
         authorization->control_total - to_come == registers->control_total;
}

uint16_t psd_funds_take_authorization(psd_card *card, const psd_apdu *apdu, psd_operation_state done, bool *again) {
  psd_core *core = &card->core;
  psd_operation_state pending = done == PSD_OPERATION_LOADED ? PSD_OPERATION_LOADING : PSD_OPERATION_WITHDRAWING;
  psd_funds_authorization authorization;
  psd_device_id identity;
  if (!psd_parse_message(apdu->data, PSD_SIZE_FUNDS_AUTHORIZATION, PSD_MESSAGE_FUNDS_AUTHORIZATION, &authorization))
    return PSD_SW_WRONG_DATA;
  uint16_t status =
      psd_session_verify(card, PSD_SIGN_FUNDS_AUTHORIZATION, (psd_piece){apdu->data, PSD_SIZE_FUNDS_AUTHORIZATION},
                         (psd_piece){NULL, 0}, apdu->data + PSD_SIZE_FUNDS_AUTHORIZATION);
  if (status == PSD_SW_OK)
    status = psd_object_fetch(card, PSD_OBJECT_DEVICE_ID, &identity);
  if (status != PSD_SW_OK)
    return status;
  bool named = names_operation(&authorization, core, &identity, done);
  *again = core->operation.operation == done && named;
  if (*again)
    return PSD_SW_OK;
  if (core->operation.operation != pending)
    return PSD_SW_CONDITIONS;
  if (!named)
    return PSD_SW_WRONG_DATA;
  return psd_clock_now(card) < authorization.expiry ? PSD_SW_OK : PSD_SW_CONDITIONS;
}

/* What request and receipt have in common, and the nonce. */
static uint16_t describe(const psd_card *card, psd_core *next, const uint8_t *nonce, psd_funds_request *all) {
  const psd_operation *operation = &next->operation;
  const psd_registers *registers = psd_core_group(next, operation->group);
  psd_device_id identity;
  uint16_t status = psd_object_fetch(card, PSD_OBJECT_DEVICE_ID, &identity);
  if (status != PSD_SW_OK)
    return status;
  *all = (psd_funds_request){.operation = operation->operation,
                             .group = operation->group,
                             .final = operation->final,
                             .serial = identity.serial,
                             .sequence = operation->sequence,
                             .amount = operation->amount,
                             .ascending = registers->ascending,
                             .descending = registers->descending,
                             .control_total = registers->control_total,
                             .piece_count = registers->piece_count,
                             .time = psd_clock_in(card, next)};
  memcpy(all->vendor, identity.vendor, sizeof all->vendor);
  memcpy(all->model, identity.model, sizeof all->model);
  if (nonce != NULL)
    memcpy(all->nonce, nonce, sizeof all->nonce);
  return PSD_SW_OK;
}

static void put_receipt(const psd_funds_request *all, psd_buffer *out) {
  psd_funds_receipt receipt = {.type = all->type,
                               .operation = all->operation,
                               .group = all->group,
                               .serial = all->serial,
                               .sequence = all->sequence,
                               .amount = all->amount,
                               .ascending = all->ascending,
                               .descending = all->descending,
                               .control_total = all->control_total,
                               .piece_count = all->piece_count,
                               .time = all->time};
  memcpy(receipt.vendor, all->vendor, sizeof receipt.vendor);
  memcpy(receipt.model, all->model, sizeof receipt.model);
  psd_put_message(out, PSD_MESSAGE_FUNDS_RECEIPT, &receipt);
}

/* Request or receipt, and its signature. */
static uint16_t put_signed(psd_card *card, psd_funds_step *step, const psd_signer *signer, const uint8_t *nonce,
                           psd_buffer *out) {
  psd_funds_request all;
  uint16_t status = describe(card, &step->change.next, nonce, &all);
  if (status != PSD_SW_OK)
    return status;
  all.type = psd_signer_kind(signer);
  if (nonce != NULL)
    psd_put_message(out, PSD_MESSAGE_FUNDS_REQUEST, &all);
  else
    put_receipt(&all, out);
  if (out->overflow) /* a value that its field cannot hold */
    return PSD_SW_INTERNAL;
  return psd_sign(card, signer, nonce != NULL ? PSD_SIGN_FUNDS_REQUEST : PSD_SIGN_FUNDS_RECEIPT,
                  (psd_piece){step->answer, out->length}, out);
}

uint16_t psd_funds_answer(psd_card *card, psd_funds_step *step, const uint8_t *nonce, psd_buffer *out) {
  psd_buffer answer = psd_buffer_over(step->answer, sizeof step->answer);
  psd_signer signer;
  uint16_t status = psd_signer_fetch(card, &signer);
  if (status == PSD_SW_OK)
    status = put_signed(card, step, &signer, nonce, &answer);
  psd_wipe(&signer, sizeof signer);
  if (status != PSD_SW_OK)
    return status;
  psd_change_put(&step->change, PSD_RECORD_FUNDS, step->answer, answer.length);
  status = psd_change_commit(&step->change, card);
  if (status == PSD_SW_OK)
    psd_put(out, step->answer, answer.length);
  return status;
}
