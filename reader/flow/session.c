/* Signing on and the audit: EP steps 202 to 246. */
#include "session.h"
#include "psd/reader/command.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Bytes of what the server may answer: M2, M4, or why not. */
#define ANSWER_MAX 2048U

/* What is known while a session comes about. */
typedef struct sign_on {
  psd_call *call;
  psd_host *host;
  const psd_sign_on_options *options;
  psd_session *session;
  psd_refusal *refusal;
  psd_host_session keys; /* wiped in the end */
  uint64_t since;        /* microseconds, when the step under way began */
  psd_step sent;         /* a step that is over and not yet told of, NONE for none, */
  uint64_t sent_took;    /* and its time */
} sign_on;

static uint64_t now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

static void tell_one(const sign_on *on, psd_step step, uint64_t took) {
  if (on->options->taker != NULL)
    on->options->taker(on->options->context, step, took);
}

/* The time of the step under way; the next one begins. */
static uint64_t lap(sign_on *on) {
  uint64_t now = now_us();
  uint64_t took = now - on->since;
  on->since = now;
  return took;
}

/* A message went out. The taker hears of it when the answer is there, so that it does not take of the server's time. */
static void tell_later(sign_on *on, psd_step step) {
  on->sent = step;
  on->sent_took = lap(on);
}

static void tell_now(sign_on *on) {
  if (on->sent != PSD_STEP_NONE)
    tell_one(on, on->sent, on->sent_took);
  on->sent = PSD_STEP_NONE;
}

/* The steps up to the last have no time of their own; that of all goes with the last. */
static void tell(sign_on *on, const psd_step *steps, size_t count) {
  uint64_t took = lap(on);
  tell_now(on);
  for (size_t i = 0; i < count; i++)
    tell_one(on, steps[i], i + 1 < count ? PSD_STEP_WITH_NEXT : took);
  on->since = now_us(); /* what the taker does is nobody's time */
}
#define TELL(on, ...)                                                                                                  \
  tell(on, (const psd_step[]){__VA_ARGS__}, sizeof(const psd_step[]){__VA_ARGS__} / sizeof(psd_step))

/* The card did not do what was asked; `signal` is what the server is told when that was its answer. */
static psd_result card_failed(sign_on *on, psd_step step, psd_signal signal) {
  const psd_error *error = psd_host_error(on->host);
  bool answered = error->result == PSD_REFUSED || error->result == PSD_BAD_ANSWER;
  return psd_give_up(on->call, step, PSD_BY_CARD, answered ? signal : PSD_SIGNAL_NONE, error, on->refusal);
}

static psd_result own_failure(sign_on *on, psd_step step, psd_signal signal, psd_result result, const char *words) {
  psd_error error;
  (void)psd_error_set(&error, result, "%s", words);
  return psd_give_up(on->call, step, PSD_BY_HOST, signal, &error, on->refusal);
}

/* Hash("psd call" || GREETING || ordinal). */
static bool context_of(const psd_call *call, uint8_t context[PSD_CONTEXT_SIZE]) {
  uint8_t bytes[sizeof PSD_CALL_LABEL - 1 + PSD_SIZE_GREETING + 4];
  psd_buffer text = psd_buffer_over(bytes, sizeof bytes);
  psd_put(&text, PSD_CALL_LABEL, sizeof PSD_CALL_LABEL - 1);
  psd_put(&text, call->greeted, sizeof call->greeted);
  psd_put_uint(&text, call->ordinal, 4);
  return !text.overflow && EVP_Digest(text.data, text.length, context, NULL, EVP_sha256(), NULL) == 1;
}

static psd_result send_frame(sign_on *on, psd_step step, psd_frame_type type, const psd_buffer *body) {
  psd_error error;
  psd_result result = psd_link_send(on->call->link, type, body->data, body->length, &error);
  return result == PSD_OK ? PSD_OK : psd_give_up(on->call, step, PSD_BY_HOST, PSD_SIGNAL_NONE, &error, on->refusal);
}

