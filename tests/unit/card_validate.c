/* VALIDATE POSTMARK (VM figure 4): each of its decisions, both ways, and every byte of a token. */
#include "certificate/slot.h"
#include "check.h"
#include "services_look.h"

#include <openssl/sha.h>
#include <string.h>

static const char message[] = "The quick brown fox jumps over the lazy dog.";
#define LENGTH (sizeof message - 1)

static services s;
static uint8_t digest[PSD_SHA256_SIZE];
static services_bytes token;

static void make(uint8_t slot, bool enclosed) {
  const psd_piece no_nonce = {NULL, 0};
  CU_ASSERT_EQUAL_FATAL(services_stamp(&s, slot, enclosed, PSD_DIGEST_SHA256, digest, no_nonce), PSD_SW_OK);
  token = services_keep(&s);
}

static void begin(void) {
  (void)SHA256((const uint8_t *)message, LENGTH, digest);
  services_begin(&s);
  make(SERVICES_POSTMARK, true);
}

static uint16_t validate(const services_bytes *of) {
  return services_validate(&s, PSD_DIGEST_SHA256, digest, services_piece(of));
}

/* Paid, whatever is found (408). */
static void found(const services_bytes *of, psd_verdict_reason reason) {
  const psd_core before = s.r->card->core;
  CU_ASSERT_EQUAL_FATAL(validate(of), PSD_SW_OK);
  const psd_verdict verdict = services_verdict(&s);
  CU_ASSERT_EQUAL(verdict.reason, reason);
  CU_ASSERT_EQUAL(verdict.charge, SERVICES_VERIFYING);
  const psd_core *after = &s.r->card->core;
  CU_ASSERT_EQUAL(after->certificate.descending, before.certificate.descending - SERVICES_VERIFYING);
  CU_ASSERT_EQUAL(after->certificate.piece_count, before.certificate.piece_count + 1);
}

static void refused(const services_bytes *of, uint16_t status) {
  const services_mark mark = services_look(&s);
  CU_ASSERT_EQUAL(validate(of), status);
  CU_ASSERT_TRUE(s.r->length == 0 && services_untouched(&s, &mark));
}

/* 420, and what the answer says besides. */
static void valid_420(void) {
  begin();
  services_add_rsa(&s);
  found(&token, PSD_VERDICT_VALID);
  const psd_verdict verdict = services_verdict(&s);
  CU_ASSERT_EQUAL(verdict.time, s.r->seconds);
  CU_ASSERT_EQUAL(verdict.number, 1);
  CU_ASSERT_EQUAL(verdict.certificate, services_slot(&s, SERVICES_POSTMARK).certificate);
  make(SERVICES_RSA_POSTMARK, true);
  found(&token, PSD_VERDICT_VALID);
  CU_ASSERT_EQUAL_FATAL(services_hash(&s, message, LENGTH), PSD_SW_OK);
  CU_ASSERT_EQUAL(services_validate(&s, 0, NULL, services_piece(&token)), PSD_SW_OK);
  CU_ASSERT_EQUAL(services_verdict(&s).reason, PSD_VERDICT_VALID);
  services_end(&s);
}

/* 404: funds suffice to the mill, or (406) nothing is looked at. */
static void funds_404(void) {
  begin();
  authority_funds(&s.a, SERVICES_VERIFYING - 1);
  refused(&token, PSD_SW_CONDITIONS);
  authority_funds(&s.a, SERVICES_VERIFYING);
  found(&token, PSD_VERDICT_VALID);
  refused(&token, PSD_SW_CONDITIONS);
  services_end(&s);
}

static void other_authority(const authority *other) {
  uint8_t encoded[PSD_SIZE_PUBLIC_KEY];
  psd_public_key key = {.identifier = 11};
  size_t length = 0;
  CU_ASSERT_FATAL(
      EVP_PKEY_get_octet_string_param(other->key, "encoded-pub-key", key.point, sizeof key.point, &length) == 1);
  psd_buffer out = psd_buffer_over(encoded, sizeof encoded);
  psd_put_message(&out, PSD_MESSAGE_PUBLIC_KEY, &key);
  rig_put_object(s.r, PSD_OBJECT_CA_KEY, encoded, sizeof encoded);
}

/* 410: issued by the authority that the card knows, or (412) not. */
static void certificate_410(void) {
  begin();
  found(&token, PSD_VERDICT_VALID);
  authority other = {.key = EVP_EC_gen("P-256")};
  other_authority(&other);
  found(&token, PSD_VERDICT_CERTIFICATE);
  other_authority(&s.a);
  found(&token, PSD_VERDICT_VALID);
  EVP_PKEY_free(other.key);
  services_end(&s);
}

/* A card that knows no authority cannot say anything, and takes nothing for it. */
static void no_authority(void) {
  begin();
  const psd_store_put gone = {.record = PSD_RECORD_OBJECT + PSD_OBJECT_CA_KEY};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&s.r->card->store, &gone, 1), PSD_STORE_OK);
  refused(&token, PSD_SW_REFERENCE_NOT_FOUND);
  services_end(&s);
}

