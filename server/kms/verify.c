/* EP steps 242 to 246: the signature of an audit response verified under K4, and the audit result made. */
#include <string.h>

#include "kms/operations.h"
#include "kms/signature.h"
#include "kms/wrapped_k4.h"

typedef struct audit_call {
  psd_kms_verify wish;
  const uint8_t *wrapped;
  psd_audit audit;
  psd_kms_statement statement; /* AUDIT and its signature */
} audit_call;

static bool take(const psd_kms_service *service, psd_cursor *body, audit_call *call) {
  if (!psd_take_message(body, PSD_MESSAGE_KMS_VERIFY, &call->wish))
    return false;
  call->wrapped = psd_take(body, PSD_SIZE_WRAPPED_K4);
  const uint8_t *bytes = psd_take(body, PSD_SIZE_AUDIT);
  if (bytes == NULL || !psd_parse_message(bytes, PSD_SIZE_AUDIT, PSD_MESSAGE_AUDIT, &call->audit))
    return false;
  call->statement = (psd_kms_statement){.label = {PSD_SIGN_AUDIT, sizeof PSD_SIGN_AUDIT - 1U},
                                        .message = {bytes, PSD_SIZE_AUDIT},
                                        .kind = call->audit.type};
  return psd_kms_take_signature(body, service->classic, &call->statement);
}

/* What the server wishes the card to be told is checked before K4 is touched. */
static psd_signal may_wish(const psd_kms_service *service, const psd_kms_verify *wish) {
#define PSD_ACTION(NAME, value, words) | (value)
  static const uint64_t known = 0
#include "session.def"
      ;
  uint64_t longest = psd_kms_policy_of(service)->longest_watchdog;
  if (psd_kms_apart(wish->time, service->now()) > PSD_KMS_AUDIT_SKEW || (wish->actions & ~known) != 0)
    return PSD_SIGNAL_REQUEST;
  return wish->warn_after <= longest && wish->lock_after <= longest ? PSD_SIGNAL_NONE : PSD_SIGNAL_LIMIT;
}

/* AUDIT_RESULT || HMAC(K3, "psd audit result" || AUDIT_RESULT) */
static bool put_result(const audit_call *call, const psd_k4 *k4, psd_buffer *out) {
  psd_audit_result result = {.serial = call->audit.serial, .actions = call->wish.actions, .time = call->wish.time};
  const psd_part signed_audit[] = {call->statement.message, call->statement.signature};
  result.warn_after = call->wish.warn_after;
  result.lock_after = call->wish.lock_after;
  memcpy(result.vendor, call->audit.vendor, sizeof result.vendor);
  memcpy(result.model, call->audit.model, sizeof result.model);
  if (!psd_hash(signed_audit, 2, result.audit))
    return false;
  size_t at = out->length;
  psd_put_message(out, PSD_MESSAGE_AUDIT_RESULT, &result);
  uint8_t *authentication = psd_put_room(out, PSD_AUTHENTICATION);
  const psd_part parts[] = {{PSD_SIGN_RESULT, sizeof PSD_SIGN_RESULT - 1U}, {out->data + at, PSD_SIZE_AUDIT_RESULT}};
  return authentication != NULL && psd_hmac(k4->key, sizeof k4->key, parts, 2, authentication);
}

psd_signal psd_kms_verify_audit(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  audit_call call;
  psd_k4 k4;
  if (!take(service, body, &call))
    return PSD_SIGNAL_MESSAGE;
  psd_signal signal = may_wish(service, &call.wish);
  if (signal != PSD_SIGNAL_NONE)
    return signal;
  psd_kms_device device = psd_kms_device_of(call.audit.vendor, call.audit.model, call.audit.serial);
  if (!psd_kms_unwrap_k4(service->keys, &device, call.wrapped, &k4))
    return PSD_SIGNAL_DEVICE_KEY;
  signal = PSD_SIGNAL_SIGNATURE;
  if (psd_kms_signature_holds(&call.statement, service->classic, &k4))
    signal = put_result(&call, &k4, out) ? PSD_SIGNAL_NONE : PSD_SIGNAL_INTERNAL;
  psd_secret_wipe(&k4, sizeof k4);
  return signal;
}
