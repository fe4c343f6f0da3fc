#include "paper_card.h"

#include <string.h>

#include "check.h"
#include "psd/spec/apdu.h"

/* HPKE, RFC 9180: the identifiers of the suites (4.1 and 5.1). */
static const uint8_t kem_id[] = {'K', 'E', 'M', 0x00, 0x10};
static const uint8_t hpke_id[] = {'H', 'P', 'K', 'E', 0x00, 0x10, 0x00, 0x01, 0x00, 0x02};

void paper_create(paper_card *card, uint32_t serial) {
  *card = (paper_card){.device = {.vendor = "PS", .model = "D1", .serial = serial}, .vendor_key = PAPER_KEY};
  card->k2 = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(card->k2);
  CU_ASSERT_TRUE_FATAL(psd_random(card->k3, sizeof card->k3) && psd_random(card->shared, sizeof card->shared) &&
                       psd_random(card->wrapped_k4, sizeof card->wrapped_k4));
  card->audit = (psd_audit){.type = PSD_SIGNATURE_HMAC, .serial = serial, .vendor_key = PAPER_KEY, .state = 3};
  memcpy(card->audit.vendor, "PS", 2);
  memcpy(card->audit.model, "D1", 2);
}

void paper_destroy(paper_card *card) {
  psd_pair_free(card->own);
  psd_pair_free(card->k2);
  psd_pair_free(card->pair);
}

void paper_device(const paper_card *card, uint8_t device[8]) {
  psd_buffer buffer = psd_buffer_over(device, 8);
  psd_put_message(&buffer, PSD_MESSAGE_DEVICE_ID, &card->device);
}

static void labeled_extract(psd_part suite, const char *label, psd_part salt, psd_part secret, uint8_t prk[PSD_HASH]) {
  uint8_t bytes[256];
  psd_buffer joined = psd_buffer_over(bytes, sizeof bytes);
  psd_put(&joined, "HPKE-v1", 7);
  psd_put(&joined, suite.data, suite.length);
  psd_put(&joined, label, strlen(label));
  psd_put(&joined, secret.data, secret.length);
  CU_ASSERT_TRUE_FATAL(psd_hkdf_extract(salt.data, salt.length, bytes, joined.length, prk));
}

static void labeled_expand(psd_part suite, const char *label, const uint8_t prk[PSD_HASH], psd_part info, uint8_t *out,
                           size_t length) {
  uint8_t bytes[256];
  psd_buffer joined = psd_buffer_over(bytes, sizeof bytes);
  psd_put_uint(&joined, length, 2);
  psd_put(&joined, "HPKE-v1", 7);
  psd_put(&joined, suite.data, suite.length);
  psd_put(&joined, label, strlen(label));
  psd_put(&joined, info.data, info.length);
  CU_ASSERT_TRUE_FATAL(psd_hkdf_expand(prk, bytes, joined.length, out, length));
}

/* RFC 9180, 4.1: Encap, with the pair that is there. */
static void encapsulate(const paper_card *card, const uint8_t enc[PSD_POINT], uint8_t secret[PSD_HASH]) {
  const psd_part suite = {kem_id, sizeof kem_id}, none = {NULL, 0};
  uint8_t dh[32], prk[PSD_HASH], context[2 * PSD_POINT];
  memcpy(context, enc, PSD_POINT);
  psd_pair_point(card->k2, context + PSD_POINT);
  CU_ASSERT_TRUE_FATAL(psd_pair_agree(card->pair, context + PSD_POINT, dh));
  labeled_extract(suite, "eae_prk", none, (psd_part){dh, sizeof dh}, prk);
  labeled_expand(suite, "shared_secret", prk, (psd_part){context, sizeof context}, secret, PSD_HASH);
}

/* RFC 9180, 5.1: the key schedule in base mode, and one Seal. */
static void hpke_seal(paper_card *card, psd_part aad, uint8_t wrapped[PSD_WRAPPED_P256]) {
  const psd_part suite = {hpke_id, sizeof hpke_id}, none = {NULL, 0};
  uint8_t shared[PSD_HASH], secret[PSD_HASH], context[1 + 2 * PSD_HASH] = {0}, key[32], nonce[12];
  psd_pair_free(card->pair);
  card->pair = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(card->pair);
  psd_pair_point(card->pair, wrapped);
  encapsulate(card, wrapped, shared);
  labeled_extract(suite, "psk_id_hash", none, none, context + 1);
  labeled_extract(suite, "info_hash", none, (psd_part){PSD_HPKE_INFO, strlen(PSD_HPKE_INFO)}, context + 1 + PSD_HASH);
  labeled_extract(suite, "secret", (psd_part){shared, sizeof shared}, none, secret);
  labeled_expand(suite, "key", secret, (psd_part){context, sizeof context}, key, sizeof key);
  labeled_expand(suite, "base_nonce", secret, (psd_part){context, sizeof context}, nonce, sizeof nonce);
  CU_ASSERT_TRUE_FATAL(psd_gcm_seal(key, nonce, aad, card->session_key, PSD_SESSION_KEY, wrapped + PSD_POINT,
                                    wrapped + PSD_POINT + PSD_SESSION_KEY));
}

