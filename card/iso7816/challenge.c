/* GET CHALLENGE (ISO/IEC 7816-4:2005, 7.5.3). */
#include "iso7816/handlers.h"

#define CHALLENGE_MAX 256U

uint16_t psd_handle_get_challenge(psd_card *card, const psd_request *request, psd_buffer *out) {
  size_t length = request->apdu.ne < CHALLENGE_MAX ? request->apdu.ne : CHALLENGE_MAX;
  uint8_t *room = psd_put_room(out, length);
  if (length == 0 || room == NULL)
    return PSD_SW_WRONG_LENGTH;
  if (psd_drbg_read(&card->drbg, room, length))
    return PSD_SW_OK;
  psd_card_set_fault(card, PSD_FAULT_RANDOM);
  return PSD_SW_EXECUTION_ERROR;
}
