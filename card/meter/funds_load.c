/* INITIALIZE LOAD, CREDIT, CANCEL LOAD: a refill. It is started, and then credited upon the word of the key management
 * system or cancelled, never both. */
#include "certificate/service.h"
#include "iso7816/handlers.h"
#include "meter/clock.h"
#include "meter/funds.h"

/* The group's registers may take the amount: within the limit, and without a sum that wraps around. */
static bool may_hold(const psd_core *core, const psd_registers *registers, uint64_t amount) {
  uint64_t most = core->limits.maximum_descending;
  return registers->descending <= most && amount <= most - registers->descending &&
         amount <= UINT64_MAX - registers->control_total;
}

static bool loadable(psd_core *core, psd_group group, const psd_funds_start *start) {
  const psd_limits *limits = &core->limits;
  return start->final == 0 && start->amount > 0 && start->amount >= limits->minimum_refill &&
         start->amount <= limits->maximum_refill && may_hold(core, psd_core_group(core, group), start->amount);
}

uint16_t psd_handle_initialize_load(psd_card *card, const psd_request *request, psd_buffer *out) {
  psd_funds_start start;
  psd_funds_step step;
  /* Whatever is asked for now: the refill that was started comes first. */
  if (card->core.operation.operation == PSD_OPERATION_LOADING)
    return psd_funds_last(card, out);
  uint16_t status = psd_funds_take_start(card, &request->apdu, &start);
  if (status != PSD_SW_OK)
    return status;
  psd_group group = (psd_group)request->apdu.p1;
  if (!loadable(&card->core, group, &start))
    return PSD_SW_WRONG_DATA;
  psd_funds_begin(&step, card, PSD_OPERATION_LOADING, group, &start);
  psd_change_log_funds(&step.change, card, PSD_EVENT_LOAD_STARTED, group, start.amount);
  return psd_funds_answer(card, &step, start.nonce, out);
}

/* Registers, what is due for revocations (VM 620), operation, last refill, and the watchdog, which starts anew: the
 * provider has seen the registers, in the request that it authorized. */
static uint16_t credit(psd_card *card, psd_buffer *out) {
  psd_funds_step step;
  psd_funds_proceed(&step, card, PSD_OPERATION_LOADED);
  psd_core *next = &step.change.next;
  const psd_operation *load = &next->operation;
  psd_registers *registers = psd_core_group(next, load->group);
  if (!may_hold(next, registers, load->amount)) /* a limit was lowered meanwhile */
    return PSD_SW_CONDITIONS;
  registers->descending += load->amount;
  registers->control_total += load->amount;
  next->refill = (psd_refill){.sequence = load->sequence, .amount = load->amount};
  next->watchdog.inspected = psd_clock_in(card, next);
  psd_change_log_funds(&step.change, card, PSD_EVENT_LOADED, (psd_group)load->group, load->amount);
  if (load->group == psd_service_group(next))
    psd_service_collect_due(&step.change, card);
  return psd_funds_answer(card, &step, NULL, out);
}

uint16_t psd_handle_credit(psd_card *card, const psd_request *request, psd_buffer *out) {
  bool again = false;
  uint16_t status = psd_funds_take_authorization(card, &request->apdu, PSD_OPERATION_LOADED, &again);
  if (status != PSD_SW_OK)
    return status;
  return again ? psd_funds_last(card, out) : credit(card, out);
}

uint16_t psd_handle_cancel_load(psd_card *card, const psd_request *request, psd_buffer *out) {
  const psd_operation *last = &card->core.operation;
  psd_cursor data = psd_cursor_over(request->apdu.data, request->apdu.nc);
  uint64_t sequence = psd_take_u32(&data);
  psd_funds_step step;
  if (last->operation == PSD_OPERATION_LOAD_CANCELLED && last->sequence == sequence)
    return psd_funds_last(card, out);
  if (last->operation != PSD_OPERATION_LOADING)
    return PSD_SW_CONDITIONS;
  if (last->sequence != sequence)
    return PSD_SW_WRONG_DATA;
  psd_funds_proceed(&step, card, PSD_OPERATION_LOAD_CANCELLED);
  psd_change_log_funds(&step.change, card, PSD_EVENT_LOAD_CANCELLED, (psd_group)last->group, last->amount);
  return psd_funds_answer(card, &step, NULL, out);
}
