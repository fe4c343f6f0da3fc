/* The host's end of the secure channel, as short as it can be: for tests of the card alone. The middleware has its own.
 */
#include "check.h"
#include "iso7816/scp03.h"
#include "rig.h"

#include <string.h>

static struct {
  uint8_t enc[16], mac[16], rmac[16], chaining[16];
  uint8_t level;
  uint32_t counter;
} host;

static void put_mac(psd_buffer *command) {
  uint8_t mac[16];
  CU_ASSERT_TRUE_FATAL(psd_scp03_mac(host.mac, 16, host.chaining, (psd_piece){command->data, command->length},
                                     (psd_piece){NULL, 0}, mac));
  memcpy(host.chaining, mac, sizeof mac);
  psd_put(command, mac, 8);
}

uint16_t rig_open_channel(rig *r, uint8_t level) {
  uint16_t status = rig_hex(r, "8050000008 0102030405060708 00");
  if (status != PSD_SW_OK)
    return status;
  CU_ASSERT_EQUAL_FATAL(r->length, 32);
  const psd_card_birth keys = rig_birth();
  static const uint8_t challenge[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  const psd_piece context[2] = {{challenge, 8}, {r->response + 13, 8}};
  uint8_t cryptogram[8];
  CU_ASSERT_TRUE_FATAL(psd_scp03_derive(keys.enc, 16, PSD_SCP03_S_ENC, context, host.enc, 16) &&
                       psd_scp03_derive(keys.mac, 16, PSD_SCP03_S_MAC, context, host.mac, 16) &&
                       psd_scp03_derive(keys.mac, 16, PSD_SCP03_S_RMAC, context, host.rmac, 16) &&
                       psd_scp03_derive(host.mac, 16, PSD_SCP03_HOST_CRYPTOGRAM, context, cryptogram, 8));
  memset(host.chaining, 0, sizeof host.chaining);
  host.level = level;
  host.counter = 0;
  uint8_t command[32];
  psd_buffer buffer = psd_buffer_over(command, sizeof command);
  const uint8_t header[] = {0x84, 0x82, level, 0x00, 0x10};
  psd_put(&buffer, header, sizeof header);
  psd_put(&buffer, cryptogram, sizeof cryptogram);
  put_mac(&buffer);
  return rig_send(r, command, buffer.length);
}

static size_t encipher(const psd_apdu *apdu, uint8_t *out) {
  if (apdu->nc > 0)
    memcpy(out, apdu->data, apdu->nc);
  if ((host.level & PSD_SCP_CENC) == 0 || apdu->nc == 0)
    return apdu->nc;
  size_t padded = (apdu->nc / 16 + 1) * 16;
  memset(out + apdu->nc, 0, padded - apdu->nc);
  out[apdu->nc] = 0x80;
  uint8_t iv[16];
  CU_ASSERT_TRUE_FATAL(psd_scp03_iv(host.enc, 16, host.counter, false, iv) &&
                       psd_aes_cbc_encrypt(host.enc, 16, iv, out, padded, out));
  return padded;
}

static void open_answer(rig *r, uint16_t status) {
  if ((host.level & PSD_SCP_RMAC) == 0 || (status != PSD_SW_OK && (status & 0xFE00) != 0x6200))
    return;
  uint8_t mac[16];
  CU_ASSERT_FATAL(r->length >= 8);
  r->length -= 8;
  const uint8_t words[2] = {(uint8_t)(status >> 8), (uint8_t)status};
  CU_ASSERT_TRUE_FATAL(
      psd_scp03_mac(host.rmac, 16, host.chaining, (psd_piece){r->response, r->length}, (psd_piece){words, 2}, mac));
  CU_ASSERT_EQUAL(memcmp(mac, r->response + r->length, 8), 0);
  if ((host.level & PSD_SCP_RENC) == 0 || r->length == 0)
    return;
  uint8_t iv[16];
  CU_ASSERT_TRUE_FATAL(psd_scp03_iv(host.enc, 16, host.counter, true, iv) &&
                       psd_aes_cbc_decrypt(host.enc, 16, iv, r->response, r->length, r->response) &&
                       psd_scp03_unpad(r->response, &r->length));
}

uint16_t rig_secure(rig *r, const char *text) {
  static uint8_t clear[4096];
  static uint8_t command[4096];
  static uint8_t data[4096];
  psd_apdu apdu;
  size_t length = psd_check_hex(text, clear, sizeof clear);
  CU_ASSERT_TRUE_FATAL(psd_parse_apdu(clear, length, &apdu));
  host.counter++;
  apdu.nc = encipher(&apdu, data);
  psd_buffer buffer = psd_buffer_over(command, sizeof command);
  psd_put_u8(&buffer, apdu.cla | 0x04);
  psd_put(&buffer, &clear[1], 3);
  bool extended = apdu.nc + 8 > 255;
  if (extended)
    psd_put_u8(&buffer, 0);
  psd_put_uint(&buffer, apdu.nc + 8, extended ? 2 : 1);
  psd_put(&buffer, data, apdu.nc);
  put_mac(&buffer);
  if (apdu.ne > 0)
    psd_put_uint(&buffer, 0, extended ? 2 : 1);
  uint16_t status = rig_send(r, command, buffer.length);
  open_answer(r, status);
  return status;
}
