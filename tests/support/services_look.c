#include "services_look.h"

#include "check.h"

#include <openssl/ts.h>
#include <string.h>

CMS_ContentInfo *look_cms_of(const services_bytes *bytes) {
  const uint8_t *at = bytes->data;
  uint8_t *again = NULL;
  CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)bytes->length);
  CU_ASSERT_FATAL(cms != NULL && at == bytes->data + bytes->length);
  CU_ASSERT_EQUAL(i2d_CMS_ContentInfo(cms, &again), (int)bytes->length);
  CU_ASSERT_EQUAL(memcmp(again, bytes->data, bytes->length), 0);
  OPENSSL_free(again);
  return cms;
}

CMS_ContentInfo *look_cms(const services *s) {
  services_bytes bytes = services_keep(s);
  return look_cms_of(&bytes);
}

/* Believes `issuer`, at that time. */
static X509_STORE *store_of(X509 *issuer, uint64_t time) {
  X509_STORE *store = X509_STORE_new();
  CU_ASSERT_FATAL(store != NULL && X509_STORE_add_cert(store, issuer) == 1);
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)time);
  X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
  X509_VERIFY_PARAM_set_purpose(X509_STORE_get0_param(store), X509_PURPOSE_ANY);
  return store;
}

bool look_holds(CMS_ContentInfo *cms, X509 *signer, X509 *issuer, uint64_t time, const void *message, size_t length) {
  X509_STORE *store = store_of(issuer, time);
  STACK_OF(X509) *signers = sk_X509_new_null();
  if (signer != NULL)
    CU_ASSERT_FATAL(sk_X509_push(signers, signer) > 0);
  BIO *content = message != NULL ? BIO_new_mem_buf(message, (int)length) : NULL;
  BIO *out = BIO_new(BIO_s_mem());
  bool holds = CMS_verify(cms, signers, store, content, out, CMS_BINARY | CMS_CADES) == 1;
  BIO_free(out);
  BIO_free(content);
  sk_X509_free(signers);
  X509_STORE_free(store);
  return holds;
}

/* OpenSSL takes policy, imprint and nonce from a request, here one of SHA-256. */
static TS_VERIFY_CTX *asked(const services *s, const void *message, size_t length, const char *nonce) {
  TS_REQ *request = TS_REQ_new();
  TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
  X509_ALGOR *algorithm = X509_ALGOR_new();
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  CU_ASSERT_FATAL(EVP_Digest(message, length, digest, &size, EVP_sha256(), NULL) == 1);
  X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL);
  CU_ASSERT_FATAL(TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
                  TS_MSG_IMPRINT_set_msg(imprint, digest, (int)size) == 1 && TS_REQ_set_version(request, 1) == 1 &&
                  TS_REQ_set_msg_imprint(request, imprint) == 1);
  ASN1_OBJECT *policy = OBJ_txt2obj("1.3.6.1.4.1.32473.7816.3.1", 1);
  CU_ASSERT_FATAL(TS_REQ_set_policy_id(request, policy) == 1);
  if (nonce != NULL) {
    ASN1_INTEGER *number = s2i_ASN1_INTEGER(NULL, nonce);
    CU_ASSERT_FATAL(number != NULL && TS_REQ_set_nonce(request, number) == 1);
    ASN1_INTEGER_free(number);
  }
  TS_VERIFY_CTX *context = TS_REQ_to_TS_VERIFY_CTX(request, NULL);
  CU_ASSERT_PTR_NOT_NULL_FATAL(context);
  TS_VERIFY_CTX_add_flags(context, TS_VFY_VERSION | TS_VFY_SIGNATURE);
  (void)TS_VERIFY_CTX_set_store(context, store_of(s->a.certificate, s->r->seconds));
  ASN1_OBJECT_free(policy);
  X509_ALGOR_free(algorithm);
  TS_MSG_IMPRINT_free(imprint);
  TS_REQ_free(request);
  return context;
}

