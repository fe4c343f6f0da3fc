/* GENERAL AUTHENTICATE, P2 01: the sign-on M1 (EP steps 202, 208, 210). The card makes K_S (claim 1), wraps it under K1
 * and seals the user's identification under it. */
#include "meter/objects.h"
#include "meter/session.h"
#include "psd/spec/tlv.h"

#include <string.h>

/* What goes into M1. */
typedef struct sign_on {
  psd_sign_on head;
  uint8_t encoded[PSD_SIZE_SIGN_ON]; /* the head, as it is sent */
  uint8_t context[PSD_CONTEXT_SIZE];
  uint8_t user[PSD_SIZE_USER];
} sign_on;

/* 7C { 81 context, A0 { 80 user name, 81 verifier } } */
static bool parse(const psd_apdu *apdu, sign_on *to) {
  psd_cursor data = psd_cursor_over(apdu->data, apdu->nc);
  psd_cursor dynamic, user, value;
  size_t name = sizeof((psd_user *)0)->name;
  return psd_session_take(&data, 0x7C, 0, &dynamic) && psd_cursor_done(&data) &&
         psd_session_take(&dynamic, 0x81, PSD_CONTEXT_SIZE, &value) &&
         psd_take_into(&value, to->context, PSD_CONTEXT_SIZE) && psd_session_take(&dynamic, 0xA0, 0, &user) &&
         psd_cursor_done(&dynamic) && psd_session_take(&user, 0x80, name, &value) &&
         psd_take_into(&value, to->user, name) && psd_session_take(&user, 0x81, PSD_SIZE_USER - name, &value) &&
         psd_cursor_done(&user) && psd_take_into(&value, to->user + name, PSD_SIZE_USER - name);
}

/* 6984: personalisation has not allowed it. 6A81: this card does not know it. */
static uint16_t allowed(const psd_card *card, uint8_t suite, bool *forward) {
  psd_session_policy policy;
  if (psd_suite_of(suite) == NULL)
    return PSD_SW_WRONG_P1P2;
  if (psd_session_suite_of(suite) == NULL)
    return PSD_SW_FUNCTION_UNSUPPORTED;
  uint16_t status = psd_session_policy_fetch(card, &policy);
  if (status != PSD_SW_OK)
    return status;
  *forward = suite == PSD_SUITE_P256 && policy.forward != 0;
  return (policy.suites & suite) != 0 ? PSD_SW_OK : PSD_SW_REFERENCE_UNUSABLE;
}

/* Encodes the head, now that the key is known. */
static bool encode_head(sign_on *m1, uint64_t key) {
  psd_buffer buffer = psd_buffer_over(m1->encoded, sizeof m1->encoded);
  m1->head.key = key;
  psd_put_message(&buffer, PSD_MESSAGE_SIGN_ON, &m1->head);
  return !buffer.overflow;
}

static uint16_t wrap_p256(psd_card *card, sign_on *m1, psd_buffer *out) {
  psd_session *session = &card->session;
  psd_vendor_key k1;
  uint16_t status = psd_object_fetch(card, PSD_OBJECT_VENDOR_KEY, &k1);
  if (status != PSD_SW_OK)
    return status;
  uint8_t *wrapped = psd_put_room(out, PSD_WRAPPED_P256);
  const psd_hpke_sender sender = {.secret = session->secret,
                                  .enc = wrapped,
                                  .recipient = k1.point,
                                  .info = {PSD_HPKE_INFO, sizeof PSD_HPKE_INFO - 1}};
  const psd_piece aad[2] = {{m1->encoded, sizeof m1->encoded}, {m1->context, sizeof m1->context}};
  bool ok = wrapped != NULL && encode_head(m1, k1.identifier) && psd_card_ready_for(card, PSD_KAT_P256_AGREE) &&
            psd_p256_ephemeral(&card->drbg, session->secret, wrapped) &&
            psd_hpke_seal(&sender, aad, (psd_piece){session->key, PSD_SESSION_KEY}, wrapped + PSD_P256_POINT);
  return ok ? PSD_SW_OK : PSD_SW_EXECUTION_ERROR;
}

static uint16_t wrap_rsa(psd_card *card, sign_on *m1, psd_buffer *out) {
  uint8_t encoded[PSD_SIZE_RSA_KEY + PSD_RSA_MAX];
  uint8_t wrapped[PSD_RSA_MAX];
  const psd_session_suite *suite = card->session.suite;
  size_t length = 0;
  psd_rsa_key head;
  psd_rsa_public k1;
  uint16_t status = psd_object_fetch_bytes(card, PSD_OBJECT_VENDOR_RSA_KEY, encoded, sizeof encoded, &length);
  if (status != PSD_SW_OK)
    return status;
  bool ok = psd_rsa_key_parse(psd_cursor_over(encoded, length), &head, &k1) && encode_head(m1, head.identifier) &&
            psd_card_ready_for(card, PSD_KAT_RSA_OAEP) &&
            suite->wrap_rsa(&card->drbg, &k1, card->session.key, suite->key_size, wrapped, &length);
  if (!ok)
    return PSD_SW_EXECUTION_ERROR;
  psd_put(out, wrapped, length);
  return PSD_SW_OK;
}

