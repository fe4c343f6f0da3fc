#include "kms/service.h"

#include "kms/operations.h"

#define METER (1U << PSD_ROLE_METER)
#define MANUFACTURING (1U << PSD_ROLE_MANUFACTURING)
#define REGISTRATION (1U << PSD_ROLE_REGISTRATION)

/* What is asked, who may ask it, and what answers it. */
static const struct operation {
  psd_frame_type request, answer;
  unsigned roles; /* bits */
  bool archive;   /* looks at the archive, which must be as the log is */
  bool postal;    /* of both domains; else of the vendor's alone */
  psd_kms_operation *run;
} operations[] = {
    {PSD_FRAME_KMS_UNWRAP, PSD_FRAME_KMS_SESSION_KEY, METER, false, false, psd_kms_unwrap},
    {PSD_FRAME_KMS_VERIFY, PSD_FRAME_KMS_VERIFIED, METER, false, false, psd_kms_verify_audit},
    {PSD_FRAME_KMS_ROTATE, PSD_FRAME_KMS_ROTATED, METER, false, false, psd_kms_order_key},
    {PSD_FRAME_KMS_COLUMN, PSD_FRAME_KMS_COLUMN_KEY, METER, false, false, psd_kms_give_column},
    {PSD_FRAME_KMS_MANUFACTURE, PSD_FRAME_KMS_MANUFACTURED, MANUFACTURING, false, false, psd_kms_manufacture_psd},
    {PSD_FRAME_KMS_ENDORSE, PSD_FRAME_KMS_ENDORSED, MANUFACTURING, false, false, psd_kms_endorse_psd},
    {PSD_FRAME_KMS_VENDOR_KEYS, PSD_FRAME_KMS_VENDOR_KEY, METER | MANUFACTURING, false, false,
     psd_kms_give_vendor_keys},
    {PSD_FRAME_KMS_FUND, PSD_FRAME_KMS_FUNDED, METER, false, false, psd_kms_authorize_funds},
    {PSD_FRAME_KMS_RECEIPT, PSD_FRAME_KMS_RECEIVED, METER, false, false, psd_kms_verify_receipt},
    {PSD_FRAME_KMS_ORDER, PSD_FRAME_KMS_ORDERED, METER, false, false, psd_kms_order_command},
    {PSD_FRAME_KMS_CERTIFY, PSD_FRAME_KMS_CERTIFIED, METER, false, false, psd_kms_certify_psd},
    {PSD_FRAME_KMS_TOKEN_KEY, PSD_FRAME_KMS_TOKEN_KEY_MADE, MANUFACTURING, true, true, psd_kms_give_token_key},
    {PSD_FRAME_KMS_REGISTER, PSD_FRAME_KMS_REGISTERED, REGISTRATION, true, true, psd_kms_register_psd},
    {PSD_FRAME_KMS_RATES, PSD_FRAME_KMS_RATES_SIGNED, METER, true, false, psd_kms_sign_rates},
    {PSD_FRAME_KMS_REQUEST, PSD_FRAME_KMS_REQUESTED, METER, false, false, psd_kms_open_wish},
    {PSD_FRAME_KMS_ISSUE, PSD_FRAME_KMS_ISSUED, METER, false, false, psd_kms_issue_certificate},
    {PSD_FRAME_KMS_REVOKE, PSD_FRAME_KMS_REVOKED, METER, false, false, psd_kms_command_revocation},
    {PSD_FRAME_KMS_LIST, PSD_FRAME_KMS_LISTED, METER, false, false, psd_kms_sign_list},
    {PSD_FRAME_KMS_RESPONDER, PSD_FRAME_KMS_RESPONDER_MADE, METER, false, false, psd_kms_certify_responder},
    {PSD_FRAME_KMS_CREDIT, PSD_FRAME_KMS_CREDITED, METER, false, false, psd_kms_certify_credit},
    {PSD_FRAME_KMS_AUTHORITY, PSD_FRAME_KMS_AUTHORITY_GIVEN, METER, false, false, psd_kms_give_authority},
};
#define OPERATIONS (sizeof operations / sizeof operations[0])

