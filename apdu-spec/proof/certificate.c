/* What a certificate says, and a certificate request. */
#include "internal.h"

#include <openssl/x509.h>
#include <string.h>

#include "psd/spec/chars.h"

X509 *psd_proof_x509(psd_proof_bytes der) {
  return psd_proof_parse(der, ASN1_ITEM_rptr(X509));
}

void *psd_proof_extension(const X509 *certificate, psd_oid_id oid, const ASN1_ITEM *item, bool *there) {
  X509_EXTENSION *found = NULL;
  int count = 0;
  for (int i = 0; i < X509_get_ext_count(certificate); i++) {
    X509_EXTENSION *extension = X509_get_ext(certificate, i);
    if (psd_proof_is(X509_EXTENSION_get_object(extension), oid)) {
      found = extension;
      count++;
    }
  }
  *there = count > 0;
  return count == 1 ? psd_proof_parse(psd_proof_bytes_of(X509_EXTENSION_get_data(found)), item) : NULL;
}

bool psd_proof_is_metered(const X509 *certificate) {
  psd_proof_policy policy;
  bool there;
  return !psd_proof_policy_of(certificate, &policy, &there) || there;
}

/* Cut between characters. */
static size_t cut(const char *text, size_t length, size_t most) {
  size_t at = 0;
  while (at < length) {
    size_t next = psd_utf8_length((const uint8_t *)text + at, length - at);
    if (next == 0)
      next = 1;
    if (at + next > most)
      break;
    at += next;
  }
  return at;
}

/* RFC 2253, as OpenSSL prints it, but letters outside ASCII stay readable. */
static bool print_name(const X509_NAME *subject, char *out, size_t capacity) {
  BIO *text = BIO_new(BIO_s_mem());
  char *at = NULL;
  bool done = text != NULL && X509_NAME_print_ex(text, subject, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0;
  long length = done ? BIO_get_mem_data(text, &at) : 0;
  size_t kept = length > 0 ? cut(at, (size_t)length, capacity - 1) : 0;
  if (kept > 0)
    memcpy(out, at, kept);
  out[kept] = '\0';
  BIO_free(text);
  return done;
}

/* The one entry of a kind; empty if there is none, or several, or it does not fit. */
static bool entry_of(const X509_NAME *subject, int nid, char out[PSD_NAME_MAX + 1]) {
  out[0] = '\0';
  int at = X509_NAME_get_index_by_NID(subject, nid, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(subject, nid, at) >= 0)
    return false;
  unsigned char *text = NULL;
  int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  ASN1_UTF8STRING *string = ASN1_UTF8STRING_new();
  bool done = length > 0 && string != NULL && ASN1_STRING_set(string, text, length) == 1 &&
              psd_proof_text_in(string, 1, out, PSD_NAME_MAX + 1);
  ASN1_UTF8STRING_free(string);
  OPENSSL_free(text);
  return done;
}

static bool subject_of(const X509_NAME *subject, psd_proof_signer *signer) {
  entry_of(subject, NID_organizationName, signer->organization);
  entry_of(subject, NID_commonName, signer->common_name);
  return print_name(subject, signer->name, sizeof signer->name);
}

/* MeteringPolicy or CreditLine. */
static bool device_of(const X509 *certificate, psd_proof_signer *signer, uint64_t *purpose) {
  psd_proof_policy policy;
  psd_proof_credit credit;
  bool metered, lent;
  if (!psd_proof_policy_of(certificate, &policy, &metered) ||
      !psd_proof_line_of(certificate, &credit, signer->device, &lent))
    return false;
  if (metered)
    memcpy(signer->device, policy.device, sizeof signer->device);
  signer->metered = metered || lent;
  *purpose = policy.purpose;
  return true;
}

bool psd_proof_signer_of(X509 *certificate, psd_proof_signer *signer, uint64_t *purpose) {
  memset(signer, 0, sizeof *signer);
  *purpose = 0;
  if (ASN1_INTEGER_get_uint64(&signer->number, X509_get0_serialNumber(certificate)) != 1)
    signer->number = 0;
  return subject_of(X509_get_subject_name(certificate), signer) &&
         psd_proof_x509_time(X509_get0_notBefore(certificate), &signer->from) &&
         psd_proof_x509_time(X509_get0_notAfter(certificate), &signer->until) &&
         device_of(certificate, signer, purpose);
}

bool psd_proof_read_certificate(psd_proof_bytes der, psd_proof_signer *signer) {
  uint64_t purpose;
  X509 *certificate = psd_proof_x509(der);
  bool done = certificate != NULL && psd_proof_signer_of(certificate, signer, &purpose);
  X509_free(certificate);
  return done;
}

/* { O if there is one, CN }, and nothing else. */
static bool is_plain_name(const X509_NAME *subject, psd_proof_signer *signer) {
  bool common = entry_of(subject, NID_commonName, signer->common_name);
  bool organization = entry_of(subject, NID_organizationName, signer->organization);
  return common && X509_NAME_entry_count(subject) == (organization ? 2 : 1);
}

/* Says why not, in one line; NULL for a request that is in order. */
static const char *trouble_of(X509_REQ *request, psd_proof_signer *subject) {
  EVP_PKEY *key = X509_REQ_get0_pubkey(request);
  if (!is_plain_name(X509_REQ_get_subject_name(request), subject) ||
      !print_name(X509_REQ_get_subject_name(request), subject->name, sizeof subject->name))
    return "its subject is not a name of 1 to 64 bytes, with an organization or without";
  if (X509_REQ_get_attr_count(request) != 0)
    return "it asks for more than a name";
  return key != NULL && X509_REQ_verify(request, key) == 1 ? NULL : "it is not signed with the key that is in it";
}

bool psd_proof_read_request(psd_proof_bytes der, psd_proof_signer *subject, char why[PSD_PROOF_WHY_MAX]) {
  memset(subject, 0, sizeof *subject);
  X509_REQ *request = psd_proof_parse(der, ASN1_ITEM_rptr(X509_REQ));
  const char *trouble = request != NULL ? trouble_of(request, subject) : "it is no certificate request";
  X509_REQ_free(request);
  if (trouble != NULL)
    psd_proof_say(why, PSD_PROOF_UNREADABLE, "%s", trouble);
  return trouble == NULL;
}
