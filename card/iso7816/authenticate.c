/* INITIALIZE UPDATE and EXTERNAL AUTHENTICATE (Amendment D, 7.1). */
#include "iso7816/handlers.h"
#include "iso7816/scp03.h"
#include "iso7816/secure_channel.h"
#include "meter/change.h"
#include "meter/transport_keys.h"

#include <string.h>

#define PROTOCOL 0x03U
/* The i parameter (5.1): pseudo-random card challenge, R-MAC and R-ENC; S16 on top. */
#define OPTIONS_S8 0x70U
#define OPTIONS_S16 0x71U
#define SEQUENCE_SIZE 3U
#define SEQUENCE_MAX 0xFFFFFFU
#define S8 8U
#define S16 16U

/* 6.2.2.1: the challenge follows from the sequence counter and the application's identifier, so it needs no randomness
 * and never repeats once a channel was opened with it. */
static bool card_challenge(const psd_transport_keys *keys, uint8_t size, uint8_t challenge[S16]) {
  uint8_t sequence[SEQUENCE_SIZE];
  psd_buffer out = psd_buffer_over(sequence, sizeof sequence);
  psd_put_uint(&out, keys->sequence, SEQUENCE_SIZE);
  const psd_piece context[2] = {{sequence, sizeof sequence}, {PSD_AID_PSD, PSD_AID_PSD_SIZE}};
  return psd_scp03_derive(keys->enc, keys->size, PSD_SCP03_CARD_CHALLENGE, context, challenge, size);
}

/* 6.2.1 and 6.2.2: session keys and both cryptograms from the two challenges. */
static bool derive_session(psd_scp *scp, const psd_transport_keys *keys, const psd_piece challenges[2],
                           uint8_t card_cryptogram[S16]) {
  size_t size = keys->size;
  return psd_scp03_derive(keys->enc, size, PSD_SCP03_S_ENC, challenges, scp->s_enc, size) &&
         psd_scp03_derive(keys->mac, size, PSD_SCP03_S_MAC, challenges, scp->s_mac, size) &&
         psd_scp03_derive(keys->mac, size, PSD_SCP03_S_RMAC, challenges, scp->s_rmac, size) &&
         psd_scp03_derive(scp->s_mac, size, PSD_SCP03_HOST_CRYPTOGRAM, challenges, scp->host_cryptogram,
                          scp->mac_size) &&
         psd_scp03_derive(scp->s_mac, size, PSD_SCP03_CARD_CRYPTOGRAM, challenges, card_cryptogram, scp->mac_size);
}

static void put_head(psd_buffer *out, const psd_transport_keys *keys, uint8_t size) {
  psd_key_diversification head = {
      .version = keys->version, .protocol = PROTOCOL, .options = size == S16 ? OPTIONS_S16 : OPTIONS_S8};
  psd_put_message(out, PSD_MESSAGE_KEY_DIVERSIFICATION, &head);
}

static uint16_t begin(psd_card *card, const psd_request *request, const psd_transport_keys *keys, psd_buffer *out) {
  psd_scp *scp = &card->scp;
  uint8_t size = (uint8_t)request->apdu.nc;
  uint8_t challenge[S16];
  uint8_t cryptogram[S16];
  scp->mac_size = size;
  scp->key_size = (uint8_t)keys->size;
  scp->channel = request->number;
  if (!card_challenge(keys, size, challenge))
    return PSD_SW_INTERNAL;
  const psd_piece challenges[2] = {{request->apdu.data, size}, {challenge, size}};
  if (!derive_session(scp, keys, challenges, cryptogram))
    return PSD_SW_INTERNAL;
  put_head(out, keys, size);
  psd_put(out, challenge, size);
  psd_put(out, cryptogram, size);
  psd_put_uint(out, keys->sequence, SEQUENCE_SIZE);
  scp->phase = PSD_SCP_BEGUN;
  return PSD_SW_OK;
}

uint16_t psd_handle_initialize_update(psd_card *card, const psd_request *request, psd_buffer *out) {
  if (request->apdu.nc != S8 && request->apdu.nc != S16)
    return PSD_SW_WRONG_LENGTH;
  psd_secure_channel_close(card);
  psd_transport_keys keys;
  uint16_t status = PSD_SW_MEMORY_FAILURE;
  if (psd_transport_keys_read(card, &keys)) {
    if (request->apdu.p1 != 0 && request->apdu.p1 != keys.version)
      status = PSD_SW_REFERENCE_NOT_FOUND;
    else if (keys.sequence == SEQUENCE_MAX)
      status = PSD_SW_CONDITIONS;
    else
      status = begin(card, request, &keys, out);
  }
  psd_wipe(&keys, sizeof keys);
  if (status != PSD_SW_OK)
    psd_secure_channel_close(card);
  return status;
}

/* The channel that opens uses the counter up: its challenge is never given again. */
static uint16_t count_session(psd_card *card) {
  psd_transport_keys keys;
  uint8_t encoded[PSD_SIZE_TRANSPORT_KEYS];
  uint16_t status = PSD_SW_MEMORY_FAILURE;
  if (psd_transport_keys_read(card, &keys)) {
    keys.sequence++;
    psd_transport_keys_encode(&keys, encoded);
    psd_change change;
    psd_change_begin(&change, card);
    psd_change_put(&change, PSD_RECORD_TRANSPORT, encoded, sizeof encoded);
    status = psd_change_commit(&change, card);
  }
  psd_wipe(&keys, sizeof keys);
  psd_wipe(encoded, sizeof encoded);
  return status;
}

static bool level_exists(uint8_t level) {
  static const uint8_t levels[] = {0x01, 0x03, 0x11, 0x13, 0x33};
  return memchr(levels, level, sizeof levels) != NULL;
}

uint16_t psd_handle_external_authenticate(psd_card *card, const psd_request *request, psd_buffer *out) {
  (void)out;
  psd_scp *scp = &card->scp;
  if (scp->phase != PSD_SCP_BEGUN || scp->channel != request->number) /* in clear, or nothing was begun */
    return PSD_SW_CONDITIONS;
  uint16_t status = PSD_SW_OK;
  if (!level_exists(request->apdu.p1))
    status = PSD_SW_WRONG_P1P2;
  else if (request->apdu.nc != scp->mac_size)
    status = PSD_SW_WRONG_LENGTH;
  else if (!psd_equal(request->apdu.data, scp->host_cryptogram, scp->mac_size))
    status = PSD_SW_VERIFICATION_FAILED;
  else
    status = count_session(card);
  if (status != PSD_SW_OK) {
    psd_secure_channel_close(card);
    return status;
  }
  scp->level = request->apdu.p1;
  scp->phase = PSD_SCP_OPEN;
  return PSD_SW_OK;
}
