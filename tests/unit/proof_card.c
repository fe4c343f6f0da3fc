/* What the card in this process makes, as the library that checks it has it: payments, revocations, signatures. */
#include <openssl/cms.h>
#include <openssl/sha.h>
#include <string.h>

#include "certificate/cms.h"
#include "certificate/der.h"
#include "check.h"
#include "psd/proof/proof.h"
#include "services_look.h"

static services s;
static psd_trust *trust;
static char why[PSD_PROOF_WHY_MAX];

static void add(X509 *certificate, bool (*to)(psd_trust *trust, psd_proof_bytes der)) {
  uint8_t *der = NULL;
  int length = i2d_X509(certificate, &der);
  CU_ASSERT_FATAL(length > 0 && to(trust, (psd_proof_bytes){der, (size_t)length}));
  OPENSSL_free(der);
}

static void begin(void) {
  services_begin(&s);
  trust = psd_trust_new();
  add(s.a.certificate, psd_trust_add_root_der);
  add(s.creditor_certificate, psd_trust_add_root_der);
}

static psd_proof_bytes answer(void) {
  static services_bytes kept;
  kept = services_keep(&s);
  return (psd_proof_bytes){kept.data, kept.length};
}

static void signatures(void) {
  psd_proof_signature signature;
  uint8_t digest[32];
  memset(digest, 7, sizeof digest);
  CU_ASSERT_EQUAL_FATAL(services_sign(&s, SERVICES_USER, true, PSD_DIGEST_SHA256, digest), PSD_SW_OK);
  why[0] = '\0';
  CU_ASSERT_EQUAL(psd_proof_check_signature(trust, answer(), digest, 0, &signature, why), PSD_PROOF_HOLDS);
  CU_ASSERT_STRING_EQUAL(why, "");
  CU_ASSERT(signature.metered && signature.charge == SERVICES_SIGNING);
  CU_ASSERT_EQUAL(signature.time, s.a.r->seconds);
}

static void payments(void) {
  psd_proof_payment payment;
  services_bytes line = services_make_credit(&s, &(services_credit){.slot = SERVICES_USER});
  why[0] = '\0';
  CU_ASSERT_EQUAL_FATAL(services_accept(&s, SERVICES_USER, services_piece(&line)), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_proof_check_payment(trust, answer(), NULL, s.a.r->seconds, &payment, why), PSD_PROOF_HOLDS);
  CU_ASSERT_STRING_EQUAL(why, "");
  CU_ASSERT(payment.sequence == 0 && payment.remaining == SERVICES_LINE);
  CU_ASSERT_EQUAL_FATAL(services_pay(&s, SERVICES_USER, 2500, 0, "Baker"), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_proof_check_payment(trust, answer(), "Baker", s.a.r->seconds, &payment, why), PSD_PROOF_HOLDS);
  CU_ASSERT_STRING_EQUAL(why, "");
  CU_ASSERT(payment.sequence == 1 && payment.amount == 2500 && payment.remaining == SERVICES_LINE - 2500);
}

/* ContentInfo of a Payment with this content, the attributes and signature of `signature`, and issuer, serial number
 * and certificate of `payment`. */
static services_bytes join(const psd_cms_parts *payment, psd_piece content, const psd_cms_parts *signature) {
  services_bytes made;
  psd_buffer out = psd_buffer_over(made.data, sizeof made.data);
  size_t info = psd_open_tlv(&out, PSD_DER_SEQUENCE);
  psd_der_put_oid(&out, PSD_OID_SIGNED_DATA);
  size_t explicit = psd_open_tlv(&out, 0xA0), data = psd_open_tlv(&out, PSD_DER_SEQUENCE);
  psd_der_put_number(&out, 3);
  size_t digests = psd_open_tlv(&out, PSD_DER_SET);
  psd_der_put_algorithm(&out, PSD_OID_SHA256, false);
  psd_close_tlv(&out, digests);
  size_t encapsulated = psd_open_tlv(&out, PSD_DER_SEQUENCE);
  psd_der_put_oid(&out, PSD_OID_PAYMENT);
  size_t octets = psd_open_tlv(&out, 0xA0);
  psd_put_tlv(&out, PSD_DER_OCTET_STRING, content.data, content.length);
  psd_close_tlv(&out, octets);
  psd_close_tlv(&out, encapsulated);
  psd_put_tlv(&out, 0xA0, payment->certificate.at, payment->certificate.left);
  size_t signers = psd_open_tlv(&out, PSD_DER_SET), signer = psd_open_tlv(&out, PSD_DER_SEQUENCE);
  psd_der_put_number(&out, 1);
  size_t named = psd_open_tlv(&out, PSD_DER_SEQUENCE);
  psd_put(&out, payment->issuer.at, payment->issuer.left);
  psd_put(&out, payment->serial.at, payment->serial.left);
  psd_close_tlv(&out, named);
  psd_der_put_algorithm(&out, PSD_OID_SHA256, false);
  psd_put_tlv(&out, 0xA0, signature->attributes.at, signature->attributes.left);
  psd_der_put_algorithm(&out, PSD_OID_ECDSA_SHA256, false);
  psd_put_tlv(&out, PSD_DER_OCTET_STRING, signature->signature.at, signature->signature.left);
  psd_close_tlv(&out, signer);
  psd_close_tlv(&out, signers);
  psd_close_tlv(&out, data);
  psd_close_tlv(&out, explicit);
  psd_close_tlv(&out, info);
  made.length = out.length;
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return made;
}

