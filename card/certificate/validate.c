/* VALIDATE POSTMARK (VM figure 4). */
#include "certificate/der.h"
#include "certificate/service.h"
#include "certificate/signing.h"
#include "certificate/tst.h"
#include "iso7816/handlers.h"

/* A token on its way through the checks. */
typedef struct token {
  psd_cms_parts parts;
  psd_tst info;
  bool readable; /* its certificate is one: */
  psd_certificate certificate;
} token;

static bool parse(psd_cursor der, token *of) {
  if (!psd_cms_parse(der, &of->parts) || of->parts.type != PSD_OID_TST_INFO || !of->parts.attached ||
      of->parts.attributes.left == 0 || of->parts.certificate.left == 0 || of->parts.certificate_hash.left == 0 ||
      !psd_tst_parse(of->parts.content, &of->info))
    return false;
  of->readable = psd_certificate_parse(of->parts.certificate, &of->certificate);
  return true;
}

/* What the card itself remembers of a certificate: revoked before this time. */
static uint16_t look_for_revoked(const psd_card *card, const token *of, bool *revoked) {
  *revoked = false;
  for (uint8_t number = 1; number <= PSD_USER_SLOTS; number++) {
    psd_slot slot;
    uint16_t status = psd_slot_read(card, number, &slot);
    if (status == PSD_SW_OK && slot.state == PSD_SLOT_REVOKED && slot.certificate == of->certificate.number &&
        slot.revoked < of->info.time)
      *revoked = true;
    if (status != PSD_SW_OK && status != PSD_SW_REFERENCE_NOT_FOUND)
      return status;
  }
  return PSD_SW_OK;
}

/* VM 408 to 412, with the key of the certificate authority that the card knows. */
static uint16_t judge_certificate(psd_card *card, const token *of, psd_verdict_reason *reason) {
  const psd_certificate *certificate = &of->certificate;
  bool revoked;
  *reason = PSD_VERDICT_CERTIFICATE;
  if (!of->readable)
    return PSD_SW_OK;
  uint16_t status = psd_certificate_by_authority(card, certificate);
  if (status != PSD_SW_OK)
    return status == PSD_SW_VERIFICATION_FAILED ? PSD_SW_OK : status;
  *reason = PSD_VERDICT_EXPIRED;
  if (of->info.time < certificate->from || of->info.time > certificate->until)
    return PSD_SW_OK;
  *reason = PSD_VERDICT_PURPOSE;
  if (!certificate->stamps || !certificate->signs || certificate->authority)
    return PSD_SW_OK;
  status = look_for_revoked(card, of, &revoked);
  *reason = revoked ? PSD_VERDICT_REVOKED : PSD_VERDICT_VALID;
  return status;
}

static bool same(psd_cursor a, psd_cursor b) {
  return a.left == b.left && psd_equal(a.at, b.at, a.left);
}

/* The certificate is the one that the signer has named, and signed with what he said (RFC 5035, 5). */
static uint16_t signer_named(const token *of, bool *named) {
  uint8_t hash[PSD_SHA256_SIZE];
  if (!psd_sha256(of->parts.certificate.at, of->parts.certificate.left, hash))
    return PSD_SW_EXECUTION_ERROR;
  *named = same(of->parts.issuer, of->certificate.issuer) && same(of->parts.serial, of->certificate.serial) &&
           psd_equal(of->parts.certificate_hash.at, hash, sizeof hash);
  return PSD_SW_OK;
}

static bool same_imprint(const psd_imprint *a, const psd_imprint *b) {
  return a->function == b->function && psd_equal(a->digest, b->digest, a->function->size);
}

/* VM 414 to 420. */
static uint16_t judge_postmark(psd_card *card, const token *of, const psd_imprint *message,
                               psd_verdict_reason *reason) {
  uint8_t digest[PSD_SHA256_SIZE];
  bool named;
  *reason = PSD_VERDICT_DIGEST;
  if (!same_imprint(message, &of->info.imprint))
    return PSD_SW_OK;
  *reason = PSD_VERDICT_SIGNATURE;
  uint16_t status = signer_named(of, &named);
  if (status != PSD_SW_OK || !named || !psd_cms_signed_digest(&of->parts, NULL, digest))
    return status;
  status = psd_certificate_verify(card, &of->certificate, of->parts.signed_with, digest, of->parts.signature);
  if (status == PSD_SW_OK)
    *reason = PSD_VERDICT_VALID;
  return status == PSD_SW_VERIFICATION_FAILED ? PSD_SW_OK : status;
}

/* Whatever is found is paid for, and is an answer. */
static uint16_t answer(psd_card *card, psd_service_step *step, const token *of, const psd_imprint *message,
                       psd_buffer *out) {
  size_t start = out->length;
  psd_verdict_reason reason;
  uint16_t status = judge_certificate(card, of, &reason);
  if (status == PSD_SW_OK && reason == PSD_VERDICT_VALID)
    status = judge_postmark(card, of, message, &reason);
  if (status != PSD_SW_OK)
    return status;
  const psd_verdict verdict = {.reason = reason,
                               .time = of->info.time,
                               .number = of->info.number,
                               .certificate = of->readable ? of->certificate.number : 0,
                               .charge = step->price};
  psd_put_message(out, PSD_MESSAGE_VERDICT, &verdict);
  return psd_service_end(card, step, out, start, (psd_piece){NULL, 0});
}

/* The digest in the data, or nothing where HASH has worked it out. False for a function there is not. */
static bool take_digest(psd_cursor *data, uint64_t function, psd_cursor *digest) {
  const psd_digest_row *row = function == 0 ? NULL : psd_digest_of(function);
  if (function != 0 && row == NULL)
    return false;
  size_t size = row == NULL ? 0 : row->size;
  *digest = psd_cursor_over(psd_take(data, size), size);
  return !data->failed;
}

uint16_t psd_handle_validate_postmark(psd_card *card, const psd_request *request, psd_buffer *out) {
  psd_cursor data = psd_cursor_over(request->apdu.data, request->apdu.nc), digest;
  psd_postmark_check check;
  psd_service_step step;
  psd_imprint message;
  token of;
  psd_take_message(&data, PSD_MESSAGE_POSTMARK_CHECK, &check);
  if (!take_digest(&data, check.digest, &digest) || !parse(data, &of))
    return PSD_SW_WRONG_DATA;
  uint16_t status = psd_service_begin(card, request, PSD_SERVICE_VERIFICATION, 0, &step, out);
  if (status == PSD_SW_OK && !step.again) {
    status = psd_imprint_take(card, request, check.digest, &digest, &message);
    if (status == PSD_SW_OK)
      status = answer(card, &step, &of, &message, out);
  }
  return status;
}
