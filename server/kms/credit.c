/* Lines of credit (VM figure 7A): the creditor's signature under what the holder has asked for, signed and postmarked
 * (802), and the meter server has granted (804). */
#include <string.h>

#include "kms/certificate.h"
#include "kms/operations.h"
#include "psd/proof/proof.h"

/* Seconds for which an application waits at most: whoever decides may take his time. */
#define APPLICATION_SPAN (UINT64_C(90) * 86400U)

typedef struct credit_call {
  psd_kms_credit head;
  psd_proof_bytes certificate, signature, postmark, text;
  psd_proof_signer holder;
  psd_proof_credit_request request;
} credit_call;

static psd_proof_bytes take_bytes(psd_cursor *body, uint64_t length) {
  return (psd_proof_bytes){psd_take(body, (size_t)length), (size_t)length};
}

static bool take(psd_cursor *body, credit_call *call) {
  if (!psd_take_message(body, PSD_MESSAGE_KMS_CREDIT, &call->head))
    return false;
  call->certificate = take_bytes(body, call->head.certificate);
  call->signature = take_bytes(body, call->head.signature);
  call->postmark = take_bytes(body, call->head.postmark);
  call->text = take_bytes(body, body->left);
  return psd_cursor_done(body) && psd_proof_read_credit_request(call->text, &call->request);
}

/* The holder's certificate is by a CA key of ours, and says which meter he has; so does what he signed. */
static bool is_holder(const psd_keyring *keys, credit_call *call) {
  const psd_proof_credit_request *request = &call->request;
  return psd_kms_issuer_of(keys, (psd_part){call->certificate.data, call->certificate.length}) != NULL &&
         psd_proof_read_certificate(call->certificate, &call->holder) && call->holder.metered &&
         call->holder.number == request->certificate &&
         memcmp(call->holder.device, request->device, sizeof request->device) == 0;
}

/* Trust in our root and every CA key that is still accepted; NULL on failure. */
static psd_trust *trust_of(const psd_keyring *keys) {
  uint8_t der[PSD_X509_MAX];
  size_t length = 0;
  psd_trust *trust = psd_trust_new();
  const psd_kms_key *root = psd_keyring_active(keys, PSD_KMS_ROOT);
  bool done = trust != NULL && root != NULL && psd_kms_authority_certificate(keys, root, der, &length) &&
              psd_trust_add_root_der(trust, (psd_proof_bytes){der, length});
  for (size_t i = 0; i < keys->count && done; i++) {
    const psd_kms_key *key = &keys->keys[i];
    if (key->kind == PSD_KMS_CA && psd_kms_state_of(key->state)->opens)
      done = psd_kms_authority_certificate(keys, key, der, &length) &&
             psd_trust_add_chain_der(trust, (psd_proof_bytes){der, length});
  }
  if (done)
    return trust;
  psd_trust_free(trust);
  return NULL;
}

static psd_signal signal_of(psd_proof_result result) {
  if (result == PSD_PROOF_HOLDS)
    return PSD_SIGNAL_NONE;
  return result == PSD_PROOF_FAILED ? PSD_SIGNAL_INTERNAL : PSD_SIGNAL_SIGNATURE;
}

/* He has signed that request, with the key of that certificate. */
static psd_signal check_signature(const psd_trust *trust, const credit_call *call, uint64_t now) {
  uint8_t digest[PSD_HASH];
  psd_proof_signature said;
  char why[PSD_PROOF_WHY_MAX];
  if (!psd_hash(&(psd_part){call->text.data, call->text.length}, 1, digest))
    return PSD_SIGNAL_INTERNAL;
  psd_signal signal = signal_of(psd_proof_check_signature(trust, call->signature, digest, now, &said, why));
  if (signal == PSD_SIGNAL_NONE && said.signer.number != call->holder.number)
    signal = PSD_SIGNAL_SIGNATURE;
  return signal;
}

