/* Refills of a PSD in software (docs/funds.md). */
#include <string.h>

#include "psd/spec/apdu.h"
#include "psd/spec/commands.h"
#include "psd/spec/lifecycle.h"
#include "psd/spec/status.h"
#include "soft.h"

static const psd_part nothing = {NULL, 0};

static bool put_record(psd_meter_traffic *key, psd_frame_type type, const psd_buffer *text, psd_buffer *record) {
  uint8_t *sealed = psd_put_room(record, text->length + PSD_GCM_TAG);
  return sealed != NULL && !text->overflow && psd_meter_seal(key, type, nothing, text->data, text->length, sealed);
}

bool soft_wish(soft_session *session, uint64_t amount, psd_buffer *record) {
  uint8_t text[PSD_SIZE_HOST_REQUEST + PSD_SIZE_FUNDS_WISH];
  psd_buffer out = psd_buffer_over(text, sizeof text);
  psd_put_message(&out, PSD_MESSAGE_HOST_REQUEST, &(psd_host_request){.operation = PSD_HOST_REFILL});
  psd_put_message(&out, PSD_MESSAGE_FUNDS_WISH, &(psd_funds_wish){.group = PSD_GROUP_POSTAGE, .amount = amount});
  return psd_meter_keys_host(&session->keys) && put_record(&session->keys.from_host, PSD_FRAME_HOST_DATA, &out, record);
}

static psd_signature_kind signature_kind(const soft_session *session) {
  return session->kind == SOFT_ECDSA ? PSD_SIGNATURE_ECDSA : PSD_SIGNATURE_HMAC;
}

/* INITIALIZE LOAD: S1. */
static bool start_load(soft_session *session, const psd_apdu *apdu, psd_buffer *out) {
  soft_psd *psd = session->psd;
  psd_funds_start start;
  if (apdu->p1 != PSD_GROUP_POSTAGE || psd->operation.operation == PSD_OPERATION_LOADING ||
      !psd_parse_message(apdu->data, apdu->nc, PSD_MESSAGE_FUNDS_START, &start))
    return false;
  psd->operation = (psd_operation){
      .operation = PSD_OPERATION_LOADING, .sequence = psd->operation.sequence + 1, .amount = start.amount};
  psd_funds_request request = {.type = signature_kind(session),
                               .operation = PSD_OPERATION_LOADING,
                               .serial = psd->id.serial,
                               .sequence = psd->operation.sequence,
                               .amount = start.amount,
                               .descending = psd->control_total,
                               .control_total = psd->control_total,
                               .time = session->time};
  memcpy(request.vendor, psd->id.vendor, sizeof request.vendor);
  memcpy(request.model, psd->id.model, sizeof request.model);
  memcpy(request.nonce, start.nonce, sizeof request.nonce);
  psd_put_message(out, PSD_MESSAGE_FUNDS_REQUEST, &request);
  return soft_sign(session, PSD_SIGN_FUNDS_REQUEST, out);
}

/* The key management system's word for the refill that is loading. */
static bool authorized(const soft_session *session, const psd_apdu *apdu) {
  static const char label[] = PSD_SIGN_FUNDS_AUTHORIZATION;
  const soft_psd *psd = session->psd;
  const psd_part parts[] = {{label, sizeof label - 1}, {apdu->data, PSD_SIZE_FUNDS_AUTHORIZATION}};
  uint8_t mac[PSD_HASH];
  psd_funds_authorization word;
  return apdu->nc == PSD_AUTHORIZED_FUNDS && psd_hmac(psd->key, sizeof psd->key, parts, 2, mac) &&
         psd_secret_equal(mac, apdu->data + PSD_SIZE_FUNDS_AUTHORIZATION, sizeof mac) &&
         psd_parse_message(apdu->data, PSD_SIZE_FUNDS_AUTHORIZATION, PSD_MESSAGE_FUNDS_AUTHORIZATION, &word) &&
         word.operation == PSD_OPERATION_LOADED && word.group == PSD_GROUP_POSTAGE &&
         memcmp(word.vendor, psd->id.vendor, sizeof word.vendor) == 0 &&
         memcmp(word.model, psd->id.model, sizeof word.model) == 0 && word.serial == psd->id.serial &&
         word.sequence == psd->operation.sequence && word.amount == psd->operation.amount &&
         word.control_total == psd->control_total + word.amount && word.expiry > session->time;
}

/* CREDIT: S3. */
static bool credit(soft_session *session, const psd_apdu *apdu, psd_buffer *out) {
  soft_psd *psd = session->psd;
  if (psd->operation.operation != PSD_OPERATION_LOADING || !authorized(session, apdu))
    return false;
  psd->operation.operation = PSD_OPERATION_LOADED;
  psd->control_total += psd->operation.amount;
  psd_funds_receipt receipt = {.type = signature_kind(session),
                               .operation = PSD_OPERATION_LOADED,
                               .serial = psd->id.serial,
                               .sequence = psd->operation.sequence,
                               .amount = psd->operation.amount,
                               .descending = psd->control_total,
                               .control_total = psd->control_total,
                               .time = session->time};
  memcpy(receipt.vendor, psd->id.vendor, sizeof receipt.vendor);
  memcpy(receipt.model, psd->id.model, sizeof receipt.model);
  psd_put_message(out, PSD_MESSAGE_FUNDS_RECEIPT, &receipt);
  return soft_sign(session, PSD_SIGN_FUNDS_RECEIPT, out);
}

bool soft_command(soft_session *session, const uint8_t *record, size_t length, psd_buffer *answer) {
  uint8_t command[256], text[PSD_FUNDS_REQUEST_MAX + 2];
  psd_apdu apdu;
  psd_buffer out = psd_buffer_over(text, sizeof text);
  if (length < PSD_GCM_TAG || length > sizeof command ||
      !psd_meter_open(&session->keys.to_card, PSD_FRAME_CARD_DATA, record, length, command) ||
      !psd_parse_apdu(command, length - PSD_GCM_TAG, &apdu))
    return false;
  bool done = apdu.ins == psd_commands[PSD_COMMAND_INITIALIZE_LOAD].ins ? start_load(session, &apdu, &out)
              : apdu.ins == psd_commands[PSD_COMMAND_CREDIT].ins        ? credit(session, &apdu, &out)
                                                                        : false;
  psd_put_uint(&out, PSD_SW_OK, 2);
  return done && put_record(&session->keys.from_card, PSD_FRAME_CARD_DATA, &out, answer);
}

bool soft_refilled(soft_session *session, const uint8_t *record, size_t length) {
  uint8_t text[PSD_SIZE_HOST_ANSWER + PSD_SIZE_FUNDS_RESULT];
  const soft_psd *psd = session->psd;
  psd_host_answer answer;
  psd_funds_result result;
  if (length != sizeof text + PSD_GCM_TAG ||
      !psd_meter_open(&session->keys.to_host, PSD_FRAME_HOST_DATA, record, length, text))
    return false;
  return psd_parse_message(text, PSD_SIZE_HOST_ANSWER, PSD_MESSAGE_HOST_ANSWER, &answer) &&
         psd_parse_message(text + PSD_SIZE_HOST_ANSWER, PSD_SIZE_FUNDS_RESULT, PSD_MESSAGE_FUNDS_RESULT, &result) &&
         answer.operation == PSD_HOST_REFILL && answer.signal == PSD_SIGNAL_NONE &&
         result.operation == PSD_OPERATION_LOADED && result.sequence == psd->operation.sequence &&
         result.amount == psd->operation.amount && result.control_total == psd->control_total;
}