/* A slot whose certificate was granted with a fault, and which stamps all the same: its record says that it may. */
static void activate_faulty(uint8_t number, const authority_fault *fault, psd_purpose purpose) {
  uint8_t grant[AUTHORITY_ANSWER_MAX];
  psd_certificate_request head;
  const authority_wish wish = {.slot = number, .purpose = purpose};
  CU_ASSERT_EQUAL_FATAL(authority_ask(&s.a, &wish), PSD_SW_OK);
  X509_REQ *request = authority_open(&s.a, s.r->response, s.r->length, &head);
  CU_ASSERT_PTR_NOT_NULL_FATAL(request);
  X509 *certificate = authority_certify(&s.a, &head, request, fault);
  uint8_t *at = grant;
  int length = i2d_X509(certificate, &at);
  CU_ASSERT_FATAL(length > 0);
  const psd_store_put put = {
      .record = psd_slot_record_of(PSD_SLOT_CERTIFICATE, number), .length = (uint16_t)length, .value = grant};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&s.r->card->store, &put, 1), PSD_STORE_OK);
  psd_slot slot = services_slot(&s, number);
  slot.state = PSD_SLOT_ACTIVE;
  slot.purpose = PSD_PURPOSE_POSTMARK;
  slot.from = s.r->seconds - 1000;
  slot.until = s.r->seconds + 1000;
  services_put_slot(&s, &slot);
  X509_free(certificate);
  X509_REQ_free(request);
}

/* 410, the rest of the certificate: not valid at the time of the postmark, not for postmarks. */
static void terms_410(void) {
  begin();
  const int64_t days = (int64_t)AUTHORITY_DAYS * 86400;
  activate_faulty(5, &(authority_fault){.until = 86400 - days - 1}, PSD_PURPOSE_POSTMARK);
  make(5, true);
  found(&token, PSD_VERDICT_EXPIRED);
  activate_faulty(6, &(authority_fault){.from = 86400 + 1}, PSD_PURPOSE_POSTMARK);
  make(6, true);
  found(&token, PSD_VERDICT_EXPIRED);
  activate_faulty(7, &(authority_fault){.number = 0}, PSD_PURPOSE_USER);
  make(7, true);
  found(&token, PSD_VERDICT_PURPOSE);
  activate_faulty(8, &(authority_fault){.stamps_uncritical = true}, PSD_PURPOSE_POSTMARK);
  make(8, true);
  found(&token, PSD_VERDICT_PURPOSE);
  services_end(&s);
}

/* 410: the card knows which of its own certificates are revoked, and since when. */
static void revoked_410(void) {
  begin();
  psd_slot slot = services_slot(&s, SERVICES_POSTMARK);
  slot.state = PSD_SLOT_REVOKED;
  slot.revoked = s.r->seconds;
  services_put_slot(&s, &slot);
  found(&token, PSD_VERDICT_VALID); /* made before */
  slot.revoked = s.r->seconds - 1;
  services_put_slot(&s, &slot);
  found(&token, PSD_VERDICT_REVOKED);
  slot.certificate++; /* another one */
  services_put_slot(&s, &slot);
  found(&token, PSD_VERDICT_VALID);
  services_end(&s);
}

/* 416: the digest is that of the postmark, or (418) it is of another message. */
static void digest_416(void) {
  uint8_t wide[PSD_DIGEST_MAX] = {0};
  begin();
  found(&token, PSD_VERDICT_VALID);
  digest[31] ^= 1;
  found(&token, PSD_VERDICT_DIGEST);
  memcpy(wide, digest, sizeof digest);
  CU_ASSERT_EQUAL(services_validate(&s, PSD_DIGEST_SHA512, wide, services_piece(&token)), PSD_SW_OK);
  CU_ASSERT_EQUAL(services_verdict(&s).reason, PSD_VERDICT_DIGEST);
  services_end(&s);
}

/* A token whose certificate does not go along. */
static void bare(void) {
  begin();
  make(SERVICES_POSTMARK, false);
  refused(&token, PSD_SW_WRONG_DATA);
  services_end(&s);
}

/* RFC 5035, 5: with another certificate of the same key, as good as the first, it is not what was signed. */
static void substituted(void) {
  begin();
  uint8_t grant[AUTHORITY_ANSWER_MAX];
  const authority_wish wish = {.slot = SERVICES_POSTMARK, .kept = true, .purpose = PSD_PURPOSE_POSTMARK};
  make(SERVICES_POSTMARK, false);
  CU_ASSERT_EQUAL_FATAL(authority_ask(&s.a, &wish), PSD_SW_OK);
  size_t length = authority_answer(&s.a, &(authority_fault){.number = 0}, grant);
  CU_ASSERT_EQUAL_FATAL(authority_install(&s.a, SERVICES_POSTMARK, grant, length), PSD_SW_OK);
  X509 *renewed = authority_installed(&s.a, SERVICES_POSTMARK);
  CMS_ContentInfo *cms = look_cms_of(&token);
  CU_ASSERT_EQUAL_FATAL(CMS_add1_cert(cms, renewed), 1);
  uint8_t *at = token.data;
  token.length = (size_t)i2d_CMS_ContentInfo(cms, &at);
  found(&token, PSD_VERDICT_SIGNATURE);
  make(SERVICES_POSTMARK, true);
  found(&token, PSD_VERDICT_VALID);
  CMS_ContentInfo_free(cms);
  X509_free(renewed);
  services_end(&s);
}

