/* SignedData (RFC 5652, 5) with one signer and SHA-256: a template of exactly what the meter makes, so that nothing is
 * in it that nobody looks at. */
#include "internal.h"

#include <openssl/ess.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <string.h>

typedef struct encapsulated {
  ASN1_OBJECT *type;
  ASN1_OCTET_STRING *content;
} encapsulated;

typedef struct signer_info {
  uint64_t version;
  PKCS7_ISSUER_AND_SERIAL *signer;
  X509_ALGOR *digest;
  STACK_OF(X509_ATTRIBUTE) * attributes;
  X509_ALGOR *algorithm;
  ASN1_OCTET_STRING *signature;
} signer_info;

typedef struct signed_data {
  uint64_t version;
  STACK_OF(X509_ALGOR) * digests;
  encapsulated *encapsulated;
  STACK_OF(X509) * certificates;
  STACK_OF(signer_info) * signers;
} signed_data;

struct psd_proof_signed {
  ASN1_OBJECT *type;
  signed_data *data;
};
typedef struct psd_proof_signed content_info;

/* clang-format off */
ASN1_SEQUENCE(encapsulated) = {
  ASN1_SIMPLE(encapsulated, type, ASN1_OBJECT),
  ASN1_EXP_OPT(encapsulated, content, ASN1_OCTET_STRING, 0)
} static_ASN1_SEQUENCE_END(encapsulated)

ASN1_SEQUENCE(signer_info) = {
  ASN1_EMBED(signer_info, version, UINT64),
  ASN1_SIMPLE(signer_info, signer, PKCS7_ISSUER_AND_SERIAL),
  ASN1_SIMPLE(signer_info, digest, X509_ALGOR),
  ASN1_IMP_SET_OF_OPT(signer_info, attributes, X509_ATTRIBUTE, 0),
  ASN1_SIMPLE(signer_info, algorithm, X509_ALGOR),
  ASN1_SIMPLE(signer_info, signature, ASN1_OCTET_STRING)
} static_ASN1_SEQUENCE_END(signer_info)

ASN1_SEQUENCE(signed_data) = {
  ASN1_EMBED(signed_data, version, UINT64),
  ASN1_SET_OF(signed_data, digests, X509_ALGOR),
  ASN1_SIMPLE(signed_data, encapsulated, encapsulated),
  ASN1_IMP_SET_OF_OPT(signed_data, certificates, X509, 0),
  ASN1_SET_OF(signed_data, signers, signer_info)
} static_ASN1_SEQUENCE_END(signed_data)

ASN1_SEQUENCE(content_info) = {
  ASN1_SIMPLE(content_info, type, ASN1_OBJECT),
  ASN1_EXP(content_info, data, signed_data, 0)
} static_ASN1_SEQUENCE_END(content_info)

/* What is signed: the attributes as a SET OF, whatever tag they have where they stand (RFC 5652, 5.4). */
ASN1_ITEM_TEMPLATE(signed_attributes) =
  ASN1_EX_TEMPLATE_TYPE(ASN1_TFLG_SET_OF, 0, signed_attributes, X509_ATTRIBUTE)
static_ASN1_ITEM_TEMPLATE_END(signed_attributes)
                                            /* clang-format on */

                                            DEFINE_STACK_OF(signer_info)

                                                static signer_info
                                            * signer_in(const signed_data *data) {
  return sk_signer_info_value(data->signers, 0);
}

/* No parameters, or NULL, which RFC 5754 has one take for the same. */
static bool no_parameters(const X509_ALGOR *algorithm, bool null_too) {
  int type;
  X509_ALGOR_get0(NULL, &type, NULL, algorithm);
  return type == V_ASN1_UNDEF || (null_too && type == V_ASN1_NULL);
}

static bool is_sha256(const X509_ALGOR *algorithm) {
  const ASN1_OBJECT *object;
  X509_ALGOR_get0(&object, NULL, NULL, algorithm);
  return psd_proof_is(object, PSD_OID_SHA256) && no_parameters(algorithm, true);
}

static bool is_algorithm(const X509_ALGOR *algorithm) {
  const ASN1_OBJECT *object;
  X509_ALGOR_get0(&object, NULL, NULL, algorithm);
  if (psd_proof_is(object, PSD_OID_ECDSA_SHA256))
    return no_parameters(algorithm, false);
  return (psd_proof_is(object, PSD_OID_RSA_ENCRYPTION) || psd_proof_is(object, PSD_OID_RSA_SHA256)) &&
         no_parameters(algorithm, true);
}

