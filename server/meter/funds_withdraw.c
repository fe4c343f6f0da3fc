/* Withdrawal (docs/funds.md): the card debits first, and nothing cancels it. */
#include "meter/funds_internal.h"
#include "psd/spec/status.h"

static void on_closed(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  psd_signal signal = psd_meter_funds_stored(session, job);
  if (signal != PSD_SIGNAL_NONE) {
    psd_meter_funds_leave(session, signal);
    return;
  }
  session->row.withdrawn = session->row.withdrawn || session->funds->final != 0;
  psd_meter_funds_finish(session);
}

static void on_completed(psd_meter_session *session, uint16_t status, const uint8_t *data, size_t length) {
  if (status != PSD_SW_OK)
    psd_meter_funds_leave(session, PSD_SIGNAL_STATE);
  else if (psd_meter_funds_take_receipt(session, PSD_OPERATION_WITHDRAWN, data, length))
    psd_meter_funds_store(session, PSD_METER_JOB_CLOSED, on_closed);
  else
    psd_meter_funds_contradicted(session, "a receipt of a withdrawal that is none");
}

static void on_withdrawn(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  const psd_meter_funds *at = session->funds;
  psd_signal signal = psd_meter_funds_stored(session, job);
  if (signal == PSD_SIGNAL_NONE)
    psd_meter_command_card(session, PSD_COMMAND_COMPLETE_WITHDRAWAL, 0, at->authorized, sizeof at->authorized,
                           on_completed);
  else
    psd_meter_funds_leave(session, signal);
}

static void on_authorized(void *owner, const psd_meter_answer *answer) {
  psd_meter_session *session = owner;
  psd_signal signal;
  if (psd_meter_funds_authorized(session, answer, &signal))
    psd_meter_funds_store(session, PSD_METER_JOB_WITHDRAWN, on_withdrawn);
  else
    psd_meter_funds_leave(session, signal);
}

static void on_withdrawing(psd_meter_session *session, uint16_t status, const uint8_t *data, size_t length) {
  if (psd_meter_funds_started(session, PSD_OPERATION_WITHDRAWING, status, data, length))
    psd_meter_funds_authorize(session, on_authorized);
}

void psd_meter_withdraw(psd_meter_session *session) {
  psd_meter_funds_start(session, PSD_COMMAND_INITIALIZE_WITHDRAWAL, on_withdrawing);
}

static void on_last(psd_meter_session *session, uint16_t status, const uint8_t *data, size_t length) {
  psd_meter_funds *at = session->funds;
  psd_funds_request request;
  if (status != PSD_SW_OK) {
    psd_meter_funds_leave(session, PSD_SIGNAL_STATE);
    return;
  }
  if (!psd_meter_funds_take_request(session, PSD_OPERATION_WITHDRAWING, data, length, &request) ||
      request.sequence != session->audit.sequence || request.group != at->group || request.amount != at->amount) {
    psd_meter_funds_contradicted(session, "a request for funds other than the audit told of");
    return;
  }
  at->final = request.final;
  psd_meter_funds_authorize(session, on_authorized);
}

/* The card has what it signed then. */
void psd_meter_resume_withdrawal(psd_meter_session *session) {
  psd_meter_command_card(session, PSD_COMMAND_GET_LAST, PSD_LAST_FUNDS, NULL, 0, on_last);
}