static void shared_seal(paper_card *card, psd_part aad, uint8_t wrapped[PSD_WRAPPED_SHARED]) {
  CU_ASSERT_TRUE_FATAL(psd_random(wrapped, PSD_GCM_NONCE));
  CU_ASSERT_TRUE_FATAL(psd_gcm_seal(card->shared, wrapped, aad, card->session_key, PSD_SESSION_KEY,
                                    wrapped + PSD_GCM_NONCE, wrapped + PSD_GCM_NONCE + PSD_SESSION_KEY));
}

/* USER, sealed under K_S. */
static void seal_user(const paper_card *card, const uint8_t *m1, size_t clear, const char *user,
                      const uint8_t verifier[32], uint8_t sealed[PSD_SEALED_USER]) {
  uint8_t info[64], key[PSD_TRAFFIC_KEY], aad[PSD_SIGN_ON_MAX], text[PSD_SIZE_USER] = {0};
  psd_buffer label = psd_buffer_over(info, sizeof info), bound = psd_buffer_over(aad, sizeof aad);
  const char *words = psd_key_label_text(PSD_KEY_LABEL_USER);
  psd_put(&label, words, strlen(words));
  psd_put(&label, card->context, sizeof card->context);
  psd_put(&bound, m1, PSD_SIZE_SIGN_ON);
  psd_put(&bound, card->context, sizeof card->context);
  psd_put(&bound, m1 + PSD_SIZE_SIGN_ON, clear - PSD_SIZE_SIGN_ON);
  memcpy(text, user, strlen(user));
  memcpy(text + 32, verifier, 32);
  CU_ASSERT_TRUE_FATAL(psd_hkdf_expand(card->session_key, info, label.length, key, sizeof key));
  CU_ASSERT_TRUE_FATAL(psd_gcm_seal(key, key + PSD_AES_KEY, (psd_part){aad, bound.length}, text, sizeof text, sealed,
                                    sealed + PSD_SIZE_USER));
}

size_t paper_sign_on(paper_card *card, psd_suite suite, bool forward, const char *user, const uint8_t verifier[32],
                     uint8_t m1[PSD_SIGN_ON_MAX]) {
  psd_sign_on head = {.protocol = PSD_PROTOCOL,
                      .suite = suite,
                      .forward = forward,
                      .key = card->vendor_key,
                      .serial = card->device.serial};
  psd_buffer out = psd_buffer_over(m1, PSD_SIGN_ON_MAX);
  uint8_t aad[PSD_SIZE_SIGN_ON + PSD_CONTEXT_SIZE];
  memcpy(head.vendor, card->device.vendor, sizeof head.vendor);
  memcpy(head.model, card->device.model, sizeof head.model);
  CU_ASSERT_TRUE_FATAL(psd_meter_context(card->greeting, card->ordinal, card->context));
  CU_ASSERT_TRUE_FATAL(psd_random(card->session_key, sizeof card->session_key));
  psd_put_message(&out, PSD_MESSAGE_SIGN_ON, &head);
  memcpy(aad, m1, PSD_SIZE_SIGN_ON);
  memcpy(aad + PSD_SIZE_SIGN_ON, card->context, PSD_CONTEXT_SIZE);
  uint8_t *wrapped = psd_put_room(&out, suite == PSD_SUITE_P256 ? PSD_WRAPPED_P256 : PSD_WRAPPED_SHARED);
  if (suite == PSD_SUITE_P256)
    hpke_seal(card, (psd_part){aad, sizeof aad}, wrapped);
  else
    shared_seal(card, (psd_part){aad, sizeof aad}, wrapped);
  size_t clear = out.length;
  seal_user(card, m1, clear, user, verifier, psd_put_room(&out, PSD_SEALED_USER));
  psd_part parts[] = {{card->context, sizeof card->context}, {m1, out.length}};
  CU_ASSERT_TRUE_FATAL(psd_hash(parts, 2, card->th1));
  card->suite = suite;
  card->forward = forward;
  return out.length;
}

