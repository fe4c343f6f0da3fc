/* Certificates of users (VM figure 5): a sealed request is opened for whoever looks at its name (514), and, once it is
 * accepted, opened again and certified (518). The card takes no other certificate: the grant is under a key that the
 * meter server does not have. */
#include <string.h>

#include "kms/certificate.h"
#include "kms/operations.h"
#include "kms/sealed_request.h"
#include "psd/spec/chars.h"

psd_signal psd_kms_open_wish(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  psd_kms_opened opened;
  psd_signal signal = psd_kms_open_request(service, body, &opened);
  if (signal != PSD_SIGNAL_NONE)
    return signal;
  psd_put(out, opened.pkcs10, opened.length);
  const psd_kms_use use = {.event = PSD_KMS_EVENT_REQUESTED,
                           .device = &opened.device,
                           .number = opened.head.number,
                           .made = {opened.pkcs10, opened.length}};
  signal = psd_kms_note_use(service, &use);
  psd_secret_wipe(&opened, sizeof opened);
  return signal;
}

/* The URL that certificates bear; without the slashes at its end. */
typedef struct address {
  char text[PSD_ADDRESS_MAX + 1U];
  size_t length;
} address;

/* Characters of a URI (RFC 3986, 2) that begin as a web address does. */
static bool is_url(const address *said) {
  static const char *const schemes[] = {"http://", "https://"};
  static const char none[] = " \"<>\\^`{|}";
  bool begins = false;
  for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
    begins = begins || (strncmp(said->text, schemes[i], strlen(schemes[i])) == 0 && said->length > strlen(schemes[i]));
  return begins && psd_printable(said->text, said->length) && strcspn(said->text, none) == said->length;
}

static bool take_address(psd_cursor *body, uint64_t length, address *said) {
  *said = (address){.length = (size_t)length};
  if (length > PSD_ADDRESS_MAX) {
    (void)psd_take(body, (size_t)length);
    return false;
  }
  if (!psd_take_into(body, said->text, said->length))
    return false;
  while (said->length > 0 && said->text[said->length - 1U] == '/')
    said->text[--said->length] = '\0';
  return length == 0 || is_url(said);
}

/* CERTIFICATE_GRANT || certificate || HMAC(K', both) */
static bool put_grant(const psd_kms_opened *opened, psd_part certificate, uint64_t now, psd_buffer *out) {
  psd_certificate_grant grant = {
      .serial = opened->head.serial, .slot = opened->head.slot, .request = opened->head.number, .time = now};
  memcpy(grant.vendor, opened->head.vendor, sizeof grant.vendor);
  memcpy(grant.model, opened->head.model, sizeof grant.model);
  size_t at = out->length;
  psd_put_message(out, PSD_MESSAGE_CERTIFICATE_GRANT, &grant);
  psd_put(out, certificate.data, certificate.length);
  const psd_part whole = {out->data + at, out->length - at};
  uint8_t *authentication = psd_put_room(out, PSD_AUTHENTICATION);
  return authentication != NULL && psd_hmac(opened->grant_key, sizeof opened->grant_key, &whole, 1, authentication);
}

/* What is asked for, and with what. */
typedef struct wish {
  psd_kms_issue head;
  address address;
  const psd_kms_key *ca;
} wish;

static psd_signal may_issue(const psd_kms_service *service, wish *wanted) {
  const psd_kms_issue *head = &wanted->head;
  wanted->ca = psd_kms_authority_key(service->keys, PSD_KMS_CA, head->ca_key);
  if (wanted->ca == NULL)
    return head->ca_key == 0 ? PSD_SIGNAL_INTERNAL : PSD_SIGNAL_REQUEST;
  const psd_kms_validity validity = {head->from, head->until};
  return head->number != 0 &&
                 psd_kms_validity_fits(service->keys, wanted->ca, validity, PSD_KMS_CERTIFICATE_SPAN, service->now())
             ? PSD_SIGNAL_NONE
             : PSD_SIGNAL_REQUEST;
}

static psd_signal issue(psd_kms_service *service, const wish *wanted, const psd_kms_opened *opened, psd_buffer *out) {
  uint8_t der[PSD_X509_MAX];
  size_t length = 0;
  const psd_kms_user user = {.purpose = (psd_purpose)opened->head.purpose,
                             .device = opened->device,
                             .number = wanted->head.number,
                             .zip = wanted->head.zip,
                             .licence = wanted->head.licence,
                             .validity = {wanted->head.from, wanted->head.until},
                             .address = wanted->address.length != 0 ? wanted->address.text : NULL,
                             .holder = &opened->holder};
  if (!psd_kms_user_certificate(wanted->ca, &user, der, &length))
    return PSD_SIGNAL_INTERNAL;
  /* No slot takes it. */
  if (length > PSD_USER_CERTIFICATE_MAX)
    return PSD_SIGNAL_LIMIT;
  if (!put_grant(opened, (psd_part){der, length}, service->now(), out))
    return PSD_SIGNAL_INTERNAL;
  const psd_kms_use use = {.event = PSD_KMS_EVENT_ISSUED,
                           .key = wanted->ca,
                           .device = &opened->device,
                           .number = wanted->head.number,
                           .made = {der, length}};
  return psd_kms_note_use(service, &use);
}

psd_signal psd_kms_issue_certificate(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  wish wanted;
  psd_kms_opened opened;
  if (!psd_take_message(body, PSD_MESSAGE_KMS_ISSUE, &wanted.head))
    return PSD_SIGNAL_MESSAGE;
  bool addressed = take_address(body, wanted.head.address, &wanted.address);
  psd_signal signal = psd_kms_open_request(service, body, &opened);
  if (signal != PSD_SIGNAL_NONE)
    return signal;
  signal = addressed ? may_issue(service, &wanted) : PSD_SIGNAL_REQUEST;
  if (signal == PSD_SIGNAL_NONE)
    signal = issue(service, &wanted, &opened, out);
  psd_secret_wipe(&opened, sizeof opened);
  return signal;
}
