#include "iso7816/answer.h"

#include "iso7816/channel.h"
#include "iso7816/handlers.h"

#include <string.h>

/* 61xx: xx is 00 for 256 or more. */
static uint16_t more(size_t left) {
  return (uint16_t)(PSD_SW_MORE_DATA | (left > 255 ? 0 : left));
}

static size_t lesser(size_t a, size_t b) {
  return a < b ? a : b;
}

uint16_t psd_answer_begin(psd_card *card, psd_channel *channel, uint16_t status, size_t length, size_t wanted,
                          psd_buffer *out) {
  if (wanted == 0)
    wanted = PSD_NE_SHORT;
  size_t sent = lesser(lesser(length, wanted), PSD_CARD_DATA_MAX);
  psd_put(out, card->answer, sent);
  if (sent == length)
    return status;
  channel->use = PSD_BUFFER_ANSWER;
  channel->length = (uint16_t)(length - sent);
  channel->taken = 0;
  channel->status = status;
  memcpy(channel->data, card->answer + sent, length - sent);
  return more(length - sent);
}

/* 6985 when nothing waits; 6Cxx when more is asked for than waits: Le 00 asks for what there is. */
uint16_t psd_handle_get_response(psd_card *card, const psd_request *request, psd_buffer *out) {
  (void)card;
  psd_channel *channel = request->channel;
  const psd_apdu *apdu = &request->apdu;
  if (channel->use != PSD_BUFFER_ANSWER)
    return PSD_SW_CONDITIONS;
  if (apdu->p1 != 0 || apdu->p2 != 0) {
    psd_channel_clear(channel);
    return PSD_SW_WRONG_P1P2;
  }
  if (apdu->nc > 0) {
    psd_channel_clear(channel);
    return PSD_SW_WRONG_LENGTH;
  }
  size_t left = (size_t)(channel->length - channel->taken);
  size_t wanted = apdu->ne == 0 ? PSD_NE_SHORT : apdu->ne;
  if (wanted > left && wanted < PSD_NE_SHORT)
    return (uint16_t)(PSD_SW_EXACT_LENGTH | left);
  size_t sent = lesser(lesser(left, wanted), PSD_CARD_DATA_MAX);
  psd_put(out, channel->data + channel->taken, sent);
  channel->taken = (uint16_t)(channel->taken + sent);
  if (channel->taken < channel->length)
    return more(left - sent);
  uint16_t status = channel->status;
  psd_channel_clear(channel);
  return status;
}
