#include "kms/service.h"

#include "kms/operations.h"

/* What is asked, who may ask it, and what answers it. */
static const struct operation {
  psd_frame_type request, answer;
  unsigned roles; /* bits: the values of the roles */
  psd_kms_operation *run;
} operations[] = {
    {PSD_FRAME_KMS_UNWRAP, PSD_FRAME_KMS_SESSION_KEY, PSD_ROLE_METER, psd_kms_unwrap},
    {PSD_FRAME_KMS_VERIFY, PSD_FRAME_KMS_VERIFIED, PSD_ROLE_METER, psd_kms_verify_audit},
    {PSD_FRAME_KMS_ROTATE, PSD_FRAME_KMS_ROTATED, PSD_ROLE_METER, psd_kms_order_key},
    {PSD_FRAME_KMS_COLUMN, PSD_FRAME_KMS_COLUMN_KEY, PSD_ROLE_METER, psd_kms_give_column},
    {PSD_FRAME_KMS_MANUFACTURE, PSD_FRAME_KMS_MANUFACTURED, PSD_ROLE_MANUFACTURING, psd_kms_manufacture_psd},
    {PSD_FRAME_KMS_ENDORSE, PSD_FRAME_KMS_ENDORSED, PSD_ROLE_MANUFACTURING, psd_kms_endorse_psd},
    {PSD_FRAME_KMS_VENDOR_KEYS, PSD_FRAME_KMS_VENDOR_KEY, PSD_ROLE_METER | PSD_ROLE_MANUFACTURING,
     psd_kms_give_vendor_keys},
    {PSD_FRAME_KMS_FUND, PSD_FRAME_KMS_FUNDED, PSD_ROLE_METER, psd_kms_authorize_funds},
    {PSD_FRAME_KMS_RECEIPT, PSD_FRAME_KMS_RECEIVED, PSD_ROLE_METER, psd_kms_verify_receipt},
    {PSD_FRAME_KMS_ORDER, PSD_FRAME_KMS_ORDERED, PSD_ROLE_METER, psd_kms_order_command},
    {PSD_FRAME_KMS_CERTIFY, PSD_FRAME_KMS_CERTIFIED, PSD_ROLE_METER, psd_kms_certify_psd},
};

const psd_kms_policy psd_kms_policy_default = {.most = 10000000U, .longest_watchdog = 180U * 86400U};

const psd_kms_policy *psd_kms_policy_of(const psd_kms_service *service) {
  return service->policy != NULL ? service->policy : &psd_kms_policy_default;
}

uint64_t psd_kms_apart(uint64_t a, uint64_t b) {
  return a > b ? a - b : b - a;
}

static const struct operation *operation_of(psd_frame_type type) {
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
    if (operations[i].request == type)
      return &operations[i];
  return NULL;
}

static psd_signal run(psd_kms_service *service, const struct operation *operation, psd_cursor *request,
                      psd_buffer *out) {
  if (request->failed || operation == NULL)
    return PSD_SIGNAL_MESSAGE;
  if ((operation->roles & (unsigned)service->role) == 0)
    return PSD_SIGNAL_ROLE;
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
