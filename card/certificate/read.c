/* READ CERTIFICATE: what is public of a slot. */
#include "certificate/key.h"
#include "certificate/slot.h"
#include "iso7816/handlers.h"
#include "meter/objects.h"

static uint16_t put_public(const psd_card *card, uint8_t number, psd_buffer *out) {
  psd_key key;
  uint16_t status = psd_key_fetch_public(card, number, &key);
  if (status == PSD_SW_OK)
    psd_key_put_public(out, &key);
  return status;
}

uint16_t psd_handle_read_certificate(psd_card *card, const psd_request *request, psd_buffer *out) {
  static const psd_slot_record records[PSD_READINGS] = {
      [PSD_READ_CERTIFICATE] = PSD_SLOT_CERTIFICATE,
      [PSD_READ_CREDIT] = PSD_SLOT_CREDIT,
      [PSD_READ_PAYMENT] = PSD_SLOT_PAYMENT,
      [PSD_READ_CREDIT_STATE] = PSD_SLOT_CREDIT_STATE,
  };
  const uint8_t number = request->apdu.p1, reading = request->apdu.p2;
  psd_slot slot;
  if (reading >= PSD_READINGS)
    return PSD_SW_WRONG_P1P2;
  uint16_t status = psd_slot_read(card, number, &slot);
  if (status != PSD_SW_OK)
    return status;
  if (reading == PSD_READ_PUBLIC_KEY)
    return put_public(card, number, out);
  return psd_record_read(card, psd_slot_record_of(records[reading], number), out);
}
