#include "certificate/hash.h"

#include "iso7816/handlers.h"

#include <string.h>

static bool own(const psd_card *card, const psd_request *request) {
  return card->hashing.begun && card->hashing.channel == request->number;
}

uint16_t psd_imprint_take(const psd_card *card, const psd_request *request, uint64_t function, psd_cursor *data,
                          psd_imprint *imprint) {
  bool worked_out = function == 0;
  imprint->function = psd_digest_of(worked_out ? PSD_DIGEST_SHA256 : function);
  if (imprint->function == NULL)
    return PSD_SW_WRONG_DATA;
  if (!worked_out)
    return psd_take_into(data, imprint->digest, imprint->function->size) ? PSD_SW_OK : PSD_SW_WRONG_DATA;
  if (!own(card, request))
    return PSD_SW_CONDITIONS;
  return psd_sha256_result(&card->hashing.run, imprint->digest) ? PSD_SW_OK : PSD_SW_EXECUTION_ERROR;
}

void psd_hash_leave(psd_card *card, uint8_t number) {
  if (card->hashing.channel == number)
    psd_wipe(&card->hashing, sizeof card->hashing);
}

/* Nothing of the message may stay when a part of it was not taken. */
static uint16_t add(psd_card *card, const psd_apdu *apdu) {
  if (psd_sha256_add(&card->hashing.run, apdu->data, apdu->nc))
    return PSD_SW_OK;
  psd_hash_leave(card, card->hashing.channel);
  return PSD_SW_EXECUTION_ERROR;
}

static uint16_t begin(psd_card *card, const psd_request *request) {
  card->hashing.channel = request->number;
  card->hashing.begun = psd_sha256_begin(&card->hashing.run);
  return card->hashing.begun ? add(card, &request->apdu) : PSD_SW_EXECUTION_ERROR;
}

uint16_t psd_handle_hash(psd_card *card, const psd_request *request, psd_buffer *out) {
  (void)out;
  const psd_apdu *apdu = &request->apdu;
  if (apdu->p1 > PSD_HASH_GO_ON || apdu->p2 != 0)
    return PSD_SW_WRONG_P1P2;
  if (apdu->p1 == PSD_HASH_BEGIN)
    return begin(card, request);
  if (apdu->nc == 0)
    return PSD_SW_WRONG_LENGTH;
  return own(card, request) ? add(card, apdu) : PSD_SW_CONDITIONS;
}
