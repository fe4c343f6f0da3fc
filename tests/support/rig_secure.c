/* The host's end of the secure channel, as short as it can be: for tests of the card alone. The middleware has its own.
 */
#include "check.h"
#include "iso7816/scp03.h"
#include "rig.h"

#include <string.h>

static void put_mac(rig_host *host, psd_buffer *command) {
  uint8_t mac[16];
  uint8_t header = command->data[0];
  command->data[0] &= 0xFC; /* the MAC sees the basic channel */
  CU_ASSERT_TRUE_FATAL(psd_scp03_mac(host->mac, host->key_size, host->chaining,
                                     (psd_piece){command->data, command->length}, (psd_piece){NULL, 0}, mac));
  command->data[0] = header;
  memcpy(host->chaining, mac, sizeof mac);
  psd_put(command, mac, host->mac_size);
}

static void derive(rig_host *host, const psd_card_birth *keys, const psd_piece context[2]) {
  size_t size = keys->key_size;
  CU_ASSERT_TRUE_FATAL(psd_scp03_derive(keys->enc, size, PSD_SCP03_S_ENC, context, host->enc, size) &&
                       psd_scp03_derive(keys->mac, size, PSD_SCP03_S_MAC, context, host->mac, size) &&
                       psd_scp03_derive(keys->mac, size, PSD_SCP03_S_RMAC, context, host->rmac, size));
}

