/* TimeStampReq and TimeStampResp (RFC 3161, 2.4). */
#ifndef PSD_TSA_QUERY_H
#define PSD_TSA_QUERY_H

#include "psd/spec/certificate.h"

/* Bytes of the longest query that is read. */
#define PSD_TSA_QUERY_MAX 4096U

/* PKIFailureInfo: numbers of bits (2.4.2). */
typedef enum psd_tsa_failure {
  PSD_TSA_BAD_ALG = 0,
  PSD_TSA_BAD_REQUEST = 2,
  PSD_TSA_BAD_DATA_FORMAT = 5,
  PSD_TSA_TIME_NOT_AVAILABLE = 14,
  PSD_TSA_UNACCEPTED_POLICY = 15,
  PSD_TSA_UNACCEPTED_EXTENSION = 16,
  PSD_TSA_SYSTEM_FAILURE = 25,
} psd_tsa_failure;
/* Its name in the standard. */
const char *psd_tsa_failure_name(psd_tsa_failure failure);

typedef struct psd_tsa_refusal {
  psd_tsa_failure failure;
  const char *words; /* for a person, ASCII */
} psd_tsa_refusal;

typedef struct psd_tsa_query {
  psd_digest digest;
  uint8_t imprint[PSD_DIGEST_MAX];
  uint8_t nonce[PSD_NONCE_MAX]; /* content of the INTEGER */
  size_t nonce_length;          /* 0 for none */
  bool named;                   /* a policy was asked for: */
  uint32_t tariff;              /* that of this rate table */
  bool certificate;             /* certReq */
} psd_tsa_query;

/* Reads one; false, and why, for what is none or cannot be granted whatever the card says. */
bool psd_tsa_query_read(const void *data, size_t length, psd_tsa_query *query, psd_tsa_refusal *refusal);
/* Appends the TimeStampResp that refuses. */
void psd_tsa_put_refusal(psd_buffer *out, const psd_tsa_refusal *refusal);

#endif