/* No byte is without a meaning: whichever is altered, the token is refused. */
static void altered(void) {
  begin();
  authority_funds(&s.a, UINT64_C(100000000));
  unsigned unreadable = 0, verdicts[PSD_VERDICT_REVOKED + 1] = {0};
  for (size_t i = 0; i < token.length; i++) {
    services_bytes other = token;
    other.data[i] ^= (uint8_t)(1U << i % 8);
    uint16_t status = validate(&other);
    if (status == PSD_SW_WRONG_DATA) {
      unreadable++;
      continue;
    }
    CU_ASSERT_EQUAL_FATAL(status, PSD_SW_OK);
    uint64_t reason = services_verdict(&s).reason;
    CU_ASSERT_FATAL(reason <= PSD_VERDICT_REVOKED);
    if (reason == PSD_VERDICT_VALID)
      (void)fprintf(stderr, "byte %zu of %zu altered, and valid\n", i, token.length);
    verdicts[reason]++;
  }
  CU_ASSERT_EQUAL(verdicts[PSD_VERDICT_VALID], 0);
  CU_ASSERT(unreadable > 0 && verdicts[PSD_VERDICT_CERTIFICATE] > 0 && verdicts[PSD_VERDICT_DIGEST] > 0 &&
            verdicts[PSD_VERDICT_SIGNATURE] > 0);
  services_end(&s);
}

/* Cut off anywhere, or with a byte behind it, it is no token, and costs nothing. */
static void cut_off(void) {
  begin();
  for (size_t length = 1; length < token.length; length += 7) {
    const services_bytes less = {.length = length};
    services_bytes part = less;
    memcpy(part.data, token.data, length);
    refused(&part, PSD_SW_WRONG_DATA);
  }
  services_bytes more = token;
  more.data[more.length++] = 0;
  refused(&more, PSD_SW_WRONG_DATA);
  services_end(&s);
}

/* What the card signs besides is no postmark. */
static void other_types(void) {
  begin();
  CU_ASSERT_EQUAL_FATAL(services_sign(&s, SERVICES_USER, true, PSD_DIGEST_SHA256, digest), PSD_SW_OK);
  services_bytes other = services_keep(&s);
  refused(&other, PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL_FATAL(services_ask_revocation(&s, SERVICES_USER, PSD_REASON_SUPERSEDED), PSD_SW_OK);
  other = services_keep(&s);
  refused(&other, PSD_SW_WRONG_DATA);
  services_end(&s);
}

static void repeated(void) {
  begin();
  found(&token, PSD_VERDICT_VALID);
  const services_bytes first = services_keep(&s);
  const services_mark mark = services_look(&s);
  CU_ASSERT_EQUAL(services_again(&s), PSD_SW_OK);
  CU_ASSERT_TRUE(services_same(&s, &first) && services_untouched(&s, &mark));
  services_end(&s);
}

static void parameters(void) {
  begin();
  const services_mark mark = services_look(&s);
  CU_ASSERT_EQUAL(services_validate(&s, PSD_DIGEST_SHA512 + 1, digest, services_piece(&token)), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(services_validate(&s, 0, NULL, services_piece(&token)), PSD_SW_CONDITIONS); /* HASH was not sent */
  CU_ASSERT_EQUAL(services_validate(&s, PSD_DIGEST_SHA256, digest, (psd_piece){token.data, 0}), PSD_SW_WRONG_DATA);
  CU_ASSERT_TRUE(services_untouched(&s, &mark));
  services_end(&s);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"420: valid, and what the answer says", valid_420},
      {"404, 406: the registers have the price, or nothing is looked at", funds_404},
      {"410, 412: by the authority that the card knows", certificate_410},
      {"a card that knows no authority", no_authority},
      {"410, 412: valid at its time, and for postmarks", terms_410},
      {"410, 412: none of this card's own that is revoked", revoked_410},
      {"416, 418: of this message", digest_416},
      {"a token without its certificate", bare},
      {"RFC 5035: a token with another certificate of the same key", substituted},
      {"418: every byte of a token counts", altered},
      {"a token that is cut off, or goes on", cut_off},
      {"what else the card signs is no postmark", other_types},
      {"the same command again: the same bytes, charged once", repeated},
      {"parameters", parameters},
  };
  return psd_check_run("VALIDATE POSTMARK", tests, PSD_CHECK_COUNT(tests));
}
