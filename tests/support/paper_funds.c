#include "paper_funds.h"

#include <string.h>

#include "check.h"
#include "psd/spec/apdu.h"
#include "psd/spec/objects.h"
#include "psd/spec/status.h"

#define CLOCK 1800000000U
#define HOUR 3600U

/* HMAC(key, label || message), appended. */
static void put_mac(psd_buffer *out, const uint8_t key[32], const char *label) {
  uint8_t mac[PSD_HASH];
  psd_part parts[] = {{label, strlen(label)}, {out->data, out->length}};
  CU_ASSERT_TRUE_FATAL(psd_hmac(key, 32, parts, 2, mac));
  psd_put(out, mac, sizeof mac);
}

static bool mac_holds(const uint8_t key[32], const char *label, const uint8_t *message, size_t length) {
  uint8_t mac[PSD_HASH];
  psd_part parts[] = {{label, strlen(label)}, {message, length - PSD_HASH}};
  CU_ASSERT_TRUE_FATAL(psd_hmac(key, 32, parts, 2, mac));
  return psd_secret_equal(mac, message + length - PSD_HASH, sizeof mac);
}

static psd_signature_kind kind_of(const paper_card *card) {
  return card->own != NULL ? PSD_SIGNATURE_ECDSA : PSD_SIGNATURE_HMAC;
}

static void put_signature(psd_buffer *out, const paper_card *card, const char *label) {
  if (card->own == NULL) {
    put_mac(out, card->k3, label);
    return;
  }
  psd_part parts[] = {{label, strlen(label)}, {out->data, out->length}};
  CU_ASSERT_TRUE_FATAL(psd_pair_sign(card->own, parts, 2, psd_put_room(out, 64)));
}

static bool signature_holds(const paper_card *card, const char *label, const uint8_t *message, size_t size) {
  uint8_t point[PSD_POINT];
  psd_part parts[] = {{label, strlen(label)}, {message, size}};
  if (card->own == NULL)
    return mac_holds(card->k3, label, message, size + PSD_HASH);
  psd_pair_point(card->own, point);
  return psd_point_verify(point, parts, 2, message + size);
}

void paper_funds_create(paper_funds *funds, paper_card *card) {
  *funds = (paper_funds){.card = card};
}

/* In current-account mode there is none. */
static uint64_t control_total(const paper_funds *funds, uint64_t group) {
  if (funds->card->audit.mode == PSD_FUNDS_ACCOUNT)
    return 0;
  return funds->ascending[group] + funds->descending[group];
}

void paper_funds_tell(const paper_funds *funds) {
  psd_audit *audit = &funds->card->audit;
  audit->ascending = funds->ascending[0];
  audit->descending = funds->descending[0];
  audit->control_total = control_total(funds, 0);
  audit->certificate_ascending = funds->ascending[1];
  audit->certificate_descending = funds->descending[1];
  audit->certificate_control_total = control_total(funds, 1);
  audit->operation = funds->operation.operation;
  audit->group = funds->operation.group;
  audit->sequence = funds->operation.sequence;
  audit->operation_amount = funds->operation.amount;
}

void paper_funds_pay(paper_funds *funds, psd_group group, uint64_t amount) {
  CU_ASSERT_TRUE_FATAL(amount <= funds->descending[group]);
  funds->descending[group] -= amount;
  funds->ascending[group] += amount;
  funds->card->audit.piece_count++;
}

/* Bytes of what is altered are those of the message, before or after it is signed. */
static void sign(paper_funds *funds, uint8_t ins, psd_buffer *out, const char *label) {
  bool altered = funds->altered == ins;
  if (altered && funds->alter_signed)
    out->data[funds->alter_byte] ^= funds->alter_by;
  put_signature(out, funds->card, label);
  if (altered && !funds->alter_signed)
    out->data[funds->alter_byte] ^= funds->alter_by;
}

