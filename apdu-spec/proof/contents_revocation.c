/* Request, command and confirmation of a revocation in DER (docs/certificates.md, figure 6). */
#include "internal.h"

#include <string.h>

/* What the three begin with. */
typedef struct revocation_head {
  uint64_t version;
  ASN1_OCTET_STRING *device;
  uint64_t certificate;
  ASN1_ENUMERATED *reason;
  ASN1_GENERALIZEDTIME *time;
  uint64_t number;
} revocation_request;

typedef struct revocation_command {
  uint64_t version;
  ASN1_OCTET_STRING *device;
  uint64_t certificate;
  ASN1_ENUMERATED *reason;
  ASN1_GENERALIZEDTIME *time;
  uint64_t number;
  ASN1_BOOLEAN charge;
  ASN1_OCTET_STRING *request;
} revocation_command;

typedef struct revocation_confirmation {
  uint64_t version;
  ASN1_OCTET_STRING *device;
  uint64_t certificate;
  ASN1_ENUMERATED *reason;
  ASN1_GENERALIZEDTIME *time;
  uint64_t number;
  ASN1_ENUMERATED *status;
  uint64_t amount;
  ASN1_OCTET_STRING *command;
} revocation_confirmation;

/* clang-format off */
#define HEAD(type) \
  ASN1_EMBED(type, version, UINT64), \
  ASN1_SIMPLE(type, device, ASN1_OCTET_STRING), \
  ASN1_EMBED(type, certificate, UINT64), \
  ASN1_SIMPLE(type, reason, ASN1_ENUMERATED), \
  ASN1_SIMPLE(type, time, ASN1_GENERALIZEDTIME), \
  ASN1_EMBED(type, number, UINT64)

ASN1_SEQUENCE(revocation_request) = {
  HEAD(revocation_request)
} static_ASN1_SEQUENCE_END(revocation_request)

ASN1_SEQUENCE(revocation_command) = {
  HEAD(revocation_command),
  ASN1_SIMPLE(revocation_command, charge, ASN1_BOOLEAN),
  ASN1_OPT(revocation_command, request, ASN1_OCTET_STRING)
} static_ASN1_SEQUENCE_END(revocation_command)

ASN1_SEQUENCE(revocation_confirmation) = {
  HEAD(revocation_confirmation),
  ASN1_SIMPLE(revocation_confirmation, status, ASN1_ENUMERATED),
  ASN1_EMBED(revocation_confirmation, amount, UINT64),
  ASN1_SIMPLE(revocation_confirmation, command, ASN1_OCTET_STRING)
} static_ASN1_SEQUENCE_END(revocation_confirmation)
/* clang-format on */

/* In DER TRUE is FF (X.690, 11.1), which a template does not look at. */
#define DER_TRUE 0xFF

                static bool reason_in(const ASN1_ENUMERATED *value, psd_reason *reason) {
  int64_t number;
  if (ASN1_ENUMERATED_get_int64(&number, value) != 1 || number < 0 || psd_reason_row((uint64_t)number)->name == NULL)
    return false;
  *reason = (psd_reason)number;
  return true;
}

static bool confirmed_in(const ASN1_ENUMERATED *value, psd_confirmed *confirmed) {
  int64_t number;
  if (ASN1_ENUMERATED_get_int64(&number, value) != 1 || number < 0 || psd_confirmed_row((uint64_t)number)->name == NULL)
    return false;
  *confirmed = (psd_confirmed)number;
  return true;
}

/* One function for the heads of three types. */
#define HEAD_IN(read, out)                                                                                             \
  ((read)->version == 1 && psd_proof_octets_in((read)->device, (out)->device, PSD_SIZE_DEVICE_ID) &&                   \
   reason_in((read)->reason, &(out)->reason) && psd_proof_time_in((read)->time, &(out)->time))

bool psd_proof_request_in(psd_proof_bytes der, psd_proof_revocation *out) {
  revocation_request *read = psd_proof_parse(der, ASN1_ITEM_rptr(revocation_request));
  if (read == NULL)
    return false;
  bool done = HEAD_IN(read, out);
  out->certificate = read->certificate;
  out->number = read->number;
  ASN1_item_free((ASN1_VALUE *)read, ASN1_ITEM_rptr(revocation_request));
  return done;
}

bool psd_proof_command_in(psd_proof_bytes der, psd_proof_revocation *out) {
  revocation_command *read = psd_proof_parse(der, ASN1_ITEM_rptr(revocation_command));
  if (read == NULL)
    return false;
  bool done = HEAD_IN(read, out) && (read->charge == 0 || read->charge == DER_TRUE) &&
              (read->request == NULL || psd_proof_octets_in(read->request, out->answered, sizeof out->answered));
  out->certificate = read->certificate;
  out->number = read->number;
  out->charge = read->charge != 0;
  out->answers = read->request != NULL;
  ASN1_item_free((ASN1_VALUE *)read, ASN1_ITEM_rptr(revocation_command));
  return done;
}

bool psd_proof_confirmation_in(psd_proof_bytes der, psd_proof_revocation *out) {
  revocation_confirmation *read = psd_proof_parse(der, ASN1_ITEM_rptr(revocation_confirmation));
  if (read == NULL)
    return false;
  bool done = HEAD_IN(read, out) && confirmed_in(read->status, &out->confirmed) &&
              psd_proof_octets_in(read->command, out->answered, sizeof out->answered);
  out->certificate = read->certificate;
  out->number = read->number;
  out->amount = read->amount;
  out->answers = true;
  ASN1_item_free((ASN1_VALUE *)read, ASN1_ITEM_rptr(revocation_confirmation));
  return done;
}

static bool fill_command(revocation_command *made, const psd_proof_revocation *command, const uint8_t *request) {
  made->version = 1;
  made->certificate = command->certificate;
  made->number = command->number;
  made->charge = command->charge ? DER_TRUE : 0;
  if (request != NULL) {
    made->request = ASN1_OCTET_STRING_new();
    if (made->request == NULL || ASN1_OCTET_STRING_set(made->request, request, 32) != 1)
      return false;
  }
  return ASN1_OCTET_STRING_set(made->device, command->device, PSD_SIZE_DEVICE_ID) == 1 &&
         ASN1_ENUMERATED_set_int64(made->reason, (int64_t)command->reason) == 1 &&
         psd_proof_time_out(command->time, made->time);
}

bool psd_proof_put_command(const psd_proof_revocation *command, const uint8_t *request, psd_buffer *out) {
  revocation_command *made = (revocation_command *)ASN1_item_new(ASN1_ITEM_rptr(revocation_command));
  if (made == NULL)
    return false;
  bool done = fill_command(made, command, request) && psd_proof_append(made, ASN1_ITEM_rptr(revocation_command), out);
  ASN1_item_free((ASN1_VALUE *)made, ASN1_ITEM_rptr(revocation_command));
  return done;
}
