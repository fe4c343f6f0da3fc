/* ENVELOPE: the provider's commands, each in a record that only the meter server could make. */
#include "iso7816/dispatch.h"
#include "iso7816/handlers.h"
#include "meter/session.h"

/* SW1-SW2 and the tag follow the answer's data inside the record. */
#define OVERHEAD (2U + PSD_GCM_TAG)

uint16_t psd_handle_envelope(psd_card *card, const psd_request *request, psd_buffer *out) {
  const psd_apdu *apdu = &request->apdu;
  psd_channel *channel = request->channel;
  if (!psd_session_stands(card, request, PSD_SESSION_OPEN))
    return PSD_SW_CONDITIONS;
  if (apdu->nc < PSD_GCM_TAG)
    return PSD_SW_WRONG_DATA;
  /* The channel's buffer holds the command: it is free, or holds the record that becomes it. */
  channel->use = PSD_BUFFER_CHAIN;
  if (!psd_session_unseal(&card->session.to_card, PSD_FRAME_CARD_DATA, (psd_piece){NULL, 0}, apdu->data, apdu->nc,
                          channel->data))
    return PSD_SW_VERIFICATION_FAILED;
  psd_buffer answer = psd_buffer_over(out->data, out->capacity - OVERHEAD);
  uint16_t status = psd_dispatch_inside(card, request, channel->data, apdu->nc - PSD_GCM_TAG, &answer);
  psd_put_room(out, answer.length);
  psd_put_uint(out, status, 2);
  size_t length = out->length;
  if (psd_put_room(out, PSD_GCM_TAG) == NULL ||
      !psd_session_seal(&card->session.to_server, PSD_FRAME_CARD_DATA, out->data, length, out->data))
    return PSD_SW_EXECUTION_ERROR;
  return PSD_SW_OK;
}