bool look_stamp(const services *s, const services_bytes *token, X509 *signer, const void *message, size_t length,
                const char *nonce) {
  const uint8_t *at = token->data;
  PKCS7 *pkcs7 = d2i_PKCS7(NULL, &at, (long)token->length);
  CU_ASSERT_FATAL(pkcs7 != NULL && at == token->data + token->length);
  TS_VERIFY_CTX *context = asked(s, message, length, nonce);
  if (signer != NULL) {
    STACK_OF(X509) *known = sk_X509_new_null();
    CU_ASSERT_FATAL(X509_up_ref(signer) == 1 && sk_X509_push(known, signer) > 0);
    (void)TS_VERIFY_CTX_set_certs(context, known);
  }
  bool holds = TS_RESP_verify_token(context, pkcs7) == 1;
  TS_VERIFY_CTX_free(context);
  PKCS7_free(pkcs7);
  return holds;
}

look_content look_open(CMS_ContentInfo *cms, psd_oid_id type) {
  char dotted[80];
  (void)OBJ_obj2txt(dotted, sizeof dotted, CMS_get0_eContentType(cms), 1);
  CU_ASSERT_STRING_EQUAL(dotted, psd_oids[type].dotted);
  ASN1_OCTET_STRING **content = CMS_get0_content(cms);
  CU_ASSERT_FATAL(content != NULL && *content != NULL);
  const uint8_t *start = ASN1_STRING_get0_data(*content), *at = start;
  look_content open = {.of = d2i_ASN1_SEQUENCE_ANY(NULL, &at, ASN1_STRING_length(*content))};
  CU_ASSERT_FATAL(open.of != NULL && at == start + ASN1_STRING_length(*content));
  return open;
}

void look_close(look_content *content) {
  sk_ASN1_TYPE_pop_free(content->of, ASN1_TYPE_free);
}

int look_count(const look_content *content) {
  return sk_ASN1_TYPE_num(content->of);
}

static const ASN1_TYPE *element(const look_content *content, int at, int type) {
  const ASN1_TYPE *found = sk_ASN1_TYPE_value(content->of, at);
  CU_ASSERT_FATAL(found != NULL && found->type == type);
  return found;
}

uint64_t look_number(const look_content *content, int at) {
  uint64_t number = 0;
  CU_ASSERT_EQUAL(ASN1_INTEGER_get_uint64(&number, element(content, at, V_ASN1_INTEGER)->value.integer), 1);
  return number;
}

uint64_t look_enumerated(const look_content *content, int at) {
  return (uint64_t)ASN1_ENUMERATED_get(element(content, at, V_ASN1_ENUMERATED)->value.enumerated);
}

uint64_t look_time(const look_content *content, int at) {
  ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
  int days = 0, seconds = 0;
  CU_ASSERT_EQUAL(
      ASN1_TIME_diff(&days, &seconds, epoch,
                     (const ASN1_TIME *)element(content, at, V_ASN1_GENERALIZEDTIME)->value.generalizedtime),
      1);
  ASN1_TIME_free(epoch);
  return (uint64_t)days * 86400 + (uint64_t)seconds;
}

static bool is(const ASN1_STRING *string, const void *bytes, size_t length) {
  return (size_t)ASN1_STRING_length(string) == length && memcmp(ASN1_STRING_get0_data(string), bytes, length) == 0;
}

bool look_octets(const look_content *content, int at, const void *bytes, size_t length) {
  return is(element(content, at, V_ASN1_OCTET_STRING)->value.octet_string, bytes, length);
}

bool look_text(const look_content *content, int at, const char *text) {
  return is(element(content, at, V_ASN1_UTF8STRING)->value.utf8string, text, strlen(text));
}

bool look_name(const look_content *content, int at, X509_NAME *name) {
  uint8_t *der = NULL;
  int length = i2d_X509_NAME(name, &der);
  CU_ASSERT_FATAL(length > 0);
  bool same = is(element(content, at, V_ASN1_SEQUENCE)->value.sequence, der, (size_t)length);
  OPENSSL_free(der);
  return same;
}

bool look_flag(const look_content *content, int at) {
  return element(content, at, V_ASN1_BOOLEAN)->value.boolean != 0;
}
