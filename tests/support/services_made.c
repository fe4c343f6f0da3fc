/* What the authority and a creditor make for the card on the bench: revocation commands, line-of-credit certificates.
 */
#include "certificate/der.h"
#include "certificate/slot.h"
#include "check.h"
#include "services.h"

#include <openssl/cms.h>
#include <openssl/x509v3.h>
#include <string.h>

#define DAY 86400

static void put_device(const services *s, uint32_t serial, psd_buffer *out) {
  uint8_t encoded[PSD_SIZE_DEVICE_ID];
  psd_buffer device = psd_buffer_over(encoded, sizeof encoded);
  psd_device_id id = s->a.device;
  id.serial += serial;
  psd_put_message(&device, PSD_MESSAGE_DEVICE_ID, &id);
  psd_put_tlv(out, PSD_DER_OCTET_STRING, encoded, sizeof encoded);
}

static services_bytes put_command(const services *s, const services_command *wanted) {
  services_bytes made = {.length = 0};
  psd_buffer out = psd_buffer_over(made.data, sizeof made.data);
  const uint8_t reason = (uint8_t)wanted->reason, charge = wanted->free ? 0x00 : 0xFF;
  uint64_t number = wanted->number != 0 ? wanted->number : s->r->card->core.services.commands + 1;
  size_t whole = psd_open_tlv(&out, PSD_DER_SEQUENCE);
  psd_der_put_number(&out, 1);
  put_device(s, wanted->serial, &out);
  psd_der_put_number(&out, wanted->certificate);
  psd_der_put_integer(&out, PSD_DER_ENUMERATED, &reason, 1);
  psd_der_put_generalized(&out, s->r->seconds);
  psd_der_put_number(&out, number);
  psd_put_tlv(&out, PSD_DER_BOOLEAN, &charge, 1);
  if (wanted->request != NULL)
    psd_put_tlv(&out, PSD_DER_OCTET_STRING, wanted->request, PSD_SHA256_SIZE);
  psd_close_tlv(&out, whole);
  made.length = out.length;
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return made;
}

services_bytes services_make_command(services *s, const services_command *wanted) {
  services_bytes content = put_command(s, wanted), made = {.length = 0};
  const unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_NOCERTS;
  EVP_PKEY *key = wanted->signer != NULL ? EVP_PKEY_dup((EVP_PKEY *)(uintptr_t)wanted->signer) : s->a.key;
  X509 *named = X509_dup(s->a.certificate);
  CU_ASSERT_FATAL(X509_set_pubkey(named, key) == 1); /* OpenSSL wants them to fit */
  BIO *bio = BIO_new_mem_buf(content.data, (int)content.length);
  CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
  psd_oid_id type = wanted->type != 0 ? wanted->type : PSD_OID_REVOCATION_COMMAND;
  ASN1_OBJECT *id = OBJ_txt2obj(psd_oids[type].dotted, 1);
  CU_ASSERT_FATAL(CMS_set1_eContentType(cms, id) == 1);
  CU_ASSERT_PTR_NOT_NULL_FATAL(
      CMS_add1_signer(cms, named, key, EVP_sha256(), flags | CMS_NOSMIMECAP | (wanted->attributes ? 0 : CMS_NOATTR)));
  CU_ASSERT_FATAL(CMS_set_detached(cms, 0) == 1 && CMS_final(cms, bio, NULL, flags) == 1);
  int length = i2d_CMS_ContentInfo(cms, NULL);
  CU_ASSERT_FATAL(length > 0 && (size_t)length <= sizeof made.data);
  uint8_t *at = made.data;
  made.length = (size_t)i2d_CMS_ContentInfo(cms, &at);
  ASN1_OBJECT_free(id);
  CMS_ContentInfo_free(cms);
  BIO_free(bio);
  X509_free(named);
  if (wanted->signer != NULL)
    EVP_PKEY_free(key);
  return made;
}

