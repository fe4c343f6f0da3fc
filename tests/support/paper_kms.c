/* The key management system on paper (paper_card.h): it knows one PSD. */
#include <string.h>

#include "check.h"
#include "paper_card.h"
#include "paper_funds.h"

static psd_frame_type kms_refuses(psd_signal signal, uint8_t *answer, size_t *length) {
  psd_buffer out = psd_buffer_over(answer, PAPER_RECORD);
  psd_error_signal message = {.signal = signal, .step = psd_signal_of(signal)->step};
  psd_put_message(&out, PSD_MESSAGE_ERROR_SIGNAL, &message);
  *length = out.length;
  return PSD_FRAME_KMS_REFUSED;
}

/* EP 214. */
static psd_frame_type kms_unwrap(const paper_card *card, const uint8_t *body, size_t length, uint8_t *answer,
                                 size_t *answer_length) {
  const size_t head = PSD_CONTEXT_SIZE + PSD_SIZE_SIGN_ON;
  psd_sign_on sign_on;
  uint8_t aad[PSD_SIZE_SIGN_ON + PSD_CONTEXT_SIZE];
  CU_ASSERT_TRUE_FATAL(length > head);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(body + PSD_CONTEXT_SIZE, PSD_SIZE_SIGN_ON, PSD_MESSAGE_SIGN_ON, &sign_on));
  memcpy(aad, body + PSD_CONTEXT_SIZE, PSD_SIZE_SIGN_ON);
  memcpy(aad + PSD_SIZE_SIGN_ON, body, PSD_CONTEXT_SIZE);
  const psd_part bound = {aad, sizeof aad};
  const uint8_t *wrapped = body + head;
  *answer_length = PSD_SESSION_KEY;
  if (sign_on.key != PAPER_KEY)
    return kms_refuses(PSD_SIGNAL_VENDOR_KEY, answer, answer_length);
  bool done = sign_on.suite == PSD_SUITE_P256
                  ? length - head == PSD_WRAPPED_P256 &&
                        psd_hpke_open(card->k2, wrapped, (psd_part){PSD_HPKE_INFO, strlen(PSD_HPKE_INFO)}, bound,
                                      wrapped + PSD_POINT, PSD_SESSION_KEY, answer)
                  : length - head == PSD_WRAPPED_SHARED &&
                        psd_gcm_open(card->shared, wrapped, bound, wrapped + PSD_GCM_NONCE, PSD_SESSION_KEY,
                                     wrapped + PSD_GCM_NONCE + PSD_SESSION_KEY, answer);
  return done ? PSD_FRAME_KMS_SESSION_KEY : kms_refuses(PSD_SIGNAL_SESSION_KEY, answer, answer_length);
}

/* EP 244 and 246. */
static psd_frame_type kms_verify(const paper_card *card, const uint8_t *body, size_t length, uint8_t *answer,
                                 size_t *answer_length) {
  psd_cursor cursor = psd_cursor_over(body, length);
  psd_kms_verify wishes;
  uint8_t mac[PSD_HASH];
  psd_audit_result result = {.serial = card->device.serial};
  CU_ASSERT_TRUE_FATAL(psd_take_message(&cursor, PSD_MESSAGE_KMS_VERIFY, &wishes));
  const uint8_t *wrapped = psd_take(&cursor, PSD_SIZE_WRAPPED_K4);
  CU_ASSERT_EQUAL_FATAL(cursor.left, PSD_SIZE_AUDIT + (card->own != NULL ? 64U : PSD_HASH));
  if (memcmp(wrapped, card->wrapped_k4, PSD_SIZE_WRAPPED_K4) != 0)
    return kms_refuses(PSD_SIGNAL_DEVICE_KEY, answer, answer_length);
  psd_part parts[] = {{PSD_SIGN_AUDIT, strlen(PSD_SIGN_AUDIT)}, {cursor.at, PSD_SIZE_AUDIT}};
  CU_ASSERT_TRUE_FATAL(psd_hmac(card->k3, sizeof card->k3, parts, 2, mac));
  uint8_t point[PSD_POINT];
  if (card->own != NULL)
    psd_pair_point(card->own, point);
  if (card->own != NULL ? !psd_point_verify(point, parts, 2, cursor.at + PSD_SIZE_AUDIT)
                        : !psd_secret_equal(mac, cursor.at + PSD_SIZE_AUDIT, sizeof mac))
    return kms_refuses(PSD_SIGNAL_SIGNATURE, answer, answer_length);
  memcpy(result.vendor, card->device.vendor, sizeof result.vendor);
  memcpy(result.model, card->device.model, sizeof result.model);
  CU_ASSERT_TRUE_FATAL(psd_hash(&(psd_part){cursor.at, cursor.left}, 1, result.audit));
  result.actions = wishes.actions;
  result.time = wishes.time;
  psd_buffer out = psd_buffer_over(answer, PAPER_RECORD);
  psd_put_message(&out, PSD_MESSAGE_AUDIT_RESULT, &result);
  psd_part said[] = {{PSD_SIGN_RESULT, strlen(PSD_SIGN_RESULT)}, {answer, PSD_SIZE_AUDIT_RESULT}};
  CU_ASSERT_TRUE_FATAL(psd_hmac(card->k3, sizeof card->k3, said, 2, psd_put_room(&out, PSD_HASH)));
  *answer_length = out.length;
  return PSD_FRAME_KMS_VERIFIED;
}

