#include "meter/session.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/password.h"
#include "meter/actions.h"
#include "meter/authority.h"
#include "meter/funds.h"

#define WAIT_STOPPING 5U

/* The step of the seed that the session is at. */
static psd_step step_of(const psd_meter_session *session) {
  static const psd_step steps[] = {
      [PSD_METER_GREETED] = PSD_STEP_SIGN_ON,
      [PSD_METER_UNWRAPPING] = PSD_STEP_TO_KMS,
      [PSD_METER_LOOKING_UP] = PSD_STEP_VERIFY_USER,
      [PSD_METER_RESPONDED] = PSD_STEP_OPEN_AUDIT,
      [PSD_METER_VERIFYING] = PSD_STEP_AUDIT_TO_KMS,
      [PSD_METER_SAVING] = PSD_STEP_VERIFY,
      [PSD_METER_OPEN] = PSD_STEP_NONE,
      [PSD_METER_ENDED] = PSD_STEP_NONE,
  };
  return steps[session->state];
}

psd_json *psd_meter_session_line(psd_meter_session *session, psd_meter_level level, const char *event) {
  psd_json *line = psd_meter_log_line(session->service->log, level, event);
  if (line == NULL)
    return NULL;
  psd_json_number(line, "connection", session->number);
  if (session->identified)
    psd_json_hex(line, "session", session->id, sizeof session->id);
  if (session->state != PSD_METER_GREETED || session->identified)
    psd_json_hex(line, "device", session->device, sizeof session->device);
  return line;
}

void psd_meter_log_alarm(psd_meter_session *session, const char *words) {
  psd_json *line = psd_meter_session_line(session, PSD_METER_WARNING, "alarm");
  if (line == NULL)
    return;
  psd_json_string(line, "words", words);
  psd_meter_log_end(session->service->log);
}

static void log_signal(psd_meter_session *session, psd_meter_level level, const char *event, uint64_t signal,
                       uint64_t step) {
  psd_json *line = psd_meter_session_line(session, level, event);
  if (line == NULL)
    return;
  const psd_signal_row *row = psd_signal_of((unsigned)signal);
  psd_json_number(line, "step", step);
  if (row != NULL)
    psd_json_string(line, "signal", row->name);
  else
    psd_json_number(line, "signal", signal);
  psd_meter_log_end(session->service->log);
}

void psd_meter_send(psd_meter_session *session, psd_frame_type type, const void *body, size_t length) {
  psd_body piece = {body, length};
  session->line->send(session->connection, type, &piece, 1);
}

void psd_meter_handshake_free(psd_meter_session *session) {
  if (session->handshake == NULL)
    return;
  free(session->handshake->op);
  psd_secret_wipe(session->handshake, sizeof *session->handshake);
  free(session->handshake);
  session->handshake = NULL;
}

void psd_meter_session_reset(psd_meter_session *session) {
  if (session->call != NULL)
    session->service->calls->forget(session->service, session->call);
  if (session->job != NULL)
    session->job->done = NULL;
  session->call = NULL;
  session->job = NULL;
  session->ordered = NULL;
  session->identified = session->registered = session->unfinished = false;
  session->recovered = (psd_funds_result){.operation = PSD_OPERATION_NONE};
  psd_meter_handshake_free(session);
  psd_meter_actions_drop(session);
  psd_meter_funds_free(session);
  psd_meter_authority_free(session);
  psd_secret_wipe(&session->keys, sizeof session->keys);
}

/* Error signal, and the end. */
static void refuse_at(psd_meter_session *session, psd_signal signal, psd_step step, uint32_t wait) {
  uint8_t body[PSD_SIZE_ERROR_SIGNAL];
  psd_buffer buffer = psd_buffer_over(body, sizeof body);
  psd_error_signal message = {.signal = signal, .step = step, .wait = wait};
  if (session->state == PSD_METER_ENDED)
    return;
  bool outage = signal == PSD_SIGNAL_KMS || signal == PSD_SIGNAL_DATABASE || signal == PSD_SIGNAL_INTERNAL;
  log_signal(session, outage ? PSD_METER_WARNING : PSD_METER_INFO, "refused", signal, step);
  psd_put_message(&buffer, PSD_MESSAGE_ERROR_SIGNAL, &message);
  psd_meter_send(session, PSD_FRAME_ERROR_SIGNAL, body, sizeof body);
  psd_meter_session_reset(session);
  session->state = PSD_METER_ENDED;
  session->line->close(session->connection);
}