/* RFC 5652, 5.1: 3 where the content is not id-data. */
static bool versions_fit(const signed_data *data, psd_oid_id type) {
  return data->version == (type == PSD_OID_DATA ? 1 : 3) && signer_in(data)->version == 1;
}

static bool is_ours(const content_info *info, psd_oid_id type) {
  const signed_data *data = info->data;
  return psd_proof_is(info->type, PSD_OID_SIGNED_DATA) && sk_signer_info_num(data->signers) == 1 &&
         sk_X509_ALGOR_num(data->digests) == 1 && is_sha256(sk_X509_ALGOR_value(data->digests, 0)) &&
         psd_proof_is(data->encapsulated->type, type) && versions_fit(data, type) &&
         is_sha256(signer_in(data)->digest) && is_algorithm(signer_in(data)->algorithm) &&
         (data->certificates == NULL || sk_X509_num(data->certificates) == 1);
}

const ASN1_TYPE *psd_proof_signed_attribute(const psd_proof_signed *data, psd_oid_id oid) {
  STACK_OF(X509_ATTRIBUTE) *attributes = signer_in(data->data)->attributes;
  const ASN1_TYPE *found = NULL;
  for (int i = 0; i < sk_X509_ATTRIBUTE_num(attributes); i++) {
    X509_ATTRIBUTE *attribute = sk_X509_ATTRIBUTE_value(attributes, i);
    if (!psd_proof_is(X509_ATTRIBUTE_get0_object(attribute), oid))
      continue;
    if (found != NULL || X509_ATTRIBUTE_count(attribute) != 1)
      return NULL;
    found = X509_ATTRIBUTE_get0_type(attribute, 0);
  }
  return found;
}

static const ASN1_OCTET_STRING *message_digest(const psd_proof_signed *data) {
  const ASN1_TYPE *value = psd_proof_signed_attribute(data, PSD_OID_MESSAGE_DIGEST);
  return value != NULL && value->type == V_ASN1_OCTET_STRING ? value->value.octet_string : NULL;
}

/* RFC 5652, 5.3: with attributes, these two must be there, and the type be that of the content. */
static bool attributes_fit(const psd_proof_signed *data, psd_oid_id type) {
  if (psd_proof_signed_bare(data))
    return true;
  const ASN1_TYPE *said = psd_proof_signed_attribute(data, PSD_OID_CONTENT_TYPE);
  return said != NULL && said->type == V_ASN1_OBJECT && psd_proof_is(said->value.object, type) &&
         message_digest(data) != NULL;
}

psd_proof_signed *psd_proof_signed_read(psd_proof_bytes der, psd_oid_id type) {
  psd_proof_signed *data = psd_proof_parse(der, ASN1_ITEM_rptr(content_info));
  if (data != NULL && is_ours(data, type) && attributes_fit(data, type))
    return data;
  psd_proof_signed_free(data);
  return NULL;
}

void psd_proof_signed_free(psd_proof_signed *data) {
  ASN1_item_free((ASN1_VALUE *)data, ASN1_ITEM_rptr(content_info));
}

bool psd_proof_signed_detached(const psd_proof_signed *data) {
  return data->data->encapsulated->content == NULL;
}

psd_proof_bytes psd_proof_signed_content(const psd_proof_signed *data) {
  if (psd_proof_signed_detached(data))
    return (psd_proof_bytes){NULL, 0};
  return psd_proof_bytes_of(data->data->encapsulated->content);
}

bool psd_proof_signed_bare(const psd_proof_signed *data) {
  return signer_in(data->data)->attributes == NULL;
}

/* The very same bytes: X509_NAME_cmp takes capitals and small letters for the same. */
static bool same_name(const X509_NAME *one, const X509_NAME *other) {
  const unsigned char *left, *right;
  size_t left_length, right_length;
  return X509_NAME_get0_der(one, &left, &left_length) == 1 && X509_NAME_get0_der(other, &right, &right_length) == 1 &&
         left_length == right_length && memcmp(left, right, left_length) == 0;
}

bool psd_proof_signed_by(const psd_proof_signed *data, const X509 *certificate) {
  const PKCS7_ISSUER_AND_SERIAL *signer = signer_in(data->data)->signer;
  return same_name(signer->issuer, X509_get_issuer_name(certificate)) &&
         ASN1_INTEGER_cmp(signer->serial, X509_get0_serialNumber(certificate)) == 0;
}

