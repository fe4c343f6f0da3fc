#include "meter/transport_keys.h"

bool psd_transport_keys_read(const psd_card *card, psd_transport_keys *keys) {
  uint8_t encoded[PSD_SIZE_TRANSPORT_KEYS];
  size_t length = 0;
  bool ok = psd_store_read(&card->store, PSD_RECORD_TRANSPORT, encoded, sizeof encoded, &length) == PSD_STORE_OK &&
            psd_parse_message(encoded, length, PSD_MESSAGE_TRANSPORT_KEYS, keys);
  psd_wipe(encoded, sizeof encoded);
  return ok;
}

void psd_transport_keys_encode(const psd_transport_keys *keys, uint8_t out[PSD_SIZE_TRANSPORT_KEYS]) {
  psd_buffer buffer = psd_buffer_over(out, PSD_SIZE_TRANSPORT_KEYS);
  psd_put_message(&buffer, PSD_MESSAGE_TRANSPORT_KEYS, keys);
}
