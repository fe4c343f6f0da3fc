#include "iso7816/secure_channel.h"

#include "iso7816/scp03.h"

#include <string.h>

#define CLA_SECURED 0x04U
#define CLA_CHANNEL 0x03U

void psd_secure_channel_close(psd_card *card) {
  psd_wipe(&card->scp, sizeof card->scp);
  card->scp.phase = PSD_SCP_CLOSED;
}

bool psd_secure_channel_open(const psd_card *card, uint8_t number) {
  return card->scp.phase == PSD_SCP_OPEN && card->scp.channel == number;
}

static uint16_t refuse(psd_card *card, uint16_t status) {
  psd_secure_channel_close(card);
  return status;
}

/* The header and Lc as the MAC sees them: on the basic channel, with the MAC counted in Lc (Amendment D, 6.2.4). */
static size_t mac_header(const psd_apdu *apdu, uint8_t out[7]) {
  psd_buffer header = psd_buffer_over(out, 7);
  psd_put_u8(&header, (uint8_t)((apdu->cla & ~CLA_CHANNEL) | CLA_SECURED));
  psd_put_u8(&header, apdu->ins);
  psd_put_u8(&header, apdu->p1);
  psd_put_u8(&header, apdu->p2);
  if (apdu->extended)
    psd_put_u8(&header, 0);
  psd_put_uint(&header, apdu->nc, apdu->extended ? 2 : 1);
  return header.length;
}

static bool check_mac(psd_scp *scp, psd_apdu *apdu) {
  uint8_t header[7];
  uint8_t mac[PSD_AES_BLOCK];
  size_t header_length = mac_header(apdu, header);
  size_t data_length = apdu->nc - scp->mac_size;
  if (!psd_scp03_mac(scp->s_mac, scp->key_size, scp->chaining, (psd_piece){header, header_length},
                     (psd_piece){apdu->data, data_length}, mac) ||
      !psd_equal(mac, apdu->data + data_length, scp->mac_size))
    return false;
  memcpy(scp->chaining, mac, sizeof mac);
  apdu->nc = data_length;
  return true;
}

/* 6.2.6. Commands without data count too. */
static bool decipher(psd_card *card, psd_apdu *apdu) {
  psd_scp *scp = &card->scp;
  if (scp->counter == UINT32_MAX)
    return false;
  scp->counter++;
  if ((scp->level & PSD_SCP_CENC) == 0 || apdu->nc == 0)
    return true;
  uint8_t iv[PSD_AES_BLOCK];
  if (apdu->nc % PSD_AES_BLOCK != 0 || apdu->nc > sizeof card->answer ||
      !psd_scp03_iv(scp->s_enc, scp->key_size, scp->counter, false, iv) ||
      !psd_aes_cbc_decrypt(scp->s_enc, scp->key_size, iv, apdu->data, apdu->nc, card->answer))
    return false;
  apdu->data = card->answer;
  return psd_scp03_unpad(card->answer, &apdu->nc);
}

static uint16_t unwrap_secured(psd_card *card, psd_request *request) {
  psd_scp *scp = &card->scp;
  bool authenticating = request->row != NULL && request->row->id == PSD_COMMAND_EXTERNAL_AUTHENTICATE;
  if (scp->phase == PSD_SCP_CLOSED || authenticating != (scp->phase == PSD_SCP_BEGUN))
    return PSD_SW_CONDITIONS;
  if (request->apdu.nc < scp->mac_size)
    return refuse(card, PSD_SW_SM_MISSING);
  if (!check_mac(scp, &request->apdu))
    return refuse(card, PSD_SW_SM_INCORRECT);
  if (authenticating)
    return PSD_SW_OK;
  if (!decipher(card, &request->apdu))
    return refuse(card, PSD_SW_SM_INCORRECT);
  scp->answer_secured = true;
  return PSD_SW_OK;
}

uint16_t psd_secure_channel_unwrap(psd_card *card, psd_request *request, bool secured) {
  psd_scp *scp = &card->scp;
  bool here = scp->phase != PSD_SCP_CLOSED && scp->channel == request->number;
  scp->answer_secured = false;
  if (secured)
    return here ? unwrap_secured(card, request) : PSD_SW_CONDITIONS;
  if (!here || (request->row->flags & PSD_FLAG_CLEAR) != 0)
    return PSD_SW_OK;
  if (scp->phase == PSD_SCP_OPEN)
    return refuse(card, PSD_SW_SM_MISSING);
  psd_secure_channel_close(card); /* nothing but EXTERNAL AUTHENTICATE, secured, may follow INITIALIZE UPDATE */
  return PSD_SW_OK;
}

static bool encipher_answer(psd_card *card, size_t *length) {
  psd_scp *scp = &card->scp;
  size_t padded = (*length / PSD_AES_BLOCK + 1) * PSD_AES_BLOCK;
  memset(card->answer + *length, 0, padded - *length);
  card->answer[*length] = 0x80;
  uint8_t iv[PSD_AES_BLOCK];
  *length = padded;
  return psd_scp03_iv(scp->s_enc, scp->key_size, scp->counter, true, iv) &&
         psd_aes_cbc_encrypt(scp->s_enc, scp->key_size, iv, card->answer, padded, card->answer);
}

/* 6.2.5: the R-MAC covers the chaining value of the command, the answer's data and SW1-SW2. */
static bool sign_answer(psd_card *card, uint16_t status, size_t *length) {
  psd_scp *scp = &card->scp;
  const uint8_t words[2] = {(uint8_t)(status >> 8), (uint8_t)status};
  uint8_t mac[PSD_AES_BLOCK];
  if (!psd_scp03_mac(scp->s_rmac, scp->key_size, scp->chaining, (psd_piece){card->answer, *length},
                     (psd_piece){words, sizeof words}, mac))
    return false;
  memcpy(card->answer + *length, mac, scp->mac_size);
  *length += scp->mac_size;
  return true;
}

uint16_t psd_secure_channel_wrap(psd_card *card, uint16_t status, size_t *length) {
  psd_scp *scp = &card->scp;
  if (!scp->answer_secured || !psd_status_carries_data(status))
    return status;
  if ((scp->level & PSD_SCP_RENC) != 0 && *length > 0 && !encipher_answer(card, length)) {
    *length = 0;
    return refuse(card, PSD_SW_INTERNAL);
  }
  if ((scp->level & PSD_SCP_RMAC) != 0 && !sign_answer(card, status, length)) {
    *length = 0;
    return refuse(card, PSD_SW_INTERNAL);
  }
  return status;
}
