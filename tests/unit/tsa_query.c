/* Time stamp queries that are granted, and every reason for which others are not (RFC 3161, 2.4). */
#include <openssl/ts.h>
#include <string.h>

#include "check.h"
#include "query.h"

#define TARIFF "1.3.6.1.4.1.32473.7816.3.7"

/* What a query shall be; zeroes: SHA-256, version 1, nothing else. */
typedef struct wish {
  int algorithm; /* NID */
  const char *policy, *nonce;
  size_t length; /* of the imprint; 0 for that of SHA-256 */
  long version;
  bool certificate, extension, parameter;
} wish;

static void set_imprint(TS_REQ *request, const wish *w) {
  static uint8_t digest[64];
  TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
  X509_ALGOR *algorithm = X509_ALGOR_new();
  memset(digest, 0xA5, sizeof digest);
  X509_ALGOR_set0(algorithm, OBJ_nid2obj(w->algorithm != 0 ? w->algorithm : NID_sha256),
                  w->parameter ? V_ASN1_OBJECT : V_ASN1_NULL, w->parameter ? OBJ_nid2obj(NID_sha1) : NULL);
  TS_MSG_IMPRINT_set_algo(imprint, algorithm);
  TS_MSG_IMPRINT_set_msg(imprint, digest, (int)(w->length != 0 ? w->length : 32));
  TS_REQ_set_msg_imprint(request, imprint);
  X509_ALGOR_free(algorithm);
  TS_MSG_IMPRINT_free(imprint);
}

static void set_rest(TS_REQ *request, const wish *w) {
  if (w->policy != NULL) {
    ASN1_OBJECT *policy = OBJ_txt2obj(w->policy, 1);
    TS_REQ_set_policy_id(request, policy);
    ASN1_OBJECT_free(policy);
  }
  if (w->nonce != NULL) {
    ASN1_INTEGER *nonce = s2i_ASN1_INTEGER(NULL, w->nonce);
    CU_ASSERT_PTR_NOT_NULL_FATAL(nonce);
    TS_REQ_set_nonce(request, nonce);
    ASN1_INTEGER_free(nonce);
  }
  if (w->extension) {
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(value, (const uint8_t *)"\x05\x00", 2);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, NID_netscape_comment, 0, value);
    TS_REQ_add_ext(request, extension, -1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
  }
}

static size_t make(const wish *w, uint8_t der[PSD_TSA_QUERY_MAX]) {
  TS_REQ *request = TS_REQ_new();
  uint8_t *at = der;
  TS_REQ_set_version(request, w->version != 0 ? w->version : 1);
  set_imprint(request, w);
  set_rest(request, w);
  TS_REQ_set_cert_req(request, w->certificate);
  int length = i2d_TS_REQ(request, &at);
  CU_ASSERT_FATAL(length > 0);
  TS_REQ_free(request);
  return (size_t)length;
}

static psd_tsa_query query;
static psd_tsa_refusal refusal;

static bool reads(const wish *w) {
  uint8_t der[PSD_TSA_QUERY_MAX];
  size_t length = make(w, der);
  return psd_tsa_query_read(der, length, &query, &refusal);
}

static void good_ones(void) {
  CU_ASSERT_TRUE(reads(&(wish){0}));
  CU_ASSERT(query.digest == PSD_DIGEST_SHA256 && query.imprint[31] == 0xA5 && query.nonce_length == 0);
  CU_ASSERT_FALSE(query.named || query.certificate);
  CU_ASSERT_TRUE(reads(&(wish){.policy = TARIFF, .nonce = "0xC0FFEE", .certificate = true}));
  CU_ASSERT(query.named && query.tariff == 7 && query.certificate);
  psd_check_bytes(query.nonce, query.nonce_length, "00C0FFEE", "nonce");
  CU_ASSERT_TRUE(reads(&(wish){.nonce = "-1"}));
  psd_check_bytes(query.nonce, query.nonce_length, "FF", "nonce");
  CU_ASSERT_TRUE(reads(&(wish){.algorithm = NID_sha384, .length = 48}));
  CU_ASSERT_EQUAL(query.digest, PSD_DIGEST_SHA384);
  CU_ASSERT_TRUE(reads(&(wish){.algorithm = NID_sha512, .length = 64}));
  CU_ASSERT_EQUAL(query.digest, PSD_DIGEST_SHA512);
}

static void refused(const wish *w, psd_tsa_failure failure, const char *name) {
  CU_ASSERT_FALSE(reads(w));
  CU_ASSERT_EQUAL(refusal.failure, failure);
  CU_ASSERT_STRING_EQUAL(psd_tsa_failure_name(refusal.failure), name);
}