/* "DER:…" of bytes, under an identifier of ours. */
static void extend_with(X509 *certificate, const char *dotted, const uint8_t *bytes, size_t length) {
  char text[4 + 2 * AUTHORITY_ANSWER_MAX + 1] = "DER:";
  CU_ASSERT_FATAL(length <= AUTHORITY_ANSWER_MAX);
  for (size_t i = 0; i < length; i++)
    (void)snprintf(text + 4 + 2 * i, 3, "%02X", bytes[i]);
  services_extend(certificate, NULL, dotted, text);
}

static void extend_line(const services *s, const services_credit *wanted, uint64_t number, X509 *certificate) {
  uint8_t bytes[128];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  size_t whole = psd_open_tlv(&out, PSD_DER_SEQUENCE);
  psd_der_put_number(&out, wanted->amount != 0 ? wanted->amount : SERVICES_LINE);
  put_device(s, wanted->serial, &out);
  psd_der_put_number(&out, number + wanted->certificate);
  psd_put_tlv(&out, PSD_DER_UTF8_STRING, "office supplies", 15);
  psd_close_tlv(&out, whole);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  extend_with(certificate, psd_oids[PSD_OID_CREDIT_LINE].dotted, bytes, out.length);
}

static void lengthen_name(X509 *certificate, unsigned length) {
  uint8_t text[1024];
  CU_ASSERT_FATAL(length <= sizeof text);
  memset(text, 'n', sizeof text);
  X509_NAME *name = X509_NAME_dup(X509_get_subject_name(certificate));
  CU_ASSERT_FATAL(name != NULL &&
                  X509_NAME_add_entry_by_txt(name, "description", V_ASN1_UTF8STRING, text, (int)length, -1, 0) == 1 &&
                  X509_set_subject_name(certificate, name) == 1);
  X509_NAME_free(name);
}

/* `of` is the certificate of the holder, whose name and key the line of credit is for. */
static X509 *certify_credit(services *s, const services_credit *wanted, X509 *of) {
  static const uint8_t padding[AUTHORITY_ANSWER_MAX] = {0x04, 0x00};
  X509 *certificate = X509_new();
  uint64_t number = 0;
  CU_ASSERT_FATAL(ASN1_INTEGER_get_uint64(&number, X509_get0_serialNumber(of)) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), wanted->number != 0 ? wanted->number : s->a.next++);
  ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)((int64_t)s->r->seconds - DAY + wanted->from));
  ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)((int64_t)s->r->seconds + 90 * DAY + wanted->until));
  EVP_PKEY *subject = wanted->subject != NULL ? wanted->subject : X509_get0_pubkey(of);
  CU_ASSERT_FATAL(X509_set_version(certificate, X509_VERSION_3) == 1 &&
                  X509_set_issuer_name(certificate, X509_get_subject_name(s->creditor_certificate)) == 1 &&
                  X509_set_subject_name(certificate, X509_get_subject_name(of)) == 1 &&
                  X509_set_pubkey(certificate, subject) == 1);
  services_identify(certificate, s->creditor_certificate);
  services_extend(certificate, NULL, "basicConstraints", "critical,CA:FALSE");
  services_extend(certificate, NULL, "keyUsage", "critical,digitalSignature");
  services_extend(certificate, NULL, "extendedKeyUsage", psd_oids[PSD_OID_PAYMENTS].dotted);
  if (!wanted->no_line)
    extend_line(s, wanted, number, certificate);
  if (wanted->name > 0)
    lengthen_name(certificate, wanted->name);
  if (wanted->padding > 0)
    extend_with(certificate, "1.3.6.1.4.1.32473.7816.99", padding, wanted->padding);
  CU_ASSERT_FATAL(X509_sign(certificate, s->creditor, EVP_sha256()) > 0);
  return certificate;
}

services_bytes services_make_credit(services *s, const services_credit *wanted) {
  services_bytes made = {.length = 0};
  X509 *of = authority_installed(&s->a, wanted->slot != 0 ? wanted->slot : SERVICES_USER);
  X509 *certificate = certify_credit(s, wanted, of);
  int length = i2d_X509(certificate, NULL);
  CU_ASSERT_FATAL(length > 0 && (size_t)length <= sizeof made.data);
  uint8_t *at = made.data;
  made.length = (size_t)i2d_X509(certificate, &at);
  X509_free(certificate);
  X509_free(of);
  return made;
}
