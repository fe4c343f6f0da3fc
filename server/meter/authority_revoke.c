/* Revocations (VM figure 6): the holder's, which his Host brings; and those of the authority itself, which are brought
 * to the card after an audit. Both end with the card's confirmation (622). */
#include <string.h>

#include "meter/actions.h"
#include "meter/authority_internal.h"

static psd_signal begin_revoke(const psd_meter_session *session, psd_meter_desk *desk) {
  (void)session;
  desk->item = (psd_authority_item){.kind = PSD_AUTHORITY_REVOCATION, .status = PSD_AUTHORITY_ACCEPTED};
  return desk->length <= PSD_METER_REVOCATION_MAX ? PSD_SIGNAL_NONE : PSD_SIGNAL_REQUEST;
}

static psd_signal begin_confirm(const psd_meter_session *session, psd_meter_desk *desk) {
  (void)session;
  desk->item = (psd_authority_item){.kind = PSD_AUTHORITY_REVOCATION, .status = PSD_AUTHORITY_ACCEPTED};
  return PSD_SIGNAL_NONE;
}

/* 604: the key management system checks the holder's signature by itself. What he has not asked for is free. */
static psd_signal put_revoke(const psd_meter_session *session, psd_meter_desk *desk, psd_buffer *out) {
  const psd_ca_certificate *certificate = &desk->certificate;
  psd_kms_revoke head = {.serial = session->audit.serial,
                         .number = certificate->command,
                         .reason = certificate->reason,
                         .charge = desk->revocation_length > 0,
                         .certificate = certificate->length,
                         .request = desk->revocation_length};
  memcpy(head.vendor, session->audit.vendor, sizeof head.vendor);
  memcpy(head.model, session->audit.model, sizeof head.model);
  psd_put_message(out, PSD_MESSAGE_KMS_REVOKE, &head);
  psd_put(out, certificate->der, certificate->length);
  psd_put(out, desk->revocation, desk->revocation_length);
  return PSD_SIGNAL_NONE;
}

/* The same for what waits for the card: each has a higher number than the one before. */
static psd_signal put_next(const psd_meter_session *session, psd_meter_desk *desk, psd_buffer *out) {
  if (desk->certificate.command <= session->actions->commanded)
    return PSD_SIGNAL_UNFINISHED;
  session->actions->commanded = desk->certificate.command;
  return put_revoke(session, desk, out);
}

static psd_signal take_command(psd_meter_session *session, psd_meter_desk *desk, psd_proof_bytes answer) {
  (void)session;
  if (answer.length == 0 || answer.length > sizeof desk->der)
    return PSD_SIGNAL_KMS;
  memcpy(desk->der, answer.data, answer.length);
  desk->der_length = answer.length;
  return PSD_SIGNAL_NONE;
}

static psd_signal take_card(psd_meter_session *session, psd_meter_desk *desk, psd_proof_bytes answer) {
  (void)session;
  if (answer.length == 0 || answer.length > sizeof desk->content)
    return PSD_SIGNAL_REQUEST;
  memcpy(desk->content, answer.data, answer.length);
  desk->length = answer.length;
  return PSD_SIGNAL_NONE;
}

psd_signal psd_meter_desk_put_ca(const psd_meter_session *session, psd_meter_desk *desk, psd_buffer *out) {
  (void)desk;
  psd_put_message(out, PSD_MESSAGE_KMS_AUTHORITY,
                  &(psd_kms_authority){.kind = PSD_AUTHORITY_CA, .key = session->row.ca_key});
  return PSD_SIGNAL_NONE;
}

psd_signal psd_meter_desk_take_ca(psd_meter_session *session, psd_meter_desk *desk, psd_proof_bytes answer) {
  (void)session;
  if (answer.length == 0 || answer.length > sizeof desk->ca)
    return PSD_SIGNAL_KMS;
  memcpy(desk->ca, answer.data, answer.length);
  desk->ca_length = answer.length;
  return PSD_SIGNAL_NONE;
}

psd_signal psd_meter_desk_put_root(const psd_meter_session *session, psd_meter_desk *desk, psd_buffer *out) {
  (void)session;
  (void)desk;
  psd_put_message(out, PSD_MESSAGE_KMS_AUTHORITY, &(psd_kms_authority){.kind = PSD_AUTHORITY_ROOT});
  return PSD_SIGNAL_NONE;
}