/* S1. */
static uint16_t answer_request(paper_funds *funds, uint8_t ins, const uint8_t nonce[16]) {
  const psd_operation *operation = &funds->operation;
  psd_buffer out = psd_buffer_over(funds->last, sizeof funds->last);
  psd_funds_request request = {.type = kind_of(funds->card),
                               .operation = operation->operation,
                               .group = operation->group,
                               .final = operation->final,
                               .serial = funds->card->device.serial,
                               .sequence = operation->sequence,
                               .amount = operation->amount,
                               .ascending = funds->ascending[operation->group],
                               .descending = funds->descending[operation->group],
                               .control_total = control_total(funds, operation->group),
                               .piece_count = funds->card->audit.piece_count,
                               .time = CLOCK + funds->ahead};
  memcpy(request.vendor, funds->card->device.vendor, sizeof request.vendor);
  memcpy(request.model, funds->card->device.model, sizeof request.model);
  memcpy(request.nonce, nonce, sizeof request.nonce);
  psd_put_message(&out, PSD_MESSAGE_FUNDS_REQUEST, &request);
  sign(funds, ins, &out, PSD_SIGN_FUNDS_REQUEST);
  funds->last_length = out.length;
  return PSD_SW_OK;
}

/* S3. */
static uint16_t answer_receipt(paper_funds *funds, uint8_t ins) {
  const psd_operation *operation = &funds->operation;
  psd_buffer out = psd_buffer_over(funds->last, sizeof funds->last);
  psd_funds_receipt receipt = {.type = kind_of(funds->card),
                               .operation = operation->operation,
                               .group = operation->group,
                               .serial = funds->card->device.serial,
                               .sequence = operation->sequence,
                               .amount = operation->amount,
                               .ascending = funds->ascending[operation->group],
                               .descending = funds->descending[operation->group],
                               .control_total = control_total(funds, operation->group),
                               .piece_count = funds->card->audit.piece_count,
                               .time = CLOCK + funds->ahead};
  memcpy(receipt.vendor, funds->card->device.vendor, sizeof receipt.vendor);
  memcpy(receipt.model, funds->card->device.model, sizeof receipt.model);
  psd_put_message(&out, PSD_MESSAGE_FUNDS_RECEIPT, &receipt);
  sign(funds, ins, &out, PSD_SIGN_FUNDS_RECEIPT);
  funds->last_length = out.length;
  return PSD_SW_OK;
}

static uint16_t initialize(paper_funds *funds, const psd_apdu *apdu, psd_operation_state state) {
  psd_operation *operation = &funds->operation;
  psd_funds_start start;
  if (operation->operation == state)
    return PSD_SW_OK; /* with the S1 of the first time */
  if (operation->operation == PSD_OPERATION_LOADING || operation->operation == PSD_OPERATION_WITHDRAWING)
    return PSD_SW_CONDITIONS;
  CU_ASSERT_TRUE_FATAL(psd_parse_message(apdu->data, apdu->nc, PSD_MESSAGE_FUNDS_START, &start));
  if (state == PSD_OPERATION_WITHDRAWING && start.amount > funds->descending[apdu->p1])
    return PSD_SW_WRONG_DATA;
  *operation = (psd_operation){.operation = state,
                               .group = apdu->p1,
                               .final = start.final,
                               .sequence = operation->sequence + 1,
                               .amount = start.amount};
  if (state == PSD_OPERATION_WITHDRAWING)
    funds->descending[apdu->p1] -= start.amount;
  return answer_request(funds, apdu->ins, start.nonce);
}

/* CREDIT and COMPLETE WITHDRAWAL. */
static uint16_t authorized(paper_funds *funds, const psd_apdu *apdu, psd_operation_state from, psd_operation_state to) {
  psd_operation *operation = &funds->operation;
  psd_funds_authorization word;
  if (apdu->nc != PSD_AUTHORIZED_FUNDS ||
      !mac_holds(funds->card->k3, PSD_SIGN_FUNDS_AUTHORIZATION, apdu->data, apdu->nc))
    return PSD_SW_VERIFICATION_FAILED;
  CU_ASSERT_TRUE_FATAL(
      psd_parse_message(apdu->data, PSD_SIZE_FUNDS_AUTHORIZATION, PSD_MESSAGE_FUNDS_AUTHORIZATION, &word));
  if (word.operation != to || word.group != operation->group || word.sequence != operation->sequence ||
      word.amount != operation->amount)
    return PSD_SW_WRONG_DATA;
  if (operation->operation == to)
    return PSD_SW_OK; /* with the receipt of the first time */
  if (operation->operation != from || word.expiry <= CLOCK + funds->ahead)
    return PSD_SW_CONDITIONS;
  uint64_t credited = to == PSD_OPERATION_LOADED ? operation->amount : 0;
  if (word.control_total != control_total(funds, operation->group) + credited)
    return PSD_SW_WRONG_DATA;
  funds->descending[operation->group] += credited;
  operation->operation = to;
  return answer_receipt(funds, apdu->ins);
}

