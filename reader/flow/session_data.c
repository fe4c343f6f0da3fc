/* What goes over an open session: the Host's requests, and the server's commands to the card. */
#include "psd/reader/command.h"
#include "session.h"

#include <openssl/crypto.h>

/* Commands for the card between a request of the Host and its answer. */
#define RELAYS_MAX 32U
/* Bytes of the longest frame in a session: a server reads no longer one of a Host (docs/handshake.md, "Frames"). */
#define BODY_MAX 8192U
/* Bytes of the longest content of a request. */
#define CONTENT_MAX (BODY_MAX - PSD_SIZE_HOST_REQUEST - PSD_GCM_TAG)

psd_result psd_give_up(psd_call *call, psd_step step, psd_refuser who, psd_signal signal, const psd_error *error,
                       psd_refusal *refusal) {
  uint8_t bytes[PSD_SIZE_ERROR_SIGNAL];
  psd_error unused;
  if (signal != PSD_SIGNAL_NONE) {
    psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
    psd_error_signal told = {.signal = signal, .step = step};
    psd_put_message(&body, PSD_MESSAGE_ERROR_SIGNAL, &told);
    (void)psd_link_send(call->link, PSD_FRAME_ERROR_SIGNAL, body.data, body.length, &unused);
  }
  psd_link_hang_up(call->link);
  *refusal = (psd_refusal){.who = who, .step = step, .signal = signal};
  if (step == PSD_STEP_NONE)
    refusal->error = *error;
  else
    (void)psd_error_set(&refusal->error, error->result, "step %u: %.*s", (unsigned)step, (int)(PSD_ERROR_WORDS - 16),
                        error->words);
  refusal->error.status = error->status;
  return error->result;
}

/* The server's error signal. It proves nothing, but it ends the session. */
static psd_result refused(psd_call *call, psd_step step, psd_cursor body, psd_refusal *refusal) {
  psd_error_signal signal;
  psd_error error;
  char words[PSD_SIGNAL_WORDS];
  if (!psd_signal_read(body, &signal, words)) {
    (void)psd_error_set(&error, PSD_BAD_ANSWER, "the %s sent an error signal that cannot be read",
                        psd_link_name(call->link));
    return psd_give_up(call, step, PSD_BY_HOST, PSD_SIGNAL_NONE, &error, refusal);
  }
  if (psd_step_of((unsigned)signal.step) != NULL)
    step = (psd_step)signal.step;
  (void)psd_error_set(&error, PSD_REFUSED, "the %s refused: %s", psd_link_name(call->link), words);
  psd_result result = psd_give_up(call, step, PSD_BY_SERVER, PSD_SIGNAL_NONE, &error, refusal);
  refusal->signal = (psd_signal)signal.signal;
  refusal->wait = (uint32_t)signal.wait;
  return result;
}

static psd_result out_of_turn(psd_call *call, psd_step step, psd_frame_type type, psd_frame_type wanted,
                              psd_refusal *refusal) {
  psd_error error;
  (void)psd_error_set(&error, PSD_BAD_ANSWER, "the %s sent %s where %s was due", psd_link_name(call->link),
                      psd_frame_of(type)->name, psd_frame_of(wanted)->name);
  return psd_give_up(call, step, PSD_BY_HOST, PSD_SIGNAL_ORDER, &error, refusal);
}

psd_result psd_await_frame(psd_call *call, psd_session *relay, psd_step step, psd_frame_type wanted, psd_buffer *body,
                           psd_refusal *refusal) {
  for (unsigned relayed = 0; relayed <= RELAYS_MAX; relayed++) {
    psd_error error;
    psd_frame_type type = wanted;
    body->length = 0;
    psd_result result = psd_link_receive(call->link, &type, body, &error);
    if (result != PSD_OK)
      return psd_give_up(call, step, PSD_BY_HOST, PSD_SIGNAL_NONE, &error, refusal);
    if (type == wanted)
      return PSD_OK;
    if (type == PSD_FRAME_ERROR_SIGNAL)
      return refused(call, step, psd_cursor_over(body->data, body->length), refusal);
    if (type != PSD_FRAME_CARD_DATA || relay == NULL)
      return out_of_turn(call, step, type, wanted, refusal);
    result = psd_relay_record(relay, body, refusal);
    if (result != PSD_OK)
      return result;
  }
  return out_of_turn(call, step, PSD_FRAME_CARD_DATA, wanted, refusal);
}

psd_result psd_relay_record(psd_session *session, const psd_buffer *record, psd_refusal *refusal) {
  uint8_t bytes[BODY_MAX];
  psd_buffer answer = psd_buffer_over(bytes, sizeof bytes);
  psd_error error;
  psd_result result = psd_host_envelope(session->host, record->data, record->length, &answer);
  if (result != PSD_OK)
    return psd_give_up(session->call, PSD_STEP_NONE, PSD_BY_CARD, PSD_SIGNAL_RECORD, psd_host_error(session->host),
                       refusal);
  result = psd_link_send(session->call->link, PSD_FRAME_CARD_DATA, answer.data, answer.length, &error);
  return result == PSD_OK ? PSD_OK
                          : psd_give_up(session->call, PSD_STEP_NONE, PSD_BY_HOST, PSD_SIGNAL_NONE, &error, refusal);
}

