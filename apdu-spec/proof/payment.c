/* Lines of credit and payments from them (VM figures 7 to 9). */
#include "internal.h"

#include <string.h>

static psd_proof_result credit_of(const psd_trust *trust, X509 *certificate, uint64_t time, psd_proof_credit *credit,
                                  char why[PSD_PROOF_WHY_MAX]) {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  uint64_t purpose;
  bool there;
  memset(credit, 0, sizeof *credit);
  if (!psd_proof_signer_of(certificate, &credit->holder, &purpose) ||
      !psd_proof_line_of(certificate, credit, device, &there))
    return psd_proof_say(why, PSD_PROOF_CERTIFICATE, "its certificate cannot be read");
  if (!there)
    return psd_proof_say(why, PSD_PROOF_CERTIFICATE, "its certificate is no line of credit");
  return psd_proof_chain(trust, certificate, PSD_PROOF_FOR_PAYMENT, time, why);
}

/* The hash of the certificate, whole. */
static bool hash_of(X509 *certificate, uint8_t hash[32]) {
  unsigned char *der = NULL;
  int length = i2d_X509(certificate, &der);
  bool done = length > 0 && psd_proof_sha256((psd_proof_bytes){der, (size_t)length}, hash);
  OPENSSL_free(der);
  return done;
}

psd_proof_result psd_proof_check_credit(const psd_trust *trust, psd_proof_bytes der, uint64_t time,
                                        psd_proof_credit *credit, char why[PSD_PROOF_WHY_MAX]) {
  memset(credit, 0, sizeof *credit);
  X509 *certificate = psd_proof_x509(der);
  if (certificate == NULL)
    return psd_proof_say(why, PSD_PROOF_UNREADABLE, "it is no certificate");
  psd_proof_result result = credit_of(trust, certificate, time, credit, why);
  if (result == PSD_PROOF_HOLDS && !hash_of(certificate, credit->hash))
    result = psd_proof_say(why, PSD_PROOF_FAILED, "out of memory");
  X509_free(certificate);
  return result;
}

/* What the payment says of the line of credit. */
typedef struct claim {
  uint8_t credit[32];
  uint64_t certificate;
  X509_NAME *holder;
} claim;

/* Payment 0 is the one that opens the line (812). */
static bool is_initial(const psd_proof_payment *payment) {
  static const uint8_t none[32];
  return payment->amount == 0 && payment->payee[0] == '\0' && payment->remaining == payment->credit.amount &&
         memcmp(payment->previous, none, sizeof none) == 0;
}

static bool amounts_fit(const psd_proof_payment *payment) {
  if (payment->sequence == 0)
    return is_initial(payment);
  return payment->amount > 0 && payment->payee[0] != '\0' && payment->amount <= payment->credit.amount &&
         payment->remaining <= payment->credit.amount - payment->amount;
}

static psd_proof_result check_line(const psd_proof_payment *payment, const claim *said, const X509 *certificate,
                                   char why[PSD_PROOF_WHY_MAX]) {
  if (CRYPTO_memcmp(said->credit, payment->credit.hash, sizeof said->credit) != 0 ||
      said->certificate != payment->credit.certificate ||
      memcmp(payment->device, payment->credit.holder.device, sizeof payment->device) != 0 ||
      X509_NAME_cmp(said->holder, X509_get_subject_name(certificate)) != 0)
    return psd_proof_say(why, PSD_PROOF_TERMS, "it is from another line of credit than its certificate's");
  if (!amounts_fit(payment))
    return psd_proof_say(why, PSD_PROOF_TERMS, "its amounts do not fit the line of credit");
  return PSD_PROOF_HOLDS;
}

static psd_proof_result check_terms(const psd_proof_payment *payment, const char *payee, uint64_t time,
                                    char why[PSD_PROOF_WHY_MAX]) {
  if (payee != NULL && (payment->sequence == 0 || strcmp(payee, payment->payee) != 0))
    return psd_proof_say(why, PSD_PROOF_TERMS, "it is for another payee");
  if (payment->expiry < time)
    return psd_proof_say(why, PSD_PROOF_TERMS, "it has expired");
  if (payment->expiry < payment->time || payment->expiry > payment->credit.holder.until)
    return psd_proof_say(why, PSD_PROOF_TERMS, "its expiry is not within the line of credit");
  return PSD_PROOF_HOLDS;
}

static psd_proof_result check_signed(const psd_trust *trust, const psd_proof_signed *data, X509 *certificate,
                                     psd_proof_payment *payment, char why[PSD_PROOF_WHY_MAX]) {
  uint8_t hash[32];
  psd_proof_result result = credit_of(trust, certificate, payment->time, &payment->credit, why);
  if (result != PSD_PROOF_HOLDS)
    return result;
  if (!psd_proof_sha256(psd_proof_signed_content(data), hash) || !hash_of(certificate, payment->credit.hash))
    return psd_proof_say(why, PSD_PROOF_FAILED, "out of memory");
  if (!psd_proof_signed_fits(data, hash) || !psd_proof_signed_holds(data, certificate))
    return psd_proof_say(why, PSD_PROOF_SIGNATURE, "its signature does not hold");
  return PSD_PROOF_HOLDS;
}

/* SignedData with the line of credit enclosed and everything signed. */
static psd_proof_signed *read_payment(psd_proof_bytes cms, psd_proof_payment *payment, claim *said) {
  psd_proof_signed *data = psd_proof_signed_read(cms, PSD_OID_PAYMENT);
  if (data != NULL && !psd_proof_signed_bare(data) && psd_proof_signed_certificate(data) != NULL &&
      psd_proof_signed_attribute(data, PSD_OID_SIGNING_CERTIFICATE) != NULL &&
      psd_proof_payment_in(psd_proof_signed_content(data), payment, said->credit, &said->certificate, &said->holder) &&
      psd_proof_sha256(cms, payment->hash))
    return data;
  X509_NAME_free(said->holder);
  psd_proof_signed_free(data);
  return NULL;
}

psd_proof_result psd_proof_check_payment(const psd_trust *trust, psd_proof_bytes cms, const char *payee, uint64_t time,
                                         psd_proof_payment *payment, char why[PSD_PROOF_WHY_MAX]) {
  claim said = {.holder = NULL};
  memset(payment, 0, sizeof *payment);
  psd_proof_signed *data = read_payment(cms, payment, &said);
  if (data == NULL)
    return psd_proof_say(why, PSD_PROOF_UNREADABLE, "it is no payment certificate");
  X509 *certificate = psd_proof_signed_certificate(data);
  psd_proof_result result = check_signed(trust, data, certificate, payment, why);
  if (result == PSD_PROOF_HOLDS)
    result = check_line(payment, &said, certificate, why);
  if (result == PSD_PROOF_HOLDS)
    result = check_terms(payment, payee, time, why);
  X509_NAME_free(said.holder);
  psd_proof_signed_free(data);
  return result;
}
