/* EP steps 242 to 246: the signature of an audit response verified under K4, and the audit result made. */
#include <string.h>

#include "kms/operations.h"
#include "kms/wrapped_k4.h"

typedef struct audit_call {
  psd_kms_verify wish;
  const uint8_t *wrapped;
  const uint8_t *bytes; /* AUDIT */
  psd_audit audit;
  const uint8_t *signature;
  size_t signature_length;
} audit_call;

/* Bytes of a signature of that kind; 0 where there is none. */
static size_t signature_size(const psd_kms_service *service, uint64_t kind) {
  switch (kind) {
  case PSD_SIGNATURE_HMAC:
    return PSD_AUTHENTICATION;
  case PSD_SIGNATURE_ECDSA:
    return 64;
  case PSD_SIGNATURE_TDES:
    return service->classic != NULL ? PSD_TDES_MAC : 0;
  default:
    return 0;
  }
}

static bool take(const psd_kms_service *service, psd_cursor *body, audit_call *call) {
  if (!psd_take_message(body, PSD_MESSAGE_KMS_VERIFY, &call->wish))
    return false;
  call->wrapped = psd_take(body, PSD_SIZE_WRAPPED_K4);
  call->bytes = psd_take(body, PSD_SIZE_AUDIT);
  if (call->bytes == NULL || !psd_parse_message(call->bytes, PSD_SIZE_AUDIT, PSD_MESSAGE_AUDIT, &call->audit))
    return false;
  call->signature_length = body->left;
  call->signature = psd_take(body, body->left);
  size_t size = signature_size(service, call->audit.type);
  return size != 0 && call->signature_length == size;
}

/* What the server wishes the card to be told is checked before K4 is touched. */
static bool may_wish(const psd_kms_verify *wish, uint64_t now) {
#define PSD_ACTION(NAME, value, words) | (value)
  static const uint64_t known = 0
#include "session.def"
      ;
  uint64_t apart = wish->time > now ? wish->time - now : now - wish->time;
  return apart <= PSD_KMS_AUDIT_SKEW && (wish->actions & ~known) == 0;
}

static bool signature_holds(const psd_kms_service *service, const audit_call *call, const psd_k4 *k4) {
  uint8_t mac[PSD_AUTHENTICATION];
  const psd_part parts[] = {{PSD_SIGN_AUDIT, sizeof PSD_SIGN_AUDIT - 1U}, {call->bytes, PSD_SIZE_AUDIT}};
  bool pair = psd_kms_k4_has_pair(k4);
  /* A PSD that has a key pair signs with it in every suite: K3 alone does not pass for it. */
  if (pair != (call->audit.type == PSD_SIGNATURE_ECDSA))
    return false;
  if (pair)
    return psd_point_verify(k4->point, parts, 2, call->signature);
  bool holds = call->audit.type == PSD_SIGNATURE_TDES ? service->classic->sign(k4->key, parts[1], mac)
                                                      : psd_hmac(k4->key, sizeof k4->key, parts, 2, mac);
  holds = holds && psd_secret_equal(mac, call->signature, call->signature_length);
  /* The right signature of an audit that was never made is nobody's to know. */
  psd_secret_wipe(mac, sizeof mac);
  return holds;
}

/* AUDIT_RESULT || HMAC(K3, "psd audit result" || AUDIT_RESULT) */
static bool put_result(const audit_call *call, const psd_k4 *k4, psd_buffer *out) {
  psd_audit_result result = {.serial = call->audit.serial, .actions = call->wish.actions, .time = call->wish.time};
  const psd_part signed_audit[] = {{call->bytes, PSD_SIZE_AUDIT}, {call->signature, call->signature_length}};
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
  if (!may_wish(&call.wish, service->now()))
    return PSD_SIGNAL_REQUEST;
  psd_kms_device device = psd_kms_device_of(call.audit.vendor, call.audit.model, call.audit.serial);
  if (!psd_kms_unwrap_k4(service->keys, &device, call.wrapped, &k4))
    return PSD_SIGNAL_DEVICE_KEY;
  psd_signal signal = PSD_SIGNAL_SIGNATURE;
  if (signature_holds(service, &call, &k4))
    signal = put_result(&call, &k4, out) ? PSD_SIGNAL_NONE : PSD_SIGNAL_INTERNAL;
  psd_secret_wipe(&k4, sizeof k4);
  return signal;
}