/* Steps 202 to 210: M1. */
static psd_result sign_on_message(sign_on *on) {
  uint8_t bytes[PSD_SIGN_ON_MAX];
  uint8_t context[PSD_CONTEXT_SIZE];
  psd_buffer m1 = psd_buffer_over(bytes, sizeof bytes);
  psd_error error;
  if (!psd_user_name_ok(on->options->user))
    return own_failure(on, PSD_STEP_ENTER_USER, PSD_SIGNAL_NONE, PSD_BAD_INPUT,
                       "a user name has 1 to 32 bytes of UTF-8 and no control characters");
  psd_result result = psd_choose_suite(on->call, on->host, on->options->suite, &on->session->suite, &error);
  if (result != PSD_OK)
    return psd_give_up(on->call, PSD_STEP_WRAP, PSD_BY_HOST, PSD_SIGNAL_NONE, &error, on->refusal);
  if (!context_of(on->call, context))
    return own_failure(on, PSD_STEP_WRAP, PSD_SIGNAL_NONE, PSD_SYSTEM, "the cryptographic library failed");
  if (psd_host_sign_on(on->host, on->session->suite, context, on->options->user, on->options->verifier, &m1) != PSD_OK)
    return card_failed(on, PSD_STEP_WRAP, PSD_SIGNAL_NONE); /* the server knows of nothing yet */
  TELL(on, PSD_STEP_SESSION_KEY, PSD_STEP_WRAP);
  on->call->ordinal++;
  result = send_frame(on, PSD_STEP_SIGN_ON, PSD_FRAME_SIGN_ON, &m1);
  if (result == PSD_OK)
    tell_later(on, PSD_STEP_SIGN_ON);
  return result;
}

/* Steps 212 to 224: M2, which the server can make only if the key management system has unwrapped K_S. */
static psd_result sign_on_response(sign_on *on) {
  uint8_t bytes[ANSWER_MAX];
  psd_buffer m2 = psd_buffer_over(bytes, sizeof bytes);
  psd_result result =
      psd_await_frame(on->call, NULL, PSD_STEP_SIGN_ON_RESPONSE, PSD_FRAME_SIGN_ON_RESPONSE, &m2, on->refusal);
  if (result != PSD_OK)
    return result;
  TELL(on, PSD_STEP_TO_KMS, PSD_STEP_UNWRAP, PSD_STEP_VERIFY_USER, PSD_STEP_USER_VERIFIED, PSD_STEP_SIGN_ON_RESPONSE);
  if (m2.length != PSD_M2_SIZE)
    return own_failure(on, PSD_STEP_OPEN_RESPONSE, PSD_SIGNAL_RESPONSE, PSD_BAD_ANSWER,
                       "the sign-on response does not have the length it must have");
  if (psd_host_sign_on_response(on->host, m2.data, m2.length, &on->keys) != PSD_OK)
    return card_failed(on, PSD_STEP_OPEN_RESPONSE, PSD_SIGNAL_RESPONSE);
  if (CRYPTO_memcmp(on->keys.session, m2.data, sizeof on->keys.session) != 0)
    return own_failure(on, PSD_STEP_OPEN_RESPONSE, PSD_SIGNAL_RESPONSE, PSD_BAD_ANSWER,
                       "card and server do not name the same session");
  on->session->time = on->keys.time;
  memcpy(on->session->to_server.bytes, on->keys.to_server, sizeof on->keys.to_server);
  memcpy(on->session->to_host.bytes, on->keys.to_host, sizeof on->keys.to_host);
  on->session->to_server.suite = on->session->to_host.suite = on->session->suite;
  TELL(on, PSD_STEP_OPEN_RESPONSE);
  return PSD_OK;
}

