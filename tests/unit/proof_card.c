/* What the card in this process makes, as the library that checks it has it: payments, revocations, signatures. */
#include <string.h>

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
  services_bytes command =
      services_make_command(&s, &(services_command){.certificate = said.certificate, .reason = PSD_REASON_SUPERSEDED});
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
      {"602, 624: request and confirmation of the card", revocations},
      {"all is given back", end},
  };
  return psd_check_run("proof, of the card", tests, PSD_CHECK_COUNT(tests));
}
