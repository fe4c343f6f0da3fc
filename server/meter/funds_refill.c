/* Refill (docs/funds.md): S1, reserved, S2, credited, S3, settled. */
#include <string.h>

#include "meter/funds_internal.h"
#include "psd/spec/status.h"

static void on_settled(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  psd_signal signal = psd_meter_funds_stored(session, job);
  if (signal == PSD_SIGNAL_NONE)
    psd_meter_funds_finish(session);
  else
    psd_meter_funds_leave(session, signal);
}

static void on_credited(psd_meter_session *session, uint16_t status, const uint8_t *data, size_t length) {
  if (status != PSD_SW_OK)
    psd_meter_funds_cancel(session, PSD_SIGNAL_STATE);
  else if (psd_meter_funds_take_receipt(session, PSD_OPERATION_LOADED, data, length))
    psd_meter_funds_store(session, PSD_METER_JOB_SETTLE, on_settled);
  else
    psd_meter_funds_contradicted(session, "a receipt of a refill that is none");
}

static void on_authorized(void *owner, const psd_meter_answer *answer) {
  psd_meter_session *session = owner;
  const psd_meter_funds *at = session->funds;
  psd_signal signal;
  if (psd_meter_funds_authorized(session, answer, &signal))
    psd_meter_command_card(session, PSD_COMMAND_CREDIT, 0, at->authorized, sizeof at->authorized, on_credited);
  else if (at->asked == PSD_HOST_DONE && signal == PSD_SIGNAL_KMS)
    psd_meter_funds_refuse(session, signal, true); /* it was promised: the next audit tries again */
  else
    psd_meter_funds_cancel(session, signal);
}

static void on_reserved(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  psd_signal signal = psd_meter_funds_stored(session, job);
  if (signal == PSD_SIGNAL_NONE)
    psd_meter_funds_authorize(session, on_authorized);
  else
    psd_meter_funds_cancel(session, signal);
}

static void on_loading(psd_meter_session *session, uint16_t status, const uint8_t *data, size_t length) {
  if (psd_meter_funds_started(session, PSD_OPERATION_LOADING, status, data, length))
    psd_meter_funds_store(session, PSD_METER_JOB_RESERVE, on_reserved);
}

void psd_meter_refill(psd_meter_session *session) {
  psd_meter_funds_start(session, PSD_COMMAND_INITIALIZE_LOAD, on_loading);
}

/* S1 of the refill that the server has reserved funds for. */
static void on_found(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  const psd_meter_funds *at = session->funds;
  psd_funds_request request;
  bool absent = job->result == PSD_DB_ABSENT;
  psd_signal signal = absent ? PSD_SIGNAL_UNFINISHED : psd_meter_funds_stored(session, job);
  session->job = NULL;
  if (signal != PSD_SIGNAL_NONE)
    psd_meter_funds_leave(session, signal);
  else if (psd_meter_funds_take_request(session, PSD_OPERATION_LOADING, job->funds.statement, job->funds.length,
                                        &request) &&
           request.sequence == session->audit.sequence && request.group == at->group && request.amount == at->amount)
    psd_meter_funds_authorize(session, on_authorized);
  else
    psd_meter_funds_leave(session, PSD_SIGNAL_UNFINISHED);
}

void psd_meter_resume_refill(psd_meter_session *session) {
  psd_meter_funds_store(session, PSD_METER_JOB_OPERATION, on_found);
}
