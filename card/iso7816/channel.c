/* Logical channels and MANAGE CHANNEL (ISO/IEC 7816-4:2005, 5.1.1.2 and 7.1.2). */
#include "iso7816/channel.h"

#include "certificate/hash.h"
#include "iso7816/handlers.h"
#include "iso7816/secure_channel.h"
#include "meter/session.h"

#include <string.h>

void psd_channel_clear(psd_channel *channel) {
  if (channel->use != PSD_BUFFER_FREE)
    psd_wipe(channel->data, sizeof channel->data);
  channel->use = PSD_BUFFER_FREE;
  channel->chaining = false;
  channel->length = channel->taken = 0;
}

void psd_channel_open(psd_card *card, uint8_t number) {
  psd_channel *channel = &card->channels[number];
  psd_wipe(channel, sizeof *channel);
  channel->open = true;
  channel->application = PSD_APPLICATION_CARD;
  channel->directory = channel->file = PSD_FILE_MF;
}

void psd_channel_deselect(psd_card *card, psd_channel *channel) {
  channel->pin_verified = false;
  channel->record = 0;
  if (&card->channels[card->scp.channel] == channel)
    psd_secure_channel_close(card);
  psd_session_leave(card, (uint8_t)(channel - card->channels));
  psd_hash_leave(card, (uint8_t)(channel - card->channels));
}

static uint16_t open_channel(psd_card *card, const psd_request *request, psd_buffer *out) {
  uint8_t number = request->apdu.p2;
  bool assign = number == 0;
  if (number >= PSD_CARD_CHANNELS)
    return PSD_SW_WRONG_P1P2;
  if (assign) {
    for (number = 1; number < PSD_CARD_CHANNELS && card->channels[number].open; number++)
      ;
    if (number == PSD_CARD_CHANNELS)
      return PSD_SW_FUNCTION_UNSUPPORTED; /* 7.1.2: no free channel */
  } else if (card->channels[number].open) {
    return PSD_SW_WRONG_P1P2;
  }
  psd_channel_open(card, number);
  if (request->number != 0) { /* 7.1.2: opened from another channel, it starts with that channel's application */
    card->channels[number].application = request->channel->application;
    card->channels[number].directory = card->channels[number].file = request->channel->directory;
  }
  if (assign)
    psd_put_u8(out, number);
  return PSD_SW_OK;
}

static uint16_t close_channel(psd_card *card, const psd_request *request) {
  uint8_t number = request->apdu.p2 != 0 ? request->apdu.p2 : request->number;
  if (number == 0 || number >= PSD_CARD_CHANNELS || !card->channels[number].open)
    return PSD_SW_WRONG_P1P2;
  psd_channel_deselect(card, &card->channels[number]);
  psd_wipe(&card->channels[number], sizeof card->channels[number]);
  return PSD_SW_OK;
}

uint16_t psd_handle_manage_channel(psd_card *card, const psd_request *request, psd_buffer *out) {
  switch (request->apdu.p1) {
  case 0x00:
    return open_channel(card, request, out);
  case 0x80:
    return close_channel(card, request);
  default:
    return PSD_SW_WRONG_P1P2;
  }
}