/* VENDOR_KEY_ORDER: any point, authenticated under K3. */
static psd_frame_type kms_rotate(const paper_card *card, uint8_t *answer, size_t *answer_length) {
  psd_buffer out = psd_buffer_over(answer, PAPER_RECORD);
  psd_put_uint(&out, PAPER_NEXT, 4);
  psd_pair_point(card->k2, psd_put_room(&out, PSD_POINT));
  psd_part said[] = {{PSD_SIGN_VENDOR_KEY, strlen(PSD_SIGN_VENDOR_KEY)}, {answer, out.length}};
  uint8_t mac[PSD_HASH];
  CU_ASSERT_TRUE_FATAL(psd_hmac(card->k3, sizeof card->k3, said, 2, mac));
  psd_put(&out, mac, sizeof mac);
  *answer_length = out.length;
  return PSD_FRAME_KMS_ROTATED;
}

static psd_frame_type kms_order(const paper_card *card, const uint8_t *body, size_t length, uint8_t *answer,
                                size_t *answer_length) {
  psd_cursor cursor = psd_cursor_over(body, length);
  psd_kms_order head;
  psd_order order;
  CU_ASSERT_TRUE_FATAL(psd_take_message(&cursor, PSD_MESSAGE_KMS_ORDER, &head));
  CU_ASSERT_TRUE_FATAL(head.serial == card->device.serial && head.number != 0);
  const uint8_t *wrapped = psd_take(&cursor, PSD_SIZE_WRAPPED_K4);
  if (memcmp(wrapped, card->wrapped_k4, PSD_SIZE_WRAPPED_K4) != 0)
    return kms_refuses(PSD_SIGNAL_DEVICE_KEY, answer, answer_length);
  order.number = head.number;
  paper_order_mac(card, (uint8_t)head.ins, (uint8_t)head.p1, (uint32_t)head.number, (psd_part){cursor.at, cursor.left},
                  order.authentication);
  psd_buffer out = psd_buffer_over(answer, PAPER_RECORD);
  psd_put_message(&out, PSD_MESSAGE_ORDER, &order);
  *answer_length = out.length;
  return PSD_FRAME_KMS_ORDERED;
}

/* The request itself stands for the certificate. */
static psd_frame_type kms_certify(const paper_card *card, const uint8_t *body, size_t length, uint8_t *answer,
                                  size_t *answer_length) {
  CU_ASSERT_EQUAL_FATAL(length, PSD_SIZE_KMS_CERTIFY + PSD_SIZE_WRAPPED_K4);
  if (memcmp(body + PSD_SIZE_KMS_CERTIFY, card->wrapped_k4, PSD_SIZE_WRAPPED_K4) != 0)
    return kms_refuses(PSD_SIGNAL_DEVICE_KEY, answer, answer_length);
  memcpy(answer, body, PSD_SIZE_KMS_CERTIFY);
  *answer_length = PSD_SIZE_KMS_CERTIFY;
  return PSD_FRAME_KMS_CERTIFIED;
}

/* docs/funds.md: fund and receipt. */
static psd_frame_type kms_funds(const paper_card *card, psd_frame_type type, const uint8_t *body, size_t length,
                                uint8_t *answer, size_t *answer_length) {
  psd_signal signal = PSD_SIGNAL_NONE;
  *answer_length = 0;
  psd_frame_type said = type == PSD_FRAME_KMS_FUND
                            ? paper_funds_authorize(card, body, length, answer, answer_length, &signal)
                            : paper_funds_verify(card, body, length, &signal);
  return said == PSD_FRAME_KMS_REFUSED ? kms_refuses(signal, answer, answer_length) : said;
}

psd_frame_type paper_kms(const paper_card *card, psd_frame_type type, const uint8_t *body, size_t length,
                         uint8_t answer[PAPER_RECORD], size_t *answer_length) {
  switch (type) {
  case PSD_FRAME_KMS_UNWRAP:
    return kms_unwrap(card, body, length, answer, answer_length);
  case PSD_FRAME_KMS_VERIFY:
    return kms_verify(card, body, length, answer, answer_length);
  case PSD_FRAME_KMS_ROTATE:
    return kms_rotate(card, answer, answer_length);
  case PSD_FRAME_KMS_ORDER:
    return kms_order(card, body, length, answer, answer_length);
  case PSD_FRAME_KMS_CERTIFY:
    return kms_certify(card, body, length, answer, answer_length);
  case PSD_FRAME_KMS_FUND:
  case PSD_FRAME_KMS_RECEIPT:
    return kms_funds(card, type, body, length, answer, answer_length);
  default:
    return kms_refuses(PSD_SIGNAL_ROLE, answer, answer_length);
  }
}