static psd_cms_parts parts_of(const services_bytes *bytes) {
  psd_cms_parts parts;
  CU_ASSERT_TRUE_FATAL(psd_cms_parse(psd_cursor_over(bytes->data, bytes->length), &parts));
  return parts;
}

/* Attack: SIGN MESSAGE, with the same key, over a payment that the card has never made. OpenSSL's own verification
 * compares the content type with nothing. */
static void a_signature_is_no_payment(void) {
  psd_proof_payment said;
  uint8_t content[1024], digest[32];
  services_bytes line = services_make_credit(&s, &(services_credit){.slot = SERVICES_USER});
  CU_ASSERT_EQUAL_FATAL(services_accept(&s, SERVICES_USER, services_piece(&line)), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(services_pay(&s, SERVICES_USER, 2500, 0, "Baker"), PSD_SW_OK);
  const services_bytes paid = services_keep(&s);
  const psd_cms_parts payment = parts_of(&paid);
  CU_ASSERT_FATAL(payment.content.left <= sizeof content);
  memcpy(content, payment.content.at, payment.content.left);
  size_t payee = 0;
  while (payee + 5 < payment.content.left && memcmp(content + payee, "Baker", 5) != 0)
    payee++;
  content[payee] = 'M';
  (void)SHA256(content, payment.content.left, digest);
  CU_ASSERT_EQUAL_FATAL(services_sign(&s, SERVICES_USER, false, PSD_DIGEST_SHA256, digest), PSD_SW_OK);
  const services_bytes signature = services_keep(&s);
  const psd_cms_parts parts = parts_of(&signature);
  const services_bytes forged = join(&payment, (psd_piece){content, payment.content.left}, &parts);
  const uint8_t *at = forged.data;
  CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)forged.length);
  CU_ASSERT_EQUAL(CMS_verify(cms, NULL, NULL, NULL, NULL, CMS_NO_SIGNER_CERT_VERIFY), 1);
  CMS_ContentInfo_free(cms);
  CU_ASSERT_EQUAL(psd_proof_check_payment(trust, (psd_proof_bytes){forged.data, forged.length}, "Maker", s.a.r->seconds,
                                          &said, why),
                  PSD_PROOF_UNREADABLE);
}

static void revocations(void) {
  psd_proof_revocation said;
  uint8_t *der = NULL;
  X509 *holder = authority_installed(&s.a, SERVICES_USER);
  int length = i2d_X509(holder, &der);
  why[0] = '\0';
  CU_ASSERT_EQUAL_FATAL(services_ask_revocation(&s, SERVICES_USER, PSD_REASON_SUPERSEDED), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_proof_check_request(answer(), (psd_proof_bytes){der, (size_t)length}, &said, why),
                  PSD_PROOF_HOLDS);
  CU_ASSERT_STRING_EQUAL(why, "");
  const services_command wanted = {.certificate = said.certificate, .reason = PSD_REASON_SUPERSEDED};
  services_bytes command = services_make_command(&s, &wanted);
  CU_ASSERT_EQUAL_FATAL(services_revoke(&s, services_piece(&command)), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_proof_check_confirmation(trust, answer(), &said, why), PSD_PROOF_HOLDS);
  CU_ASSERT_STRING_EQUAL(why, "");
  CU_ASSERT(said.confirmed == PSD_CONFIRMED_PAID && said.amount == SERVICES_REVOKING);
  OPENSSL_free(der);
  X509_free(holder);
}

static void end(void) {
  psd_trust_free(trust);
  services_end(&s);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a card, its authority and a creditor", begin},
      {"a message that the card has signed", signatures},
      {"812, 910: payments of the card", payments},
      {"a signature of a message that looks like a payment", a_signature_is_no_payment},
      {"602, 624: request and confirmation of the card", revocations},
      {"all is given back", end},
  };
  return psd_check_run("proof, of the card", tests, PSD_CHECK_COUNT(tests));
}
