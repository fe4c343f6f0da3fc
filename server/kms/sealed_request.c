#include "kms/sealed_request.h"

#include "kms/wrapped_k4.h"

/* What came, still sealed. */
typedef struct sealed {
  const uint8_t *wrapped, *head, *text, *tag;
  size_t length; /* of the text */
} sealed;

static bool take(psd_cursor *body, sealed *came, psd_certificate_request *head) {
  came->wrapped = psd_take(body, PSD_SIZE_WRAPPED_K4);
  came->head = psd_take(body, PSD_SIZE_CERTIFICATE_REQUEST);
  if (came->head == NULL || body->left <= PSD_GCM_TAG || body->left > PSD_PKCS10_MAX + PSD_GCM_TAG ||
      !psd_parse_message(came->head, PSD_SIZE_CERTIFICATE_REQUEST, PSD_MESSAGE_CERTIFICATE_REQUEST, head))
    return false;
  came->length = body->left - PSD_GCM_TAG;
  came->text = psd_take(body, came->length);
  came->tag = psd_take(body, PSD_GCM_TAG);
  return psd_cursor_done(body);
}

/* Both communications keys follow from K3, which is K4's key. */
static bool open_under(const uint8_t k3[PSD_AES_KEY], const sealed *came, psd_kms_opened *opened) {
  uint8_t key[PSD_AES_KEY];
  const psd_part head = {came->head, PSD_SIZE_CERTIFICATE_REQUEST};
  bool done = psd_kms_communications_key(k3, PSD_COMMUNICATIONS_REQUEST, &opened->device, key) &&
              psd_kms_communications_key(k3, PSD_COMMUNICATIONS_GRANT, &opened->device, opened->grant_key) &&
              psd_gcm_open(key, opened->head.nonce, head, came->text, came->length, came->tag, opened->pkcs10);
  opened->length = came->length;
  psd_secret_wipe(key, sizeof key);
  return done;
}

static bool may_ask(const psd_certificate_request *head) {
  return head->slot >= 1 && head->slot <= PSD_USER_SLOTS && head->number != 0 &&
         psd_purpose_row(head->purpose)->name != NULL;
}

static bool check(psd_kms_opened *opened) {
  bool organization = false;
  return may_ask(&opened->head) &&
         psd_x509_request_take((psd_part){opened->pkcs10, opened->length}, (psd_algorithm)opened->head.algorithm,
                               &opened->holder, &organization) &&
         /* What an agent certifies bears its organization. */
         (organization || opened->head.purpose != PSD_PURPOSE_AGENT);
}

static psd_signal unwrap_and_open(const psd_kms_service *service, const sealed *came, psd_kms_opened *opened) {
  psd_k4 k4;
  if (!psd_kms_unwrap_k4(service->keys, &opened->device, came->wrapped, &k4))
    return PSD_SIGNAL_DEVICE_KEY;
  psd_signal signal = psd_kms_k4_has_pair(&k4) ? PSD_SIGNAL_NONE : PSD_SIGNAL_REQUEST;
  if (signal == PSD_SIGNAL_NONE && !open_under(k4.key, came, opened))
    signal = PSD_SIGNAL_SIGNATURE;
  psd_secret_wipe(&k4, sizeof k4);
  return signal;
}

psd_signal psd_kms_open_request(const psd_kms_service *service, psd_cursor *body, psd_kms_opened *opened) {
  sealed came;
  if (!take(body, &came, &opened->head))
    return PSD_SIGNAL_MESSAGE;
  opened->device = psd_kms_device_of(opened->head.vendor, opened->head.model, opened->head.serial);
  psd_signal signal = unwrap_and_open(service, &came, opened);
  if (signal == PSD_SIGNAL_NONE && !check(opened))
    signal = PSD_SIGNAL_REQUEST;
  if (signal != PSD_SIGNAL_NONE)
    psd_secret_wipe(opened, sizeof *opened);
  return signal;
}
