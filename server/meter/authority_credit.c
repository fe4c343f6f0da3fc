/* Lines of credit (VM figure 8): what the user has signed and the meter has postmarked (802) is checked, decided (804),
 * and certified for the holder's own key (808). */
#include <string.h>

#include "crypto/evp.h"
#include "meter/authority_internal.h"

#define DAY 86400U
/* Seconds by which the time of an application may differ from now: an old one is no wish any more. */
#define FRESH DAY

bool psd_meter_application_of(const uint8_t *content, size_t length, psd_meter_application *application) {
  psd_credit_application head;
  psd_cursor cursor = psd_cursor_over(content, length);
  if (!psd_take_message(&cursor, PSD_MESSAGE_CREDIT_APPLICATION, &head))
    return false;
  application->signature = (psd_proof_bytes){psd_take(&cursor, (size_t)head.signature), (size_t)head.signature};
  application->postmark = (psd_proof_bytes){psd_take(&cursor, (size_t)head.postmark), (size_t)head.postmark};
  application->request = (psd_proof_bytes){cursor.at, cursor.left};
  return !cursor.failed && head.signature > 0 && head.postmark > 0 && cursor.left > 0;
}

static psd_signal begin_credit(const psd_meter_session *session, psd_meter_desk *desk) {
  psd_meter_application application;
  psd_proof_credit_request request;
  psd_credit_row *line = &desk->line;
  uint64_t now = session->service->calls->time(session->service);
  if (!psd_meter_application_of(desk->content, desk->length, &application) ||
      !psd_proof_read_credit_request(application.request, &request) ||
      memcmp(request.device, session->device, sizeof session->device) != 0 || request.certificate == 0 ||
      request.certificate > UINT32_MAX || request.time > now + FRESH || now > request.time + FRESH)
    return PSD_SIGNAL_REQUEST;
  if (request.amount == 0)
    return PSD_SIGNAL_LIMIT;
  memcpy(line->device, session->device, sizeof line->device);
  line->account = session->row.device.account;
  line->asked = request.amount;
  line->time = now;
  line->holder = (uint32_t)request.certificate;
  memcpy(line->use, request.use, sizeof line->use);
  desk->item = (psd_authority_item){.kind = PSD_AUTHORITY_CREDIT};
  return PSD_SIGNAL_NONE;
}

static psd_signal begin_news(const psd_meter_session *session, psd_meter_desk *desk) {
  psd_news_wish wish;
  if (!psd_parse_message(desk->content, desk->length, PSD_MESSAGE_NEWS_WISH, &wish))
    return PSD_SIGNAL_REQUEST;
  memcpy(desk->line.device, session->device, sizeof desk->line.device);
  desk->line.id = (int64_t)wish.number;
  desk->item = (psd_authority_item){.kind = PSD_AUTHORITY_CREDIT, .number = wish.number};
  return PSD_SIGNAL_NONE;
}

/* The user's signature over the request, and the postmark of this meter over that. */
static psd_proof_result check(const psd_trust *trust, psd_meter_desk *desk, uint64_t now, char *why) {
  psd_meter_application application;
  psd_proof_signature signature;
  psd_proof_postmark postmark;
  uint8_t request[PSD_HASH], signed_hash[PSD_HASH];
  if (!psd_meter_application_of(desk->content, desk->length, &application) ||
      !psd_hash(&(psd_part){application.request.data, application.request.length}, 1, request) ||
      !psd_hash(&(psd_part){application.signature.data, application.signature.length}, 1, signed_hash))
    return PSD_PROOF_FAILED;
  psd_proof_result result = psd_proof_check_signature(trust, application.signature, request, now, &signature, why);
  if (result == PSD_PROOF_HOLDS)
    result = psd_proof_check_postmark(trust, application.postmark, signed_hash, sizeof signed_hash, 0, &postmark, why);
  if (result != PSD_PROOF_HOLDS)
    return result;
  if (signature.signer.number != desk->line.holder || !signature.signer.metered || !postmark.signer.metered ||
      memcmp(signature.signer.device, desk->line.device, sizeof desk->line.device) != 0 ||
      memcmp(postmark.signer.device, desk->line.device, sizeof desk->line.device) != 0 ||
      postmark.signer.number > UINT32_MAX || postmark.time > now + FRESH)
    return PSD_PROOF_TERMS;
  memcpy(desk->line.name, signature.signer.common_name, sizeof desk->line.name);
  desk->postmark = (uint32_t)postmark.signer.number;
  desk->postmarked = postmark.time;
  return PSD_PROOF_HOLDS;
}