bool paper_take_m2(paper_card *card, const uint8_t *m2, size_t length) {
  psd_sign_on_response response;
  uint8_t shared[32], text[PSD_SIZE_SIGN_ON_TERMS], aad[1 + PSD_SIZE_SIGN_ON_RESPONSE] = {PSD_FRAME_SIGN_ON_RESPONSE};
  if (length != PSD_M2_SIZE ||
      !psd_parse_message(m2, PSD_SIZE_SIGN_ON_RESPONSE, PSD_MESSAGE_SIGN_ON_RESPONSE, &response))
    return false;
  memcpy(aad + 1, m2, PSD_SIZE_SIGN_ON_RESPONSE);
  if (card->forward && !psd_pair_agree(card->pair, response.share, shared))
    return false;
  if (!psd_meter_keys_derive(&card->keys, card->suite, card->th1, m2, card->session_key, card->forward ? shared : NULL))
    return false;
  const uint8_t *sealed = m2 + PSD_SIZE_SIGN_ON_RESPONSE;
  if (!psd_gcm_open(card->keys.to_card.key, card->keys.to_card.vector, (psd_part){aad, sizeof aad}, sealed, sizeof text,
                    sealed + sizeof text, text))
    return false;
  card->keys.to_card.sequence = 1;
  memcpy(card->id, response.session, sizeof card->id);
  psd_part parts[] = {{card->th1, sizeof card->th1}, {m2, length}};
  return psd_hash(parts, 2, card->th2) && psd_parse_message(text, sizeof text, PSD_MESSAGE_SIGN_ON_TERMS, &card->terms);
}

size_t paper_audit(paper_card *card, uint8_t m3[PSD_M3_MAX]) {
  uint8_t text[PSD_SIZE_AUDIT + 64];
  psd_buffer buffer = psd_buffer_over(text, sizeof text);
  memcpy(card->audit.nonce, card->terms.nonce, sizeof card->audit.nonce);
  memcpy(card->audit.transcript, card->th2, sizeof card->audit.transcript);
  card->audit.time = card->terms.time;
  card->audit.type = card->own != NULL ? PSD_SIGNATURE_ECDSA : PSD_SIGNATURE_HMAC;
  psd_put_message(&buffer, PSD_MESSAGE_AUDIT, &card->audit);
  psd_part parts[] = {{PSD_SIGN_AUDIT, strlen(PSD_SIGN_AUDIT)}, {text, PSD_SIZE_AUDIT}};
  bool is_signed = card->own != NULL ? psd_pair_sign(card->own, parts, 2, psd_put_room(&buffer, 64))
                                     : psd_hmac(card->k3, sizeof card->k3, parts, 2, psd_put_room(&buffer, PSD_HASH));
  CU_ASSERT_TRUE_FATAL(is_signed);
  CU_ASSERT_TRUE_FATAL(
      psd_meter_seal(&card->keys.from_card, PSD_FRAME_AUDIT_RESPONSE, (psd_part){NULL, 0}, text, buffer.length, m3));
  return buffer.length + PSD_GCM_TAG;
}

bool paper_take_m4(paper_card *card, const uint8_t *m4, size_t length) {
  uint8_t text[PSD_SIZE_AUDIT_RESULT + PSD_AUTHENTICATION], mac[PSD_HASH];
  if (length != PSD_M4_SIZE || !psd_meter_open(&card->keys.to_card, PSD_FRAME_AUDIT_RESULT, m4, length, text))
    return false;
  psd_part parts[] = {{PSD_SIGN_RESULT, strlen(PSD_SIGN_RESULT)}, {text, PSD_SIZE_AUDIT_RESULT}};
  return psd_hmac(card->k3, sizeof card->k3, parts, 2, mac) &&
         psd_secret_equal(mac, text + PSD_SIZE_AUDIT_RESULT, sizeof mac) &&
         psd_parse_message(text, PSD_SIZE_AUDIT_RESULT, PSD_MESSAGE_AUDIT_RESULT, &card->result);
}