static uint16_t cancel(paper_funds *funds, const psd_apdu *apdu) {
  psd_operation *operation = &funds->operation;
  psd_cursor cursor = psd_cursor_over(apdu->data, apdu->nc);
  if (psd_take_uint(&cursor, 4) != operation->sequence)
    return PSD_SW_CONDITIONS;
  if (operation->operation == PSD_OPERATION_LOAD_CANCELLED)
    return PSD_SW_OK;
  if (operation->operation != PSD_OPERATION_LOADING)
    return PSD_SW_CONDITIONS;
  operation->operation = PSD_OPERATION_LOAD_CANCELLED;
  return answer_receipt(funds, apdu->ins);
}

static uint16_t run(paper_funds *funds, const psd_apdu *apdu) {
  const psd_command *row = psd_command_of(PSD_CLASS_GP, apdu->ins);
  CU_ASSERT_PTR_NOT_NULL_FATAL(row);
  if (funds->refused == apdu->ins)
    return funds->status;
  switch (row->id) {
  case PSD_COMMAND_INITIALIZE_LOAD:
    return initialize(funds, apdu, PSD_OPERATION_LOADING);
  case PSD_COMMAND_INITIALIZE_WITHDRAWAL:
    return initialize(funds, apdu, PSD_OPERATION_WITHDRAWING);
  case PSD_COMMAND_CREDIT:
    return authorized(funds, apdu, PSD_OPERATION_LOADING, PSD_OPERATION_LOADED);
  case PSD_COMMAND_COMPLETE_WITHDRAWAL:
    return authorized(funds, apdu, PSD_OPERATION_WITHDRAWING, PSD_OPERATION_WITHDRAWN);
  case PSD_COMMAND_CANCEL_LOAD:
    return cancel(funds, apdu);
  case PSD_COMMAND_GET_LAST:
    return apdu->p1 == PSD_LAST_FUNDS && funds->last_length > 0 ? PSD_SW_OK : PSD_SW_CONDITIONS;
  default:
    return PSD_SW_CONDITIONS;
  }
}

size_t paper_funds_command(paper_funds *funds, const uint8_t *command, size_t length, uint8_t answer[PAPER_RECORD]) {
  psd_apdu apdu;
  psd_buffer out = psd_buffer_over(answer, PAPER_RECORD);
  CU_ASSERT_TRUE_FATAL(psd_parse_apdu(command, length, &apdu));
  uint16_t status = run(funds, &apdu);
  funds->commands++;
  if (status == PSD_SW_OK)
    psd_put(&out, funds->last, funds->last_length);
  psd_put_uint(&out, status, 2);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return out.length;
}

size_t paper_funds_seal(paper_funds *funds, const uint8_t *answer, size_t length, uint8_t record[PAPER_RECORD]) {
  CU_ASSERT_TRUE_FATAL(length + PSD_GCM_TAG <= PAPER_RECORD);
  CU_ASSERT_TRUE_FATAL(
      psd_meter_seal(&funds->card->keys.from_card, PSD_FRAME_CARD_DATA, (psd_part){NULL, 0}, answer, length, record));
  return length + PSD_GCM_TAG;
}

