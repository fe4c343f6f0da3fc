/* The commands of the session with the meter server (docs/handshake.md, "The card's commands"; EP steps 202-246). */
#include "host_state.h"
#include "psd/reader/command.h"
#include "psd/spec/tlv.h"

#include <openssl/crypto.h>
#include <string.h>

/* P2: which of the two rounds. */
#define SIGN_ON_ROUND 0x01U
#define AUDIT_ROUND 0x02U
/* Dynamic authentication data (ISO/IEC 7816-4:2005, 7.5.5, table 72): challenge and response; ours for the user. */
#define TAG_DYNAMIC 0x7CU
#define TAG_CHALLENGE 0x81U
#define TAG_RESPONSE 0x82U
#define TAG_USER 0xA0U
#define TAG_USER_NAME 0x80U
#define TAG_USER_VERIFIER 0x81U
/* GENERATE ASYMMETRIC KEY PAIR (ISO/IEC 7816-8:2004, 5.1): make one, show it; public key, its point. */
#define MAKE_PAIR 0x80U
#define SHOW_PUBLIC 0x81U
#define TAG_PUBLIC_KEY 0x7F49U
#define TAG_POINT 0x86U
#define TAG_DSA_KEY 0x84U
/* P2: which pair. */
#define PAIR_P256 0x00U
#define PAIR_DSA 0x01U

#define ANSWER_MAX 1024U

/* GENERAL AUTHENTICATE: sends what is in `data`, appends what stands under 82 in the answer. */
static psd_result general_authenticate(psd_host *host, uint8_t p1, uint8_t p2, const psd_buffer *data,
                                       psd_buffer *response) {
  uint8_t bytes[ANSWER_MAX];
  psd_buffer answer = psd_buffer_over(bytes, sizeof bytes);
  psd_tlv outer, inner;
  if (data->overflow)
    return psd_host_fail(host, PSD_BAD_INPUT, "the data of GENERAL AUTHENTICATE do not fit");
  psd_result result =
      psd_host_command(host, PSD_COMMAND_GENERAL_AUTHENTICATE, p1, p2, data->data, data->length, PSD_NE_ALL, &answer);
  if (result != PSD_OK)
    return result;
  psd_cursor cursor = psd_cursor_over(answer.data, answer.length);
  if (!psd_take_tlv(&cursor, &outer) || outer.tag != TAG_DYNAMIC || !psd_cursor_done(&cursor) ||
      !psd_find_tlv(outer.value, TAG_RESPONSE, &inner))
    return psd_host_fail(host, PSD_BAD_ANSWER, "the card's answer to GENERAL AUTHENTICATE has no response in it");
  psd_put(response, inner.value.at, inner.value.left);
  return response->overflow ? psd_host_fail(host, PSD_BAD_ANSWER, "the card answered more than there can be") : PSD_OK;
}

psd_result psd_host_sign_on(psd_host *host, psd_suite suite, const uint8_t context[PSD_CONTEXT_SIZE], const char *name,
                            const uint8_t verifier[32], psd_buffer *m1) {
  uint8_t bytes[128];
  uint8_t padded[sizeof((psd_user *)0)->name] = {0};
  psd_buffer data = psd_buffer_over(bytes, sizeof bytes);
  if (strlen(name) > sizeof padded)
    return psd_host_fail(host, PSD_BAD_INPUT, "a user name has at most %zu bytes", sizeof padded);
  memcpy(padded, name, strlen(name));
  size_t outer = psd_open_tlv(&data, TAG_DYNAMIC);
  psd_put_tlv(&data, TAG_CHALLENGE, context, PSD_CONTEXT_SIZE);
  size_t user = psd_open_tlv(&data, TAG_USER);
  psd_put_tlv(&data, TAG_USER_NAME, padded, sizeof padded);
  psd_put_tlv(&data, TAG_USER_VERIFIER, verifier, 32);
  psd_close_tlv(&data, user);
  psd_close_tlv(&data, outer);
  psd_result result = general_authenticate(host, (uint8_t)suite, SIGN_ON_ROUND, &data, m1);
  OPENSSL_cleanse(bytes, sizeof bytes);
  return result;
}

