/* Requests of the Host in an open session, and its end. */
#include <string.h>

#include "meter/actions.h"
#include "meter/authority.h"
#include "meter/funds.h"

void psd_meter_answer_host_with(psd_meter_session *session, uint64_t operation, psd_signal signal, psd_part content) {
  uint8_t text[PSD_SIZE_HOST_ANSWER + PSD_METER_CONTENT_MAX], record[sizeof text + PSD_GCM_TAG];
  psd_buffer buffer = psd_buffer_over(text, sizeof text);
  psd_host_answer answer = {.operation = operation, .signal = signal};
  psd_put_message(&buffer, PSD_MESSAGE_HOST_ANSWER, &answer);
  psd_put(&buffer, content.data, content.length);
  if (!buffer.overflow &&
      psd_meter_seal(&session->keys.to_host, PSD_FRAME_HOST_DATA, (psd_part){NULL, 0}, text, buffer.length, record))
    psd_meter_send(session, PSD_FRAME_HOST_DATA, record, buffer.length + PSD_GCM_TAG);
  else
    psd_meter_refuse(session, PSD_SIGNAL_INTERNAL, 0);
}

void psd_meter_answer_host(psd_meter_session *session, uint64_t operation, psd_signal signal,
                           const psd_funds_result *result) {
  uint8_t content[PSD_SIZE_FUNDS_RESULT];
  psd_buffer buffer = psd_buffer_over(content, sizeof content);
  if (result != NULL)
    psd_put_message(&buffer, PSD_MESSAGE_FUNDS_RESULT, result);
  psd_meter_answer_host_with(session, operation, signal, (psd_part){content, buffer.length});
}

/* The same without funds. */
static void answer_host(psd_meter_session *session, uint64_t operation, psd_signal signal) {
  psd_meter_answer_host(session, operation, signal, NULL);
}

/* What the database made of a request. */
static psd_signal verdict(const psd_meter_job *job) {
  if (job->refused)
    return PSD_SIGNAL_USER;
  switch (job->result) {
  case PSD_DB_DONE:
    return PSD_SIGNAL_NONE;
  case PSD_DB_EXISTS:
    return PSD_SIGNAL_NOT_REGISTERED;
  case PSD_DB_ABSENT:
  case PSD_DB_REFUSED:
    return PSD_SIGNAL_REQUEST;
  default:
    return PSD_SIGNAL_DATABASE;
  }
}

static void log_request(psd_meter_session *session, const char *event, psd_signal signal) {
  psd_json *line = psd_meter_session_line(session, PSD_METER_INFO, event);
  if (line == NULL)
    return;
  if (signal != PSD_SIGNAL_NONE)
    psd_json_string(line, "signal", psd_signal_of(signal)->name);
  psd_meter_log_end(session->service->log);
}

static void on_registered(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  psd_signal signal = verdict(job);
  session->job = NULL;
  log_request(session, "registered", signal);
  if (signal != PSD_SIGNAL_NONE) {
    answer_host(session, PSD_HOST_REGISTER, signal);
    return;
  }
  session->registered = true;
  session->row = job->row;
  session->rates_wait = job->rates_wait;
  psd_meter_actions_begin_due(session);
  psd_meter_actions_await(session, PSD_HOST_REGISTER);
}

static void on_new_password(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  psd_signal signal = verdict(job);
  session->job = NULL;
  log_request(session, "password changed", signal);
  answer_host(session, PSD_HOST_NEW_PASSWORD, signal);
}

static void take_register(psd_meter_session *session) {
  if (session->registered)
    answer_host(session, PSD_HOST_REGISTER, PSD_SIGNAL_NONE);
  else
    (void)psd_meter_submit(session, psd_meter_session_job(session, PSD_METER_JOB_REGISTER), on_registered);
}

