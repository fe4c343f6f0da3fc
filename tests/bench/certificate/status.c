#include "status.h"

#include <openssl/ec.h>
#include <openssl/ocsp.h>
#include <stdio.h>

#include "measure.h"

#define PATH_SIZE 4096
#define RAW 500U

void status_write(const char *folder, unsigned number, X509 *certificate, X509 *issuer) {
  char path[PATH_SIZE];
  uint8_t *der = NULL;
  OCSP_REQUEST *request = OCSP_REQUEST_new();
  OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), certificate, issuer); /* RFC 5019, 2.1.1 */
  bench_need(request != NULL && id != NULL && OCSP_request_add0_id(request, id) != NULL, "OCSP request");
  int length = i2d_OCSP_REQUEST(request, &der), written = snprintf(path, sizeof path, "%s/%u.req", folder, number);
  bench_need(length > 0 && written > 0 && written < PATH_SIZE, "OCSP request");
  FILE *file = fopen(path, "wb");
  bench_need(file != NULL && fwrite(der, 1, (size_t)length, file) == (size_t)length && fclose(file) == 0, path);
  OPENSSL_free(der);
  OCSP_REQUEST_free(request);
}

/* The certificate of whoever answers: its size is all that counts here. */
static X509 *responder_of(X509 *like, EVP_PKEY *key) {
  X509 *made = X509_dup(like);
  bench_need(made != NULL && X509_set_pubkey(made, key) == 1 && X509_sign(made, key, EVP_sha256()) > 0, "responder");
  return made;
}

static void sign_once(OCSP_CERTID *id, X509 *responder, EVP_PKEY *key, bench_samples *samples) {
  OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
  ASN1_TIME *now = X509_gmtime_adj(NULL, 0), *next = X509_gmtime_adj(NULL, 60);
  bench_need(basic != NULL && OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_GOOD, 0, NULL, now, next) != NULL,
             "OCSP answer");
  uint64_t start = bench_now_computing();
  bench_need(OCSP_basic_sign(basic, responder, key, EVP_sha256(), NULL, OCSP_RESPID_KEY) == 1, "OCSP answer");
  bench_add(samples, bench_now_computing() - start, 1);
  ASN1_TIME_free(now);
  ASN1_TIME_free(next);
  OCSP_BASICRESP_free(basic);
}

void status_measure_raw(X509 *certificate, X509 *issuer) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *responder = responder_of(issuer, key);
  OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), certificate, issuer);
  bench_samples samples = bench_samples_make(RAW);
  for (unsigned i = 0; i < RAW; i++)
    sign_once(id, responder, key, &samples);
  bench_row_percentiles(&samples, "ocsp.raw");
  OCSP_CERTID_free(id);
  X509_free(responder);
  EVP_PKEY_free(key);
}
