#include "rates_card.h"

#include "check.h"

psd_pair *rates_issuer(void) {
  uint8_t secret[PSD_SCALAR];
  for (size_t i = 0; i < sizeof secret; i++)
    secret[i] = (uint8_t)(0x4A + 41 * i);
  psd_pair *issuer = psd_evp_start() ? psd_pair_of(secret) : NULL;
  CU_ASSERT_PTR_NOT_NULL_FATAL(issuer);
  return issuer;
}

void rates_equip(rig *r, const psd_pair *issuer) {
  uint8_t encoded[PSD_SIZE_PUBLIC_KEY];
  psd_buffer out = psd_buffer_over(encoded, sizeof encoded);
  psd_public_key key = {.identifier = 7};
  psd_pair_point(issuer, key.point);
  psd_put_message(&out, PSD_MESSAGE_PUBLIC_KEY, &key);
  rig_put_object(r, PSD_OBJECT_RATE_KEY, encoded, out.length);
}

uint16_t rates_load(rig *r, const uint8_t *data, size_t length) {
  uint8_t command[PSD_CARD_DATA_MAX + 16U];
  psd_buffer out = psd_buffer_over(command, sizeof command);
  const psd_apdu apdu = {.cla = 0x80, .ins = psd_commands[PSD_COMMAND_LOAD_RATES].ins, .data = data, .nc = length};
  psd_put_apdu(&out, &apdu);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return rig_send(r, command, out.length);
}