size_t paper_request(paper_card *card, psd_host_operation operation, const void *content, size_t length,
                     uint8_t record[PAPER_RECORD]) {
  uint8_t text[PAPER_RECORD - PSD_GCM_TAG];
  psd_buffer buffer = psd_buffer_over(text, sizeof text);
  psd_put_u8(&buffer, (uint8_t)operation);
  psd_put(&buffer, content, length);
  CU_ASSERT_TRUE_FATAL(psd_meter_keys_host(&card->keys));
  CU_ASSERT_TRUE_FATAL(
      psd_meter_seal(&card->keys.from_host, PSD_FRAME_HOST_DATA, (psd_part){NULL, 0}, text, buffer.length, record));
  return buffer.length + PSD_GCM_TAG;
}

int paper_answer_content(paper_card *card, psd_host_operation operation, const uint8_t *record, size_t length,
                         uint8_t *content, size_t *content_length) {
  uint8_t text[PAPER_RECORD];
  if (length < PSD_SIZE_HOST_ANSWER + PSD_GCM_TAG || length > sizeof text ||
      !psd_meter_open(&card->keys.to_host, PSD_FRAME_HOST_DATA, record, length, text))
    return -1;
  *content_length = length - PSD_GCM_TAG - PSD_SIZE_HOST_ANSWER;
  memcpy(content, text + PSD_SIZE_HOST_ANSWER, *content_length);
  return text[0] == operation ? text[1] : -1;
}

int paper_answer(paper_card *card, psd_host_operation operation, const uint8_t *record, size_t length) {
  uint8_t content[PAPER_RECORD];
  size_t more = 0;
  int signal = paper_answer_content(card, operation, record, length, content, &more);
  return more == 0 ? signal : -1;
}

size_t paper_command(paper_card *card, const uint8_t *record, size_t length, uint8_t command[PAPER_RECORD]) {
  return length <= PAPER_RECORD && psd_meter_open(&card->keys.to_card, PSD_FRAME_CARD_DATA, record, length, command)
             ? length - PSD_GCM_TAG
             : 0;
}

size_t paper_reply(paper_card *card, const void *data, size_t length, uint16_t status, uint8_t record[PAPER_RECORD]) {
  uint8_t text[PAPER_RECORD - PSD_GCM_TAG];
  psd_buffer out = psd_buffer_over(text, sizeof text);
  psd_put(&out, data, length);
  psd_put_uint(&out, status, 2);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  CU_ASSERT_TRUE_FATAL(
      psd_meter_seal(&card->keys.from_card, PSD_FRAME_CARD_DATA, (psd_part){NULL, 0}, text, out.length, record));
  return out.length + PSD_GCM_TAG;
}

size_t paper_status(paper_card *card, uint16_t status, uint8_t record[PAPER_RECORD]) {
  return paper_reply(card, NULL, 0, status, record);
}

void paper_order_mac(const paper_card *card, uint8_t ins, uint8_t p1, uint32_t number, psd_part content,
                     uint8_t mac[PSD_HASH]) {
  uint8_t head[2 + 8 + 4];
  psd_buffer buffer = psd_buffer_over(head, sizeof head);
  psd_put_u8(&buffer, ins);
  psd_put_u8(&buffer, p1);
  psd_put_message(&buffer, PSD_MESSAGE_DEVICE_ID, &card->device);
  psd_put_uint(&buffer, number, 4);
  const psd_part parts[] = {{PSD_SIGN_ORDER, strlen(PSD_SIGN_ORDER)}, {head, sizeof head}, content};
  CU_ASSERT_TRUE_FATAL(psd_hmac(card->k3, sizeof card->k3, parts, 3, mac));
}

bool paper_take_order(paper_card *card, const uint8_t *record, size_t length, paper_order *order) {
  uint8_t command[PAPER_RECORD], mac[PSD_HASH];
  psd_apdu apdu;
  psd_order end;
  size_t taken = paper_command(card, record, length, command);
  if (!psd_parse_apdu(command, taken, &apdu) || apdu.cla != 0x80 || apdu.p2 != 0 || apdu.nc < PSD_SIZE_ORDER)
    return false;
  *order = (paper_order){.ins = apdu.ins, .p1 = apdu.p1, .length = apdu.nc - PSD_SIZE_ORDER};
  memcpy(order->content, apdu.data, order->length);
  if (!psd_parse_message(apdu.data + order->length, PSD_SIZE_ORDER, PSD_MESSAGE_ORDER, &end))
    return false;
  order->number = (uint32_t)end.number;
  paper_order_mac(card, order->ins, order->p1, order->number, (psd_part){order->content, order->length}, mac);
  return psd_secret_equal(mac, end.authentication, sizeof mac);
}
