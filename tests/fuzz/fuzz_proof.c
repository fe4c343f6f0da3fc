/* Objects of the certificate meter from anybody: whatever they are, they are taken whole or refused with a reason, and
 * nothing holds that nobody trusted has signed.
 *
 * Input: one byte that says what it is, then the object. */
#include <string.h>

#include "fuzz.h"
#include "psd/proof/proof.h"

enum {
  POSTMARK,
  SIGNATURE,
  PAYMENT,
  CREDIT,
  REQUEST,
  COMMAND,
  CONFIRMATION,
  CREDIT_REQUEST,
  CERTIFICATE,
  PKCS10,
  KINDS
};

static psd_trust *trust;

static void forget(void) {
  psd_trust_free(trust);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  trust = psd_trust_new();
  FUZZ_ASSERT(trust != NULL && atexit(forget) == 0);
  return 0;
}

static psd_proof_result check(unsigned kind, psd_proof_bytes object, char *why) {
  static const uint8_t digest[32];
  psd_proof_postmark postmark;
  psd_proof_signature signature;
  psd_proof_payment payment;
  psd_proof_credit credit;
  psd_proof_revocation revocation;
  switch (kind) {
  case POSTMARK:
    if (psd_proof_read_postmark(object, &postmark, why) != PSD_PROOF_HOLDS)
      return PSD_PROOF_UNREADABLE;
    FUZZ_ASSERT(psd_digest_of(postmark.digest) != NULL);
    return psd_proof_check_postmark(trust, object, digest, sizeof digest, 0, &postmark, why);
  case SIGNATURE:
    return psd_proof_check_signature(trust, object, digest, 0, &signature, why);
  case PAYMENT:
    return psd_proof_check_payment(trust, object, NULL, 0, &payment, why);
  case CREDIT:
    return psd_proof_check_credit(trust, object, 0, &credit, why);
  case REQUEST:
    return psd_proof_check_request(object, object, &revocation, why);
  case COMMAND:
    return psd_proof_check_command(object, object, &revocation, why);
  default:
    return psd_proof_check_confirmation(trust, object, &revocation, why);
  }
}

/* What was read is written the same, but for the nonce. */
static void check_credit_request(psd_proof_bytes object) {
  psd_proof_credit_request request;
  uint8_t again[256];
  psd_buffer out = psd_buffer_over(again, sizeof again);
  if (!psd_proof_read_credit_request(object, &request))
    return;
  FUZZ_ASSERT(object.length > 8 && psd_proof_put_credit_request(&request, object.data + object.length - 8, &out));
  FUZZ_ASSERT(out.length == object.length && memcmp(again, object.data, out.length) == 0);
}

static void check_names(const psd_proof_signer *signer) {
  FUZZ_ASSERT(memchr(signer->name, 0, sizeof signer->name) != NULL);
  FUZZ_ASSERT(memchr(signer->common_name, 0, sizeof signer->common_name) != NULL);
  FUZZ_ASSERT(memchr(signer->organization, 0, sizeof signer->organization) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char why[PSD_PROOF_WHY_MAX] = "";
  psd_proof_signer signer;
  psd_cursor input = psd_cursor_over(data, size);
  unsigned kind = fuzz_u8(&input) % KINDS;
  size_t length;
  uint8_t *bytes = fuzz_take(&input, input.left, &length);
  psd_proof_bytes object = {bytes, length};
  if (kind == CREDIT_REQUEST)
    check_credit_request(object);
  else if (kind == CERTIFICATE && psd_proof_read_certificate(object, &signer))
    check_names(&signer);
  else if (kind == PKCS10 && psd_proof_read_request(object, &signer, why))
    check_names(&signer);
  else if (kind < CREDIT_REQUEST)
    FUZZ_ASSERT(check(kind, object, why) != PSD_PROOF_HOLDS && why[0] != '\0' && memchr(why, 0, sizeof why) != NULL);
  free(bytes);
  return 0;
}
