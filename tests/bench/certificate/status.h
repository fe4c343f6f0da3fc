/* OCSP: requests for a load, and what OpenSSL alone takes to answer. */
#ifndef PSD_BENCH_STATUS_H
#define PSD_BENCH_STATUS_H

#include <openssl/x509.h>

/* Writes a request about a certificate, FOLDER/NUMBER.req. */
void status_write(const char *folder, unsigned number, X509 *certificate, X509 *issuer);
/* Rows ocsp.raw.p50 and .p99: OCSP_basic_sign of an answer about one certificate, signed by a P-256 key, in processor
 * time. */
void status_measure_raw(X509 *certificate, X509 *issuer);

#endif
