/* Certificates of the PSD's users (VM figure 5): the sealed request is opened by the key management system, vetted
 * (514), and goes there once more for its certificate. */
#include <string.h>

#include "meter/authority_internal.h"

#define DAY 86400U

/* CERTIFICATE_REQUEST, of this PSD. */
static psd_signal begin_certify(const psd_meter_session *session, psd_meter_desk *desk) {
  psd_certificate_request head;
  psd_ca_request *request = &desk->request;
  if (desk->length < PSD_SIZE_CERTIFICATE_REQUEST || desk->length > sizeof request->sealed ||
      !psd_parse_message(desk->content, PSD_SIZE_CERTIFICATE_REQUEST, PSD_MESSAGE_CERTIFICATE_REQUEST, &head) ||
      memcmp(desk->content, session->device, sizeof session->device) != 0)
    return PSD_SIGNAL_REQUEST;
  memcpy(request->device, session->device, sizeof request->device);
  request->number = (uint32_t)head.number;
  request->slot = (uint8_t)head.slot;
  request->purpose = (uint8_t)head.purpose;
  request->algorithm = (uint8_t)head.algorithm;
  request->renewal = head.renewal != 0;
  request->user_id = session->user;
  request->time = session->service->calls->time(session->service);
  memcpy(request->sealed, desk->content, desk->length);
  request->sealed_length = desk->length;
  desk->item = (psd_authority_item){.kind = PSD_AUTHORITY_CERTIFICATE, .number = head.number};
  return PSD_SIGNAL_NONE;
}

static psd_signal begin_news(const psd_meter_session *session, psd_meter_desk *desk) {
  psd_news_wish wish;
  if (!psd_parse_message(desk->content, desk->length, PSD_MESSAGE_NEWS_WISH, &wish) ||
      wish.kind != PSD_AUTHORITY_CERTIFICATE)
    return PSD_SIGNAL_REQUEST;
  memcpy(desk->request.device, session->device, sizeof desk->request.device);
  desk->request.number = (uint32_t)wish.number;
  desk->item = (psd_authority_item){.kind = PSD_AUTHORITY_CERTIFICATE, .number = wish.number};
  return PSD_SIGNAL_NONE;
}

static psd_signal put_sealed(const psd_meter_session *session, psd_meter_desk *desk, psd_buffer *out) {
  psd_put(out, session->row.device.wrapped_k4, sizeof session->row.device.wrapped_k4);
  psd_put(out, desk->request.sealed, desk->request.sealed_length);
  return PSD_SIGNAL_NONE;
}

/* The PKCS#10: who asks. */
static psd_signal take_opened(psd_meter_session *session, psd_meter_desk *desk, psd_proof_bytes answer) {
  psd_proof_signer subject;
  char why[PSD_PROOF_WHY_MAX] = "";
  if (!psd_proof_read_request(answer, &subject, why)) {
    psd_meter_desk_say(session, why);
    return PSD_SIGNAL_REQUEST;
  }
  memcpy(desk->request.organization, subject.organization, sizeof desk->request.organization);
  memcpy(desk->request.name, subject.common_name, sizeof desk->request.name);
  return PSD_SIGNAL_NONE;
}

/* What the PSD is licensed with, as ordered, or as it has told itself. */
static psd_licence licence_of(const psd_meter_session *session) {
  psd_licence licence = {.zip = session->row.zip, .number = session->row.licence};
  return licence.zip != 0 ? licence : (psd_licence){.zip = session->audit.zip, .number = session->audit.licence};
}

static psd_signal put_issue(const psd_meter_session *session, psd_meter_desk *desk, psd_buffer *out) {
  const psd_meter_settings *settings = session->service->settings;
  uint64_t now = session->service->calls->time(session->service);
  psd_licence licence = licence_of(session);
  psd_kms_issue head = {.number = desk->request.certificate,
                        .from = now,
                        .until = now + settings->user_days * DAY,
                        .zip = licence.zip,
                        .licence = licence.number,
                        .ca_key = session->row.ca_key,
                        .address = strlen(settings->public_url)};
  psd_put_message(out, PSD_MESSAGE_KMS_ISSUE, &head);
  psd_put(out, settings->public_url, strlen(settings->public_url));
  return put_sealed(session, desk, out);
}

static psd_signal take_grant(psd_meter_session *session, psd_meter_desk *desk, psd_proof_bytes answer) {
  (void)session;
  if (answer.length <= PSD_SIZE_CERTIFICATE_GRANT || answer.length > sizeof desk->request.grant)
    return PSD_SIGNAL_KMS;
  memcpy(desk->made, answer.data, answer.length);
  desk->made_length = answer.length;
  return PSD_SIGNAL_NONE;
}

#define ISSUE                                                                                                          \
  {.ask = PSD_FRAME_KMS_ISSUE, .answer = PSD_FRAME_KMS_ISSUED, .put = put_issue, .take = take_grant}, {                \
    .job = PSD_METER_JOB_CA_ISSUED                                                                                     \
  }

static const psd_meter_desk_step certify[] = {
    {.ask = PSD_FRAME_KMS_REQUEST, .answer = PSD_FRAME_KMS_REQUESTED, .put = put_sealed, .take = take_opened},
    {.job = PSD_METER_JOB_CA_REQUESTED},
    ISSUE};
static const psd_meter_desk_step news[] = {{.job = PSD_METER_JOB_CA_NEWS}, ISSUE};

const psd_meter_desk_row psd_meter_desk_certify = {.operation = PSD_HOST_CERTIFY,
                                                   .event = "certificate request",
                                                   .steps = certify,
                                                   .count = sizeof certify / sizeof certify[0],
                                                   .begin = begin_certify};
const psd_meter_desk_row psd_meter_desk_news = {.operation = PSD_HOST_NEWS,
                                                .event = "news of a certificate request",
                                                .steps = news,
                                                .count = sizeof news / sizeof news[0],
                                                .begin = begin_news};