/* Steps 228 to 236: M3. */
static psd_result audit_response(sign_on *on) {
  uint8_t bytes[PSD_M3_MAX];
  psd_buffer m3 = psd_buffer_over(bytes, sizeof bytes);
  psd_audit_request request;
  memcpy(request.session, on->keys.session, sizeof request.session);
  memcpy(request.nonce, on->keys.nonce, sizeof request.nonce);
  if (psd_host_audit(on->host, &request, &m3) != PSD_OK)
    return card_failed(on, PSD_STEP_AUDIT_RESPONSE, PSD_SIGNAL_INTERNAL);
  TELL(on, PSD_STEP_AUDIT_REQUEST, PSD_STEP_AUDIT_RESPONSE, PSD_STEP_SIGN, PSD_STEP_SEAL);
  psd_result result = send_frame(on, PSD_STEP_SEND_AUDIT, PSD_FRAME_AUDIT_RESPONSE, &m3);
  if (result == PSD_OK)
    tell_later(on, PSD_STEP_SEND_AUDIT);
  return result;
}

/* Steps 240 to 246: M4; the card counts the audit as completed. */
static psd_result audit_result(sign_on *on) {
  uint8_t bytes[ANSWER_MAX];
  psd_buffer m4 = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_await_frame(on->call, NULL, PSD_STEP_VERIFY, PSD_FRAME_AUDIT_RESULT, &m4, on->refusal);
  if (result != PSD_OK)
    return result;
  TELL(on, PSD_STEP_OPEN_AUDIT, PSD_STEP_AUDIT_TO_KMS, PSD_STEP_UNWRAP_K4, PSD_STEP_VERIFY);
  if (m4.length != PSD_M4_SIZE)
    return own_failure(on, PSD_STEP_VERIFY, PSD_SIGNAL_RESULT, PSD_BAD_ANSWER,
                       "the audit result does not have the length it must have");
  if (psd_host_audit_result(on->host, m4.data, m4.length, &on->session->result) != PSD_OK)
    return card_failed(on, PSD_STEP_VERIFY, PSD_SIGNAL_RESULT);
  TELL(on, PSD_STEP_NONE);
  return PSD_OK;
}

/* What the audit result announces: commands to the card, relayed until the server has no more, or cannot make one: what
 * it refuses here it does the next time. */
static psd_result actions(sign_on *on) {
  if (on->session->result.actions == 0)
    return PSD_OK;
  psd_result result = psd_session_done(on->session, on->refusal);
  return result == PSD_REFUSED && psd_call_is_open(on->call) ? PSD_OK : result;
}

static psd_result converse(sign_on *on) {
  static psd_result (*const parts[])(sign_on *) = {sign_on_message, sign_on_response, audit_response, audit_result,
                                                   actions};
  psd_result result = PSD_OK;
  on->since = now_us();
  for (size_t i = 0; i < sizeof parts / sizeof parts[0] && result == PSD_OK; i++)
    result = parts[i](on);
  tell_now(on);
  return result;
}

psd_result psd_session_open(psd_call *call, psd_host *host, const psd_sign_on_options *options, psd_session **session,
                            psd_refusal *refusal) {
  *session = NULL;
  *refusal = (psd_refusal){.error = {.result = PSD_OK}};
  psd_session *made = calloc(1, sizeof *made);
  if (made == NULL)
    return psd_error_set(&refusal->error, PSD_SYSTEM, "out of memory");
  *made = (psd_session){.call = call, .host = host};
  sign_on on = {.call = call, .host = host, .options = options, .session = made, .refusal = refusal};
  psd_result result = converse(&on);
  OPENSSL_cleanse(&on.keys, sizeof on.keys);
  if (result == PSD_OK) {
    *session = made;
    return PSD_OK;
  }
  OPENSSL_cleanse(made, sizeof *made);
  free(made);
  return result;
}

const psd_audit_result *psd_session_result(const psd_session *session) {
  return &session->result;
}

psd_suite psd_session_suite(const psd_session *session) {
  return session->suite;
}

uint64_t psd_session_time(const psd_session *session) {
  return session->time;
}

void psd_session_close(psd_session *session) {
  if (session == NULL)
    return;
  psd_error unused;
  if (psd_call_is_open(session->call))
    (void)psd_link_send(session->call->link, PSD_FRAME_SIGN_OFF, NULL, 0, &unused);
  OPENSSL_cleanse(session, sizeof *session);
  free(session);
}
