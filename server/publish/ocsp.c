/* OCSP (RFC 6960): is this certificate good? */
#include <openssl/err.h>
#include <stdlib.h>

#include "publish/internal.h"

/* Bytes of the value of a nonce, with its own head (RFC 9654, 2.1: up to 128). */
#define NONCE_MOST 131

/* One certificate that is asked about. */
typedef struct asked {
  OCSP_CERTID *id; /* the request's */
  uint64_t number; /* serial number; 0 for what cannot be one of ours */
  psd_ca_entry entry;
  bool issued;
} asked;

typedef struct question {
  OCSP_REQUEST *request;
  psd_publish_ca *ca; /* the issuer of all */
  asked all[PSD_PUBLISH_ASKED_MAX];
  int count;
} question;

static int status_of(psd_published result) {
  switch (result) {
  case PSD_PUBLISHED:
    return OCSP_RESPONSE_STATUS_SUCCESSFUL;
  case PSD_PUBLISHED_NONE:
    return OCSP_RESPONSE_STATUS_UNAUTHORIZED;
  case PSD_PUBLISHED_LATER:
    return OCSP_RESPONSE_STATUS_TRYLATER;
  default:
    return OCSP_RESPONSE_STATUS_INTERNALERROR;
  }
}

static uint64_t number_of(const ASN1_INTEGER *serial) {
  uint64_t number = 0;
  return ASN1_INTEGER_get_uint64(&number, serial) == 1 && number <= UINT32_MAX ? number : 0;
}

static bool nonce_fits(OCSP_REQUEST *request) {
  int index = OCSP_REQUEST_get_ext_by_NID(request, NID_id_pkix_OCSP_Nonce, -1);
  if (index < 0)
    return true;
  const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(OCSP_REQUEST_get_ext(request, index));
  return ASN1_STRING_length(value) > 0 && ASN1_STRING_length(value) <= NONCE_MOST;
}

/* All of it, and nothing behind it. */
static bool read_request(question *at, const uint8_t *bytes, size_t length) {
  const unsigned char *end = bytes;
  at->request = d2i_OCSP_REQUEST(NULL, &end, (long)length);
  if (at->request == NULL || end != bytes + length || !nonce_fits(at->request))
    return false;
  at->count = OCSP_request_onereq_count(at->request);
  if (at->count < 1 || at->count > PSD_PUBLISH_ASKED_MAX)
    return false;
  for (int i = 0; i < at->count; i++) {
    ASN1_INTEGER *serial = NULL;
    at->all[i].id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(at->request, i));
    if (OCSP_id_get0_info(NULL, NULL, NULL, &serial, at->all[i].id) != 1)
      return false;
    at->all[i].number = number_of(serial);
  }
  return true;
}

/* One answer has one signer: he is certified by the issuer of all that are asked about, or answers nothing (RFC 6960,
 * 2.3: unauthorized). */
static psd_published find_issuer(psd_publish *publish, question *at) {
  psd_published result = psd_publish_issuer(publish, at->all[0].id, &at->ca);
  for (int i = 1; i < at->count && result == PSD_PUBLISHED; i++) {
    psd_publish_ca *other = NULL;
    result = psd_publish_issuer(publish, at->all[i].id, &other);
    if (result == PSD_PUBLISHED && other != at->ca)
      result = PSD_PUBLISHED_NONE;
  }
  return result;
}

static psd_db_result look_up(psd_db *db, void *context) {
  question *at = context;
  for (int i = 0; i < at->count; i++) {
    asked *one = &at->all[i];
    psd_db_result result = one->number == 0 ? PSD_DB_ABSENT : psd_ca_status(db, (uint32_t)one->number, &one->entry);
    one->issued = result == PSD_DB_DONE;
    if (result != PSD_DB_DONE && result != PSD_DB_ABSENT)
      return result;
  }
  return PSD_DB_DONE;
}

/* No reason is said where none is known (RFC 5280, 5.3.1). */
static int reason_of(const psd_ca_entry *entry) {
  return entry->reason == PSD_REASON_UNSPECIFIED ? OCSP_REVOKED_STATUS_NOSTATUS : (int)entry->reason;
}

static bool add_status(OCSP_BASICRESP *basic, const asked *one, ASN1_TIME *now, ASN1_TIME *next) {
  bool revoked = one->issued && one->entry.revoked != 0;
  ASN1_TIME *when = revoked ? ASN1_GENERALIZEDTIME_set(NULL, (time_t)one->entry.revoked) : NULL;
  int status = !one->issued ? V_OCSP_CERTSTATUS_UNKNOWN : revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD;
  bool done = (!revoked || when != NULL) &&
              OCSP_basic_add1_status(basic, one->id, status, reason_of(&one->entry), when, now, next) != NULL;
  ASN1_TIME_free(when);
  return done;
}

static bool add_all(OCSP_BASICRESP *basic, const question *at) {
  uint64_t time = psd_publish_now();
  ASN1_TIME *now = ASN1_GENERALIZEDTIME_set(NULL, (time_t)time);
  ASN1_TIME *next = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(time + PSD_PUBLISH_ANSWER_GOOD));
  bool done = now != NULL && next != NULL;
  for (int i = 0; i < at->count && done; i++)
    done = add_status(basic, &at->all[i], now, next);
  ASN1_TIME_free(now);
  ASN1_TIME_free(next);
  return done;
}

/* The signed part; NULL on failure. */
static OCSP_BASICRESP *sign(const question *at, const psd_publish_responder *responder) {
  OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
  if (basic != NULL && add_all(basic, at) && OCSP_copy_nonce(basic, at->request) > 0 &&
      OCSP_basic_sign(basic, responder->certificate, responder->key, EVP_sha256(), NULL, OCSP_RESPID_KEY) == 1)
    return basic;
  OCSP_BASICRESP_free(basic);
  return NULL;
}

static psd_published answer(psd_publish *publish, question *at, OCSP_BASICRESP **basic) {
  psd_publish_responder responder = {.key = NULL};
  psd_published result = find_issuer(publish, at);
  if (result != PSD_PUBLISHED)
    return result;
  if (psd_publish_transaction(publish, false, look_up, at) != PSD_DB_DONE)
    return PSD_PUBLISHED_LATER;
  result = psd_publish_responder_of(publish, at->ca, &responder);
  if (result == PSD_PUBLISHED)
    *basic = sign(at, &responder);
  psd_publish_responder_free(&responder);
  if (result == PSD_PUBLISHED_LATER)
    return result;
  return *basic != NULL ? PSD_PUBLISHED : PSD_PUBLISHED_FAILED;
}

bool psd_publish_answer(psd_publish *publish, const uint8_t *request, size_t length, uint8_t **der,
                        size_t *der_length) {
  question at = {.count = 0};
  OCSP_BASICRESP *basic = NULL;
  int status = OCSP_RESPONSE_STATUS_MALFORMEDREQUEST;
  if (length > 0 && read_request(&at, request, length))
    status = status_of(answer(publish, &at, &basic));
  OCSP_RESPONSE *response = OCSP_response_create(status, basic);
  *der = NULL;
  int size = response == NULL ? 0 : i2d_OCSP_RESPONSE(response, der);
  *der_length = size > 0 ? (size_t)size : 0;
  psd_publish_say(publish, PSD_PUBLISH_DEBUG, "OCSP", OCSP_response_status_str(status));
  OCSP_RESPONSE_free(response);
  OCSP_BASICRESP_free(basic);
  OCSP_REQUEST_free(at.request);
  ERR_clear_error();
  return size > 0;
}
