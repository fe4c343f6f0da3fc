/* Our own contents in DER: what OpenSSL has no templates for (docs/certificates.md). */
#include "internal.h"

#include <string.h>

typedef struct metering_policy {
  ASN1_OCTET_STRING *device;
  uint64_t zip, licence, purpose;
} metering_policy;

typedef struct credit_line {
  uint64_t amount;
  ASN1_OCTET_STRING *device;
  uint64_t certificate;
  ASN1_UTF8STRING *use;
} credit_line;

typedef struct metered_use {
  ASN1_OCTET_STRING *device;
  uint64_t number, charge;
} metered_use;

typedef struct credit_request {
  uint64_t version;
  ASN1_OCTET_STRING *device;
  uint64_t certificate, amount;
  ASN1_UTF8STRING *use;
  ASN1_GENERALIZEDTIME *time;
  ASN1_OCTET_STRING *nonce;
} credit_request;

typedef struct payment {
  uint64_t version;
  X509_NAME *holder;
  uint64_t certificate;
  ASN1_OCTET_STRING *device, *credit;
  uint64_t amount, remaining;
  ASN1_UTF8STRING *payee;
  ASN1_GENERALIZEDTIME *time, *expiry;
  uint64_t sequence;
  ASN1_OCTET_STRING *previous;
} payment;

/* clang-format off */
ASN1_SEQUENCE(metering_policy) = {
  ASN1_SIMPLE(metering_policy, device, ASN1_OCTET_STRING),
  ASN1_EMBED(metering_policy, zip, UINT64),
  ASN1_EMBED(metering_policy, licence, UINT64),
  ASN1_OPT_EMBED(metering_policy, purpose, ZUINT64)
} static_ASN1_SEQUENCE_END(metering_policy)

ASN1_SEQUENCE(credit_line) = {
  ASN1_EMBED(credit_line, amount, UINT64),
  ASN1_SIMPLE(credit_line, device, ASN1_OCTET_STRING),
  ASN1_EMBED(credit_line, certificate, UINT64),
  ASN1_SIMPLE(credit_line, use, ASN1_UTF8STRING)
} static_ASN1_SEQUENCE_END(credit_line)

ASN1_SEQUENCE(metered_use) = {
  ASN1_SIMPLE(metered_use, device, ASN1_OCTET_STRING),
  ASN1_EMBED(metered_use, number, UINT64),
  ASN1_EMBED(metered_use, charge, UINT64)
} static_ASN1_SEQUENCE_END(metered_use)

ASN1_SEQUENCE(credit_request) = {
  ASN1_EMBED(credit_request, version, UINT64),
  ASN1_SIMPLE(credit_request, device, ASN1_OCTET_STRING),
  ASN1_EMBED(credit_request, certificate, UINT64),
  ASN1_EMBED(credit_request, amount, UINT64),
  ASN1_SIMPLE(credit_request, use, ASN1_UTF8STRING),
  ASN1_SIMPLE(credit_request, time, ASN1_GENERALIZEDTIME),
  ASN1_SIMPLE(credit_request, nonce, ASN1_OCTET_STRING)
} static_ASN1_SEQUENCE_END(credit_request)

ASN1_SEQUENCE(payment) = {
  ASN1_EMBED(payment, version, UINT64),
  ASN1_SIMPLE(payment, holder, X509_NAME),
  ASN1_EMBED(payment, certificate, UINT64),
  ASN1_SIMPLE(payment, device, ASN1_OCTET_STRING),
  ASN1_SIMPLE(payment, credit, ASN1_OCTET_STRING),
  ASN1_EMBED(payment, amount, UINT64),
  ASN1_EMBED(payment, remaining, UINT64),
  ASN1_SIMPLE(payment, payee, ASN1_UTF8STRING),
  ASN1_SIMPLE(payment, time, ASN1_GENERALIZEDTIME),
  ASN1_SIMPLE(payment, expiry, ASN1_GENERALIZEDTIME),
  ASN1_EMBED(payment, sequence, UINT64),
  ASN1_SIMPLE(payment, previous, ASN1_OCTET_STRING)
} static_ASN1_SEQUENCE_END(payment)
    /* clang-format on */

    static void release(void *object, const ASN1_ITEM *item) {
  ASN1_item_free(object, item);
}

bool psd_proof_policy_of(const X509 *certificate, psd_proof_policy *policy, bool *there) {
  memset(policy, 0, sizeof *policy);
  metering_policy *read =
      psd_proof_extension(certificate, PSD_OID_METERING_POLICY, ASN1_ITEM_rptr(metering_policy), there);
  if (read == NULL)
    return !*there;
  bool done = psd_proof_octets_in(read->device, policy->device, PSD_SIZE_DEVICE_ID);
  policy->zip = read->zip;
  policy->licence = read->licence;
  policy->purpose = read->purpose;
  release(read, ASN1_ITEM_rptr(metering_policy));
  return done;
}