X509 *psd_proof_signed_certificate(const psd_proof_signed *data) {
  X509 *enclosed = data->data->certificates != NULL ? sk_X509_value(data->data->certificates, 0) : NULL;
  return enclosed != NULL && psd_proof_signed_by(data, enclosed) ? enclosed : NULL;
}

bool psd_proof_signed_encloses(const psd_proof_signed *data, const X509 *certificate) {
  return data->data->certificates == NULL || X509_cmp(sk_X509_value(data->data->certificates, 0), certificate) == 0;
}

X509 *psd_proof_signed_find(const psd_proof_signed *data, const psd_trust *trust) {
  if (data->data->certificates != NULL)
    return psd_proof_signed_certificate(data);
  for (int i = 0; i < sk_X509_num(trust->chain); i++)
    if (psd_proof_signed_by(data, sk_X509_value(trust->chain, i)))
      return sk_X509_value(trust->chain, i);
  return NULL;
}

bool psd_proof_signed_fits(const psd_proof_signed *data, const uint8_t digest[32]) {
  if (psd_proof_signed_bare(data))
    return true; /* the signature itself is over the content */
  psd_proof_bytes said = psd_proof_bytes_of(message_digest(data));
  return said.length == 32 && CRYPTO_memcmp(said.data, digest, 32) == 0;
}

bool psd_proof_signed_time(const psd_proof_signed *data, uint64_t *seconds) {
  const ASN1_TYPE *value = psd_proof_signed_attribute(data, PSD_OID_SIGNING_TIME);
  if (value == NULL)
    return false;
  if (value->type == V_ASN1_UTCTIME)
    return psd_proof_x509_time(value->value.utctime, seconds);
  return value->type == V_ASN1_GENERALIZEDTIME && psd_proof_x509_time(value->value.generalizedtime, seconds);
}

/* RFC 5035: which certificate the signature is meant for. OpenSSL compares hash, issuer and serial number. */
static bool is_meant_for(const psd_proof_signed *data, X509 *certificate) {
  const ASN1_TYPE *value = psd_proof_signed_attribute(data, PSD_OID_SIGNING_CERTIFICATE);
  if (value == NULL || value->type != V_ASN1_SEQUENCE)
    return value == NULL;
  psd_proof_bytes der = psd_proof_bytes_of(value->value.sequence);
  const unsigned char *at = der.data;
  ESS_SIGNING_CERT_V2 *meant = d2i_ESS_SIGNING_CERT_V2(NULL, &at, (long)der.length);
  STACK_OF(X509) *chain = sk_X509_new_null();
  bool fits = meant != NULL && chain != NULL && sk_X509_push(chain, certificate) > 0 &&
              OSSL_ESS_check_signing_certs(NULL, meant, chain, 1) == 1;
  sk_X509_free(chain);
  ESS_SIGNING_CERT_V2_free(meant);
  return fits;
}

/* The bytes below the signature; OPENSSL_free them. */
static int signed_bytes(const psd_proof_signed *data, unsigned char **bytes) {
  *bytes = NULL;
  if (!psd_proof_signed_bare(data))
    return ASN1_item_i2d((const ASN1_VALUE *)signer_in(data->data)->attributes, bytes,
                         ASN1_ITEM_rptr(signed_attributes));
  psd_proof_bytes content = psd_proof_signed_content(data);
  *bytes = OPENSSL_memdup(content.data, content.length);
  return *bytes != NULL ? (int)content.length : -1;
}

static bool key_fits(const psd_proof_signed *data, const EVP_PKEY *key) {
  const ASN1_OBJECT *object;
  X509_ALGOR_get0(&object, NULL, NULL, signer_in(data->data)->algorithm);
  return EVP_PKEY_is_a(key, psd_proof_is(object, PSD_OID_ECDSA_SHA256) ? "EC" : "RSA") == 1;
}

bool psd_proof_signed_holds(const psd_proof_signed *data, X509 *certificate) {
  EVP_PKEY *key = X509_get0_pubkey(certificate);
  if (key == NULL || !key_fits(data, key) || !is_meant_for(data, certificate))
    return false;
  unsigned char *bytes;
  int length = signed_bytes(data, &bytes);
  psd_proof_bytes signature = psd_proof_bytes_of(signer_in(data->data)->signature);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool holds = length > 0 && context != NULL && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
               EVP_DigestVerify(context, signature.data, signature.length, bytes, (size_t)length) == 1;
  EVP_MD_CTX_free(context);
  OPENSSL_free(bytes);
  return holds;
}
