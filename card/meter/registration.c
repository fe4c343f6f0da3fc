/* REGISTRATION TOKENS: that the PSD holds its token keys, proved over its identity and its licence. */
#include "iso7816/handlers.h"
#include "meter/evidence.h"
#include "meter/token.h"

#include <string.h>

uint16_t psd_handle_registration_tokens(psd_card *card, const psd_request *request, psd_buffer *out) {
  (void)request;
  psd_registration_tokens tokens;
  uint16_t status = psd_evidence_know(card);
  if (status != PSD_SW_OK)
    return status;
  const psd_evidence_self *self = &card->self;
  if (!self->licensed)
    return PSD_SW_CONDITIONS;
  psd_registration registration = {
      .serial = self->identity.serial, .zip = self->licence.zip, .licence = self->licence.number};
  memcpy(registration.vendor, self->identity.vendor, sizeof registration.vendor);
  memcpy(registration.model, self->identity.model, sizeof registration.model);
  status = psd_tokens_registration(card, &registration, &tokens);
  if (status == PSD_SW_OK)
    psd_put_message(out, PSD_MESSAGE_REGISTRATION_TOKENS, &tokens);
  return status;
}
