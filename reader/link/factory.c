/* What the factory asks: keys of the key management system, a place in the meter server's database. */
#include "psd/reader/link.h"

#include <openssl/crypto.h>
#include <string.h>

/* One request is under way on a link at a time: its number may be any. */
#define CALL_NUMBER 1U

/* Bytes of the longest answer: keys with a modulus, or why not. */
#define ANSWER_MAX 2048U

/* What signals mean of one request, where that is more than their own words; NULL where it is not. */
typedef struct meaning {
  const char *request, *signature;
} meaning;

static const char *words_of(const meaning *of, const psd_error_signal *signal, const char *words) {
  if (signal->signal == PSD_SIGNAL_REQUEST && of->request != NULL)
    return of->request;
  if (signal->signal == PSD_SIGNAL_SIGNATURE && of->signature != NULL)
    return of->signature;
  return words;
}

/* A refusal as an error. */
static psd_result refused(const psd_link *link, psd_cursor body, const meaning *of, psd_error *error) {
  psd_error_signal signal;
  char words[PSD_SIGNAL_WORDS];
  if (!psd_signal_read(body, &signal, words))
    return psd_error_set(error, PSD_BAD_ANSWER, "the %s sent a refusal that cannot be read", psd_link_name(link));
  return psd_error_set(error, PSD_REFUSED, "the %s refused: %s", psd_link_name(link), words_of(of, &signal, words));
}

static psd_result strange(psd_link *link, psd_frame_type type, psd_error *error) {
  psd_link_hang_up(link);
  return psd_error_set(error, PSD_BAD_ANSWER, "the %s answered with a frame that is no answer: %s", psd_link_name(link),
                       psd_frame_of(type)->name);
}

/* A request of the key management system, the layout of its message, and the type of its answer. */
typedef struct request {
  psd_frame_type type;
  psd_message_id layout;
  psd_frame_type answer;
  meaning refusals;
} request;

/* Sends the message `wanted`, and collects the body of the answer in `body`; `*content` is what follows the number of
 * the call. */
static psd_result call_kms(psd_link *kms, const request *of, const void *wanted, psd_buffer *body, psd_cursor *content,
                           psd_error *error) {
  uint8_t bytes[PSD_SIZE_KMS_CALL + PSD_SIZE_KMS_ENDORSE];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_kms_call call = {.number = CALL_NUMBER};
  psd_put_message(&out, PSD_MESSAGE_KMS_CALL, &call);
  psd_put_message(&out, of->layout, wanted);
  if (out.overflow)
    return psd_error_set(error, PSD_BAD_INPUT, "a request to the %s does not fit", psd_link_name(kms));
  psd_frame_type type = of->type;
  psd_result result = psd_link_send(kms, type, out.data, out.length, error);
  if (result == PSD_OK)
    result = psd_link_receive(kms, &type, body, error);
  if (result != PSD_OK)
    return result;
  *content = psd_cursor_over(body->data, body->length);
  if (type == PSD_FRAME_ERROR_SIGNAL)
    return refused(kms, *content, &of->refusals, error);
  if (!psd_take_message(content, PSD_MESSAGE_KMS_CALL, &call) || call.number != CALL_NUMBER)
    return strange(kms, type, error);
  if (type == PSD_FRAME_KMS_REFUSED)
    return refused(kms, *content, &of->refusals, error);
  return type == of->answer ? PSD_OK : strange(kms, type, error);
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
  uint8_t bytes[ANSWER_MAX];
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  psd_cursor content = {0};
  *keys = (psd_new_keys){0};
  static const request of = {
      .type = PSD_FRAME_KMS_MANUFACTURE, .layout = PSD_MESSAGE_KMS_MANUFACTURE, .answer = PSD_FRAME_KMS_MANUFACTURED};
  psd_result result = call_kms(kms, &of, wanted, &body, &content, error);
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
  static const request of = {
      .type = PSD_FRAME_KMS_ENDORSE, .layout = PSD_MESSAGE_KMS_ENDORSE, .answer = PSD_FRAME_KMS_ENDORSED};
  psd_result result = call_kms(kms, &of, wanted, &body, &content, error);
  if (result == PSD_OK && !(psd_take_into(&content, wrapped, PSD_SIZE_WRAPPED_K4) && psd_cursor_done(&content)))
    result = strange(kms, PSD_FRAME_KMS_ENDORSED, error);
  return result;
}

psd_result psd_link_token_key(psd_link *kms, const psd_kms_token_key *wanted, psd_token_key *key, psd_error *error) {
  static const request of = {
      .type = PSD_FRAME_KMS_TOKEN_KEY, .layout = PSD_MESSAGE_KMS_TOKEN_KEY, .answer = PSD_FRAME_KMS_TOKEN_KEY_MADE};
  uint8_t bytes[PSD_SIZE_KMS_CALL + PSD_SIZE_TOKEN_KEY];
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  psd_cursor content = {0};
  *key = (psd_token_key){0};
  psd_result result = call_kms(kms, &of, wanted, &body, &content, error);
  if (result == PSD_OK && !(psd_take_message(&content, PSD_MESSAGE_TOKEN_KEY, key) && psd_cursor_done(&content) &&
                            key->digits == wanted->digits && key->order == wanted->order && key->set != 0))
    result = strange(kms, of.answer, error);
  OPENSSL_cleanse(bytes, sizeof bytes);
  if (result != PSD_OK)
    OPENSSL_cleanse(key, sizeof *key);
  return result;
}

psd_result psd_link_register(psd_link *kms, const psd_kms_register *proof, psd_error *error) {
  static const request of = {.type = PSD_FRAME_KMS_REGISTER,
                             .layout = PSD_MESSAGE_KMS_REGISTER,
                             .answer = PSD_FRAME_KMS_REGISTERED,
                             .refusals = {.request = "it has made no token key of this set for this PSD",
                                          .signature = "the PSD does not hold the token key that was made for it"}};
  uint8_t bytes[PSD_SIZE_KMS_CALL + PSD_SIZE_ERROR_SIGNAL];
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  psd_cursor content = {0};
  psd_result result = call_kms(kms, &of, proof, &body, &content, error);
  return result == PSD_OK && content.left != 0 ? strange(kms, of.answer, error) : result;
}

psd_result psd_link_enrol(psd_link *control, const psd_enrol *psd, psd_error *error) {
  static const meaning in_use = {.request = "a PSD of this identity is in use already: choose another serial number"};
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
    return refused(control, psd_cursor_over(body.data, body.length), &in_use, error);
  return type == PSD_FRAME_ENROLLED ? PSD_OK : strange(control, type, error);
}