psd_trust *psd_meter_desk_trust(const psd_meter_desk *desk, psd_proof_bytes root) {
  psd_trust *trust = psd_trust_new();
  if (trust != NULL && psd_trust_add_root_der(trust, root) &&
      psd_trust_add_chain_der(trust, (psd_proof_bytes){desk->ca, desk->ca_length}))
    return trust;
  psd_trust_free(trust);
  return NULL;
}

/* 622: signed by this PSD. Which revocation it confirms, the desk's books tell. */
static psd_signal take_root(psd_meter_session *session, psd_meter_desk *desk, psd_proof_bytes answer) {
  char why[PSD_PROOF_WHY_MAX] = "";
  psd_trust *trust = psd_meter_desk_trust(desk, answer);
  if (trust == NULL)
    return PSD_SIGNAL_KMS;
  psd_proof_result result =
      psd_proof_check_confirmation(trust, (psd_proof_bytes){desk->content, desk->length}, &desk->confirmation, why);
  psd_trust_free(trust);
  if (result == PSD_PROOF_HOLDS && memcmp(desk->confirmation.device, session->device, sizeof session->device) == 0) {
    desk->item.number = desk->confirmation.number;
    return PSD_SIGNAL_NONE;
  }
  psd_meter_desk_say(session, result == PSD_PROOF_HOLDS ? "it is another PSD's" : why);
  return result == PSD_PROOF_HOLDS || result == PSD_PROOF_UNREADABLE ? PSD_SIGNAL_REQUEST : PSD_SIGNAL_SIGNATURE;
}

#define CONFIRM                                                                                                        \
  {.ask = PSD_FRAME_KMS_AUTHORITY,                                                                                     \
   .answer = PSD_FRAME_KMS_AUTHORITY_GIVEN,                                                                            \
   .put = psd_meter_desk_put_ca,                                                                                       \
   .take = psd_meter_desk_take_ca},                                                                                    \
      {.ask = PSD_FRAME_KMS_AUTHORITY,                                                                                 \
       .answer = PSD_FRAME_KMS_AUTHORITY_GIVEN,                                                                        \
       .put = psd_meter_desk_put_root,                                                                                 \
       .take = take_root},                                                                                             \
  {                                                                                                                    \
    .job = PSD_METER_JOB_CA_CONFIRMED                                                                                  \
  }

static const psd_meter_desk_step revoke[] = {
    {.job = PSD_METER_JOB_CA_REVOKE},
    {.ask = PSD_FRAME_KMS_REVOKE, .answer = PSD_FRAME_KMS_REVOKED, .put = put_revoke, .take = take_command},
    {.job = PSD_METER_JOB_CA_COMMANDED}};
static const psd_meter_desk_step confirm[] = {CONFIRM};
static const psd_meter_desk_step forced[] = {
    {.job = PSD_METER_JOB_CA_COMMAND},
    {.ask = PSD_FRAME_KMS_REVOKE, .answer = PSD_FRAME_KMS_REVOKED, .put = put_next, .take = take_command},
    {.job = PSD_METER_JOB_CA_COMMANDED},
    {.command = true, .take = take_card},
    CONFIRM};

const psd_meter_desk_row psd_meter_desk_revoke = {.operation = PSD_HOST_REVOKE,
                                                  .event = "revocation",
                                                  .locked = true,
                                                  .steps = revoke,
                                                  .count = sizeof revoke / sizeof revoke[0],
                                                  .begin = begin_revoke};
const psd_meter_desk_row psd_meter_desk_confirm = {.operation = PSD_HOST_CONFIRM,
                                                   .event = "revocation confirmed",
                                                   .locked = true,
                                                   .steps = confirm,
                                                   .count = sizeof confirm / sizeof confirm[0],
                                                   .begin = begin_confirm};
const psd_meter_desk_row psd_meter_desk_forced = {.operation = PSD_HOST_DONE,
                                                  .event = "forced revocation",
                                                  .locked = true,
                                                  .steps = forced,
                                                  .count = sizeof forced / sizeof forced[0]};