bool psd_proof_line_of(const X509 *certificate, psd_proof_credit *credit, uint8_t device[PSD_SIZE_DEVICE_ID],
                       bool *there) {
  credit_line *read = psd_proof_extension(certificate, PSD_OID_CREDIT_LINE, ASN1_ITEM_rptr(credit_line), there);
  if (read == NULL)
    return !*there;
  bool done = psd_proof_octets_in(read->device, device, PSD_SIZE_DEVICE_ID) &&
              psd_proof_text_in(read->use, 0, credit->use, sizeof credit->use);
  credit->amount = read->amount;
  credit->certificate = read->certificate;
  release(read, ASN1_ITEM_rptr(credit_line));
  return done;
}

bool psd_proof_put_credit_line(const psd_proof_credit *credit, const uint8_t device[PSD_SIZE_DEVICE_ID],
                               psd_buffer *out) {
  credit_line *line = (credit_line *)ASN1_item_new(ASN1_ITEM_rptr(credit_line));
  if (line == NULL)
    return false;
  line->amount = credit->amount;
  line->certificate = credit->certificate;
  bool done = ASN1_OCTET_STRING_set(line->device, device, PSD_SIZE_DEVICE_ID) == 1 &&
              ASN1_STRING_set(line->use, credit->use, (int)strlen(credit->use)) == 1 &&
              psd_proof_append(line, ASN1_ITEM_rptr(credit_line), out);
  release(line, ASN1_ITEM_rptr(credit_line));
  return done;
}

bool psd_proof_metered_use_in(psd_proof_bytes der, uint8_t device[PSD_SIZE_DEVICE_ID], uint64_t *number,
                              uint64_t *charge) {
  metered_use *read = psd_proof_parse(der, ASN1_ITEM_rptr(metered_use));
  if (read == NULL)
    return false;
  bool done = psd_proof_octets_in(read->device, device, PSD_SIZE_DEVICE_ID);
  *number = read->number;
  *charge = read->charge;
  release(read, ASN1_ITEM_rptr(metered_use));
  return done;
}

bool psd_proof_put_credit_request(const psd_proof_credit_request *request, const uint8_t nonce[8], psd_buffer *out) {
  credit_request *made = (credit_request *)ASN1_item_new(ASN1_ITEM_rptr(credit_request));
  if (made == NULL)
    return false;
  made->version = 1;
  made->certificate = request->certificate;
  made->amount = request->amount;
  bool done = ASN1_OCTET_STRING_set(made->device, request->device, PSD_SIZE_DEVICE_ID) == 1 &&
              ASN1_STRING_set(made->use, request->use, (int)strlen(request->use)) == 1 &&
              psd_proof_time_out(request->time, made->time) && ASN1_OCTET_STRING_set(made->nonce, nonce, 8) == 1 &&
              psd_proof_append(made, ASN1_ITEM_rptr(credit_request), out);
  release(made, ASN1_ITEM_rptr(credit_request));
  return done;
}

bool psd_proof_read_credit_request(psd_proof_bytes der, psd_proof_credit_request *request) {
  memset(request, 0, sizeof *request);
  uint8_t nonce[8];
  credit_request *read = psd_proof_parse(der, ASN1_ITEM_rptr(credit_request));
  if (read == NULL)
    return false;
  bool done = read->version == 1 && psd_proof_octets_in(read->device, request->device, PSD_SIZE_DEVICE_ID) &&
              psd_proof_text_in(read->use, 0, request->use, sizeof request->use) &&
              psd_proof_time_in(read->time, &request->time) && psd_proof_octets_in(read->nonce, nonce, sizeof nonce);
  request->certificate = read->certificate;
  request->amount = read->amount;
  release(read, ASN1_ITEM_rptr(credit_request));
  return done;
}

static bool payment_of(const payment *read, psd_proof_payment *out, uint8_t credit[32]) {
  out->amount = read->amount;
  out->remaining = read->remaining;
  out->sequence = read->sequence;
  return read->version == 1 && psd_proof_octets_in(read->device, out->device, PSD_SIZE_DEVICE_ID) &&
         psd_proof_octets_in(read->credit, credit, 32) &&
         psd_proof_text_in(read->payee, 0, out->payee, sizeof out->payee) &&
         psd_proof_time_in(read->time, &out->time) && psd_proof_time_in(read->expiry, &out->expiry) &&
         psd_proof_octets_in(read->previous, out->previous, 32);
}

bool psd_proof_payment_in(psd_proof_bytes der, psd_proof_payment *out, uint8_t credit[32], uint64_t *certificate,
                          X509_NAME **holder) {
  *holder = NULL;
  payment *read = psd_proof_parse(der, ASN1_ITEM_rptr(payment));
  if (read == NULL)
    return false;
  bool done = payment_of(read, out, credit);
  *certificate = read->certificate;
  if (done) {
    *holder = read->holder;
    read->holder = NULL;
  }
  release(read, ASN1_ITEM_rptr(payment));
  return done;
}
