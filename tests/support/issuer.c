#include "issuer.h"

#include "check.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

#define DAY 86400L

EVP_PKEY *issuer_key(const char *curve) {
  EVP_PKEY *key = strcmp(curve, "RSA") == 0 ? EVP_RSA_gen(2048) : EVP_EC_gen(curve);
  CU_ASSERT_PTR_NOT_NULL_FATAL(key);
  return key;
}

void issuer_point(const EVP_PKEY *key, uint8_t point[PSD_POINT]) {
  size_t length = 0;
  CU_ASSERT_FATAL(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, PSD_POINT, &length) ==
                  1);
  CU_ASSERT_EQUAL_FATAL(length, PSD_POINT);
}

static EVP_PKEY *key_of_point(const uint8_t point[PSD_POINT]) {
  char pem[PSD_PEM_MAX];
  CU_ASSERT_TRUE_FATAL(psd_point_pem(point, pem));
  BIO *bio = BIO_new_mem_buf(pem, -1);
  EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
  BIO_free(bio);
  CU_ASSERT_PTR_NOT_NULL_FATAL(key);
  return key;
}

static void name(X509_NAME *of, const char *text) {
  CU_ASSERT_FATAL(X509_NAME_add_entry_by_txt(of, "CN", MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0) == 1);
}

/* Common names have at most 64 characters; of those there may be many. */
static void lengthen(X509_NAME *of, size_t characters) {
  char text[65];
  memset(text, 'x', sizeof text);
  for (size_t some; characters > 0; characters -= some) {
    some = characters < sizeof text - 1 ? characters : sizeof text - 1;
    text[some] = '\0';
    name(of, text);
  }
}

static void extend(X509 *certificate) {
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, "critical,digitalSignature");
  CU_ASSERT_PTR_NOT_NULL_FATAL(extension);
  CU_ASSERT_EQUAL_FATAL(X509_add_ext(certificate, extension, -1), 1);
  X509_EXTENSION_free(extension);
}

size_t issuer_certify(const issuer_wish *wish, uint8_t der[ISSUER_MAX]) {
  X509 *certificate = X509_new();
  EVP_PKEY *subject = wish->subject;
  if (subject == NULL)
    subject = key_of_point(wish->point);
  CU_ASSERT_FATAL(X509_set_version(certificate, wish->first_version ? 0 : 2) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), wish->number != 0 ? wish->number : 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 365 * DAY);
  name(X509_get_subject_name(certificate), "PB S1 00C0FFEE");
  lengthen(X509_get_subject_name(certificate), wish->long_name);
  name(X509_get_issuer_name(certificate), "PSD authority");
  CU_ASSERT_EQUAL_FATAL(X509_set_pubkey(certificate, subject), 1);
  if (!wish->no_extensions && !wish->first_version)
    extend(certificate);
  const EVP_MD *digest = EVP_get_digestbyname(wish->digest != NULL ? wish->digest : "SHA256");
  CU_ASSERT_FATAL(X509_sign(certificate, wish->authority, digest) > 0);
  int length = i2d_X509(certificate, NULL);
  CU_ASSERT_FATAL(length > 0 && (size_t)length <= ISSUER_MAX);
  i2d_X509(certificate, &der);
  X509_free(certificate);
  if (wish->subject == NULL)
    EVP_PKEY_free(subject);
  return (size_t)length;
}

void issuer_equip(meter *m, const EVP_PKEY *authority) {
  uint8_t secret[PSD_P256_SECRET];
  uint8_t encoded[PSD_SIZE_PUBLIC_KEY];
  psd_public_key key = {.identifier = 1};
  rig *r = m->r;
  for (size_t i = 0; i < sizeof secret; i++)
    secret[i] = (uint8_t)(0x5E + 37 * i);
  m->pair = true;
  CU_ASSERT_TRUE_FATAL(psd_p256_public(secret, m->point));
  rig_put_object(r, PSD_OBJECT_DEVICE_PUBLIC, m->point, sizeof m->point);
  const psd_store_put put = {.record = PSD_RECORD_KEY_PAIR, .length = sizeof secret, .value = secret};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r->card->store, &put, 1), PSD_STORE_OK);
  issuer_point(authority, key.point);
  psd_buffer out = psd_buffer_over(encoded, sizeof encoded);
  psd_put_message(&out, PSD_MESSAGE_PUBLIC_KEY, &key);
  rig_put_object(r, PSD_OBJECT_CA_KEY, encoded, sizeof encoded);
}
