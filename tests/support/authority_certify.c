/* The certificates of the authority on the bench: those of docs/certificates.md, "Certificates", and such as no card
 * may take. */
#include "authority.h"
#include "check.h"
#include "psd/spec/tlv.h"

#include <openssl/x509v3.h>
#include <string.h>

#define DAY 86400

static void extend(X509 *certificate, X509V3_CTX *context, int nid, const char *value) {
  X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, context, nid, value);
  CU_ASSERT_PTR_NOT_NULL_FATAL(extension);
  CU_ASSERT_EQUAL_FATAL(X509_add_ext(certificate, extension, -1), 1);
  X509_EXTENSION_free(extension);
}

X509 *authority_of(EVP_PKEY *key) {
  X509 *certificate = X509_new();
  X509_NAME *name = X509_get_subject_name(certificate);
  X509V3_CTX context;
  CU_ASSERT_FATAL(X509_set_version(certificate, X509_VERSION_3) == 1 &&
                  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), 1) == 1 &&
                  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)"SPECIMEN CA 1", -1, -1, 0) &&
                  X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1);
  ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)RIG_TIME - DAY);
  ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)RIG_TIME + (time_t)20 * AUTHORITY_DAYS * DAY);
  X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
  extend(certificate, &context, NID_basic_constraints, "critical,CA:TRUE,pathlen:1");
  extend(certificate, &context, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(certificate, &context, NID_subject_key_identifier, "hash");
  CU_ASSERT_FATAL(X509_sign(certificate, key, EVP_sha256()) > 0);
  return certificate;
}

/* An extension that OpenSSL has no words for. */
static void extend_with(X509 *certificate, const char *dotted, const uint8_t *value, size_t length) {
  ASN1_OBJECT *id = OBJ_txt2obj(dotted, 1);
  ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
  CU_ASSERT_FATAL(id != NULL && ASN1_OCTET_STRING_set(octets, value, (int)length) == 1);
  X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, id, 0, octets);
  CU_ASSERT_FATAL(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
  ASN1_OCTET_STRING_free(octets);
  ASN1_OBJECT_free(id);
}

static void extend_policy(X509 *certificate, const psd_certificate_request *head) {
  uint8_t device[PSD_SIZE_DEVICE_ID], value[64];
  const psd_device_id identity = {
      .vendor = {head->vendor[0], head->vendor[1]}, .model = {head->model[0], head->model[1]}, .serial = head->serial};
  psd_buffer id = psd_buffer_over(device, sizeof device), out = psd_buffer_over(value, sizeof value);
  psd_put_message(&id, PSD_MESSAGE_DEVICE_ID, &identity);
  const uint8_t zip[] = {0x01, 0x60, 0x5A}, licence[] = {0x12, 0x67}, purpose[] = {(uint8_t)head->purpose};
  size_t all = psd_open_tlv(&out, 0x30);
  psd_put_tlv(&out, 0x04, device, sizeof device);
  psd_put_tlv(&out, 0x02, zip, sizeof zip);
  psd_put_tlv(&out, 0x02, licence, sizeof licence);
  psd_put_tlv(&out, 0x02, purpose, sizeof purpose);
  psd_close_tlv(&out, all);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  extend_with(certificate, psd_oids[PSD_OID_METERING_POLICY].dotted, value, out.length);
}

/* Critical: permitted subtree { O }. */
static void constrain(X509 *certificate, const char *organization) {
  NAME_CONSTRAINTS *constraints = NAME_CONSTRAINTS_new();
  GENERAL_SUBTREE *subtree = GENERAL_SUBTREE_new();
  X509_NAME *name = X509_NAME_new();
  constraints->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
  CU_ASSERT_FATAL(X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_UTF8, (const uint8_t *)organization,
                                             -1, -1, 0) == 1);
  GENERAL_NAME_set0_value(subtree->base, GEN_DIRNAME, name);
  CU_ASSERT_FATAL(sk_GENERAL_SUBTREE_push(constraints->permittedSubtrees, subtree) > 0);
  CU_ASSERT_FATAL(X509_add1_ext_i2d(certificate, NID_name_constraints, constraints, 1, 0) == 1);
  NAME_CONSTRAINTS_free(constraints);
}

