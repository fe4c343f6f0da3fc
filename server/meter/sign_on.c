/* From the sign-on (M1) to the sign-on response (M2): EP steps 210 to 222. */
#include <stdlib.h>
#include <string.h>

#include "meter/session_internal.h"
#include "psd/spec/chars.h"

/* The suite, and whether its way of doing it, was offered in the greeting. */
static bool offered(const psd_meter_session *session, const psd_sign_on *head) {
  psd_greeting greeting;
  if (!psd_parse_message(session->greeting, sizeof session->greeting, PSD_MESSAGE_GREETING, &greeting) ||
      psd_suite_of((unsigned)head->suite) == NULL || (greeting.suites & head->suite) == 0)
    return false;
  if (head->suite == PSD_SUITE_P256)
    return head->forward == 1 || session->service->settings->forward == 0;
  return head->forward == 0;
}

static void on_looked_up(void *owner, psd_meter_job *job);

/* The name in USER is UTF-8, padded with zeroes: true, and with its end in `name`, if it is one. */
static bool take_name(const psd_user *user, char name[PSD_METER_NAME]) {
  size_t length = 0;
  while (length < sizeof user->name && user->name[length] != 0)
    length++;
  for (size_t i = length; i < sizeof user->name; i++)
    if (user->name[i] != 0)
      return false;
  for (size_t i = 0; i < length;) {
    size_t character = psd_utf8_length(user->name + i, length - i);
    if (character == 0)
      return false;
    i += character;
  }
  memset(name, 0, PSD_METER_NAME);
  memcpy(name, user->name, length);
  return length > 0;
}

/* EP 216. */
static void look_up(psd_meter_session *session, const psd_user *user) {
  if (!take_name(user, session->name)) {
    psd_meter_refuse(session, PSD_SIGNAL_USER, 0);
    return;
  }
  session->state = PSD_METER_LOOKING_UP;
  psd_meter_job *job = psd_meter_session_job(session, PSD_METER_JOB_SIGN_ON);
  if (job != NULL)
    memcpy(job->verifier, user->verifier, sizeof job->verifier);
  (void)psd_meter_submit(session, job, on_looked_up);
}

/* EP 214: K_S, or why not. */
static void on_unwrapped(void *owner, const psd_meter_answer *answer) {
  psd_meter_session *session = owner;
  psd_meter_handshake *at = session->handshake;
  psd_user user;
  session->call = NULL;
  if (answer->type != PSD_FRAME_KMS_SESSION_KEY || answer->length != sizeof at->session_key) {
    psd_meter_refuse_kms(session, answer);
    return;
  }
  memcpy(at->session_key, answer->body, sizeof at->session_key);
  if (psd_meter_open_user(&at->sign_on, at->context, at->session_key, &user))
    look_up(session, &user);
  else
    psd_meter_refuse(session, PSD_SIGNAL_USER, 0);
  psd_secret_wipe(&user, sizeof user);
}

/* EP 212. */
static void ask_unwrap(psd_meter_session *session) {
  const psd_meter_handshake *at = session->handshake;
  uint8_t body[PSD_CONTEXT_SIZE + PSD_SIZE_SIGN_ON + PSD_WRAPPED_MAX];
  psd_buffer buffer = psd_buffer_over(body, sizeof body);
  psd_put(&buffer, at->context, sizeof at->context);
  psd_put(&buffer, at->m1, PSD_SIZE_SIGN_ON + at->sign_on.wrapped_length);
  session->state = PSD_METER_UNWRAPPING;
  (void)psd_meter_ask(session, PSD_FRAME_KMS_UNWRAP, body, buffer.length, on_unwrapped);
}

/* A handshake of its own, with M1 in it; false if M1 is none. */
static bool take_m1(psd_meter_session *session, const uint8_t *body, size_t length) {
  psd_meter_handshake *at = session->handshake;
  if (length > sizeof at->m1)
    return false;
  memcpy(at->m1, body, length);
  if (!psd_meter_sign_on_parse(at->m1, length, &at->sign_on))
    return false;
  memcpy(session->device, at->m1 + PSD_SIZE_SIGN_ON - sizeof session->device, sizeof session->device);
  return true;
}

