#include "crypto/x509.h"

#include <limits.h>
#include <openssl/pem.h>
#include <string.h>

#include "crypto/evp_internal.h"
#include "crypto/x509_internal.h"

#define KEY_IDENTIFIER 20

/* The serial number of a subject is a PrintableString (X.520, 6.2.9); characters of a device's name that are none there
 * make it UTF-8. */
static int string_type(const char *text) {
  return ASN1_PRINTABLE_type((const unsigned char *)text, -1) == V_ASN1_PRINTABLESTRING ? V_ASN1_PRINTABLESTRING
                                                                                        : V_ASN1_UTF8STRING;
}

static bool add_entry(X509_NAME *name, int nid, const char *text) {
  return text == NULL ||
         X509_NAME_add_entry_by_NID(name, nid, string_type(text), (const unsigned char *)text, -1, -1, 0) == 1;
}

X509_NAME *psd_x509_name_of(const psd_x509_name *wanted) {
  X509_NAME *name = X509_NAME_new();
  if (name != NULL && add_entry(name, NID_organizationName, wanted->organization) &&
      add_entry(name, NID_commonName, wanted->common_name) && add_entry(name, NID_serialNumber, wanted->serial_number))
    return name;
  X509_NAME_free(name);
  return NULL;
}

/* A Name that stands there in DER, or one of its parts. */
static X509_NAME *subject_of(const psd_x509 *wanted) {
  const unsigned char *at = wanted->subject_der.data;
  return at != NULL ? d2i_X509_NAME(NULL, &at, (long)wanted->subject_der.length) : psd_x509_name_of(&wanted->subject);
}

static bool set_names(X509 *made, const psd_x509 *wanted) {
  X509_NAME *issuer = psd_x509_name_of(&wanted->issuer), *subject = subject_of(wanted);
  bool done = issuer != NULL && subject != NULL && X509_set_issuer_name(made, issuer) == 1 &&
              X509_set_subject_name(made, subject) == 1;
  X509_NAME_free(issuer);
  X509_NAME_free(subject);
  return done;
}

static bool set_head(X509 *made, const psd_x509 *wanted) {
  return X509_set_version(made, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(made), wanted->serial) == 1 &&
         ASN1_TIME_set(X509_getm_notBefore(made), (time_t)wanted->from) != NULL &&
         ASN1_TIME_set(X509_getm_notAfter(made), (time_t)wanted->until) != NULL;
}

/* `parameters` are an object of its own, or NULL for NULL. The bytes are put there as they are: OpenSSL's own ways to
 * and from its key objects look for encoders and decoders each time, which takes ten times as long as a signature. */
static bool set_public(X509 *made, ASN1_OBJECT *kind, ASN1_OBJECT *parameters, const uint8_t *bytes, size_t length) {
  uint8_t *copy = OPENSSL_memdup(bytes, length);
  if (copy != NULL && kind != NULL &&
      X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(made), kind, parameters != NULL ? V_ASN1_OBJECT : V_ASN1_NULL,
                             parameters, copy, (int)length) == 1)
    return true;
  OPENSSL_free(copy);
  ASN1_OBJECT_free(kind);
  ASN1_OBJECT_free(parameters);
  return false;
}

/* A point of the curve, and nothing else. */
static bool set_point(X509 *made, const uint8_t point[PSD_POINT]) {
  EVP_PKEY *key = psd_point_pkey(point);
  EVP_PKEY_free(key);
  return key != NULL &&
         set_public(made, OBJ_nid2obj(NID_X9_62_id_ecPublicKey), OBJ_nid2obj(NID_X9_62_prime256v1), point, PSD_POINT);
}

/* RFC 5280, 4.1.2.7: of P-256 by name, or of RSA. Who has put it into psd_x509_holder has looked at the key. */
static bool set_spki(X509 *made, psd_part spki) {
  const unsigned char *at = spki.data;
  const ASN1_OBJECT *kind = NULL;
  const void *parameters = NULL;
  long length = 0;
  int tag = 0, class = 0, type = V_ASN1_UNDEF;
  if (ASN1_get_object(&at, &length, &tag, &class, (long)spki.length) != V_ASN1_CONSTRUCTED || tag != V_ASN1_SEQUENCE)
    return false;
  const unsigned char *end = at + length;
  X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, &at, length);
  ASN1_BIT_STRING *key = algorithm != NULL ? d2i_ASN1_BIT_STRING(NULL, &at, end - at) : NULL;
  if (key != NULL)
    X509_ALGOR_get0(&kind, &type, &parameters, algorithm);
  bool done = (type == V_ASN1_OBJECT || type == V_ASN1_NULL) &&
              set_public(made, OBJ_dup(kind), type == V_ASN1_OBJECT ? OBJ_dup(parameters) : NULL,
                         ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key));
  ASN1_BIT_STRING_free(key);
  X509_ALGOR_free(algorithm);
  return done;
}

static bool set_key(X509 *made, const psd_x509 *wanted) {
  return wanted->key.data != NULL ? set_spki(made, wanted->key) : set_point(made, wanted->point);
}

/* The identifier of a key; NULL on failure. */
static ASN1_OCTET_STRING *identifier_of(const uint8_t *key, size_t length) {
  uint8_t digest[PSD_HASH];
  ASN1_OCTET_STRING *identifier = ASN1_OCTET_STRING_new();
  if (identifier != NULL && psd_hash(&(psd_part){key, length}, 1, digest) &&
      ASN1_OCTET_STRING_set(identifier, digest, KEY_IDENTIFIER) == 1)
    return identifier;
  ASN1_OCTET_STRING_free(identifier);
  return NULL;
}

