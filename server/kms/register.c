/* Registration: a PSD shows that it holds the token key that was made for it. Its token has 8 digits, so it may be
 * wrong a few times only; every time is on the log before the answer leaves, so that no restart gives other chances. */
#include <string.h>

#include "kms/operations.h"
#include "kms/token_keys.h"

/* The token as this system makes it, and what it is over. */
static bool expect(const psd_kms_key *set, const psd_kms_token *token, const psd_kms_register *call, uint32_t *expected,
                   uint8_t digest[PSD_HASH]) {
  psd_registration registration = {.serial = call->serial, .zip = call->zip, .licence = call->licence};
  uint8_t final[PSD_TOKEN_KEY_SIZE], bytes[PSD_SIZE_REGISTRATION];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  memcpy(registration.vendor, call->vendor, sizeof registration.vendor);
  memcpy(registration.model, call->model, sizeof registration.model);
  psd_put_message(&out, PSD_MESSAGE_REGISTRATION, &registration);
  bool done = psd_hash(&(psd_part){bytes, sizeof bytes}, 1, digest) && psd_kms_token_final(set, token, 0, final) &&
              psd_token_registration(final, &registration, expected);
  psd_secret_wipe(final, sizeof final);
  return done;
}

static bool note(psd_kms_service *service, const psd_kms_token *token, bool right, uint64_t licence,
                 const uint8_t digest[PSD_HASH]) {
  psd_kms_event event = {.event = right ? PSD_KMS_EVENT_TOKEN_REGISTERED : PSD_KMS_EVENT_TOKEN_REFUSED,
                         .time = service->now(),
                         .kind = PSD_KMS_METER,
                         .key = token->set,
                         .from = token->state,
                         .to = right ? PSD_KMS_STATE_REGISTERED : token->state,
                         .about_device = true,
                         .device = token->device,
                         .sequence = (uint32_t)licence};
  memcpy(event.digest, digest, sizeof event.digest);
  return psd_kms_note(&service->events, &event);
}

static bool may_register(const psd_kms_token *token) {
  return token != NULL && (token->state == PSD_KMS_STATE_INSTALLED || token->state == PSD_KMS_STATE_REGISTERED) &&
         token->failures < PSD_KMS_REGISTRATION_TRIES;
}

psd_signal psd_kms_register_psd(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  psd_kms_register call;
  uint32_t expected = 0, given;
  uint8_t digest[PSD_HASH];
  (void)out;
  if (!psd_take_message(body, PSD_MESSAGE_KMS_REGISTER, &call) || !psd_cursor_done(body))
    return PSD_SIGNAL_MESSAGE;
  psd_kms_device device = psd_kms_device_of(call.vendor, call.model, call.serial);
  const psd_kms_key *set = psd_keyring_opening(service->keys, PSD_KMS_TOKEN, call.set);
  const psd_kms_token *token = psd_kms_archive_token(service->archive, &device, call.set);
  if (set == NULL || !may_register(token))
    return PSD_SIGNAL_REQUEST;
  if (!expect(set, token, &call, &expected, digest))
    return PSD_SIGNAL_INTERNAL;
  given = (uint32_t)call.token;
  bool right = psd_secret_equal(&given, &expected, sizeof given);
  psd_secret_wipe(&expected, sizeof expected);
  if (!note(service, token, right, call.licence, digest))
    return PSD_SIGNAL_BUSY;
  return right ? PSD_SIGNAL_NONE : PSD_SIGNAL_SIGNATURE;
}