static void take_new_password(psd_meter_session *session, const psd_cursor *content) {
  psd_new_password passwords;
  if (!session->registered) {
    answer_host(session, PSD_HOST_NEW_PASSWORD, PSD_SIGNAL_NOT_REGISTERED);
    return;
  }
  if (!psd_parse_message(content->at, content->left, PSD_MESSAGE_NEW_PASSWORD, &passwords)) {
    psd_secret_wipe(&passwords, sizeof passwords);
    answer_host(session, PSD_HOST_NEW_PASSWORD, PSD_SIGNAL_REQUEST);
    return;
  }
  psd_meter_job *job = psd_meter_session_job(session, PSD_METER_JOB_NEW_PASSWORD);
  if (job != NULL) {
    memcpy(job->verifier, passwords.verifier, sizeof job->verifier);
    memcpy(job->next_verifier, passwords.next, sizeof job->next_verifier);
  }
  psd_secret_wipe(&passwords, sizeof passwords);
  (void)psd_meter_submit(session, job, on_new_password);
}

static void take_request(psd_meter_session *session, psd_cursor *text) {
  psd_host_request request;
  if (!psd_take_message(text, PSD_MESSAGE_HOST_REQUEST, &request)) {
    psd_meter_refuse(session, PSD_SIGNAL_MESSAGE, 0);
    return;
  }
  /* What was announced comes first. */
  if (session->actions != NULL && request.operation != PSD_HOST_DONE) {
    psd_meter_refuse(session, PSD_SIGNAL_ORDER, 0);
    return;
  }
  switch (request.operation) {
  case PSD_HOST_NEW_PASSWORD:
    take_new_password(session, text);
    return;
  case PSD_HOST_REFILL:
    psd_meter_take_refill(session, text);
    return;
  case PSD_HOST_WITHDRAW:
    psd_meter_take_withdraw(session, text);
    return;
  case PSD_HOST_REGISTER:
    if (text->left == 0) {
      take_register(session);
      return;
    }
    break;
  case PSD_HOST_DONE:
    if (text->left == 0) {
      psd_meter_actions_await(session, PSD_HOST_DONE);
      return;
    }
    break;
  default:
    if (psd_meter_authority_takes(request.operation)) {
      psd_meter_take_authority(session, (psd_host_operation)request.operation, text);
      return;
    }
    break;
  }
  answer_host(session, request.operation, PSD_SIGNAL_REQUEST);
}

/* The Host has asked for something and is not answered. */
static bool busy(const psd_meter_session *session) {
  const psd_meter_actions *actions = session->actions;
  return actions != NULL ? actions->awaited != 0
                         : session->job != NULL || session->funds != NULL || session->authority != NULL;
}

void psd_meter_take_host_data(psd_meter_session *session, const uint8_t *body, size_t length) {
  uint8_t text[PSD_METER_BODY_AFTER - PSD_GCM_TAG];
  if (session->state != PSD_METER_OPEN || busy(session)) {
    psd_meter_refuse(session, PSD_SIGNAL_ORDER, 0);
    return;
  }
  if (length > sizeof text + PSD_GCM_TAG || !psd_meter_keys_host(&session->keys) ||
      !psd_meter_open(&session->keys.from_host, PSD_FRAME_HOST_DATA, body, length, text)) {
    psd_meter_refuse(session, PSD_SIGNAL_RECORD, 0);
    return;
  }
  psd_cursor cursor = psd_cursor_over(text, length - PSD_GCM_TAG);
  take_request(session, &cursor);
  psd_secret_wipe(text, length - PSD_GCM_TAG);
}

void psd_meter_take_sign_off(psd_meter_session *session, size_t length) {
  if (session->state != PSD_METER_OPEN ||
      ((session->job != NULL || session->funds != NULL || session->authority != NULL) && session->actions == NULL)) {
    psd_meter_refuse(session, PSD_SIGNAL_ORDER, 0);
    return;
  }
  if (length != 0) {
    psd_meter_refuse(session, PSD_SIGNAL_MESSAGE, 0);
    return;
  }
  psd_json *line = psd_meter_session_line(session, PSD_METER_DEBUG, "signed off");
  if (line != NULL)
    psd_meter_log_end(session->service->log);
  psd_meter_session_reset(session);
  session->ordinal++;
  session->state = PSD_METER_GREETED;
  session->line->limit(session->connection, PSD_METER_BODY_BEFORE);
  session->line->deadline(session->connection, session->service->settings->idle_timeout);
}
