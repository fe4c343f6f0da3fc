/* Revocation (VM figure 6): the command that a card carries out, because its holder has asked for it (602), or because
 * the authority wants it. */
#include <string.h>

#include "crypto/cms.h"
#include "kms/certificate.h"
#include "kms/operations.h"
#include "psd/proof/proof.h"

typedef struct revoke_call {
  psd_kms_revoke head;
  psd_kms_device device;
  psd_proof_bytes certificate, request; /* no request: the authority's own */
} revoke_call;

static bool take(psd_cursor *body, revoke_call *call) {
  if (!psd_take_message(body, PSD_MESSAGE_KMS_REVOKE, &call->head))
    return false;
  const psd_kms_revoke *head = &call->head;
  call->device = psd_kms_device_of(head->vendor, head->model, head->serial);
  call->certificate = (psd_proof_bytes){psd_take(body, (size_t)head->certificate), (size_t)head->certificate};
  call->request = (psd_proof_bytes){psd_take(body, (size_t)head->request), (size_t)head->request};
  return psd_cursor_done(body);
}

static bool is_device(const revoke_call *call, const uint8_t device[PSD_SIZE_DEVICE_ID]) {
  return memcmp(call->device.bytes, device, PSD_SIZE_DEVICE_ID) == 0;
}

/* 604: the holder of that very certificate has signed, and asks for nothing else. */
static psd_signal check_request(const revoke_call *call, uint64_t certificate) {
  psd_proof_revocation asked;
  char why[PSD_PROOF_WHY_MAX];
  psd_proof_result result = psd_proof_check_request(call->request, call->certificate, &asked, why);
  if (result == PSD_PROOF_FAILED)
    return PSD_SIGNAL_INTERNAL;
  if (result != PSD_PROOF_HOLDS)
    return PSD_SIGNAL_SIGNATURE;
  return is_device(call, asked.device) && asked.certificate == certificate && asked.reason == call->head.reason
             ? PSD_SIGNAL_NONE
             : PSD_SIGNAL_REQUEST;
}

/* 604, 606: whose certificate it is, and who wants it revoked. */
static psd_signal may_revoke(const revoke_call *call, uint64_t *number) {
  psd_proof_signer holder;
  if (call->head.number == 0 || psd_reason_row(call->head.reason)->name == NULL ||
      !psd_proof_read_certificate(call->certificate, &holder) || !holder.metered || !is_device(call, holder.device) ||
      holder.number == 0 || holder.number > UINT32_MAX)
    return PSD_SIGNAL_REQUEST;
  *number = holder.number;
  return call->request.length != 0 ? check_request(call, holder.number) : PSD_SIGNAL_NONE;
}

/* RevocationCommand, in DER. */
static bool put_command(const revoke_call *call, uint64_t certificate, uint64_t now, psd_buffer *out) {
  uint8_t hash[PSD_HASH];
  psd_proof_revocation command = {.certificate = certificate,
                                  .number = call->head.number,
                                  .time = now,
                                  .reason = (psd_reason)call->head.reason,
                                  .charge = call->head.charge != 0,
                                  .answers = call->request.length != 0};
  memcpy(command.device, call->device.bytes, sizeof command.device);
  const psd_part request = {call->request.data, call->request.length};
  return psd_hash(&request, 1, hash) && psd_proof_put_command(&command, command.answers ? hash : NULL, out);
}

/* 608: signed with the key of the CA that has issued the certificate, which is the one that the card knows. */
static psd_signal command(psd_kms_service *service, const revoke_call *call, const psd_kms_key *ca, uint64_t number,
                          psd_buffer *out) {
  uint8_t content[256], der[PSD_X509_MAX], cms[PSD_CMS_MAX];
  size_t length = 0, cms_length = 0;
  psd_buffer text = psd_buffer_over(content, sizeof content);
  const uint64_t now = service->now();
  if (!put_command(call, number, now, &text) || text.overflow ||
      !psd_kms_authority_certificate(service->keys, ca, der, &length))
    return PSD_SIGNAL_INTERNAL;
  const psd_cms_wanted wanted = {.type = psd_oids[PSD_OID_REVOCATION_COMMAND].dotted,
                                 .content = {content, text.length},
                                 .certificate = {der, length},
                                 .time = now};
  if (!psd_cms_sign(&wanted, ca->pair, cms, &cms_length))
    return PSD_SIGNAL_INTERNAL;
  psd_put(out, cms, cms_length);
  const psd_kms_use use = {.event = PSD_KMS_EVENT_REVOCATION,
                           .key = ca,
                           .device = &call->device,
                           .number = number,
                           .made = {cms, cms_length}};
  return psd_kms_note_use(service, &use);
}

psd_signal psd_kms_command_revocation(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  revoke_call call;
  uint64_t number = 0;
  if (!take(body, &call))
    return PSD_SIGNAL_MESSAGE;
  const psd_kms_key *ca = psd_kms_issuer_of(service->keys, (psd_part){call.certificate.data, call.certificate.length});
  if (ca == NULL)
    return PSD_SIGNAL_REQUEST;
  psd_signal signal = may_revoke(&call, &number);
  return signal == PSD_SIGNAL_NONE ? command(service, &call, ca, number, out) : signal;
}