/* MUTUAL AUTHENTICATE: hands over a message, takes the one layout that is the answer. */
static psd_result mutual_authenticate(psd_host *host, uint8_t round, const void *message, size_t length,
                                      psd_message_id layout, void *value) {
  uint8_t bytes[256];
  psd_buffer answer = psd_buffer_over(bytes, sizeof bytes);
  psd_result result =
      psd_host_command(host, PSD_COMMAND_MUTUAL_AUTHENTICATE, 0, round, message, length, PSD_NE_ALL, &answer);
  if (result == PSD_OK && !psd_parse_message(answer.data, answer.length, layout, value))
    result = psd_host_fail(host, PSD_BAD_ANSWER, "the card's answer to MUTUAL AUTHENTICATE has %zu bytes, not %zu",
                           answer.length, psd_messages[layout].size);
  OPENSSL_cleanse(bytes, sizeof bytes);
  return result;
}

psd_result psd_host_sign_on_response(psd_host *host, const void *m2, size_t length, psd_host_session *session) {
  return mutual_authenticate(host, SIGN_ON_ROUND, m2, length, PSD_MESSAGE_HOST_SESSION, session);
}

psd_result psd_host_audit(psd_host *host, const psd_audit_request *request, psd_buffer *m3) {
  uint8_t bytes[64];
  uint8_t encoded[PSD_SIZE_AUDIT_REQUEST];
  psd_buffer message = psd_buffer_over(encoded, sizeof encoded);
  psd_buffer data = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&message, PSD_MESSAGE_AUDIT_REQUEST, request);
  size_t outer = psd_open_tlv(&data, TAG_DYNAMIC);
  psd_put_tlv(&data, TAG_CHALLENGE, message.data, message.length);
  psd_close_tlv(&data, outer);
  return general_authenticate(host, 0, AUDIT_ROUND, &data, m3);
}

psd_result psd_host_audit_result(psd_host *host, const void *m4, size_t length, psd_audit_result *result) {
  return mutual_authenticate(host, AUDIT_ROUND, m4, length, PSD_MESSAGE_AUDIT_RESULT, result);
}

psd_result psd_host_envelope(psd_host *host, const void *record, size_t length, psd_buffer *answer) {
  return psd_host_command(host, PSD_COMMAND_ENVELOPE, 0, 0, record, length, PSD_NE_ALL, answer);
}

/* `p2` says which pair; its public key has `size` bytes and stands under `tag`. */
static psd_result key_pair(psd_host *host, uint8_t p1, uint8_t p2, uint32_t tag, uint8_t *key, size_t size) {
  uint8_t bytes[256];
  psd_buffer answer = psd_buffer_over(bytes, sizeof bytes);
  psd_tlv public_key, inner;
  psd_result result = psd_host_command(host, PSD_COMMAND_GENERATE_KEY_PAIR, p1, p2, NULL, 0, PSD_NE_SHORT, &answer);
  if (result != PSD_OK)
    return result;
  psd_cursor cursor = psd_cursor_over(answer.data, answer.length);
  if (!psd_take_tlv(&cursor, &public_key) || public_key.tag != TAG_PUBLIC_KEY || !psd_cursor_done(&cursor) ||
      !psd_find_tlv(public_key.value, tag, &inner) || inner.value.left != size)
    return psd_host_fail(host, PSD_BAD_ANSWER, "the card's answer to GENERATE ASYMMETRIC KEY PAIR has no %s",
                         p2 == PAIR_P256 ? "P-256 point" : "DSA key");
  memcpy(key, inner.value.at, size);
  return PSD_OK;
}

psd_result psd_host_make_key_pair(psd_host *host, uint8_t point[65]) {
  return key_pair(host, MAKE_PAIR, PAIR_P256, TAG_POINT, point, 65);
}

psd_result psd_host_read_public_key(psd_host *host, uint8_t point[65]) {
  return key_pair(host, SHOW_PUBLIC, PAIR_P256, TAG_POINT, point, 65);
}

psd_result psd_host_make_dsa_key(psd_host *host, uint8_t y[128]) {
  return key_pair(host, MAKE_PAIR, PAIR_DSA, TAG_DSA_KEY, y, 128);
}

psd_result psd_host_read_dsa_key(psd_host *host, uint8_t y[128]) {
  return key_pair(host, SHOW_PUBLIC, PAIR_DSA, TAG_DSA_KEY, y, 128);
}
