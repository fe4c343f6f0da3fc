/* GENERAL AUTHENTICATE, P2 02: the audit response M3 (EP steps 228 to 236), signed with the PSD's own key. */
#include "meter/clock.h"
#include "meter/objects.h"
#include "meter/session.h"
#include "meter/signature.h"
#include "psd/spec/tlv.h"

#include <string.h>

/* 7C { 81 AUDIT_REQUEST } */
static bool parse(const psd_apdu *apdu, psd_audit_request *wanted) {
  psd_cursor data = psd_cursor_over(apdu->data, apdu->nc);
  psd_cursor dynamic, value;
  return psd_session_take(&data, 0x7C, 0, &dynamic) && psd_cursor_done(&data) &&
         psd_session_take(&dynamic, 0x81, PSD_SIZE_AUDIT_REQUEST, &value) && psd_cursor_done(&dynamic) &&
         psd_take_message(&value, PSD_MESSAGE_AUDIT_REQUEST, wanted);
}

/* A Host that asks in the name of another session asks for nothing of this one. */
static bool ours(const psd_session *session, const psd_audit_request *wanted) {
  return psd_equal(wanted->session, session->identifier, sizeof session->identifier) &&
         psd_equal(wanted->nonce, session->nonce, sizeof session->nonce);
}

static void fill_from_core(const psd_card *card, psd_audit *audit) {
  const psd_core *core = &card->core;
  audit->state = psd_card_state(card);
  audit->fault = card->fault;
  audit->mode = core->funds.mode;
  audit->ascending = core->postage.ascending;
  audit->descending = core->postage.descending;
  audit->control_total = core->postage.control_total;
  audit->piece_count = core->postage.piece_count;
  audit->certificate_ascending = core->certificate.ascending;
  audit->certificate_descending = core->certificate.descending;
  audit->certificate_control_total = core->certificate.control_total;
  audit->certificate_count = core->certificate.piece_count;
  audit->refill = core->refill.sequence;
  audit->refill_amount = core->refill.amount;
  audit->operation = core->operation.operation;
  audit->group = core->operation.group;
  audit->sequence = core->operation.sequence;
  audit->operation_amount = core->operation.amount;
  audit->credit_limit = core->funds.credit_limit;
  audit->orders = core->order.number;
  audit->time = psd_clock_now(card);
  audit->inspected = core->watchdog.inspected;
  audit->warn_after = core->watchdog.warn_after;
  audit->lock_after = core->watchdog.lock_after;
  audit->log_count = core->log.count;
  memcpy(audit->log_hash, core->log.hash, sizeof audit->log_hash);
}

static void fill_from_session(const psd_session *session, psd_audit *audit) {
  memcpy(audit->nonce, session->nonce, sizeof audit->nonce);
  memcpy(audit->transcript, session->transcript, sizeof audit->transcript);
}

/* Objects that a card may do without are zeroes. */
static uint16_t optional(uint16_t status) {
  return status == PSD_SW_REFERENCE_NOT_FOUND ? PSD_SW_OK : status;
}

static uint16_t fill_identity(const psd_card *card, psd_audit *audit) {
  const psd_version version = psd_card_version();
  psd_device_id identity;
  psd_licence licence = {0};
  psd_vendor_key k1 = {0};
  uint16_t status = psd_object_fetch(card, PSD_OBJECT_DEVICE_ID, &identity);
  if (status == PSD_SW_OK)
    status = optional(psd_object_fetch(card, PSD_OBJECT_LICENCE, &licence));
  if (status == PSD_SW_OK)
    status = optional(psd_object_fetch(card, PSD_OBJECT_VENDOR_KEY, &k1));
  if (status != PSD_SW_OK)
    return status;
  audit->card_major = version.card_major;
  audit->card_minor = version.card_minor;
  audit->spec = version.spec;
  memcpy(audit->vendor, identity.vendor, sizeof audit->vendor);
  memcpy(audit->model, identity.model, sizeof audit->model);
  audit->serial = identity.serial;
  audit->zip = licence.zip;
  audit->licence = licence.number;
  audit->vendor_key = k1.identifier;
  return PSD_SW_OK;
}

