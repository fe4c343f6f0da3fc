/* The steps that refill and withdrawal have in common: the card, the key management system, the database. */
#include <string.h>

#include "meter/funds_internal.h"
#include "psd/spec/status.h"

/* Seconds for which an authorization is good, by the PSD's clock or the server's, whichever is ahead; and as far as it
 * may reach into the future: an hour is the key management system's limit, and its clock may be behind. */
#define GOOD_FOR 900U
#define REACHES 3000U

void psd_meter_funds_start(psd_meter_session *session, psd_command_id id, psd_meter_card_answered *answered) {
  psd_meter_funds *at = session->funds;
  uint8_t data[PSD_SIZE_FUNDS_START];
  psd_buffer buffer = psd_buffer_over(data, sizeof data);
  psd_funds_start start = {.amount = at->amount, .final = at->final};
  if (!psd_random(at->nonce, sizeof at->nonce)) {
    psd_meter_refuse(session, PSD_SIGNAL_INTERNAL, 0);
    return;
  }
  memcpy(start.nonce, at->nonce, sizeof start.nonce);
  psd_put_message(&buffer, PSD_MESSAGE_FUNDS_START, &start);
  psd_meter_command_card(session, id, (uint8_t)at->group, data, sizeof data, answered);
}

/* The card answers a repetition with the S1 of the first time, whatever it is asked for now. */
bool psd_meter_funds_started(psd_meter_session *session, psd_operation_state state, uint16_t status,
                             const uint8_t *data, size_t length) {
  psd_meter_funds *at = session->funds;
  psd_funds_request request;
  if (status == PSD_SW_MEMORY_FAILURE) { /* whether it has started, the next audit tells */
    psd_meter_funds_leave(session, PSD_SIGNAL_STATE);
    return false;
  }
  if (status != PSD_SW_OK) {
    psd_meter_funds_refuse(session, status == PSD_SW_WRONG_DATA ? PSD_SIGNAL_LIMIT : PSD_SIGNAL_STATE, false);
    return false;
  }
  if (!psd_meter_funds_take_request(session, state, data, length, &request)) {
    psd_meter_funds_contradicted(session, "a request for funds that is none");
    return false;
  }
  bool same = request.group == at->group && request.amount == at->amount && request.final == at->final;
  if (same)
    return true;
  if (psd_secret_equal(request.nonce, at->nonce, sizeof at->nonce))
    psd_meter_funds_contradicted(session, "another request for funds than was asked for");
  else
    psd_meter_funds_refuse(session, PSD_SIGNAL_UNFINISHED, true);
  return false;
}

/* Who is waited for has as long as in a handshake. */
static void await_others(psd_meter_session *session) {
  session->line->deadline(session->connection, session->service->settings->handshake_timeout);
}

void psd_meter_funds_ask(psd_meter_session *session, psd_frame_type type, const void *body, size_t length,
                         psd_meter_answered *answered) {
  await_others(session);
  psd_meter_consult(session, type, body, length, answered);
}

static uint64_t expiry(const psd_meter_session *session) {
  uint64_t now = session->service->calls->time(session->service);
  uint64_t from = session->funds->time > now ? session->funds->time : now;
  return from - now > REACHES - GOOD_FOR ? now + REACHES : from + GOOD_FOR;
}

void psd_meter_funds_authorize(psd_meter_session *session, psd_meter_answered *answered) {
  const psd_meter_funds *at = session->funds;
  uint8_t body[PSD_SIZE_KMS_FUND + PSD_SIZE_WRAPPED_K4 + sizeof at->request];
  psd_buffer buffer = psd_buffer_over(body, sizeof body);
  psd_kms_fund wish = {.expiry = expiry(session)};
  psd_put_message(&buffer, PSD_MESSAGE_KMS_FUND, &wish);
  psd_put(&buffer, session->row.device.wrapped_k4, sizeof session->row.device.wrapped_k4);
  psd_put(&buffer, at->request, at->request_length);
  psd_meter_funds_ask(session, PSD_FRAME_KMS_FUND, body, buffer.length, answered);
}

bool psd_meter_funds_authorized(psd_meter_session *session, const psd_meter_answer *answer, psd_signal *signal) {
  session->call = NULL;
  if (answer->type == PSD_FRAME_KMS_FUNDED && answer->length == sizeof session->funds->authorized) {
    memcpy(session->funds->authorized, answer->body, answer->length);
    return true;
  }
  *signal = PSD_SIGNAL_KMS;
  if (answer->type != PSD_FRAME_KMS_REFUSED)
    return false;
  switch (answer->signal) {
  case PSD_SIGNAL_SIGNATURE:
    psd_meter_funds_alarm(session, "the signature of a request for funds does not verify");
    *signal = answer->signal;
    return false;
  case PSD_SIGNAL_LIMIT:
  case PSD_SIGNAL_REQUEST:
  case PSD_SIGNAL_DEVICE_KEY:
    *signal = answer->signal;
    return false;
  default: /* down, in the wrong role, or of another mind about the protocol */
    return false;
  }
}

void psd_meter_funds_store(psd_meter_session *session, psd_meter_job_kind kind, psd_meter_funds_done *done) {
  const psd_meter_funds *at = session->funds;
  await_others(session);
  bool request = kind == PSD_METER_JOB_RESERVE || kind == PSD_METER_JOB_WITHDRAWN;
  psd_meter_job *job = psd_meter_session_job(session, kind);
  if (job != NULL) {
    job->funds.sequence = (uint32_t)at->sequence;
    job->funds.length = request ? at->request_length : at->receipt_length;
    memcpy(job->funds.statement, request ? at->request : at->receipt, job->funds.length);
  }
  (void)psd_meter_submit(session, job, done);
}

psd_signal psd_meter_funds_stored(psd_meter_session *session, const psd_meter_job *job) {
  session->job = NULL;
  if (job->result != PSD_DB_DONE) {
    psd_meter_log_say(session->service->log, PSD_METER_ERROR, "database", job->words);
    return PSD_SIGNAL_DATABASE;
  }
  if (job->kind != PSD_METER_JOB_CLOSED)
    session->funds->available = job->funds.available;
  if (job->funds.signal == PSD_SIGNAL_BALANCE) {
    session->row.lock = PSD_METER_ALARMED;
    psd_meter_log_alarm(session, "registers or sequence number do not agree with the ledger");
  }
  return job->funds.signal;
}