psd_result psd_fail_here(psd_session *session, psd_signal signal, psd_result result, const char *words,
                         psd_refusal *refusal) {
  psd_error error;
  (void)psd_error_set(&error, result, "%s", words);
  return psd_give_up(session->call, PSD_STEP_NONE, PSD_BY_HOST, signal, &error, refusal);
}

/* Seals and sends HOST_REQUEST and its content. */
static psd_result send_request(psd_session *session, psd_host_operation operation, const void *content, size_t length,
                               psd_refusal *refusal) {
  uint8_t text[PSD_SIZE_HOST_REQUEST + CONTENT_MAX];
  uint8_t sealed[sizeof text + PSD_GCM_TAG];
  psd_buffer request = psd_buffer_over(text, sizeof text);
  psd_buffer record = psd_buffer_over(sealed, sizeof sealed);
  psd_host_request head = {.operation = operation};
  psd_error error;
  psd_put_message(&request, PSD_MESSAGE_HOST_REQUEST, &head);
  psd_put(&request, content, length);
  bool ok = !request.overflow &&
            psd_record_seal(&session->to_server, PSD_FRAME_HOST_DATA, request.data, request.length, &record);
  OPENSSL_cleanse(text, sizeof text);
  if (!ok)
    return psd_fail_here(session, PSD_SIGNAL_NONE, PSD_SYSTEM, "the request cannot be enciphered", refusal);
  psd_result result = psd_link_send(session->call->link, PSD_FRAME_HOST_DATA, record.data, record.length, &error);
  return result == PSD_OK ? PSD_OK
                          : psd_give_up(session->call, PSD_STEP_NONE, PSD_BY_HOST, PSD_SIGNAL_NONE, &error, refusal);
}

/* A request that the server refuses leaves the session open. */
static psd_result judge(const psd_host_answer *answer, psd_refusal *refusal) {
  if (answer->signal == PSD_SIGNAL_NONE)
    return PSD_OK;
  const psd_signal_row *row = psd_signal_of((unsigned)answer->signal);
  *refusal = (psd_refusal){.who = PSD_BY_SERVER, .signal = (psd_signal)answer->signal};
  return psd_error_set(&refusal->error, PSD_REFUSED, "the meter server refused: %s",
                       row != NULL ? row->words : "for a reason this program does not know");
}

/* HOST_ANSWER to this operation, and behind it what may stand there: a refusal has nothing, and nobody gets more than
 * he has asked for. */
static bool read_answer(const psd_buffer *opened, psd_host_operation operation, psd_host_answer *answer,
                        psd_buffer *rest) {
  if (opened->length < PSD_SIZE_HOST_ANSWER ||
      !psd_parse_message(opened->data, PSD_SIZE_HOST_ANSWER, PSD_MESSAGE_HOST_ANSWER, answer) ||
      answer->operation != operation)
    return false;
  size_t behind = opened->length - PSD_SIZE_HOST_ANSWER;
  if (behind == 0)
    return true;
  if (rest == NULL || answer->signal != PSD_SIGNAL_NONE)
    return false;
  psd_put(rest, opened->data + PSD_SIZE_HOST_ANSWER, behind);
  return !rest->overflow;
}

psd_result psd_ask_server(psd_session *session, psd_host_operation operation, const void *content, size_t length,
                          psd_buffer *rest, psd_refusal *refusal) {
  uint8_t bytes[BODY_MAX], text[BODY_MAX];
  psd_buffer record = psd_buffer_over(bytes, sizeof bytes);
  psd_buffer opened = psd_buffer_over(text, sizeof text);
  psd_host_answer answer;
  *refusal = (psd_refusal){.error = {.result = PSD_OK}};
  psd_result result = send_request(session, operation, content, length, refusal);
  if (result == PSD_OK)
    result = psd_await_frame(session->call, session, PSD_STEP_NONE, PSD_FRAME_HOST_DATA, &record, refusal);
  if (result != PSD_OK)
    return result;
  if (!psd_record_open(&session->to_host, PSD_FRAME_HOST_DATA, record.data, record.length, &opened))
    return psd_fail_here(session, PSD_SIGNAL_RECORD, PSD_BAD_ANSWER, "what the meter server sent is not authentic",
                         refusal);
  if (!read_answer(&opened, operation, &answer, rest))
    return psd_fail_here(session, PSD_SIGNAL_MESSAGE, PSD_BAD_ANSWER, "the meter server's answer cannot be read",
                         refusal);
  return judge(&answer, refusal);
}

psd_result psd_session_register(psd_session *session, psd_refusal *refusal) {
  return psd_ask_server(session, PSD_HOST_REGISTER, NULL, 0, NULL, refusal);
}

psd_result psd_session_new_password(psd_session *session, const uint8_t verifier[PSD_VERIFIER],
                                    const uint8_t next[PSD_VERIFIER], psd_refusal *refusal) {
  uint8_t bytes[PSD_SIZE_NEW_PASSWORD];
  psd_buffer content = psd_buffer_over(bytes, sizeof bytes);
  psd_put(&content, verifier, PSD_VERIFIER);
  psd_put(&content, next, PSD_VERIFIER);
  psd_result result = psd_ask_server(session, PSD_HOST_NEW_PASSWORD, content.data, content.length, NULL, refusal);
  OPENSSL_cleanse(bytes, sizeof bytes);
  return result;
}
