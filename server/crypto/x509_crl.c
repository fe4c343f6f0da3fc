/* Lists of revoked certificates: X.509 v2 (RFC 5280, 5). */
#include <limits.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "crypto/evp_internal.h"
#include "crypto/x509_internal.h"

static bool set_head(X509_CRL *made, const psd_x509_crl *wanted) {
  X509_NAME *issuer = psd_x509_name_of(&wanted->issuer);
  ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)wanted->from), *until = ASN1_TIME_set(NULL, (time_t)wanted->until);
  bool done = issuer != NULL && from != NULL && until != NULL && X509_CRL_set_version(made, X509_CRL_VERSION_2) == 1 &&
              X509_CRL_set_issuer_name(made, issuer) == 1 && X509_CRL_set1_lastUpdate(made, from) == 1 &&
              X509_CRL_set1_nextUpdate(made, until) == 1;
  ASN1_TIME_free(from);
  ASN1_TIME_free(until);
  X509_NAME_free(issuer);
  return done;
}

/* "Unspecified" is said, too, though 5.3.1 would rather have it left away: RFC 3161, 4.1 takes it that every postmark
 * of a certificate whose reason is missing is void, those from before the revocation included. */
static bool add_reason(X509_REVOKED *entry, unsigned reason) {
  ASN1_ENUMERATED *value = ASN1_ENUMERATED_new();
  bool done = value != NULL && ASN1_ENUMERATED_set(value, (long)reason) == 1 &&
              X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, value, 0, X509V3_ADD_APPEND) == 1;
  ASN1_ENUMERATED_free(value);
  return done;
}

static bool fill_entry(X509_REVOKED *entry, const psd_x509_revoked *revoked) {
  ASN1_INTEGER *serial = ASN1_INTEGER_new();
  ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)revoked->time);
  bool done = serial != NULL && time != NULL && ASN1_INTEGER_set_uint64(serial, revoked->serial) == 1 &&
              X509_REVOKED_set_serialNumber(entry, serial) == 1 && X509_REVOKED_set_revocationDate(entry, time) == 1 &&
              add_reason(entry, revoked->reason);
  ASN1_INTEGER_free(serial);
  ASN1_TIME_free(time);
  return done;
}

static bool add_entries(X509_CRL *made, const psd_x509_crl *wanted) {
  for (size_t i = 0; i < wanted->count; i++) {
    X509_REVOKED *entry = X509_REVOKED_new();
    if (entry == NULL || !fill_entry(entry, &wanted->revoked[i]) || X509_CRL_add0_revoked(made, entry) != 1) {
      X509_REVOKED_free(entry);
      return false;
    }
  }
  return true;
}

static bool add_extensions(X509_CRL *made, const psd_x509_crl *wanted) {
  AUTHORITY_KEYID *authority = psd_x509_authority_of(wanted->issuer_point);
  ASN1_INTEGER *number = ASN1_INTEGER_new();
  bool done = authority != NULL && number != NULL && ASN1_INTEGER_set_uint64(number, wanted->number) == 1 &&
              X509_CRL_add1_ext_i2d(made, NID_authority_key_identifier, authority, 0, X509V3_ADD_APPEND) == 1 &&
              X509_CRL_add1_ext_i2d(made, NID_crl_number, number, 0, X509V3_ADD_APPEND) == 1;
  AUTHORITY_KEYID_free(authority);
  ASN1_INTEGER_free(number);
  return done;
}

static bool put_der(X509_CRL *made, uint8_t **der, size_t *length) {
  int size = i2d_X509_CRL(made, NULL);
  *der = size > 0 ? malloc((size_t)size) : NULL;
  uint8_t *at = *der;
  *length = *der != NULL ? (size_t)size : 0;
  return *der != NULL && i2d_X509_CRL(made, &at) == size;
}

bool psd_x509_crl_make(const psd_x509_crl *wanted, const psd_pair *issuer, uint8_t **der, size_t *length) {
  X509_CRL *made = X509_CRL_new();
  EVP_PKEY *key = psd_pair_pkey(issuer);
  *der = NULL;
  bool done = made != NULL && key != NULL && set_head(made, wanted) && add_entries(made, wanted) &&
              X509_CRL_sort(made) == 1 && add_extensions(made, wanted) &&
              X509_CRL_sign(made, key, psd_evp.sha256) > 0 && put_der(made, der, length);
  EVP_PKEY_free(key);
  X509_CRL_free(made);
  if (done)
    return true;
  free(*der);
  *der = NULL;
  return psd_evp_failed();
}

bool psd_x509_crl_pem(psd_part der, char *pem, size_t capacity) {
  const unsigned char *at = der.data;
  X509_CRL *taken = der.length <= LONG_MAX ? d2i_X509_CRL(NULL, &at, (long)der.length) : NULL;
  BIO *memory = BIO_new(BIO_s_mem());
  bool done = taken != NULL && at == (const unsigned char *)der.data + der.length && memory != NULL &&
              PEM_write_bio_X509_CRL(memory, taken) == 1 && psd_bio_text(memory, pem, capacity);
  BIO_free(memory);
  X509_CRL_free(taken);
  return done || psd_evp_failed();
}