int paper_funds_answer(paper_card *card, psd_host_operation operation, const uint8_t *record, size_t length,
                       psd_funds_result *result) {
  uint8_t text[PAPER_RECORD];
  psd_host_answer answer;
  *result = (psd_funds_result){.operation = PSD_OPERATION_NONE};
  if (length > sizeof text || !psd_meter_open(&card->keys.to_host, PSD_FRAME_HOST_DATA, record, length, text))
    return -1;
  psd_cursor cursor = psd_cursor_over(text, length - PSD_GCM_TAG);
  if (!psd_take_message(&cursor, PSD_MESSAGE_HOST_ANSWER, &answer) || answer.operation != operation)
    return -1;
  if (cursor.left > 0 && !psd_parse_message(cursor.at, cursor.left, PSD_MESSAGE_FUNDS_RESULT, result))
    return -1;
  return (int)answer.signal;
}

/* WRAPPED_K4, and `size` bytes with a signature behind them. */
static bool holds(const paper_card *card, psd_cursor *body, const char *label, size_t size, psd_signal *signal) {
  const uint8_t *wrapped = psd_take(body, PSD_SIZE_WRAPPED_K4);
  CU_ASSERT_FATAL(wrapped != NULL && body->left == size + (card->own != NULL ? 64U : PSD_HASH));
  if (memcmp(wrapped, card->wrapped_k4, PSD_SIZE_WRAPPED_K4) != 0)
    *signal = PSD_SIGNAL_DEVICE_KEY;
  else if (!signature_holds(card, label, body->at, size))
    *signal = PSD_SIGNAL_SIGNATURE;
  else
    return true;
  return false;
}

psd_frame_type paper_funds_authorize(const paper_card *card, const uint8_t *body, size_t length,
                                     uint8_t answer[PAPER_RECORD], size_t *answer_length, psd_signal *signal) {
  psd_cursor cursor = psd_cursor_over(body, length);
  psd_kms_fund wish;
  psd_funds_request request;
  CU_ASSERT_TRUE_FATAL(psd_take_message(&cursor, PSD_MESSAGE_KMS_FUND, &wish));
  CU_ASSERT_TRUE(wish.expiry > CLOCK && wish.expiry < CLOCK + HOUR); /* it refuses anything else */
  if (!holds(card, &cursor, PSD_SIGN_FUNDS_REQUEST, PSD_SIZE_FUNDS_REQUEST, signal))
    return PSD_FRAME_KMS_REFUSED;
  CU_ASSERT_TRUE_FATAL(psd_parse_message(cursor.at, PSD_SIZE_FUNDS_REQUEST, PSD_MESSAGE_FUNDS_REQUEST, &request));
  if (request.amount > PAPER_MOST) {
    *signal = PSD_SIGNAL_LIMIT;
    return PSD_FRAME_KMS_REFUSED;
  }
  bool refill = request.operation == PSD_OPERATION_LOADING;
  psd_funds_authorization word = {.operation = refill ? PSD_OPERATION_LOADED : PSD_OPERATION_WITHDRAWN,
                                  .group = request.group,
                                  .serial = request.serial,
                                  .sequence = request.sequence,
                                  .amount = request.amount,
                                  .control_total = request.control_total + (refill ? request.amount : 0),
                                  .expiry = wish.expiry};
  memcpy(word.vendor, request.vendor, sizeof word.vendor);
  memcpy(word.model, request.model, sizeof word.model);
  psd_buffer out = psd_buffer_over(answer, PAPER_RECORD);
  psd_put_message(&out, PSD_MESSAGE_FUNDS_AUTHORIZATION, &word);
  put_mac(&out, card->k3, PSD_SIGN_FUNDS_AUTHORIZATION);
  *answer_length = out.length;
  return PSD_FRAME_KMS_FUNDED;
}

psd_frame_type paper_funds_verify(const paper_card *card, const uint8_t *body, size_t length, psd_signal *signal) {
  psd_cursor cursor = psd_cursor_over(body, length);
  return holds(card, &cursor, PSD_SIGN_FUNDS_RECEIPT, PSD_SIZE_FUNDS_RECEIPT, signal) ? PSD_FRAME_KMS_RECEIVED
                                                                                      : PSD_FRAME_KMS_REFUSED;
}