const psd_kms_policy psd_kms_policy_default = {.most = 10000000U, .longest_watchdog = 180U * 86400U};

const psd_kms_policy *psd_kms_policy_of(const psd_kms_service *service) {
  return service->policy != NULL ? service->policy : &psd_kms_policy_default;
}

uint64_t psd_kms_apart(uint64_t a, uint64_t b) {
  return a > b ? a - b : b - a;
}

static const struct operation *operation_of(psd_frame_type type) {
  for (size_t i = 0; i < OPERATIONS; i++)
    if (operations[i].request == type)
      return &operations[i];
  return NULL;
}

static bool has(const psd_kms_service *service, const struct operation *operation, psd_role role) {
  return (operation->roles >> role & 1U) != 0 && (operation->postal || service->keys->domain == PSD_TOKENS_VENDOR);
}

bool psd_kms_needs_archive(psd_frame_type type) {
  const struct operation *operation = operation_of(type);
  return operation != NULL && operation->archive;
}

bool psd_kms_role_serves(const psd_kms_service *service) {
  for (size_t i = 0; i < OPERATIONS; i++)
    if (has(service, &operations[i], service->role))
      return true;
  return false;
}

static psd_signal run(psd_kms_service *service, const struct operation *operation, psd_cursor *request,
                      psd_buffer *out) {
  if (request->failed || operation == NULL)
    return PSD_SIGNAL_MESSAGE;
  if (!has(service, operation, service->role))
    return PSD_SIGNAL_ROLE;
  if (operation->archive && service->archive == NULL)
    return PSD_SIGNAL_INTERNAL;
  psd_signal signal = operation->run(service, request, out);
  return signal == PSD_SIGNAL_NONE && out->overflow ? PSD_SIGNAL_INTERNAL : signal;
}

psd_frame_type psd_kms_refuse_answer(psd_buffer *answer, psd_signal signal) {
  const psd_signal_row *row = psd_signal_of(signal);
  const psd_error_signal error = {.signal = signal, .step = row != NULL ? row->step : PSD_STEP_NONE};
  psd_secret_wipe(answer->data + PSD_SIZE_KMS_CALL, answer->length - PSD_SIZE_KMS_CALL);
  answer->length = PSD_SIZE_KMS_CALL;
  answer->overflow = false;
  psd_put_message(answer, PSD_MESSAGE_ERROR_SIGNAL, &error);
  return PSD_FRAME_KMS_REFUSED;
}

psd_frame_type psd_kms_answer(psd_kms_service *service, psd_frame_type type, const uint8_t *body, size_t length,
                              psd_buffer *out) {
  psd_kms_call call = {.number = 0};
  psd_cursor request = psd_cursor_over(body, length);
  const struct operation *operation = operation_of(type);
  if (!psd_take_message(&request, PSD_MESSAGE_KMS_CALL, &call))
    call.number = 0;
  psd_put_message(out, PSD_MESSAGE_KMS_CALL, &call);
  psd_signal signal = run(service, operation, &request, out);
  return signal == PSD_SIGNAL_NONE ? operation->answer : psd_kms_refuse_answer(out, signal);
}

psd_signal psd_kms_refusal(psd_frame_type type, const psd_buffer *answer) {
  psd_kms_call call;
  psd_error_signal error;
  psd_cursor body = psd_cursor_over(answer->data, answer->length);
  if (type != PSD_FRAME_KMS_REFUSED || !psd_take_message(&body, PSD_MESSAGE_KMS_CALL, &call) ||
      !psd_take_message(&body, PSD_MESSAGE_ERROR_SIGNAL, &error))
    return PSD_SIGNAL_NONE;
  return (psd_signal)error.signal;
}
