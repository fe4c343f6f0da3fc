/* What follows in an open session: requests of the Host, orders to the card. */
#include <string.h>

#include "meter/session_internal.h"
#include "psd/spec/apdu.h"
#include "psd/spec/status.h"

/* HOST_ANSWER, as a record. */
static void answer_host(psd_meter_session *session, uint64_t operation, psd_signal signal) {
  uint8_t text[PSD_SIZE_HOST_ANSWER], record[PSD_SIZE_HOST_ANSWER + PSD_GCM_TAG];
  psd_buffer buffer = psd_buffer_over(text, sizeof text);
  psd_host_answer answer = {.operation = operation, .signal = signal};
  psd_put_message(&buffer, PSD_MESSAGE_HOST_ANSWER, &answer);
  if (psd_meter_seal(&session->keys.to_host, PSD_FRAME_HOST_DATA, (psd_part){NULL, 0}, text, sizeof text, record))
    psd_meter_send(session, PSD_FRAME_HOST_DATA, record, sizeof record);
  else
    psd_meter_refuse(session, PSD_SIGNAL_INTERNAL, 0);
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
  session->registered = signal == PSD_SIGNAL_NONE;
  log_request(session, "registered", signal);
  answer_host(session, PSD_HOST_REGISTER, signal);
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

/* The card is asked first; then the Host hears that all is done. */
static void take_done(psd_meter_session *session) {
  session->done_pending = session->ordered || session->call != NULL;
  if (!session->done_pending)
    answer_host(session, PSD_HOST_DONE, PSD_SIGNAL_NONE);
}

static void take_request(psd_meter_session *session, psd_cursor *text) {
  psd_host_request request;
  if (!psd_take_message(text, PSD_MESSAGE_HOST_REQUEST, &request)) {
    psd_meter_refuse(session, PSD_SIGNAL_MESSAGE, 0);
    return;
  }
  switch (request.operation) {
  case PSD_HOST_NEW_PASSWORD:
    take_new_password(session, text);
    return;
  case PSD_HOST_REGISTER:
    if (text->left == 0) {
      take_register(session);
      return;
    }
    break;
  case PSD_HOST_DONE:
    if (text->left == 0) {
      take_done(session);
      return;
    }
    break;
  default:
    break;
  }
  answer_host(session, request.operation, PSD_SIGNAL_REQUEST);
}

void psd_meter_take_host_data(psd_meter_session *session, const uint8_t *body, size_t length) {
  uint8_t text[PSD_SIZE_HOST_REQUEST + PSD_SIZE_NEW_PASSWORD];
  if (session->state != PSD_METER_OPEN || session->job != NULL || session->done_pending) {
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
  psd_secret_wipe(text, sizeof text);
}

/* The orders to the card are over, one way or the other. */
static void end_orders(psd_meter_session *session, const char *event, const char *words) {
  psd_json *line = psd_meter_session_line(session, words == NULL ? PSD_METER_INFO : PSD_METER_WARNING, event);
  if (line != NULL) {
    if (words != NULL)
      psd_json_string(line, "words", words);
    psd_meter_log_end(session->service->log);
  }
  session->ordered = false;
  if (!session->done_pending)
    return;
  session->done_pending = false;
  answer_host(session, PSD_HOST_DONE, PSD_SIGNAL_NONE);
}

/* The new K1 is the card's own business: only a record of the card's keys carries it. */
static void on_rotated(void *owner, const psd_meter_answer *answer) {
  psd_meter_session *session = owner;
  uint8_t command[PSD_SIZE_VENDOR_KEY_ORDER + 8], record[sizeof command + PSD_GCM_TAG];
  session->call = NULL;
  if (answer->type != PSD_FRAME_KMS_ROTATED || answer->length != PSD_SIZE_VENDOR_KEY_ORDER) {
    end_orders(session, "vendor key", "the key management system gives no new one");
    return;
  }
  const psd_command *row = &psd_commands[PSD_COMMAND_ROTATE_KEY];
  psd_apdu apdu = {.cla = 0x80, .ins = row->ins, .data = answer->body, .nc = answer->length};
  psd_buffer buffer = psd_buffer_over(command, sizeof command);
  psd_put_apdu(&buffer, &apdu);
  if (buffer.overflow || !psd_meter_seal(&session->keys.to_card, PSD_FRAME_CARD_DATA, (psd_part){NULL, 0}, command,
                                         buffer.length, record)) {
    psd_meter_refuse(session, PSD_SIGNAL_INTERNAL, 0);
    return;
  }
  session->ordered = true;
  psd_meter_send(session, PSD_FRAME_CARD_DATA, record, buffer.length + PSD_GCM_TAG);
}

void psd_meter_begin_rotation(psd_meter_session *session, const uint8_t wrapped_k4[PSD_SIZE_WRAPPED_K4]) {
  uint8_t body[PSD_SIZE_KMS_ROTATE];
  psd_buffer buffer = psd_buffer_over(body, sizeof body);
  psd_put(&buffer, session->device, sizeof session->device);
  psd_put(&buffer, wrapped_k4, PSD_SIZE_WRAPPED_K4);
  session->call =
      session->service->calls->ask(session->service, PSD_FRAME_KMS_ROTATE, body, buffer.length, on_rotated, session);
  if (session->call == NULL)
    end_orders(session, "vendor key", "no key management system is there");
}

/* The database learns of the key by the next audit, which the card signs. */
void psd_meter_take_card_data(psd_meter_session *session, const uint8_t *body, size_t length) {
  uint8_t text[PSD_METER_RECORD_TEXT];
  if (session->state != PSD_METER_OPEN || !session->ordered) {
    psd_meter_refuse(session, PSD_SIGNAL_ORDER, 0);
    return;
  }
  if (length > sizeof text + PSD_GCM_TAG ||
      !psd_meter_open(&session->keys.from_card, PSD_FRAME_CARD_DATA, body, length, text)) {
    psd_meter_refuse(session, PSD_SIGNAL_RECORD, 0);
    return;
  }
  psd_cursor cursor = psd_cursor_over(text, length - PSD_GCM_TAG);
  bool done = psd_take_u16(&cursor) == PSD_SW_OK && psd_cursor_done(&cursor);
  end_orders(session, "vendor key", done ? NULL : "the card refuses the new one");
}

void psd_meter_take_sign_off(psd_meter_session *session, size_t length) {
  if (session->state != PSD_METER_OPEN || session->job != NULL) {
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
  if (session->call != NULL)
    session->service->calls->forget(session->service, session->call);
  session->call = NULL;
  session->identified = session->registered = session->ordered = session->done_pending = false;
  psd_secret_wipe(&session->keys, sizeof session->keys);
  session->ordinal++;
  session->state = PSD_METER_GREETED;
  session->line->limit(session->connection, PSD_METER_BODY_BEFORE);
  session->line->deadline(session->connection, session->service->settings->idle_timeout);
}
