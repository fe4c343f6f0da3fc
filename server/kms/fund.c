/* Funds (docs/funds.md): a PSD's signed request authorized, its receipts verified. What is authorized here is all the
 * money there ever is in PSDs; the meter server cannot make any. */
#include <string.h>

#include "kms/operations.h"
#include "kms/signature.h"
#include "kms/wrapped_k4.h"

/* Ledgers count in signed numbers. */
#define TOTAL_MOST ((uint64_t)INT64_MAX)

typedef struct fund_call {
  psd_kms_fund wish;
  const uint8_t *wrapped;
  psd_funds_request request;
  psd_kms_statement statement;
} fund_call;

static bool take(psd_cursor *body, fund_call *call) {
  if (!psd_take_message(body, PSD_MESSAGE_KMS_FUND, &call->wish))
    return false;
  call->wrapped = psd_take(body, PSD_SIZE_WRAPPED_K4);
  const uint8_t *bytes = psd_take(body, PSD_SIZE_FUNDS_REQUEST);
  if (bytes == NULL || !psd_parse_message(bytes, PSD_SIZE_FUNDS_REQUEST, PSD_MESSAGE_FUNDS_REQUEST, &call->request))
    return false;
  call->statement = (psd_kms_statement){.label = {PSD_SIGN_FUNDS_REQUEST, sizeof PSD_SIGN_FUNDS_REQUEST - 1U},
                                        .message = {bytes, PSD_SIZE_FUNDS_REQUEST},
                                        .kind = call->request.type};
  return psd_kms_take_signature(body, NULL, &call->statement);
}

/* A sum no ledger and no card could hold is none. */
static bool sum_fits(const psd_funds_request *request) {
  return request->amount <= TOTAL_MOST && request->control_total <= TOTAL_MOST - request->amount;
}

static psd_signal may_load(const psd_kms_policy *policy, const psd_funds_request *request) {
  if (request->amount == 0 || request->final != 0)
    return PSD_SIGNAL_REQUEST;
  return request->amount <= policy->most ? PSD_SIGNAL_NONE : PSD_SIGNAL_LIMIT;
}

/* Only what ends a meter's service may find nothing left. */
static psd_signal may_withdraw(const psd_funds_request *request) {
  return request->amount != 0 || request->final != 0 ? PSD_SIGNAL_NONE : PSD_SIGNAL_REQUEST;
}

static psd_signal may_authorize(const psd_kms_service *service, const fund_call *call) {
  const psd_funds_request *request = &call->request;
  uint64_t now = service->now();
  if (call->wish.expiry <= now || call->wish.expiry - now > PSD_KMS_EXPIRY_MOST || !sum_fits(request) ||
      request->group > PSD_GROUP_CERTIFICATE)
    return PSD_SIGNAL_REQUEST;
  switch (request->operation) {
  case PSD_OPERATION_LOADING:
    return may_load(psd_kms_policy_of(service), request);
  case PSD_OPERATION_WITHDRAWING:
    return may_withdraw(request);
  default:
    return PSD_SIGNAL_REQUEST;
  }
}

/* FUNDS_AUTHORIZATION || HMAC(K3, "psd funds authorization" || FUNDS_AUTHORIZATION) */
static bool put_authorization(const fund_call *call, const psd_k4 *k4, psd_buffer *out) {
  const psd_funds_request *request = &call->request;
  bool load = request->operation == PSD_OPERATION_LOADING;
  psd_funds_authorization authorization = {.operation = load ? PSD_OPERATION_LOADED : PSD_OPERATION_WITHDRAWN,
                                           .group = request->group,
                                           .serial = request->serial,
                                           .sequence = request->sequence,
                                           .amount = request->amount,
                                           .control_total = request->control_total + (load ? request->amount : 0U),
                                           .expiry = call->wish.expiry};
  memcpy(authorization.vendor, request->vendor, sizeof authorization.vendor);
  memcpy(authorization.model, request->model, sizeof authorization.model);
  size_t at = out->length;
  psd_put_message(out, PSD_MESSAGE_FUNDS_AUTHORIZATION, &authorization);
  uint8_t *authentication = psd_put_room(out, PSD_AUTHENTICATION);
  const psd_part parts[] = {{PSD_SIGN_FUNDS_AUTHORIZATION, sizeof PSD_SIGN_FUNDS_AUTHORIZATION - 1U},
                            {out->data + at, PSD_SIZE_FUNDS_AUTHORIZATION}};
  return authentication != NULL && psd_hmac(k4->key, sizeof k4->key, parts, 2, authentication);
}

static bool note(psd_kms_service *service, const psd_funds_request *request, const psd_kms_device *device) {
  bool load = request->operation == PSD_OPERATION_LOADING;
  const psd_kms_event event = {.event = load ? PSD_KMS_EVENT_AUTHORIZED : PSD_KMS_EVENT_WITHDRAWN,
                               .time = service->now(),
                               .about_device = true,
                               .device = *device,
                               .sequence = (uint32_t)request->sequence,
                               .amount = request->amount};
  return psd_kms_note(&service->events, &event);
}

psd_signal psd_kms_authorize_funds(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  fund_call call;
  psd_k4 k4;
  if (!take(body, &call))
    return PSD_SIGNAL_MESSAGE;
  psd_signal signal = may_authorize(service, &call);
  if (signal != PSD_SIGNAL_NONE)
    return signal;
  psd_kms_device device = psd_kms_device_of(call.request.vendor, call.request.model, call.request.serial);
  if (!psd_kms_unwrap_k4(service->keys, &device, call.wrapped, &k4))
    return PSD_SIGNAL_DEVICE_KEY;
  signal = PSD_SIGNAL_SIGNATURE;
  if (psd_kms_signature_holds(&call.statement, NULL, &k4))
    signal = put_authorization(&call, &k4, out) ? PSD_SIGNAL_NONE : PSD_SIGNAL_INTERNAL;
  psd_secret_wipe(&k4, sizeof k4);
  if (signal == PSD_SIGNAL_NONE && !note(service, &call.request, &device))
    return PSD_SIGNAL_BUSY;
  return signal;
}

psd_signal psd_kms_verify_receipt(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  psd_funds_receipt receipt;
  psd_k4 k4;
  (void)out;
  const uint8_t *wrapped = psd_take(body, PSD_SIZE_WRAPPED_K4);
  const uint8_t *bytes = psd_take(body, PSD_SIZE_FUNDS_RECEIPT);
  if (bytes == NULL || !psd_parse_message(bytes, PSD_SIZE_FUNDS_RECEIPT, PSD_MESSAGE_FUNDS_RECEIPT, &receipt))
    return PSD_SIGNAL_MESSAGE;
  psd_kms_statement statement = {.label = {PSD_SIGN_FUNDS_RECEIPT, sizeof PSD_SIGN_FUNDS_RECEIPT - 1U},
                                 .message = {bytes, PSD_SIZE_FUNDS_RECEIPT},
                                 .kind = receipt.type};
  if (!psd_kms_take_signature(body, NULL, &statement))
    return PSD_SIGNAL_MESSAGE;
  psd_kms_device device = psd_kms_device_of(receipt.vendor, receipt.model, receipt.serial);
  if (!psd_kms_unwrap_k4(service->keys, &device, wrapped, &k4))
    return PSD_SIGNAL_DEVICE_KEY;
  bool holds = psd_kms_signature_holds(&statement, NULL, &k4);
  psd_secret_wipe(&k4, sizeof k4);
  return holds ? PSD_SIGNAL_NONE : PSD_SIGNAL_SIGNATURE;
}