/* Of the key that was set. */
static bool add_subject_key(X509 *made) {
  const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(made);
  ASN1_OCTET_STRING *identifier =
      key != NULL ? identifier_of(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key)) : NULL;
  bool done =
      identifier != NULL && X509_add1_ext_i2d(made, NID_subject_key_identifier, identifier, 0, X509V3_ADD_APPEND) == 1;
  ASN1_OCTET_STRING_free(identifier);
  return done;
}

AUTHORITY_KEYID *psd_x509_authority_of(const uint8_t point[PSD_POINT]) {
  AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();
  if (authority != NULL)
    authority->keyid = identifier_of(point, PSD_POINT);
  if (authority != NULL && authority->keyid != NULL)
    return authority;
  AUTHORITY_KEYID_free(authority);
  return NULL;
}

static bool add_authority_key(X509 *made, const uint8_t point[PSD_POINT]) {
  AUTHORITY_KEYID *authority = psd_x509_authority_of(point);
  bool done =
      authority != NULL && X509_add1_ext_i2d(made, NID_authority_key_identifier, authority, 0, X509V3_ADD_APPEND) == 1;
  AUTHORITY_KEYID_free(authority);
  return done;
}

static bool add_private(X509 *made, const char *identifier, psd_part content) {
  if (identifier == NULL)
    return true;
  ASN1_OBJECT *object = OBJ_txt2obj(identifier, 1);
  ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
  X509_EXTENSION *extension = NULL;
  if (object != NULL && value != NULL && content.length <= INT_MAX &&
      ASN1_OCTET_STRING_set(value, content.data, (int)content.length) == 1)
    extension = X509_EXTENSION_create_by_OBJ(NULL, object, 0, value);
  bool done = extension != NULL && X509_add_ext(made, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  ASN1_OCTET_STRING_free(value);
  ASN1_OBJECT_free(object);
  return done;
}

/* A self-signed certificate names no other key (RFC 5280, 4.2.1.1). */
static bool is_self_signed(const psd_x509 *wanted) {
  return wanted->key.data == NULL && memcmp(wanted->point, wanted->issuer_point, PSD_POINT) == 0;
}

static bool fill(X509 *made, const psd_x509 *wanted) {
  return set_head(made, wanted) && set_names(made, wanted) && set_key(made, wanted) &&
         psd_x509_add_limits(made, wanted) && add_subject_key(made) &&
         (is_self_signed(wanted) || add_authority_key(made, wanted->issuer_point)) &&
         psd_x509_add_addresses(made, wanted) && add_private(made, wanted->private, wanted->content);
}

static bool put_der(X509 *made, uint8_t der[PSD_X509_MAX], size_t *length) {
  int size = i2d_X509(made, NULL);
  if (size <= 0 || (unsigned)size > PSD_X509_MAX)
    return false;
  uint8_t *at = der;
  *length = (size_t)size;
  return i2d_X509(made, &at) == size;
}

bool psd_x509_make(const psd_x509 *wanted, const psd_pair *issuer, uint8_t der[PSD_X509_MAX], size_t *length) {
  X509 *made = X509_new();
  EVP_PKEY *key = psd_pair_pkey(issuer);
  bool done = made != NULL && key != NULL && fill(made, wanted) && X509_sign(made, key, psd_evp.sha256) > 0 &&
              put_der(made, der, length);
  EVP_PKEY_free(key);
  X509_free(made);
  return done || psd_evp_failed();
}

X509 *psd_x509_take(psd_part der) {
  const unsigned char *at = der.data;
  X509 *taken = der.length <= PSD_X509_MAX ? d2i_X509(NULL, &at, (long)der.length) : NULL;
  if (taken == NULL || at == (const unsigned char *)der.data + der.length)
    return taken;
  X509_free(taken);
  return NULL;
}

bool psd_x509_signed(psd_part der, const uint8_t issuer[PSD_POINT], const uint8_t point[PSD_POINT]) {
  X509 *taken = psd_x509_take(der);
  EVP_PKEY *signer = psd_point_pkey(issuer), *subject = psd_point_pkey(point);
  EVP_PKEY *key = taken != NULL ? X509_get0_pubkey(taken) : NULL;
  bool done = key != NULL && signer != NULL && subject != NULL && EVP_PKEY_eq(key, subject) == 1 &&
              X509_verify(taken, signer) == 1;
  EVP_PKEY_free(signer);
  EVP_PKEY_free(subject);
  X509_free(taken);
  return done || psd_evp_failed();
}

bool psd_x509_issued(psd_part der, const uint8_t issuer[PSD_POINT]) {
  X509 *taken = psd_x509_take(der);
  EVP_PKEY *signer = psd_point_pkey(issuer);
  bool done = taken != NULL && signer != NULL && X509_verify(taken, signer) == 1;
  EVP_PKEY_free(signer);
  X509_free(taken);
  return done || psd_evp_failed();
}

bool psd_x509_pem(psd_part der, char pem[PSD_X509_PEM_MAX]) {
  X509 *taken = psd_x509_take(der);
  BIO *memory = BIO_new(BIO_s_mem());
  bool done = taken != NULL && memory != NULL && PEM_write_bio_X509(memory, taken) == 1 &&
              psd_bio_text(memory, pem, PSD_X509_PEM_MAX);
  BIO_free(memory);
  X509_free(taken);
  return done || psd_evp_failed();
}