void psd_meter_refuse(psd_meter_session *session, psd_signal signal, uint32_t wait) {
  const psd_signal_row *row = psd_signal_of(signal);
  bool anywhere =
      row == NULL || row->step == PSD_STEP_NONE || signal == PSD_SIGNAL_DATABASE || signal == PSD_SIGNAL_KMS;
  refuse_at(session, signal, anywhere ? step_of(session) : row->step, wait);
}

void psd_meter_refuse_kms(psd_meter_session *session, const psd_meter_answer *answer) {
  switch (answer->type == PSD_FRAME_KMS_REFUSED ? answer->signal : PSD_SIGNAL_KMS) {
  case PSD_SIGNAL_SUITE:
  case PSD_SIGNAL_VENDOR_KEY:
  case PSD_SIGNAL_SESSION_KEY:
  case PSD_SIGNAL_DEVICE_KEY:
  case PSD_SIGNAL_SIGNATURE:
    psd_meter_refuse(session, answer->signal, 0);
    return;
  default: /* down, in the wrong role, or of another mind about the protocol: no fault of the Host */
    refuse_at(session, PSD_SIGNAL_KMS, step_of(session), PSD_METER_WAIT_OUTAGE);
  }
}

void psd_meter_refuse_database(psd_meter_session *session, const psd_meter_job *job) {
  psd_meter_log_say(session->service->log, PSD_METER_ERROR, "database", job->words);
  psd_meter_refuse(session, PSD_SIGNAL_DATABASE, PSD_METER_WAIT_OUTAGE);
}

bool psd_meter_ask(psd_meter_session *session, psd_frame_type type, const void *body, size_t length,
                   psd_meter_answered *answered) {
  session->call = session->service->calls->ask(session->service, type, body, length, answered, session);
  if (session->call == NULL)
    refuse_at(session, PSD_SIGNAL_KMS, step_of(session), PSD_METER_WAIT_OUTAGE);
  return session->call != NULL;
}

void psd_meter_consult(psd_meter_session *session, psd_frame_type type, const void *body, size_t length,
                       psd_meter_answered *answered) {
  static const psd_meter_answer nobody = {.type = PSD_FRAME_KMS_REFUSED, .signal = PSD_SIGNAL_KMS};
  session->call = session->service->calls->ask(session->service, type, body, length, answered, session);
  if (session->call == NULL)
    answered(session, &nobody);
}

bool psd_meter_submit(psd_meter_session *session, psd_meter_job *job, void (*done)(void *owner, psd_meter_job *job)) {
  if (job != NULL) {
    job->done = done;
    job->owner = session;
    if (session->service->calls->submit(session->service, job)) {
      session->job = job;
      return true;
    }
  }
  psd_meter_job_free(job);
  psd_meter_refuse(session, PSD_SIGNAL_DATABASE, PSD_METER_WAIT_OUTAGE);
  return false;
}

psd_meter_job *psd_meter_session_job(const psd_meter_session *session, psd_meter_job_kind kind) {
  const psd_meter_settings *settings = session->service->settings;
  psd_meter_job *job = psd_meter_job_new(kind);
  if (job == NULL)
    return NULL;
  memcpy(job->name, session->name, sizeof job->name);
  memcpy(job->device, session->device, sizeof job->device);
  job->now = session->service->calls->time(session->service);
  job->lock = (psd_meter_lock){settings->lock_after, settings->lock_first, settings->lock_most};
  job->user_id = session->user;
  job->account = session->account;
  return job;
}

