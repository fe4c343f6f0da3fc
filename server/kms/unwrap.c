/* EP steps 212, 214: K_S unwrapped with K2. */
#include <string.h>

#include "kms/operations.h"

/* A request to unwrap, taken apart. */
typedef struct sign_on {
  psd_sign_on head;
  uint8_t bound[PSD_SIZE_SIGN_ON + PSD_CONTEXT_SIZE]; /* SIGN_ON || context: what the wrapping is bound to */
  const uint8_t *wrapped;
  size_t wrapped_length;
} sign_on;

static bool take(psd_cursor *body, sign_on *m1) {
  const uint8_t *context = psd_take(body, PSD_SIZE_KMS_CONTEXT);
  const uint8_t *head = psd_take(body, PSD_SIZE_SIGN_ON);
  if (head == NULL || !psd_parse_message(head, PSD_SIZE_SIGN_ON, PSD_MESSAGE_SIGN_ON, &m1->head))
    return false;
  memcpy(m1->bound, head, PSD_SIZE_SIGN_ON);
  memcpy(m1->bound + PSD_SIZE_SIGN_ON, context, PSD_CONTEXT_SIZE);
  m1->wrapped_length = body->left;
  m1->wrapped = psd_take(body, body->left);
  return m1->head.protocol == PSD_PROTOCOL && m1->head.forward <= 1 &&
         (m1->head.forward == 0 || m1->head.suite == PSD_SUITE_P256);
}

static psd_part bound(const sign_on *m1) {
  return (psd_part){m1->bound, sizeof m1->bound};
}

static psd_signal unwrap_p256(const psd_keyring *keys, const sign_on *m1, uint8_t key[PSD_SESSION_KEY]) {
  const psd_kms_key *k2 = psd_keyring_opening(keys, PSD_KMS_VENDOR, m1->head.key);
  const psd_part info = {PSD_HPKE_INFO, sizeof PSD_HPKE_INFO - 1U};
  if (m1->wrapped_length != PSD_WRAPPED_P256)
    return PSD_SIGNAL_MESSAGE;
  if (k2 == NULL)
    return PSD_SIGNAL_VENDOR_KEY;
  return psd_hpke_open(k2->pair, m1->wrapped, info, bound(m1), m1->wrapped + PSD_POINT, PSD_SESSION_KEY, key)
             ? PSD_SIGNAL_NONE
             : PSD_SIGNAL_SESSION_KEY;
}

/* The RSA key that opens this, if what is wrapped has its length; or why not. */
static psd_signal find_rsa(const psd_keyring *keys, const sign_on *m1, const psd_rsa **rsa) {
  const psd_kms_key *k2 = psd_keyring_opening(keys, PSD_KMS_RSA, m1->head.key);
  if (k2 == NULL)
    return PSD_SIGNAL_VENDOR_KEY;
  *rsa = k2->rsa;
  return m1->wrapped_length == psd_rsa_bits(k2->rsa) / 8U ? PSD_SIGNAL_NONE : PSD_SIGNAL_SESSION_KEY;
}

static psd_signal unwrap_rsa(const psd_keyring *keys, const sign_on *m1, uint8_t key[PSD_SESSION_KEY]) {
  const psd_rsa *k2 = NULL;
  psd_signal signal = find_rsa(keys, m1, &k2);
  if (signal != PSD_SIGNAL_NONE)
    return signal;
  return psd_rsa_open(k2, m1->wrapped, m1->wrapped_length, key, PSD_SESSION_KEY) ? PSD_SIGNAL_NONE
                                                                                 : PSD_SIGNAL_SESSION_KEY;
}

/* Never says that a session key does not unwrap: that would make it Bleichenbacher's oracle. */
static psd_signal unwrap_classic(const psd_kms_service *service, const sign_on *m1, uint8_t key[PSD_SESSION_KEY]) {
  const psd_rsa *k2 = NULL;
  if (service->classic == NULL)
    return PSD_SIGNAL_SUITE;
  psd_signal signal = find_rsa(service->keys, m1, &k2);
  if (signal != PSD_SIGNAL_NONE)
    return signal;
  return service->classic->open(k2, m1->wrapped, m1->wrapped_length, key) ? PSD_SIGNAL_NONE : PSD_SIGNAL_INTERNAL;
}

/* nonce || ciphertext || tag, under the secret of that one PSD. */
static psd_signal unwrap_shared(const psd_keyring *keys, const sign_on *m1, uint8_t key[PSD_SESSION_KEY]) {
  uint8_t secret[PSD_AES_KEY];
  const psd_kms_key *master = psd_keyring_opening(keys, PSD_KMS_SHARED, m1->head.key);
  psd_kms_device device = psd_kms_device_of(m1->head.vendor, m1->head.model, m1->head.serial);
  const uint8_t *sealed = m1->wrapped + PSD_GCM_NONCE;
  if (m1->wrapped_length != PSD_WRAPPED_SHARED)
    return PSD_SIGNAL_MESSAGE;
  if (master == NULL)
    return PSD_SIGNAL_VENDOR_KEY;
  bool done = psd_kms_shared_key(master, &device, secret) &&
              psd_gcm_open(secret, m1->wrapped, bound(m1), sealed, PSD_SESSION_KEY, sealed + PSD_SESSION_KEY, key);
  psd_secret_wipe(secret, sizeof secret);
  return done ? PSD_SIGNAL_NONE : PSD_SIGNAL_SESSION_KEY;
}

psd_signal psd_kms_unwrap(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  sign_on m1;
  psd_signal signal;
  if (!take(body, &m1))
    return PSD_SIGNAL_MESSAGE;
  uint8_t *key = psd_put_room(out, PSD_SIZE_SESSION_KEY);
  if (key == NULL)
    return PSD_SIGNAL_INTERNAL;
  switch (m1.head.suite) {
  case PSD_SUITE_P256:
    signal = unwrap_p256(service->keys, &m1, key);
    break;
  case PSD_SUITE_RSA:
    signal = unwrap_rsa(service->keys, &m1, key);
    break;
  case PSD_SUITE_SHARED:
    signal = unwrap_shared(service->keys, &m1, key);
    break;
  case PSD_SUITE_CLASSIC:
    signal = unwrap_classic(service, &m1, key);
    break;
  default:
    signal = PSD_SIGNAL_SUITE;
  }
  return signal;
}