static psd_signal take_root(psd_meter_session *session, psd_meter_desk *desk, psd_proof_bytes answer) {
  char why[PSD_PROOF_WHY_MAX] = "";
  psd_trust *trust = psd_meter_desk_trust(desk, answer);
  if (trust == NULL)
    return PSD_SIGNAL_KMS;
  psd_proof_result result = check(trust, desk, desk->line.time, why);
  psd_trust_free(trust);
  if (result == PSD_PROOF_HOLDS)
    return PSD_SIGNAL_NONE;
  psd_meter_desk_say(session, result == PSD_PROOF_TERMS ? "it is not of this PSD and this certificate" : why);
  switch (result) {
  case PSD_PROOF_FAILED:
    return PSD_SIGNAL_INTERNAL;
  case PSD_PROOF_UNREADABLE:
  case PSD_PROOF_TERMS:
    return PSD_SIGNAL_REQUEST;
  default:
    return PSD_SIGNAL_SIGNATURE;
  }
}

/* It ends with the holder's certificate: without that nothing can be paid. */
static psd_signal put_credit(const psd_meter_session *session, psd_meter_desk *desk, psd_buffer *out) {
  psd_meter_application application;
  uint64_t now = session->service->calls->time(session->service);
  uint64_t until = now + session->service->settings->credit_days * DAY;
  if (!psd_meter_application_of(desk->content, desk->length, &application))
    return PSD_SIGNAL_INTERNAL;
  desk->from = now;
  desk->until = until < desk->certificate.until ? until : desk->certificate.until;
  psd_kms_credit head = {.number = desk->line.certificate,
                         .amount = desk->line.amount,
                         .from = desk->from,
                         .until = desk->until,
                         .certificate = desk->certificate.length,
                         .signature = application.signature.length,
                         .postmark = application.postmark.length};
  psd_put_message(out, PSD_MESSAGE_KMS_CREDIT, &head);
  psd_put(out, desk->certificate.der, desk->certificate.length);
  psd_put(out, application.signature.data, application.signature.length);
  psd_put(out, application.postmark.data, application.postmark.length);
  psd_put(out, application.request.data, application.request.length);
  return PSD_SIGNAL_NONE;
}

static psd_signal take_credited(psd_meter_session *session, psd_meter_desk *desk, psd_proof_bytes answer) {
  (void)session;
  if (answer.length == 0 || answer.length > sizeof desk->line.der)
    return PSD_SIGNAL_KMS;
  memcpy(desk->made, answer.data, answer.length);
  desk->made_length = answer.length;
  return PSD_SIGNAL_NONE;
}

#define ISSUE                                                                                                          \
  {.ask = PSD_FRAME_KMS_CREDIT, .answer = PSD_FRAME_KMS_CREDITED, .put = put_credit, .take = take_credited}, {         \
    .job = PSD_METER_JOB_CREDIT_ISSUED                                                                                 \
  }

static const psd_meter_desk_step credit[] = {{.ask = PSD_FRAME_KMS_AUTHORITY,
                                              .answer = PSD_FRAME_KMS_AUTHORITY_GIVEN,
                                              .put = psd_meter_desk_put_ca,
                                              .take = psd_meter_desk_take_ca},
                                             {.ask = PSD_FRAME_KMS_AUTHORITY,
                                              .answer = PSD_FRAME_KMS_AUTHORITY_GIVEN,
                                              .put = psd_meter_desk_put_root,
                                              .take = take_root},
                                             {.job = PSD_METER_JOB_CREDIT_APPLIED},
                                             ISSUE};
static const psd_meter_desk_step news[] = {{.job = PSD_METER_JOB_CREDIT_NEWS}, ISSUE};

const psd_meter_desk_row psd_meter_desk_credit = {.operation = PSD_HOST_CREDIT,
                                                  .event = "credit request",
                                                  .steps = credit,
                                                  .count = sizeof credit / sizeof credit[0],
                                                  .begin = begin_credit};
const psd_meter_desk_row psd_meter_desk_credit_news = {.operation = PSD_HOST_NEWS,
                                                       .event = "news of a credit request",
                                                       .steps = news,
                                                       .count = sizeof news / sizeof news[0],
                                                       .begin = begin_news};
