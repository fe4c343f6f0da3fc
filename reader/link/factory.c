/* What the factory asks: keys of the key management system, a place in the meter server's database. */
#include "psd/reader/link.h"

#include <openssl/crypto.h>
#include <string.h>

/* One request is under way on a link at a time: its number may be any. */
#define CALL_NUMBER 1U

/* A refusal as an error; what REQUEST means depends on the request. */
static psd_result refused(const psd_link *link, psd_cursor body, const char *request, psd_error *error) {
  psd_error_signal signal;
  char words[PSD_SIGNAL_WORDS];
  if (!psd_signal_read(body, &signal, words))
    return psd_error_set(error, PSD_BAD_ANSWER, "the %s sent a refusal that cannot be read", psd_link_name(link));
  return psd_error_set(error, PSD_REFUSED, "the %s refused: %s", psd_link_name(link),
                       signal.signal == PSD_SIGNAL_REQUEST && request != NULL ? request : words);
}

static psd_result strange(psd_link *link, psd_frame_type type, psd_error *error) {
  psd_link_hang_up(link);
  return psd_error_set(error, PSD_BAD_ANSWER, "the %s answered with a frame that is no answer: %s", psd_link_name(link),
                       psd_frame_of(type)->name);
}

/* Sends the message `wanted`, and collects the body of the answer, of type `answer`, in `body`; `*content` is what
 * follows the number of the call. */
static psd_result call_kms(psd_link *kms, psd_frame_type request, psd_message_id layout, const void *wanted,
                           psd_frame_type answer, psd_buffer *body, psd_cursor *content, psd_error *error) {
  uint8_t bytes[PSD_SIZE_KMS_CALL + PSD_SIZE_KMS_ENDORSE];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_kms_call call = {.number = CALL_NUMBER};
  psd_put_message(&out, PSD_MESSAGE_KMS_CALL, &call);
  psd_put_message(&out, layout, wanted);
  if (out.overflow)
    return psd_error_set(error, PSD_BAD_INPUT, "a request to the %s does not fit", psd_link_name(kms));
  psd_frame_type type = request;
  psd_result result = psd_link_send(kms, request, out.data, out.length, error);
  if (result == PSD_OK)
    result = psd_link_receive(kms, &type, body, error);
  if (result != PSD_OK)
    return result;
  *content = psd_cursor_over(body->data, body->length);
  if (type == PSD_FRAME_ERROR_SIGNAL)
    return refused(kms, *content, NULL, error);
  if (!psd_take_message(content, PSD_MESSAGE_KMS_CALL, &call) || call.number != CALL_NUMBER)
    return strange(kms, type, error);
  if (type == PSD_FRAME_KMS_REFUSED)
    return refused(kms, *content, NULL, error);
  return type == answer ? PSD_OK : strange(kms, type, error);
}

/* The head of K1 in its RSA form, and the modulus, where there is one. */
static bool take_rsa(psd_cursor *content, psd_new_keys *keys) {
  if (content->left == 0)
    return true;
  if (!psd_take_message(content, PSD_MESSAGE_RSA_KEY, &keys->rsa))
    return false;
  keys->modulus_length = content->left;
  return (content->left == 256 || content->left == PSD_MODULUS_MAX) &&
         psd_take_into(content, keys->modulus, content->left);
}

psd_result psd_link_manufacture(psd_link *kms, const psd_kms_manufacture *wanted, psd_new_keys *keys,
                                psd_error *error) {
  uint8_t bytes[PSD_FRAME_BODY_MAX];
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  psd_cursor content = {0};
  *keys = (psd_new_keys){0};
  psd_result result = call_kms(kms, PSD_FRAME_KMS_MANUFACTURE, PSD_MESSAGE_KMS_MANUFACTURE, wanted,
                               PSD_FRAME_KMS_MANUFACTURED, &body, &content, error);
  if (result == PSD_OK &&
      !(psd_take_message(&content, PSD_MESSAGE_KMS_MANUFACTURED, &keys->keys) && take_rsa(&content, keys)))
    result = strange(kms, PSD_FRAME_KMS_MANUFACTURED, error);
  OPENSSL_cleanse(bytes, sizeof bytes);
  if (result != PSD_OK)
    OPENSSL_cleanse(keys, sizeof *keys);
  return result;
}

psd_result psd_link_endorse(psd_link *kms, const psd_kms_endorse *wanted, uint8_t wrapped[PSD_SIZE_WRAPPED_K4],
                            psd_error *error) {
  uint8_t bytes[PSD_SIZE_KMS_CALL + PSD_SIZE_WRAPPED_K4];
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  psd_cursor content = {0};
  psd_result result = call_kms(kms, PSD_FRAME_KMS_ENDORSE, PSD_MESSAGE_KMS_ENDORSE, wanted, PSD_FRAME_KMS_ENDORSED,
                               &body, &content, error);
  if (result == PSD_OK && !(psd_take_into(&content, wrapped, PSD_SIZE_WRAPPED_K4) && psd_cursor_done(&content)))
    result = strange(kms, PSD_FRAME_KMS_ENDORSED, error);
  return result;
}

psd_result psd_link_enrol(psd_link *control, const psd_enrol *psd, psd_error *error) {
  uint8_t bytes[PSD_SIZE_ENROL];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&out, PSD_MESSAGE_ENROL, psd);
  psd_frame_type type = PSD_FRAME_ENROL;
  psd_result result = psd_link_send(control, PSD_FRAME_ENROL, out.data, out.length, error);
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  if (result == PSD_OK)
    result = psd_link_receive(control, &type, &body, error);
  if (result != PSD_OK)
    return result;
  if (type == PSD_FRAME_ERROR_SIGNAL)
    return refused(control, psd_cursor_over(body.data, body.length),
                   "a PSD of this identity is in use already: choose another serial number", error);
  return type == PSD_FRAME_ENROLLED ? PSD_OK : strange(control, type, error);
}
