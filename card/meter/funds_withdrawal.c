/* INITIALIZE WITHDRAWAL, COMPLETE WITHDRAWAL, GET LAST: the card debits first, so nothing cancels a withdrawal. */
#include "iso7816/handlers.h"
#include "meter/evidence.h"
#include "meter/funds.h"
#include "meter/objects.h"

/* A final withdrawal leaves nothing: it takes the whole of this group, and the other is empty already. */
static uint16_t check_amount(const psd_registers *registers, const psd_registers *other, const psd_funds_start *start) {
  if (start->final != 0)
    return start->amount == registers->descending && other->descending == 0 ? PSD_SW_OK : PSD_SW_CONDITIONS;
  return start->amount > 0 && start->amount <= registers->descending ? PSD_SW_OK : PSD_SW_WRONG_DATA;
}

uint16_t psd_handle_initialize_withdrawal(psd_card *card, const psd_request *request, psd_buffer *out) {
  psd_funds_start start;
  psd_funds_step step;
  if (card->core.operation.operation == PSD_OPERATION_WITHDRAWING)
    return psd_funds_last(card, out);
  uint16_t status = psd_funds_take_start(card, &request->apdu, &start);
  if (status != PSD_SW_OK)
    return status;
  psd_group group = (psd_group)request->apdu.p1;
  psd_group other = group == PSD_GROUP_POSTAGE ? PSD_GROUP_CERTIFICATE : PSD_GROUP_POSTAGE;
  status = check_amount(psd_core_group(&card->core, group), psd_core_group(&card->core, other), &start);
  if (status != PSD_SW_OK)
    return status;
  psd_funds_begin(&step, card, PSD_OPERATION_WITHDRAWING, group, &start);
  psd_registers *registers = psd_core_group(&step.change.next, group);
  registers->descending -= start.amount;
  registers->control_total -= start.amount;
  psd_change_log_funds(&step.change, card, PSD_EVENT_WITHDRAWN, group, start.amount);
  return psd_funds_answer(card, &step, start.nonce, out);
}

/* The money went when it was debited; what is logged here is that the provider has it, or the end of the service. */
static uint16_t complete(psd_card *card, psd_buffer *out) {
  psd_funds_step step;
  psd_funds_proceed(&step, card, PSD_OPERATION_WITHDRAWN);
  psd_core *next = &step.change.next;
  const psd_operation *withdrawal = &next->operation;
  psd_event event = withdrawal->final != 0 ? PSD_EVENT_STATE_CHANGED : PSD_EVENT_ACKNOWLEDGED;
  if (withdrawal->final != 0)
    next->head.state = PSD_STATE_WITHDRAWN;
  psd_change_log_funds(&step.change, card, event, (psd_group)withdrawal->group, withdrawal->amount);
  return psd_funds_answer(card, &step, NULL, out);
}

uint16_t psd_handle_complete_withdrawal(psd_card *card, const psd_request *request, psd_buffer *out) {
  bool again = false;
  uint16_t status = psd_funds_take_authorization(card, &request->apdu, PSD_OPERATION_WITHDRAWN, &again);
  if (status != PSD_SW_OK)
    return status;
  return again ? psd_funds_last(card, out) : complete(card, out);
}

uint16_t psd_handle_get_last(psd_card *card, const psd_request *request, psd_buffer *out) {
  switch (request->apdu.p1) {
  case PSD_LAST_EVIDENCE:
    return psd_evidence_last(card, out);
  case PSD_LAST_FUNDS:
    return psd_funds_last(card, out);
  case PSD_LAST_SERVICE:
    return psd_record_read(card, PSD_RECORD_SERVICE_ANSWER, out);
  case PSD_LAST_KEY:
    return psd_record_read(card, PSD_RECORD_SERVICE_KEY, out);
  default:
    return PSD_SW_WRONG_P1P2;
  }
}
