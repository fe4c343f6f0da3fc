/* Figures 3 and 4 from the Host's side: postmarks, signatures, and the card's verdict on a postmark. */
#include "psd/spec/tlv.h"
#include "service.h"

/* DER, X.690. */
#define TAG_INTEGER 0x02U
#define TAG_SEQUENCE 0x30U
/* PKIStatus granted (RFC 3161, 2.4.2). */
#define GRANTED 0U

/* What goes out, the same each time. */
typedef struct postmark {
  uint8_t slot;
  bool with_certificate;
  const psd_digested *message;
  psd_postmark_wish wish;
  const uint8_t *nonce;
} postmark;

static psd_result send_postmark(psd_host *host, const void *wish, psd_buffer *out) {
  const postmark *of = wish;
  psd_result result = psd_digest_prepare(host, of->message);
  if (result == PSD_OK)
    result = psd_host_postmark(host, of->slot, of->with_certificate, &of->wish, of->message->bytes, of->nonce, out);
  return psd_service_der(host, result, out);
}

psd_result psd_postmark_make(const psd_desk *desk, uint8_t slot, const psd_digested *message, const uint8_t *nonce,
                             size_t nonce_length, bool with_certificate, psd_buffer *out) {
  const psd_asked asked = {.service = PSD_SERVICE_POSTMARK,
                           .slot = slot,
                           .purpose = PSD_PURPOSE_POSTMARK,
                           .active = true,
                           .what = "a postmark"};
  postmark of = {.slot = slot,
                 .with_certificate = with_certificate,
                 .message = message,
                 .wish = {.digest = message->digest, .nonce = nonce_length},
                 .nonce = nonce};
  if (nonce_length > PSD_NONCE_MAX)
    return psd_host_fail(desk->host, PSD_BAD_INPUT, "a nonce has at most %u bytes", PSD_NONCE_MAX);
  psd_result result = psd_service_number(desk->host, of.wish.call);
  return result == PSD_OK ? psd_service_run(desk, &asked, send_postmark, &of, out) : result;
}

void psd_postmark_put_response(psd_buffer *out, const void *token, size_t length) {
  size_t response = psd_open_tlv(out, TAG_SEQUENCE);
  size_t status = psd_open_tlv(out, TAG_SEQUENCE);
  psd_put_tlv(out, TAG_INTEGER, &(uint8_t){GRANTED}, 1);
  psd_close_tlv(out, status);
  psd_put(out, token, length);
  psd_close_tlv(out, response);
}

/* A TimeStampResp begins with a sequence, a ContentInfo with an object identifier. */
psd_cursor psd_postmark_token(const void *bytes, size_t length) {
  psd_cursor whole = psd_cursor_over(bytes, length), from = whole;
  psd_tlv response, status;
  if (!psd_take_tlv(&from, &response) || response.tag != TAG_SEQUENCE || !psd_cursor_done(&from) ||
      !psd_take_tlv(&response.value, &status) || status.tag != TAG_SEQUENCE)
    return whole;
  return response.value;
}

typedef struct check {
  const psd_digested *message;
  psd_postmark_check wish;
  const void *token;
  size_t length;
  psd_verdict *verdict;
} check;

static psd_result send_check(psd_host *host, const void *wish, psd_buffer *out) {
  const check *of = wish;
  (void)out;
  psd_result result = psd_digest_prepare(host, of->message);
  return result == PSD_OK
             ? psd_host_validate_postmark(host, &of->wish, of->message->bytes, of->token, of->length, of->verdict)
             : result;
}

psd_result psd_postmark_validate(const psd_desk *desk, const psd_digested *message, const void *token, size_t length,
                                 psd_verdict *verdict) {
  const psd_asked asked = {.service = PSD_SERVICE_VERIFICATION, .what = "a verification"};
  psd_cursor bare = psd_postmark_token(token, length);
  check of = {.message = message,
              .wish = {.digest = message->digest},
              .token = bare.at,
              .length = bare.left,
              .verdict = verdict};
  psd_result result = psd_service_number(desk->host, of.wish.call);
  return result == PSD_OK ? psd_service_run(desk, &asked, send_check, &of, NULL) : result;
}

typedef struct signing {
  uint8_t slot;
  bool with_certificate;
  const psd_digested *message;
  psd_sign_wish wish;
} signing;

static psd_result send_signing(psd_host *host, const void *wish, psd_buffer *out) {
  const signing *of = wish;
  psd_result result = psd_digest_prepare(host, of->message);
  if (result == PSD_OK)
    result = psd_host_sign_message(host, of->slot, of->with_certificate, &of->wish, of->message->bytes, out);
  return psd_service_der(host, result, out);
}

psd_result psd_message_sign(const psd_desk *desk, uint8_t slot, const psd_digested *message, bool with_certificate,
                            psd_buffer *out) {
  const psd_asked asked = {
      .service = PSD_SERVICE_SIGNING, .slot = slot, .purpose = PSD_PURPOSE_USER, .active = true, .what = "a signature"};
  signing of = {
      .slot = slot, .with_certificate = with_certificate, .message = message, .wish = {.digest = message->digest}};
  psd_result result = psd_service_number(desk->host, of.wish.call);
  return result == PSD_OK ? psd_service_run(desk, &asked, send_signing, &of, out) : result;
}
