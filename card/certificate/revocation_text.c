#include "certificate/revocation.h"

#include "certificate/der.h"

#define VERSION 1U

bool psd_revocation_reason(uint64_t reason) {
  switch (reason) {
#define PSD_REASON(NAME, value, name, words) case (value):
#include "certificate.def"
    return true;
  default:
    return false;
  }
}

static void put_enumerated(psd_buffer *out, uint64_t value) {
  const uint8_t byte = (uint8_t)value;
  psd_der_put_integer(out, PSD_DER_ENUMERATED, &byte, 1);
}

static void put_head(psd_buffer *out, const psd_revocation *head) {
  psd_der_put_number(out, VERSION);
  psd_put_tlv(out, PSD_DER_OCTET_STRING, head->device, sizeof head->device);
  psd_der_put_number(out, head->certificate);
  put_enumerated(out, head->reason);
  psd_der_put_generalized(out, head->time);
  psd_der_put_number(out, head->number);
}

void psd_revocation_put_request(psd_buffer *out, const psd_revocation *request) {
  size_t whole = psd_open_tlv(out, PSD_DER_SEQUENCE);
  put_head(out, request);
  psd_close_tlv(out, whole);
}

void psd_revocation_put_confirmation(psd_buffer *out, const psd_revocation_confirmation *confirmation) {
  size_t whole = psd_open_tlv(out, PSD_DER_SEQUENCE);
  put_head(out, &confirmation->head);
  put_enumerated(out, confirmation->status);
  psd_der_put_number(out, confirmation->amount);
  psd_put_tlv(out, PSD_DER_OCTET_STRING, confirmation->command, sizeof confirmation->command);
  psd_close_tlv(out, whole);
}

static bool take_head(psd_cursor *from, psd_revocation *head) {
  psd_cursor device;
  uint64_t version;
  return psd_der_take_number(from, PSD_DER_INTEGER, &version) && version == VERSION &&
         psd_der_take_octets(from, sizeof head->device, &device) &&
         psd_take_into(&device, head->device, sizeof head->device) &&
         psd_der_take_number(from, PSD_DER_INTEGER, &head->certificate) &&
         psd_der_take_number(from, PSD_DER_ENUMERATED, &head->reason) && psd_revocation_reason(head->reason) &&
         psd_der_next_is(from, PSD_DER_GENERALIZED_TIME) && psd_der_take_time(from, &head->time) &&
         psd_der_take_number(from, PSD_DER_INTEGER, &head->number);
}

bool psd_revocation_parse_command(psd_cursor der, psd_revocation_command *command) {
  psd_cursor whole;
  command->request = psd_cursor_over(NULL, 0);
  if (!psd_der_take_last(&der, PSD_DER_SEQUENCE, &whole) || !take_head(&whole, &command->head) ||
      !psd_der_take_boolean(&whole, &command->charge))
    return false;
  return whole.left == 0 ||
         (psd_der_take_octets(&whole, PSD_SHA256_SIZE, &command->request) && psd_cursor_done(&whole));
}
