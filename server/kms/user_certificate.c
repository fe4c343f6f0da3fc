/* Certificates of the certificate meter: of users, agents, lines of credit, OCSP responders (docs/certificates.md,
 * "Certificates"). */
#include <stdio.h>

#include "kms/certificate_internal.h"

static void put_issuer(psd_x509 *made, const psd_kms_key *key, char words[PSD_KMS_NAME_MAX]) {
  made->issuer = psd_kms_authority_name(key, words);
  made->issuer_point = key->point;
  made->issuer_key = key->identifier;
}

static void put_holder(psd_x509 *made, const psd_x509_holder *holder) {
  made->subject_der = (psd_part){holder->subject, holder->subject_length};
  made->key = (psd_part){holder->key, holder->key_length};
}

/* What the key of a slot is for says what its certificate allows. */
static void put_purpose(psd_x509 *made, psd_purpose purpose) {
  made->usage = PSD_X509_SIGNS | PSD_X509_STANDS;
  if (purpose == PSD_PURPOSE_POSTMARK) {
    made->purposes = PSD_X509_STAMPS;
  } else if (purpose == PSD_PURPOSE_AGENT) {
    made->authority = made->limited = made->constrained = true;
    made->usage = PSD_X509_CERTIFIES | PSD_X509_LISTS;
  } else {
    made->purposes = PSD_X509_MAIL | PSD_X509_CLIENT;
  }
}

bool psd_kms_user_certificate(const psd_kms_key *ca, const psd_kms_user *user, uint8_t der[PSD_X509_MAX],
                              size_t *length) {
  char issuer[PSD_KMS_NAME_MAX];
  uint8_t policy[PSD_KMS_POLICY_MAX];
  psd_buffer out = psd_buffer_over(policy, sizeof policy);
  const psd_kms_metering wish = {
      .device = user->device, .zip = user->zip, .licence = user->licence, .purpose = user->purpose};
  psd_x509 made = {.serial = user->number, .from = user->validity.from, .until = user->validity.until};
  put_issuer(&made, ca, issuer);
  put_holder(&made, user->holder);
  put_purpose(&made, user->purpose);
  made.address = user->address;
  made.private = PSD_KMS_METERING_POLICY;
  made.content = psd_kms_put_metering(&out, &wish);
  return psd_x509_make(&made, ca->pair, der, length);
}

bool psd_kms_responder_certificate(const psd_kms_key *ca, const psd_kms_responder *wanted, uint8_t der[PSD_X509_MAX],
                                   size_t *length) {
  char issuer[PSD_KMS_NAME_MAX], subject[PSD_KMS_NAME_MAX];
  (void)snprintf(subject, sizeof subject, "SPECIMEN OCSP %lu", (unsigned long)ca->identifier);
  psd_x509 made = {.serial = wanted->number, .subject = {.common_name = subject}, .purposes = PSD_X509_ANSWERS};
  put_issuer(&made, ca, issuer);
  made.from = wanted->from;
  made.until = wanted->until;
  made.point = wanted->point;
  return psd_x509_make(&made, ca->pair, der, length);
}

bool psd_kms_credit_certificate(const psd_kms_key *creditor, const psd_kms_line *line, uint8_t der[PSD_X509_MAX],
                                size_t *length) {
  char issuer[PSD_KMS_NAME_MAX];
  psd_x509 made = {.serial = line->number, .from = line->validity.from, .until = line->validity.until};
  put_issuer(&made, creditor, issuer);
  put_holder(&made, line->holder);
  made.purposes = PSD_X509_PAYMENTS;
  made.private = psd_oids[PSD_OID_CREDIT_LINE].dotted;
  made.content = line->line;
  return psd_x509_make(&made, creditor->pair, der, length);
}