void psd_meter_take_sign_on(psd_meter_session *session, const uint8_t *body, size_t length) {
  if (session->state != PSD_METER_GREETED) {
    psd_meter_refuse(session, PSD_SIGNAL_ORDER, 0);
    return;
  }
  psd_meter_handshake *at = session->handshake = calloc(1, sizeof *at);
  if (at == NULL) {
    psd_meter_refuse(session, PSD_SIGNAL_INTERNAL, 0);
    return;
  }
  session->line->deadline(session->connection, session->service->settings->handshake_timeout);
  if (!take_m1(session, body, length)) {
    psd_meter_refuse(session, PSD_SIGNAL_MESSAGE, 0);
    return;
  }
  if (!offered(session, &at->sign_on.head)) {
    psd_meter_refuse(session, PSD_SIGNAL_SUITE, 0);
    return;
  }
  psd_part parts[] = {{at->context, sizeof at->context}, {at->m1, length}};
  if (!psd_meter_context(session->greeting, session->ordinal, at->context) || !psd_hash(parts, 2, at->th1))
    psd_meter_refuse(session, PSD_SIGNAL_INTERNAL, 0);
  else
    ask_unwrap(session);
}

/* The server's share and DH; zeroes and no DH without forward secrecy. False if the card's point is none. */
static bool make_share(const psd_meter_handshake *at, uint8_t share[PSD_POINT], uint8_t shared[32]) {
  memset(share, 0, PSD_POINT);
  if (at->sign_on.head.forward == 0)
    return true;
  psd_pair *pair = psd_pair_new();
  if (pair == NULL)
    return false;
  psd_pair_point(pair, share);
  bool done = psd_pair_agree(pair, at->sign_on.wrapped, shared);
  psd_pair_free(pair);
  return done;
}

/* Session identifier and nonce are public and random; one call for both. */
static bool draw(psd_meter_session *session) {
  uint8_t drawn[sizeof session->id + sizeof session->handshake->nonce];
  if (!psd_random(drawn, sizeof drawn))
    return false;
  memcpy(session->id, drawn, sizeof session->id);
  memcpy(session->handshake->nonce, drawn + sizeof session->id, sizeof session->handshake->nonce);
  session->identified = true;
  return true;
}

/* M2; false if cryptography fails. */
static bool make_response(psd_meter_session *session, uint8_t m2[PSD_M2_SIZE]) {
  psd_meter_handshake *at = session->handshake;
  psd_sign_on_response response;
  psd_sign_on_terms terms = {.time = session->service->calls->time(session->service)};
  uint8_t shared[32], text[PSD_SIZE_SIGN_ON_TERMS];
  bool forward = at->sign_on.head.forward != 0;
  if (!draw(session) || !make_share(at, response.share, shared))
    return false;
  memcpy(response.session, session->id, sizeof session->id);
  memcpy(terms.nonce, at->nonce, sizeof at->nonce);
  psd_buffer head = psd_buffer_over(m2, PSD_SIZE_SIGN_ON_RESPONSE), plain = psd_buffer_over(text, sizeof text);
  psd_put_message(&head, PSD_MESSAGE_SIGN_ON_RESPONSE, &response);
  psd_put_message(&plain, PSD_MESSAGE_SIGN_ON_TERMS, &terms);
  bool done = psd_meter_keys_derive(&session->keys, at->sign_on.head.suite, at->th1, m2, at->session_key,
                                    forward ? shared : NULL) &&
              psd_meter_seal(&session->keys.to_card, PSD_FRAME_SIGN_ON_RESPONSE, (psd_part){m2, head.length}, text,
                             sizeof text, m2 + head.length);
  psd_secret_wipe(shared, sizeof shared);
  psd_secret_wipe(at->session_key, sizeof at->session_key);
  psd_part parts[] = {{at->th1, sizeof at->th1}, {m2, PSD_M2_SIZE}};
  return done && psd_hash(parts, 2, at->th2);
}

/* EP 218 and 222, or 220. */
static void on_looked_up(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  psd_meter_handshake *at = session->handshake;
  uint8_t m2[PSD_M2_SIZE];
  session->job = NULL;
  if (job->result != PSD_DB_DONE) {
    psd_meter_refuse_database(session, job);
    return;
  }
  if (job->refused) {
    psd_meter_refuse(session, PSD_SIGNAL_USER, job->wait);
    return;
  }
  session->user = job->user.id;
  session->account = job->user.account;
  at->failures = job->failures;
  at->device_known = job->device_known;
  session->row = job->row;
  session->rates_wait = job->rates_wait;
  at->op = job->op;
  job->op = NULL;
  if (!make_response(session, m2)) {
    psd_meter_refuse(session, PSD_SIGNAL_INTERNAL, 0);
    return;
  }
  session->state = PSD_METER_RESPONDED;
  session->line->limit(session->connection, PSD_METER_BODY_AFTER);
  psd_meter_send(session, PSD_FRAME_SIGN_ON_RESPONSE, m2, sizeof m2);
}