/* 2.4.2, PKIFailureInfo. */
static void reasons(void) {
  refused(&(wish){.algorithm = NID_sha1, .length = 20}, PSD_TSA_BAD_ALG, "badAlg");
  refused(&(wish){.algorithm = NID_sha3_256}, PSD_TSA_BAD_ALG, "badAlg");
  refused(&(wish){.parameter = true}, PSD_TSA_BAD_ALG, "badAlg");
  refused(&(wish){.length = 31}, PSD_TSA_BAD_DATA_FORMAT, "badDataFormat");
  refused(&(wish){.algorithm = NID_sha512}, PSD_TSA_BAD_DATA_FORMAT, "badDataFormat");
  refused(&(wish){.version = 2}, PSD_TSA_BAD_REQUEST, "badRequest");
  refused(&(wish){.extension = true}, PSD_TSA_UNACCEPTED_EXTENSION, "unacceptedExtension");
  refused(&(wish){.policy = "1.2.3.4"}, PSD_TSA_UNACCEPTED_POLICY, "unacceptedPolicy");
  refused(&(wish){.policy = "1.3.6.1.4.1.32473.7816.3"}, PSD_TSA_UNACCEPTED_POLICY, "unacceptedPolicy");
  refused(&(wish){.policy = TARIFF ".1"}, PSD_TSA_UNACCEPTED_POLICY, "unacceptedPolicy");
  refused(&(wish){.policy = "1.3.6.1.4.1.32473.7816.3.4294967296"}, PSD_TSA_UNACCEPTED_POLICY, "unacceptedPolicy");
  refused(&(wish){.nonce = "0x80FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"},
          PSD_TSA_BAD_REQUEST, "badRequest");
  CU_ASSERT_TRUE(reads(&(wish){.nonce = "0x70FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"}));
  CU_ASSERT_EQUAL(query.nonce_length, 32);
  CU_ASSERT_TRUE(reads(&(wish){.policy = "1.3.6.1.4.1.32473.7816.3.4294967295"}));
  CU_ASSERT_EQUAL(query.tariff, UINT32_MAX);
}

static void what_is_none(void) {
  uint8_t der[PSD_TSA_QUERY_MAX + 1] = {0};
  size_t length = make(&(wish){.nonce = "5"}, der);
  for (size_t i = 0; i <= length + 1; i++) {
    if (i == length)
      continue;
    uint8_t *copy = OPENSSL_memdup(der, i > 0 ? i : 1); /* exactly as long: a byte too many is seen */
    CU_ASSERT_FALSE(psd_tsa_query_read(copy, i, &query, &refusal));
    CU_ASSERT_EQUAL(refusal.failure, PSD_TSA_BAD_DATA_FORMAT);
    OPENSSL_free(copy);
  }
  CU_ASSERT_FALSE(psd_tsa_query_read(der, sizeof der, &query, &refusal));
  CU_ASSERT_FALSE(psd_tsa_query_read("hello", 5, &query, &refusal));
}

/* What OpenSSL reads of a refusal. */
static void check_refusal(psd_tsa_failure failure) {
  uint8_t memory[256];
  psd_buffer out = psd_buffer_over(memory, sizeof memory);
  psd_tsa_put_refusal(&out, &(psd_tsa_refusal){failure, "no funds"});
  const uint8_t *at = memory;
  TS_RESP *response = d2i_TS_RESP(NULL, &at, (long)out.length);
  CU_ASSERT_FATAL(response != NULL && at == memory + out.length);
  TS_STATUS_INFO *status = TS_RESP_get_status_info(response);
  uint8_t *again = NULL;
  CU_ASSERT_EQUAL(ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status)), TS_STATUS_REJECTION);
  for (int bit = 0; bit < 32; bit++)
    CU_ASSERT_EQUAL(ASN1_BIT_STRING_get_bit(TS_STATUS_INFO_get0_failure_info(status), bit), bit == (int)failure);
  const ASN1_UTF8STRING *text = sk_ASN1_UTF8STRING_value(TS_STATUS_INFO_get0_text(status), 0);
  CU_ASSERT_NSTRING_EQUAL(ASN1_STRING_get0_data(text), "no funds", 8);
  CU_ASSERT_PTR_NULL(TS_RESP_get_token(response));
  CU_ASSERT_EQUAL(i2d_TS_RESP(response, &again), (int)out.length);
  CU_ASSERT(memcmp(again, memory, out.length) == 0); /* DER */
  OPENSSL_free(again);
  TS_RESP_free(response);
}

static void refusals(void) {
  static const psd_tsa_failure all[] = {
      PSD_TSA_BAD_ALG,           PSD_TSA_BAD_REQUEST,          PSD_TSA_BAD_DATA_FORMAT, PSD_TSA_TIME_NOT_AVAILABLE,
      PSD_TSA_UNACCEPTED_POLICY, PSD_TSA_UNACCEPTED_EXTENSION, PSD_TSA_SYSTEM_FAILURE};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    check_refusal(all[i]);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"queries that may be granted", good_ones},
      {"2.4.2: every reason for which a query is refused", reasons},
      {"what is no query", what_is_none},
      {"2.4.2: a TimeStampResp that refuses, as OpenSSL reads it", refusals},
  };
  return psd_check_run("time stamp queries", tests, PSD_CHECK_COUNT(tests));
}