static void constrain_agent(X509 *certificate, const authority_fault *fault) {
  char organization[PSD_NAME_MAX + 1] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_organizationName, organization,
                            (int)sizeof organization);
  if (organization[0] == 0) /* of what is no agent's request */
    memcpy(organization, "Specimen Ltd", sizeof "Specimen Ltd");
  if (!fault->unconstrained)
    constrain(certificate, fault->permitted != NULL ? fault->permitted : organization);
}

static void extend_for(X509 *certificate, X509V3_CTX *context, psd_purpose purpose, const authority_fault *fault) {
  switch (purpose) {
  case PSD_PURPOSE_AGENT:
    extend(certificate, context, NID_basic_constraints,
           fault->long_path ? "critical,CA:TRUE,pathlen:1" : "critical,CA:TRUE,pathlen:0");
    extend(certificate, context, NID_key_usage, "critical,keyCertSign,cRLSign");
    constrain_agent(certificate, fault);
    break;
  case PSD_PURPOSE_POSTMARK:
    extend(certificate, context, NID_basic_constraints, "critical,CA:FALSE");
    extend(certificate, context, NID_key_usage, "critical,digitalSignature,nonRepudiation");
    extend(certificate, context, NID_ext_key_usage,
           fault->stamps_uncritical ? "timeStamping" : "critical,timeStamping");
    break;
  default:
    extend(certificate, context, NID_basic_constraints, "critical,CA:FALSE");
    extend(certificate, context, NID_key_usage, "critical,digitalSignature,nonRepudiation");
    extend(certificate, context, NID_ext_key_usage, "emailProtection,clientAuth");
    break;
  }
  extend(certificate, context, NID_subject_key_identifier, "hash");
  extend(certificate, context, NID_authority_key_identifier, "keyid:always");
}

static void lengthen(X509 *certificate, size_t padding) {
  static const uint8_t bytes[AUTHORITY_ANSWER_MAX] = {0x04, 0x00};
  CU_ASSERT_FATAL(padding <= sizeof bytes);
  if (padding > 0)
    extend_with(certificate, "1.3.6.1.4.1.32473.7816.99", bytes, padding);
}

X509 *authority_certify(authority *a, const psd_certificate_request *head, X509_REQ *request,
                        const authority_fault *fault) {
  X509 *certificate = X509_new();
  X509V3_CTX context;
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), fault->number != 0 ? fault->number : a->next++);
  ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)((int64_t)a->r->seconds - DAY + fault->from));
  ASN1_TIME_set(X509_getm_notAfter(certificate),
                (time_t)((int64_t)a->r->seconds + ((int64_t)AUTHORITY_DAYS - 1) * DAY + fault->until));
  EVP_PKEY *subject = fault->subject != NULL ? fault->subject : X509_REQ_get0_pubkey(request);
  CU_ASSERT_FATAL(X509_set_version(certificate, X509_VERSION_3) == 1 &&
                  X509_set_issuer_name(certificate, X509_get_subject_name(a->certificate)) == 1 &&
                  X509_set_subject_name(certificate, X509_REQ_get_subject_name(request)) == 1 &&
                  X509_set_pubkey(certificate, subject) == 1);
  X509V3_set_ctx(&context, a->certificate, certificate, NULL, NULL, 0);
  extend_for(certificate, &context, fault->purpose != 0 ? fault->purpose : (psd_purpose)head->purpose, fault);
  extend_policy(certificate, head);
  lengthen(certificate, fault->padding);
  CU_ASSERT_FATAL(X509_sign(certificate, fault->signer != NULL ? fault->signer : a->key, EVP_sha256()) > 0);
  return certificate;
}
