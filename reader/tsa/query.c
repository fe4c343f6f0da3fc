#include "query.h"

#include <limits.h>
#include <openssl/ts.h>
#include <string.h>

#include "psd/proof/proof.h"
#include "psd/spec/tlv.h"

/* DER, X.690. */
#define TAG_INTEGER 0x02U
#define TAG_BIT_STRING 0x03U
#define TAG_UTF8 0x0CU
#define TAG_SEQUENCE 0x30U
/* PKIStatus (RFC 3161, 2.4.2). */
#define REJECTION 2U

const char *psd_tsa_failure_name(psd_tsa_failure failure) {
  switch (failure) {
  case PSD_TSA_BAD_ALG:
    return "badAlg";
  case PSD_TSA_BAD_REQUEST:
    return "badRequest";
  case PSD_TSA_BAD_DATA_FORMAT:
    return "badDataFormat";
  case PSD_TSA_TIME_NOT_AVAILABLE:
    return "timeNotAvailable";
  case PSD_TSA_UNACCEPTED_POLICY:
    return "unacceptedPolicy";
  case PSD_TSA_UNACCEPTED_EXTENSION:
    return "unacceptedExtension";
  case PSD_TSA_SYSTEM_FAILURE:
    break;
  }
  return "systemFailure";
}

static bool refuse(psd_tsa_refusal *refusal, psd_tsa_failure failure, const char *words) {
  *refusal = (psd_tsa_refusal){failure, words};
  return false;
}

static const psd_digest_row *digest_of(const X509_ALGOR *algorithm) {
  const ASN1_OBJECT *object;
  int type;
  X509_ALGOR_get0(&object, &type, NULL, algorithm);
  for (unsigned i = 1; psd_digest_of(i) != NULL; i++) {
    const psd_oid *oid = &psd_oids[psd_digest_of(i)->oid];
    if (OBJ_length(object) == oid->size && memcmp(OBJ_get0_data(object), oid->bytes, oid->size) == 0)
      return type == V_ASN1_UNDEF || type == V_ASN1_NULL ? psd_digest_of(i) : NULL;
  }
  return NULL;
}

static bool take_imprint(TS_REQ *request, psd_tsa_query *query, psd_tsa_refusal *refusal) {
  TS_MSG_IMPRINT *imprint = TS_REQ_get_msg_imprint(request);
  const psd_digest_row *digest = digest_of(TS_MSG_IMPRINT_get_algo(imprint));
  const ASN1_OCTET_STRING *bytes = TS_MSG_IMPRINT_get_msg(imprint);
  if (digest == NULL)
    return refuse(refusal, PSD_TSA_BAD_ALG, "the message imprint has to be SHA-256, SHA-384 or SHA-512");
  if (ASN1_STRING_length(bytes) != digest->size)
    return refuse(refusal, PSD_TSA_BAD_DATA_FORMAT, "the message imprint is not as long as its hash function has it");
  query->digest = digest->digest;
  memcpy(query->imprint, ASN1_STRING_get0_data(bytes), digest->size);
  return true;
}

static bool take_policy(TS_REQ *request, psd_tsa_query *query, psd_tsa_refusal *refusal) {
  const ASN1_OBJECT *policy = TS_REQ_get_policy_id(request);
  query->named = policy != NULL;
  if (policy == NULL || psd_proof_tariff(OBJ_get0_data(policy), OBJ_length(policy), &query->tariff))
    return true;
  return refuse(refusal, PSD_TSA_UNACCEPTED_POLICY, "the policy is that of the meter's rate table, and no other");
}

/* The content octets: what stands behind tag and length, one byte each. */
static bool take_nonce(TS_REQ *request, psd_tsa_query *query, psd_tsa_refusal *refusal) {
  const ASN1_INTEGER *nonce = TS_REQ_get_nonce(request);
  uint8_t der[PSD_NONCE_MAX + 2], *at = der;
  query->nonce_length = 0;
  if (nonce == NULL)
    return true;
  int length = i2d_ASN1_INTEGER(nonce, NULL);
  if (length < 3 || (size_t)length > sizeof der)
    return refuse(refusal, PSD_TSA_BAD_REQUEST, "a nonce has at most 32 bytes");
  (void)i2d_ASN1_INTEGER(nonce, &at);
  query->nonce_length = (size_t)length - 2;
  memcpy(query->nonce, der + 2, query->nonce_length);
  return true;
}

static bool take(TS_REQ *request, psd_tsa_query *query, psd_tsa_refusal *refusal) {
  if (TS_REQ_get_version(request) != 1)
    return refuse(refusal, PSD_TSA_BAD_REQUEST, "a time stamp query has version 1");
  if (TS_REQ_get_ext_count(request) > 0)
    return refuse(refusal, PSD_TSA_UNACCEPTED_EXTENSION, "no extension is known here");
  query->certificate = TS_REQ_get_cert_req(request) != 0;
  return take_imprint(request, query, refusal) && take_policy(request, query, refusal) &&
         take_nonce(request, query, refusal);
}

bool psd_tsa_query_read(const void *data, size_t length, psd_tsa_query *query, psd_tsa_refusal *refusal) {
  const unsigned char *at = data;
  memset(query, 0, sizeof *query);
  TS_REQ *request = length > 0 && length <= PSD_TSA_QUERY_MAX ? d2i_TS_REQ(NULL, &at, (long)length) : NULL;
  bool done = request != NULL && at == (const unsigned char *)data + length
                  ? take(request, query, refusal)
                  : refuse(refusal, PSD_TSA_BAD_DATA_FORMAT, "it is no time stamp query (RFC 3161, 2.4.1)");
  TS_REQ_free(request);
  return done;
}

/* A BIT STRING of named bits ends with the last one that is set (X.690, 11.2.2). */
static void put_failure(psd_buffer *out, psd_tsa_failure failure) {
  uint8_t bits[1 + PSD_TSA_SYSTEM_FAILURE / 8 + 1] = {0};
  unsigned byte = (unsigned)failure / 8U, bit = (unsigned)failure % 8U;
  bits[0] = (uint8_t)(7U - bit);
  bits[1 + byte] = (uint8_t)(0x80U >> bit);
  psd_put_tlv(out, TAG_BIT_STRING, bits, byte + 2U);
}

void psd_tsa_put_refusal(psd_buffer *out, const psd_tsa_refusal *refusal) {
  size_t response = psd_open_tlv(out, TAG_SEQUENCE);
  size_t status = psd_open_tlv(out, TAG_SEQUENCE);
  psd_put_tlv(out, TAG_INTEGER, &(uint8_t){REJECTION}, 1);
  size_t text = psd_open_tlv(out, TAG_SEQUENCE);
  psd_put_tlv(out, TAG_UTF8, refusal->words, strlen(refusal->words));
  psd_close_tlv(out, text);
  put_failure(out, refusal->failure);
  psd_close_tlv(out, status);
  psd_close_tlv(out, response);
}