/* And his meter has postmarked the signature, not long ago. */
static psd_signal check_postmark(const psd_trust *trust, const credit_call *call, uint64_t now) {
  uint8_t digest[PSD_HASH];
  psd_proof_postmark said;
  char why[PSD_PROOF_WHY_MAX];
  if (!psd_hash(&(psd_part){call->signature.data, call->signature.length}, 1, digest))
    return PSD_SIGNAL_INTERNAL;
  psd_signal signal = signal_of(psd_proof_check_postmark(trust, call->postmark, digest, sizeof digest, 0, &said, why));
  if (signal != PSD_SIGNAL_NONE)
    return signal;
  if (!said.signer.metered || memcmp(said.signer.device, call->request.device, sizeof said.signer.device) != 0)
    return PSD_SIGNAL_SIGNATURE;
  return said.time <= now + PSD_KMS_AUDIT_SKEW && now <= said.time + APPLICATION_SPAN ? PSD_SIGNAL_NONE
                                                                                      : PSD_SIGNAL_REQUEST;
}

/* 804, as far as it is the creditor's key that decides: no more than was asked for, and no more than the policy. */
static psd_signal may_grant(const psd_kms_service *service, const psd_kms_key *creditor, const credit_call *call) {
  const psd_kms_credit *head = &call->head;
  const psd_kms_validity validity = {head->from, head->until};
  if (head->number == 0 || head->amount == 0 || head->amount > call->request.amount ||
      !psd_kms_validity_fits(service->keys, creditor, validity, PSD_KMS_CERTIFICATE_SPAN, service->now()))
    return PSD_SIGNAL_REQUEST;
  return head->amount <= psd_kms_policy_of(service)->most ? PSD_SIGNAL_NONE : PSD_SIGNAL_LIMIT;
}

static psd_signal check(const psd_kms_service *service, credit_call *call) {
  uint64_t now = service->now();
  if (!is_holder(service->keys, call))
    return PSD_SIGNAL_REQUEST;
  psd_trust *trust = trust_of(service->keys);
  if (trust == NULL)
    return PSD_SIGNAL_INTERNAL;
  psd_signal signal = check_signature(trust, call, now);
  if (signal == PSD_SIGNAL_NONE)
    signal = check_postmark(trust, call, now);
  psd_trust_free(trust);
  return signal;
}

/* 808 */
static psd_signal certify(psd_kms_service *service, const psd_kms_key *creditor, const credit_call *call,
                          psd_buffer *out) {
  uint8_t line[256], der[PSD_X509_MAX];
  size_t length = 0;
  psd_x509_holder holder;
  psd_proof_credit said = {.amount = call->head.amount, .certificate = call->holder.number};
  memcpy(said.use, call->request.use, sizeof said.use);
  psd_buffer text = psd_buffer_over(line, sizeof line);
  if (!psd_proof_put_credit_line(&said, call->request.device, &text) || text.overflow ||
      !psd_x509_holder_of((psd_part){call->certificate.data, call->certificate.length}, &holder))
    return PSD_SIGNAL_INTERNAL;
  const psd_kms_line wanted = {.number = call->head.number,
                               .validity = {call->head.from, call->head.until},
                               .holder = &holder,
                               .line = {line, text.length}};
  if (!psd_kms_credit_certificate(creditor, &wanted, der, &length))
    return PSD_SIGNAL_INTERNAL;
  if (length > PSD_USER_CERTIFICATE_MAX)
    return PSD_SIGNAL_LIMIT;
  psd_put(out, der, length);
  psd_kms_device device;
  memcpy(device.bytes, call->request.device, sizeof device.bytes);
  const psd_kms_use use = {.event = PSD_KMS_EVENT_CREDITED,
                           .key = creditor,
                           .device = &device,
                           .number = call->head.number,
                           .amount = call->head.amount,
                           .made = {der, length}};
  return psd_kms_note_use(service, &use);
}

psd_signal psd_kms_certify_credit(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  credit_call call;
  if (!take(body, &call))
    return PSD_SIGNAL_MESSAGE;
  const psd_kms_key *creditor = psd_keyring_active(service->keys, PSD_KMS_CREDITOR);
  if (creditor == NULL)
    return PSD_SIGNAL_INTERNAL;
  psd_signal signal = may_grant(service, creditor, &call);
  if (signal == PSD_SIGNAL_NONE)
    signal = check(service, &call);
  return signal == PSD_SIGNAL_NONE ? certify(service, creditor, &call, out) : signal;
}
