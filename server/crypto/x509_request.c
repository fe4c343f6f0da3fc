/* Who a certificate is for: PKCS#10 requests (RFC 2986), as cards make them and no others; and the holder of a
 * certificate that there is. */
#include <limits.h>
#include <openssl/core_names.h>
#include <string.h>

#include "crypto/evp_internal.h"
#include "crypto/x509_internal.h"
#include "psd/spec/chars.h"

#define RSA_BITS 2048

/* One attribute of a subject, alone in its place: it is written in the one way there is (docs/certificates.md). */
static bool check_entry(const X509_NAME *subject, int at, int nid) {
  const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, at);
  const ASN1_STRING *text = entry != NULL ? X509_NAME_ENTRY_get_data(entry) : NULL;
  int length = text != NULL ? ASN1_STRING_length(text) : 0;
  if (length < 1 || (unsigned)length > PSD_NAME_MAX || X509_NAME_ENTRY_set(entry) != at ||
      OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) != nid)
    return false;
  const unsigned char *bytes = ASN1_STRING_get0_data(text);
  int form = ASN1_PRINTABLE_type(bytes, length) == V_ASN1_PRINTABLESTRING ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;
  return ASN1_STRING_type(text) == form && psd_utf8_clean(bytes, (size_t)length);
}

/* { O if any, CN } */
static bool check_subject(const X509_NAME *subject, bool *organization) {
  int count = X509_NAME_entry_count(subject);
  *organization = count == 2;
  if (count == 2)
    return check_entry(subject, 0, NID_organizationName) && check_entry(subject, 1, NID_commonName);
  return count == 1 && check_entry(subject, 0, NID_commonName);
}

static bool is_rsa(const EVP_PKEY *key) {
  BIGNUM *exponent = NULL;
  bool done = EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) == RSA_BITS &&
              EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
              BN_is_word(exponent, PSD_RSA_EXPONENT) == 1;
  BN_free(exponent);
  return done;
}

static bool check_key(const X509_REQ *request, const EVP_PKEY *key, psd_algorithm algorithm) {
  switch (algorithm) {
  case PSD_ALGORITHM_P256:
    return X509_REQ_get_signature_nid(request) == NID_ecdsa_with_SHA256 && EVP_PKEY_is_a(key, "EC") == 1 &&
           EVP_PKEY_parameters_eq(key, psd_evp.curve) == 1;
  case PSD_ALGORITHM_RSA2048:
    return X509_REQ_get_signature_nid(request) == NID_sha256WithRSAEncryption && is_rsa(key);
  case PSD_ALGORITHMS:
  default:
    return false;
  }
}

static bool put_subject(X509_NAME *name, psd_x509_holder *holder) {
  uint8_t *at = holder->subject;
  int size = i2d_X509_NAME(name, NULL);
  if (size <= 0 || (unsigned)size > sizeof holder->subject)
    return false;
  holder->subject_length = (size_t)size;
  return i2d_X509_NAME(name, &at) == size;
}

/* As it stands there; a curve has its name, and RSA has NULL (RFC 3279, 2.3). */
static bool put_key(X509_PUBKEY *key, psd_x509_holder *holder) {
  uint8_t *at = holder->key;
  X509_ALGOR *algorithm = NULL;
  int size = i2d_X509_PUBKEY(key, NULL), type = V_ASN1_UNDEF;
  if (size <= 0 || (unsigned)size > sizeof holder->key ||
      X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, key) != 1)
    return false;
  X509_ALGOR_get0(NULL, &type, NULL, algorithm);
  holder->key_length = (size_t)size;
  return (type == V_ASN1_OBJECT || type == V_ASN1_NULL) && i2d_X509_PUBKEY(key, &at) == size;
}

static bool take(X509_REQ *request, psd_algorithm algorithm, psd_x509_holder *holder, bool *organization) {
  EVP_PKEY *key = X509_REQ_get0_pubkey(request);
  X509_NAME *subject = X509_REQ_get_subject_name(request);
  return key != NULL && subject != NULL && X509_REQ_get_version(request) == X509_REQ_VERSION_1 &&
         X509_REQ_get_attr_count(request) == 0 && check_subject(subject, organization) &&
         check_key(request, key, algorithm) && X509_REQ_verify(request, key) == 1 && put_subject(subject, holder) &&
         put_key(X509_REQ_get_X509_PUBKEY(request), holder);
}

bool psd_x509_request_take(psd_part der, psd_algorithm algorithm, psd_x509_holder *holder, bool *organization) {
  const unsigned char *at = der.data;
  X509_REQ *request = der.length <= PSD_PKCS10_MAX ? d2i_X509_REQ(NULL, &at, (long)der.length) : NULL;
  bool done = request != NULL && at == (const unsigned char *)der.data + der.length &&
              take(request, algorithm, holder, organization);
  X509_REQ_free(request);
  return done || psd_evp_failed();
}

bool psd_x509_holder_of(psd_part der, psd_x509_holder *holder) {
  X509 *taken = psd_x509_take(der);
  EVP_PKEY *key = taken != NULL ? X509_get0_pubkey(taken) : NULL;
  bool done =
      key != NULL && put_subject(X509_get_subject_name(taken), holder) && put_key(X509_get_X509_PUBKEY(taken), holder);
  X509_free(taken);
  return done || psd_evp_failed();
}
