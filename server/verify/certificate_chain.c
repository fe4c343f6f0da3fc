/* What is true of a PSD's certificate (RFC 5280): found out when it is used for the first time. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "verify/certificate.h"
#include "verify/x509_text.h"

static bool take_policy(const X509 *certificate, uint8_t device[PSD_SIZE_DEVICE_ID]) {
  ASN1_OBJECT *object = OBJ_txt2obj(PSD_METERING_POLICY, 1);
  int at = object != NULL ? X509_get_ext_by_OBJ(certificate, object, -1) : -1;
  ASN1_OBJECT_free(object);
  const ASN1_OCTET_STRING *value = at >= 0 ? X509_EXTENSION_get_data(X509_get_ext(certificate, at)) : NULL;
  return value != NULL && psd_metering_policy_device(
                              (psd_part){ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)}, device);
}

static bool take_point(const X509 *certificate, uint8_t point[PSD_POINT]) {
  EVP_PKEY *key = X509_get0_pubkey(certificate);
  size_t length = 0;
  return key != NULL && EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, PSD_POINT, &length) == 1 &&
         length == PSD_POINT && psd_point_valid(point);
}

/* Whether OpenSSL reads what it was found by. */
static bool is_the_same(const X509 *certificate, const psd_certificate *row) {
  uint8_t device[PSD_SIZE_DEVICE_ID], point[PSD_POINT];
  uint64_t number = 0;
  return take_policy(certificate, device) && memcmp(device, row->device, sizeof device) == 0 &&
         ASN1_INTEGER_get_uint64(&number, X509_get0_serialNumber(certificate)) == 1 && number == row->number &&
         take_point(certificate, point) && memcmp(point, row->point, sizeof point) == 0;
}

/* Narrows the time in which it is valid to that of one of its chain. */
static bool narrow(psd_certificate *row, const X509 *certificate) {
  uint64_t from, until;
  if (!psd_asn1_seconds(X509_get0_notBefore(certificate), &from) ||
      !psd_asn1_seconds(X509_get0_notAfter(certificate), &until))
    return false;
  row->from = from > row->from ? from : row->from;
  row->until = until < row->until ? until : row->until;
  return true;
}

/* Whether mail from before the time of revocation is good: if the reason tells that the key was nobody else's (RFC
 * 5280, 5.3.1). Without a reason nobody knows; and what is on hold may turn out to be any of them. */
static bool good_before(X509_REVOKED *entry) {
  ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
  long code = reason != NULL ? ASN1_ENUMERATED_get(reason) : CRL_REASON_UNSPECIFIED;
  ASN1_ENUMERATED_free(reason);
  return code == CRL_REASON_AFFILIATION_CHANGED || code == CRL_REASON_SUPERSEDED ||
         code == CRL_REASON_CESSATION_OF_OPERATION || code == CRL_REASON_PRIVILEGE_WITHDRAWN;
}

static void look_for_entry(const psd_authority *authority, const X509 *certificate, psd_certificate *row) {
  X509_REVOKED *entry = NULL;
  if (authority->list == NULL ||
      X509_CRL_get0_by_serial(authority->list, &entry, X509_get0_serialNumber(certificate)) != 1)
    return;
  row->revoked = true;
  if (!good_before(entry) || !psd_asn1_seconds(X509_REVOKED_get0_revocationDate(entry), &row->revoked_from))
    row->revoked_from = 0;
}

static void find_authority(const psd_site *site, const X509 *certificate, X509 *issuer, psd_certificate *row) {
  for (size_t i = 0; i < site->authority_count; i++)
    if (X509_cmp(site->authorities[i].certificate, issuer) == 0) {
      row->authority = (uint16_t)i;
      row->trusted = true;
      look_for_entry(&site->authorities[i], certificate, row);
      return;
    }
}

/* Times are looked at for each piece, not here: the store's flags say so. */
static void judge_chain(const psd_site *site, X509 *certificate, psd_certificate *row) {
  X509_STORE_CTX *context = X509_STORE_CTX_new();
  if (context == NULL || X509_STORE_CTX_init(context, site->trusted, certificate, NULL) != 1 ||
      X509_verify_cert(context) != 1 || (X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) == 0) {
    X509_STORE_CTX_free(context);
    return;
  }
  STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
  bool known = sk_X509_num(chain) > 1;
  for (int i = 0; i < sk_X509_num(chain); i++)
    known = narrow(row, sk_X509_value(chain, i)) && known;
  if (known)
    find_authority(site, certificate, sk_X509_value(chain, 1), row);
  X509_STORE_CTX_free(context);
}

static void judge(const psd_site *site, psd_certificate *row) {
  const uint8_t *at = row->der;
  X509 *certificate = d2i_X509(NULL, &at, (long)row->length);
  row->until = UINT64_MAX;
  if (certificate != NULL && X509_check_ca(certificate) == 0 && is_the_same(certificate, row))
    judge_chain(site, certificate, row);
  X509_free(certificate);
  ERR_clear_error();
}

void psd_certificate_judge(const psd_site *site, const psd_certificate *row) {
  size_t at = (size_t)(row - site->certificates);
  psd_certificate *mine = &site->certificates[at];
  pthread_mutex_t *lock = &site->locks[at % PSD_SITE_LOCKS].mutex;
  (void)pthread_mutex_lock(lock);
  if (mine->der != NULL) {
    judge(site, mine);
    OPENSSL_free(mine->der);
    mine->der = NULL;
  }
  (void)pthread_mutex_unlock(lock);
}