uint16_t rig_begin_channel(rig *r, const psd_card_birth *keys, uint8_t mac_size, uint8_t channel) {
  rig_host *host = &r->host;
  static const uint8_t challenge[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  const uint8_t header[] = {(uint8_t)(0x80 | channel), 0x50, 0x00, 0x00, mac_size};
  uint8_t command[sizeof header + sizeof challenge + 1];
  psd_buffer buffer = psd_buffer_over(command, sizeof command);
  CU_ASSERT_FATAL(mac_size <= sizeof challenge);
  psd_put(&buffer, header, sizeof header);
  psd_put(&buffer, challenge, mac_size);
  psd_put_u8(&buffer, 0); /* Le */
  uint16_t status = rig_send(r, command, buffer.length);
  if (status != PSD_SW_OK)
    return status;
  CU_ASSERT_EQUAL_FATAL(r->length, 13U + 2U * mac_size + 3U);
  *host = (rig_host){.key_size = keys->key_size, .mac_size = mac_size, .channel = channel};
  const psd_piece context[2] = {{challenge, mac_size}, {r->response + 13, mac_size}};
  uint8_t cryptogram[16];
  derive(host, keys, context);
  CU_ASSERT_TRUE_FATAL(
      psd_scp03_derive(host->mac, host->key_size, PSD_SCP03_CARD_CRYPTOGRAM, context, cryptogram, mac_size));
  CU_ASSERT_EQUAL(memcmp(cryptogram, r->response + 13 + mac_size, mac_size), 0);
  CU_ASSERT_TRUE_FATAL(
      psd_scp03_derive(host->mac, host->key_size, PSD_SCP03_HOST_CRYPTOGRAM, context, host->cryptogram, mac_size));
  return status;
}

uint16_t rig_authenticate(rig *r, uint8_t level) {
  rig_host *host = &r->host;
  uint8_t command[5 + 32];
  psd_buffer buffer = psd_buffer_over(command, sizeof command);
  const uint8_t header[] = {(uint8_t)(0x84 | host->channel), 0x82, level, 0x00, (uint8_t)(2 * host->mac_size)};
  psd_put(&buffer, header, sizeof header);
  psd_put(&buffer, host->cryptogram, host->mac_size);
  put_mac(host, &buffer);
  host->level = level;
  return rig_send(r, command, buffer.length);
}

uint16_t rig_open_channel_as(rig *r, const psd_card_birth *keys, uint8_t mac_size, uint8_t channel, uint8_t level) {
  uint16_t status = rig_begin_channel(r, keys, mac_size, channel);
  return status == PSD_SW_OK ? rig_authenticate(r, level) : status;
}

uint16_t rig_open_channel(rig *r, uint8_t level) {
  const psd_card_birth keys = rig_birth();
  return rig_open_channel_as(r, &keys, 8, 0, level);
}

static size_t encipher(const rig_host *host, const psd_apdu *apdu, uint8_t *out) {
  if (apdu->nc > 0)
    memcpy(out, apdu->data, apdu->nc);
  if ((host->level & PSD_SCP_CENC) == 0 || apdu->nc == 0)
    return apdu->nc;
  size_t padded = (apdu->nc / 16 + 1) * 16;
  memset(out + apdu->nc, 0, padded - apdu->nc);
  out[apdu->nc] = 0x80;
  uint8_t iv[16];
  CU_ASSERT_TRUE_FATAL(psd_scp03_iv(host->enc, host->key_size, host->counter, false, iv) &&
                       psd_aes_cbc_encrypt(host->enc, host->key_size, iv, out, padded, out));
  return padded;
}

void rig_unwrap(rig *r, uint16_t status) {
  const rig_host *host = &r->host;
  if ((host->level & PSD_SCP_RMAC) == 0 || (status != PSD_SW_OK && (status & 0xFE00) != 0x6200))
    return;
  uint8_t mac[16];
  CU_ASSERT_FATAL(r->length >= host->mac_size);
  r->length -= host->mac_size;
  const uint8_t words[2] = {(uint8_t)(status >> 8), (uint8_t)status};
  CU_ASSERT_TRUE_FATAL(psd_scp03_mac(host->rmac, host->key_size, host->chaining, (psd_piece){r->response, r->length},
                                     (psd_piece){words, 2}, mac));
  CU_ASSERT_EQUAL(memcmp(mac, r->response + r->length, host->mac_size), 0);
  if ((host->level & PSD_SCP_RENC) == 0 || r->length == 0)
    return;
  uint8_t iv[16];
  CU_ASSERT_TRUE_FATAL(psd_scp03_iv(host->enc, host->key_size, host->counter, true, iv) &&
                       psd_aes_cbc_decrypt(host->enc, host->key_size, iv, r->response, r->length, r->response) &&
                       psd_scp03_unpad(r->response, &r->length));
}

size_t rig_wrap(rig *r, const char *text, uint8_t *out, size_t capacity) {
  uint8_t clear[4096];
  return rig_wrap_bytes(r, clear, psd_check_hex(text, clear, sizeof clear), out, capacity);
}

size_t rig_wrap_bytes(rig *r, const uint8_t *clear, size_t length, uint8_t *out, size_t capacity) {
  rig_host *host = &r->host;
  uint8_t data[4096];
  psd_apdu apdu;
  CU_ASSERT_FATAL(psd_parse_apdu(clear, length, &apdu) && apdu.nc + 32 <= sizeof data);
  host->counter++;
  apdu.nc = encipher(host, &apdu, data);
  psd_buffer buffer = psd_buffer_over(out, capacity);
  psd_put_u8(&buffer, (uint8_t)(apdu.cla | 0x04 | host->channel));
  psd_put(&buffer, &clear[1], 3);
  bool extended = apdu.extended || apdu.nc + host->mac_size > 255;
  if (extended)
    psd_put_u8(&buffer, 0);
  psd_put_uint(&buffer, apdu.nc + host->mac_size, extended ? 2 : 1);
  psd_put(&buffer, data, apdu.nc);
  put_mac(host, &buffer);
  if (apdu.ne > 0)
    psd_put_uint(&buffer, apdu.ne, extended ? 2 : 1);
  CU_ASSERT_FALSE_FATAL(buffer.overflow);
  return buffer.length;
}

uint16_t rig_secure(rig *r, const char *text) {
  static uint8_t command[4096];
  uint16_t status = rig_send(r, command, rig_wrap(r, text, command, sizeof command));
  rig_unwrap(r, status);
  return status;
}
