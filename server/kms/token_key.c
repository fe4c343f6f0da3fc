/* Installation: the token key of a PSD is made of the active set and handed out, and the log has both steps. */
#include "kms/operations.h"
#include "kms/token_keys.h"
#include "psd/spec/chars.h"

static bool note(psd_kms_service *service, const psd_kms_device *device, const psd_token_key *made, psd_kms_state from,
                 psd_kms_state to) {
  const psd_kms_event event = {.event = PSD_KMS_EVENT_TOKEN_MADE,
                               .time = service->now(),
                               .kind = PSD_KMS_METER,
                               .key = (uint32_t)made->set,
                               .from = from,
                               .to = to,
                               .about_device = true,
                               .device = *device,
                               .sequence = psd_kms_token_detail(made->order, made->digits, made->pointer)};
  return psd_kms_note(&service->events, &event);
}

/* From where it is, if it is anywhere, to where it is handed out. */
static bool note_steps(psd_kms_service *service, const psd_kms_device *device, const psd_token_key *made,
                       const psd_kms_token *known) {
  psd_kms_state from = known != NULL ? known->state : PSD_KMS_STATE_ACTIVE;
  return (known != NULL || note(service, device, made, PSD_KMS_STATE_GENERATED, PSD_KMS_STATE_ACTIVE)) &&
         note(service, device, made, from, PSD_KMS_STATE_INSTALLED);
}

/* One that was registered is in a PSD that works, and one whose life is over does not begin another. */
static bool may_hand_out(const psd_kms_token *known) {
  return known == NULL || known->state == PSD_KMS_STATE_ACTIVE || known->state == PSD_KMS_STATE_INSTALLED;
}

psd_signal psd_kms_give_token_key(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  psd_kms_token_key call;
  psd_token_key made;
  const psd_kms_key *set = psd_keyring_active(service->keys, PSD_KMS_TOKEN);
  if (!psd_take_message(body, PSD_MESSAGE_KMS_TOKEN_KEY, &call) || !psd_cursor_done(body))
    return PSD_SIGNAL_MESSAGE;
  if (!psd_printable(call.vendor, 2) || !psd_printable(call.model, 2) || call.order >= PSD_TOKEN_ORDERS ||
      call.digits < PSD_TOKEN_DIGITS_LEAST || call.digits > PSD_TOKEN_DIGITS_MOST)
    return PSD_SIGNAL_REQUEST;
  if (set == NULL)
    return PSD_SIGNAL_INTERNAL;
  psd_kms_device device = psd_kms_device_of(call.vendor, call.model, call.serial);
  const psd_kms_token *known = psd_kms_archive_token(service->archive, &device, set->identifier);
  if (!may_hand_out(known))
    return PSD_SIGNAL_REQUEST;
  bool done = psd_kms_make_token_key(set, &device, call.order, call.digits, &made);
  if (done)
    psd_put_message(out, PSD_MESSAGE_TOKEN_KEY, &made);
  psd_secret_wipe(made.key, sizeof made.key);
  if (!done)
    return PSD_SIGNAL_INTERNAL;
  return note_steps(service, &device, &made, known) ? PSD_SIGNAL_NONE : PSD_SIGNAL_BUSY;
}