static bool make_greeting(psd_meter_session *session) {
  const psd_meter_settings *settings = session->service->settings;
  psd_greeting greeting = {
      .protocol = PSD_PROTOCOL,
      .suites = settings->suites,
      .key = session->service->vendor_key,
      .memory = settings->memory,
      .passes = settings->passes,
      .lanes = settings->lanes,
  };
  psd_buffer buffer = psd_buffer_over(session->greeting, sizeof session->greeting);
  if (!psd_password_realm(settings->realm, greeting.realm) || !psd_random(greeting.nonce, sizeof greeting.nonce))
    return false;
  psd_put_message(&buffer, PSD_MESSAGE_GREETING, &greeting);
  return !buffer.overflow;
}

psd_meter_session *psd_meter_session_new(psd_meter_service *service, const psd_meter_line *line, void *connection,
                                         uint64_t number) {
  psd_meter_session *session = calloc(1, sizeof *session);
  if (session == NULL)
    return NULL;
  session->service = service;
  session->line = line;
  session->connection = connection;
  session->number = number;
  if (!make_greeting(session)) {
    free(session);
    return NULL;
  }
  line->deadline(connection, service->settings->sign_on_timeout);
  psd_meter_send(session, PSD_FRAME_GREETING, session->greeting, sizeof session->greeting);
  return session;
}

void psd_meter_session_free(psd_meter_session *session) {
  if (session == NULL)
    return;
  psd_meter_session_reset(session);
  psd_secret_wipe(session, sizeof *session);
  free(session);
}

/* The Host has ended it; nobody is told anything any more. */
static void take_error_signal(psd_meter_session *session, const uint8_t *body, size_t length) {
  psd_error_signal message;
  if (psd_parse_message(body, length, PSD_MESSAGE_ERROR_SIGNAL, &message))
    /* Whoever calls may say that: it warns of nothing. */
    log_signal(session, PSD_METER_INFO, "ended by the Host", message.signal, message.step);
  psd_meter_session_reset(session);
  session->state = PSD_METER_ENDED;
  session->line->close(session->connection);
}

void psd_meter_session_frame(psd_meter_session *session, psd_frame_type type, const uint8_t *body, size_t length) {
  if (session->state == PSD_METER_ENDED)
    return;
  if (session->state == PSD_METER_OPEN)
    session->line->deadline(session->connection, session->service->settings->idle_timeout);
  switch (type) {
  case PSD_FRAME_SIGN_ON:
    psd_meter_take_sign_on(session, body, length);
    return;
  case PSD_FRAME_AUDIT_RESPONSE:
    psd_meter_take_audit(session, body, length);
    return;
  case PSD_FRAME_HOST_DATA:
    psd_meter_take_host_data(session, body, length);
    return;
  case PSD_FRAME_CARD_DATA:
    psd_meter_take_card_data(session, body, length);
    return;
  case PSD_FRAME_SIGN_OFF:
    psd_meter_take_sign_off(session, length);
    return;
  case PSD_FRAME_ERROR_SIGNAL:
    take_error_signal(session, body, length);
    return;
  default:
    psd_meter_refuse(session, PSD_SIGNAL_MESSAGE, 0);
  }
}

void psd_meter_session_oversize(psd_meter_session *session) {
  psd_meter_refuse(session, PSD_SIGNAL_MESSAGE, 0);
}

void psd_meter_session_timeout(psd_meter_session *session) {
  if (session->call != NULL)
    refuse_at(session, PSD_SIGNAL_KMS, step_of(session), PSD_METER_WAIT_OUTAGE);
  else if (session->job != NULL)
    psd_meter_refuse(session, PSD_SIGNAL_DATABASE, PSD_METER_WAIT_OUTAGE);
  else
    psd_meter_refuse(session, PSD_SIGNAL_TIMEOUT, 0);
}

void psd_meter_session_stop(psd_meter_session *session) {
  session->stopping = true;
  if (session->state == PSD_METER_GREETED || (session->state == PSD_METER_OPEN && session->funds == NULL))
    psd_meter_refuse(session, PSD_SIGNAL_STOPPING, WAIT_STOPPING);
}
