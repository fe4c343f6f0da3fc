/* What the authority says of itself and of others: its own certificates, lists of revoked certificates, and who answers
 * questions about them (RFC 5280, 5; RFC 6960). */
#include <stdlib.h>
#include <string.h>

#include "kms/certificate.h"
#include "kms/operations.h"

/* A list is good for as long as that at most. */
#define LIST_SPAN (UINT64_C(366) * 86400U)

static psd_signal absent(uint64_t identifier) {
  return identifier == 0 ? PSD_SIGNAL_INTERNAL : PSD_SIGNAL_REQUEST;
}

psd_signal psd_kms_give_authority(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  static const psd_kms_kind kinds[] = {PSD_KMS_ROOT, PSD_KMS_CA, PSD_KMS_CREDITOR};
  psd_kms_authority wanted;
  uint8_t der[PSD_X509_MAX];
  size_t length = 0;
  if (!psd_take_message(body, PSD_MESSAGE_KMS_AUTHORITY, &wanted) || !psd_cursor_done(body))
    return PSD_SIGNAL_MESSAGE;
  if (wanted.kind >= sizeof kinds / sizeof kinds[0])
    return PSD_SIGNAL_REQUEST;
  const psd_kms_key *key = psd_kms_authority_key(service->keys, kinds[wanted.kind], wanted.key);
  if (key == NULL)
    return absent(wanted.key);
  if (!psd_kms_authority_certificate(service->keys, key, der, &length))
    return PSD_SIGNAL_INTERNAL;
  psd_put(out, der, length);
  const psd_kms_use use = {.event = PSD_KMS_EVENT_AUTHORITY, .key = key, .made = {der, length}};
  return psd_kms_note_use(service, &use);
}

psd_signal psd_kms_certify_responder(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  psd_kms_responder wanted;
  uint8_t der[PSD_X509_MAX];
  size_t length = 0;
  if (!psd_take_message(body, PSD_MESSAGE_KMS_RESPONDER, &wanted) || !psd_cursor_done(body))
    return PSD_SIGNAL_MESSAGE;
  const psd_kms_key *ca = psd_kms_authority_key(service->keys, PSD_KMS_CA, wanted.ca_key);
  if (ca == NULL)
    return absent(wanted.ca_key);
  if (wanted.number == 0 || !psd_point_valid(wanted.point) ||
      !psd_kms_validity_fits(service->keys, ca, (psd_kms_validity){wanted.from, wanted.until}, PSD_KMS_RESPONDER_SPAN,
                             service->now()))
    return PSD_SIGNAL_REQUEST;
  if (!psd_kms_responder_certificate(ca, &wanted, der, &length))
    return PSD_SIGNAL_INTERNAL;
  psd_put(out, der, length);
  const psd_kms_use use = {.event = PSD_KMS_EVENT_RESPONDER, .key = ca, .number = wanted.number, .made = {der, length}};
  return psd_kms_note_use(service, &use);
}

/* Whether an entry may follow the one before: numbers count upwards, and nothing is revoked in time to come. */
static bool fits(const psd_revoked_entry *entry, uint64_t before, uint64_t now) {
  return entry->certificate > before && entry->time <= now + PSD_KMS_AUDIT_SKEW &&
         psd_reason_row(entry->reason)->name != NULL;
}

static psd_signal take_entries(psd_cursor *body, psd_x509_revoked *revoked, size_t count, uint64_t now) {
  uint64_t before = 0;
  psd_signal signal = PSD_SIGNAL_NONE;
  for (size_t i = 0; i < count; i++) {
    psd_revoked_entry entry;
    if (!psd_take_message(body, PSD_MESSAGE_REVOKED_ENTRY, &entry))
      return PSD_SIGNAL_MESSAGE;
    if (!fits(&entry, before, now))
      signal = PSD_SIGNAL_REQUEST;
    revoked[i] = (psd_x509_revoked){.serial = entry.certificate, .time = entry.time, .reason = (unsigned)entry.reason};
    before = entry.certificate;
  }
  return psd_cursor_done(body) ? signal : PSD_SIGNAL_MESSAGE;
}

static psd_signal list(psd_kms_service *service, const psd_kms_list *wanted, const psd_x509_revoked *revoked,
                       psd_buffer *out) {
  uint8_t *der = NULL;
  size_t length = 0;
  const psd_kms_revoked_list_wish wish = {.revoked = revoked,
                                          .count = (size_t)wanted->count,
                                          .number = wanted->number,
                                          .validity = {wanted->from, wanted->until}};
  const psd_kms_key *ca = psd_kms_authority_key(service->keys, PSD_KMS_CA, wanted->ca_key);
  if (ca == NULL)
    return absent(wanted->ca_key);
  if (wanted->number == 0 || psd_kms_apart(wanted->from, service->now()) > PSD_KMS_CERTIFICATE_SKEW ||
      wanted->until <= wanted->from || wanted->until - wanted->from > LIST_SPAN)
    return PSD_SIGNAL_REQUEST;
  if (!psd_kms_revocation_list(service->keys, ca, &wish, &der, &length))
    return PSD_SIGNAL_INTERNAL;
  psd_put(out, der, length);
  const psd_kms_use use = {.event = PSD_KMS_EVENT_REVOKED, .key = ca, .number = wanted->count, .made = {der, length}};
  psd_signal signal = psd_kms_note_use(service, &use);
  free(der);
  return signal;
}

psd_signal psd_kms_sign_list(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  psd_kms_list wanted;
  if (!psd_take_message(body, PSD_MESSAGE_KMS_LIST, &wanted) ||
      body->left != wanted.count * (uint64_t)PSD_SIZE_REVOKED_ENTRY)
    return PSD_SIGNAL_MESSAGE;
  if (wanted.count > PSD_REVOKED_MOST)
    return PSD_SIGNAL_LIMIT;
  psd_x509_revoked *revoked = calloc((size_t)wanted.count + 1U, sizeof *revoked);
  if (revoked == NULL)
    return PSD_SIGNAL_INTERNAL;
  psd_signal signal = take_entries(body, revoked, (size_t)wanted.count, service->now());
  if (signal == PSD_SIGNAL_NONE)
    signal = list(service, &wanted, revoked, out);
  free(revoked);
  return signal;
}