/* `room` is memory for the certificate while it is hashed. */
static uint16_t fill_certificate(const psd_card *card, psd_audit *audit, psd_buffer room) {
  size_t length = 0;
  uint8_t *bytes = room.data + room.length;
  uint16_t status = psd_object_fetch_bytes(card, PSD_OBJECT_CERTIFICATE, bytes, room.capacity - room.length, &length);
  if (status != PSD_SW_OK)
    return optional(status);
  return psd_sha256(bytes, length, audit->certificate) ? PSD_SW_OK : PSD_SW_EXECUTION_ERROR;
}

/* Without a key pair the suite signs: classic does it in its own way. */
static uint16_t sign(psd_card *card, const psd_signer *signer, psd_piece audit, psd_buffer *out) {
  const psd_session_suite *suite = card->session.suite;
  if (signer->pair)
    return psd_sign(card, signer, PSD_SIGN_AUDIT, audit, out);
  uint8_t *signature = psd_put_room(out, suite->signature_size);
  return signature != NULL ? suite->sign(card, audit, signature) : PSD_SW_INTERNAL;
}

/* Appends M3; keeps Hash(AUDIT || signature), which the audit result must name. */
static uint16_t put_m3(psd_card *card, const psd_audit *audit, const psd_signer *signer, psd_buffer *out) {
  psd_session *session = &card->session;
  uint8_t *start = out->data + out->length;
  size_t before = out->length;
  psd_put_message(out, PSD_MESSAGE_AUDIT, audit);
  if (out->overflow)
    return PSD_SW_INTERNAL;
  uint16_t status = sign(card, signer, (psd_piece){start, PSD_SIZE_AUDIT}, out);
  if (status != PSD_SW_OK)
    return status;
  size_t length = out->length - before;
  if (!psd_sha256(start, length, session->audit) || psd_put_room(out, PSD_GCM_TAG) == NULL ||
      !psd_session_seal(&session->to_server, PSD_FRAME_AUDIT_RESPONSE, start, length, start))
    return PSD_SW_EXECUTION_ERROR;
  session->phase = PSD_SESSION_AUDITED;
  return PSD_SW_OK;
}

static uint16_t answer(psd_card *card, const psd_signer *signer, psd_buffer *out) {
  psd_audit audit = {.type = signer->pair ? psd_signer_kind(signer) : card->session.suite->kind};
  fill_from_core(card, &audit);
  fill_from_session(&card->session, &audit);
  uint16_t status = fill_identity(card, &audit);
  if (status == PSD_SW_OK)
    status = fill_certificate(card, &audit, *out);
  if (status != PSD_SW_OK)
    return status;
  size_t dynamic = psd_open_tlv(out, 0x7C);
  size_t response = psd_open_tlv(out, 0x82);
  status = put_m3(card, &audit, signer, out);
  psd_close_tlv(out, response);
  psd_close_tlv(out, dynamic);
  return status;
}

uint16_t psd_session_answer_audit(psd_card *card, const psd_request *request, psd_buffer *out) {
  psd_audit_request wanted;
  psd_signer signer;
  if (!psd_session_stands(card, request, PSD_SESSION_ANSWERED))
    return PSD_SW_CONDITIONS;
  if (!parse(&request->apdu, &wanted))
    return PSD_SW_WRONG_DATA;
  if (!ours(&card->session, &wanted))
    return PSD_SW_VERIFICATION_FAILED;
  uint16_t status = psd_signer_fetch(card, &signer);
  if (status == PSD_SW_OK)
    status = answer(card, &signer, out);
  psd_wipe(&signer, sizeof signer);
  return status;
}