/* K1 = K2 (EP claim 5). */
static uint16_t wrap_shared(psd_card *card, sign_on *m1, psd_buffer *out) {
  psd_shared_key k1;
  uint16_t status = psd_object_fetch(card, PSD_OBJECT_SHARED_KEY, &k1);
  if (status != PSD_SW_OK)
    return status;
  uint8_t *wrapped = psd_put_room(out, PSD_WRAPPED_SHARED);
  const psd_piece aad[2] = {{m1->encoded, sizeof m1->encoded}, {m1->context, sizeof m1->context}};
  bool ok = wrapped != NULL && encode_head(m1, k1.identifier) && psd_drbg_read(&card->drbg, wrapped, PSD_GCM_NONCE) &&
            psd_aes_gcm_seal(k1.key, sizeof k1.key, wrapped, aad, 2, card->session.key, PSD_SESSION_KEY,
                             wrapped + PSD_GCM_NONCE);
  psd_wipe(&k1, sizeof k1);
  return ok ? PSD_SW_OK : PSD_SW_EXECUTION_ERROR;
}

static uint16_t wrap(psd_card *card, sign_on *m1, psd_buffer *out) {
  switch (m1->head.suite) {
  case PSD_SUITE_P256:
    return wrap_p256(card, m1, out);
  case PSD_SUITE_RSA:
  case PSD_SUITE_CLASSIC:
    return wrap_rsa(card, m1, out);
  default:
    return wrap_shared(card, m1, out);
  }
}

/* The user's identification under a key that K_S and the call have made. */
static bool seal_user(const psd_card *card, const sign_on *m1, psd_piece wrapped, uint8_t out[PSD_SEALED_USER]) {
  uint8_t expanded[PSD_TRAFFIC_KEY];
  const psd_piece aad[] = {{m1->encoded, sizeof m1->encoded}, {m1->context, sizeof m1->context}, wrapped};
  bool ok = psd_session_expand(card->session.key, PSD_KEY_LABEL_USER, m1->context, sizeof m1->context, expanded) &&
            card->session.suite->seal(expanded, 32, expanded + 32, aad, 3, m1->user, sizeof m1->user, out);
  psd_wipe(expanded, sizeof expanded);
  return ok;
}

/* Appends M1, and keeps th1 = Hash(context || M1). */
static uint16_t put_m1(psd_card *card, sign_on *m1, psd_buffer *out) {
  psd_session *session = &card->session;
  size_t start = out->length;
  if (psd_put_room(out, PSD_SIZE_SIGN_ON) == NULL ||
      !psd_drbg_read(&card->drbg, session->key, session->suite->key_size))
    return PSD_SW_EXECUTION_ERROR;
  uint16_t status = wrap(card, m1, out);
  if (status != PSD_SW_OK)
    return status;
  uint8_t *head = out->data + start;
  memcpy(head, m1->encoded, sizeof m1->encoded);
  const psd_piece wrapped = {head + PSD_SIZE_SIGN_ON, out->length - start - PSD_SIZE_SIGN_ON};
  uint8_t *sealed = psd_put_room(out, PSD_SEALED_USER);
  if (sealed == NULL || !seal_user(card, m1, wrapped, sealed) ||
      !psd_sha256_two(m1->context, sizeof m1->context, head, out->length - start, session->transcript))
    return PSD_SW_EXECUTION_ERROR;
  return PSD_SW_OK;
}

static uint16_t sign_on_as(psd_card *card, const psd_request *request, sign_on *m1, psd_buffer *out) {
  psd_session *session = &card->session;
  psd_device_id identity;
  uint16_t status = psd_object_fetch(card, PSD_OBJECT_DEVICE_ID, &identity);
  if (status != PSD_SW_OK)
    return status;
  m1->head = (psd_sign_on){
      .protocol = PSD_PROTOCOL, .suite = request->apdu.p1, .forward = session->forward, .serial = identity.serial};
  memcpy(m1->head.vendor, identity.vendor, sizeof m1->head.vendor);
  memcpy(m1->head.model, identity.model, sizeof m1->head.model);
  size_t dynamic = psd_open_tlv(out, 0x7C);
  size_t response = psd_open_tlv(out, 0x82);
  status = put_m1(card, m1, out);
  psd_close_tlv(out, response);
  psd_close_tlv(out, dynamic);
  return status;
}

uint16_t psd_session_sign_on(psd_card *card, const psd_request *request, psd_buffer *out) {
  psd_session *session = &card->session;
  psd_session_end(card);
  uint16_t status = allowed(card, request->apdu.p1, &session->forward);
  if (status != PSD_SW_OK)
    return status;
  sign_on m1;
  session->suite = psd_session_suite_of(request->apdu.p1);
  session->channel = request->number;
  session->phase = PSD_SESSION_SIGNED_ON;
  status = PSD_SW_WRONG_DATA;
  if (parse(&request->apdu, &m1))
    status = session->suite->ready(card) ? sign_on_as(card, request, &m1, out) : PSD_SW_EXECUTION_ERROR;
  psd_wipe(&m1, sizeof m1);
  if (!card->drbg.ready)
    psd_card_set_fault(card, PSD_FAULT_RANDOM);
  return status;
}
