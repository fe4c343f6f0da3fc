#include "host.h"

#include "fuzz.h"
#include "iso7816/scp03.h"
#include "meter/transport_keys.h"

#include <string.h>

#define ANSWER_MOST 4096U
#define LE_ALL 256U

static uint8_t answer[ANSWER_MOST]; /* collected with GET RESPONSE */
static size_t answer_length;

static bool derive(host *h, const psd_transport_keys *keys, const psd_piece context[2], uint8_t *card_cryptogram,
                   uint8_t *host_cryptogram) {
  size_t size = h->key_size;
  return psd_scp03_derive(keys->enc, size, PSD_SCP03_S_ENC, context, h->s_enc, size) &&
         psd_scp03_derive(keys->mac, size, PSD_SCP03_S_MAC, context, h->s_mac, size) &&
         psd_scp03_derive(keys->mac, size, PSD_SCP03_S_RMAC, context, h->s_rmac, size) &&
         psd_scp03_derive(h->s_mac, size, PSD_SCP03_CARD_CRYPTOGRAM, context, card_cryptogram, h->mac_size) &&
         psd_scp03_derive(h->s_mac, size, PSD_SCP03_HOST_CRYPTOGRAM, context, host_cryptogram, h->mac_size);
}

static uint16_t send_exact(rig *r, const uint8_t *command, size_t length) {
  uint8_t *exact = malloc(length);
  FUZZ_ASSERT(exact != NULL);
  memcpy(exact, command, length);
  uint16_t status = stage_send(r, exact, length);
  free(exact);
  return status;
}

static void put_mac(host *h, psd_buffer *command) {
  uint8_t mac[16];
  FUZZ_ASSERT(psd_scp03_mac(h->s_mac, h->key_size, h->chaining, (psd_piece){command->data, command->length},
                            (psd_piece){NULL, 0}, mac));
  memcpy(h->chaining, mac, sizeof mac);
  psd_put(command, mac, h->mac_size);
}

static void authenticate(host *h, rig *r, const uint8_t *cryptogram) {
  psd_buffer command = psd_buffer_over(h->command, sizeof h->command);
  const uint8_t header[] = {0x84, 0x82, h->level, 0x00, (uint8_t)(2 * h->mac_size)};
  psd_put(&command, header, sizeof header);
  psd_put(&command, cryptogram, h->mac_size);
  memset(h->chaining, 0, sizeof h->chaining);
  put_mac(h, &command);
  send_exact(r, command.data, command.length);
}

void host_open(host *h, rig *r, uint8_t level, uint8_t mac_size) {
  psd_transport_keys keys;
  uint8_t begin[6 + 16] = {0x80, 0x50, 0x00, 0x00, mac_size};
  uint8_t card_cryptogram[16];
  uint8_t host_cryptogram[16];
  memset(begin + 5, 0xA5, mac_size);
  if (send_exact(r, begin, 6U + mac_size) != PSD_SW_OK || !psd_transport_keys_read(r->card, &keys))
    return;
  h->level = level;
  h->mac_size = mac_size;
  h->key_size = keys.size;
  h->counter = 0;
  FUZZ_ASSERT(r->length == 16U + 2U * mac_size);
  const uint8_t *challenge = r->response + 13;
  const psd_piece context[2] = {{begin + 5, mac_size}, {challenge, mac_size}};
  FUZZ_ASSERT(derive(h, &keys, context, card_cryptogram, host_cryptogram));
  FUZZ_ASSERT(memcmp(card_cryptogram, challenge + mac_size, mac_size) == 0);
  authenticate(h, r, host_cryptogram);
}

/* Data as it goes over the wire. */
static size_t encipher(const host *h, const uint8_t *data, size_t length, uint8_t *out) {
  if (length > 0)
    memcpy(out, data, length);
  if ((h->level & PSD_SCP_CENC) == 0 || length == 0)
    return length;
  size_t padded = (length / PSD_AES_BLOCK + 1) * PSD_AES_BLOCK;
  memset(out + length, 0, padded - length);
  out[length] = 0x80;
  uint8_t iv[PSD_AES_BLOCK];
  FUZZ_ASSERT(psd_scp03_iv(h->s_enc, h->key_size, h->counter, false, iv) &&
              psd_aes_cbc_encrypt(h->s_enc, h->key_size, iv, out, padded, out));
  return padded;
}

static void build(host *h, const host_plan *plan, const uint8_t *data, size_t length) {
  static uint8_t wire[HOST_COMMAND_MOST];
  h->counter++;
  size_t wired = encipher(h, data, length, wire);
  size_t nc = wired + h->mac_size;
  bool extended = plan->extended || nc > 255;
  psd_buffer command = psd_buffer_over(h->command, sizeof h->command);
  const uint8_t header[] = {plan->cla | 0x04, plan->ins, plan->p1, plan->p2};
  psd_put(&command, header, sizeof header);
  if (extended)
    psd_put_u8(&command, 0);
  psd_put_uint(&command, nc, extended ? 2 : 1);
  psd_put(&command, wire, wired);
  put_mac(h, &command);
  if (plan->damage > 0)
    command.data[command.length - 1U - plan->damage % nc] ^= plan->damage;
  if (plan->wants)
    psd_put_uint(&command, 0, extended ? 2 : 1);
  FUZZ_ASSERT(!command.overflow);
  h->length = command.length;
}

static void collect(const rig *r) {
  FUZZ_ASSERT(r->length <= sizeof answer - answer_length);
  memcpy(answer + answer_length, r->response, r->length);
  answer_length += r->length;
}

/* What waits behind 61xx. */
static uint16_t fetch_rest(rig *r, uint16_t status) {
  static const uint8_t get_response[] = {0x00, 0xC0, 0x00, 0x00, 0x00};
  collect(r);
  while (status >> 8 == 0x61) {
    status = send_exact(r, get_response, sizeof get_response);
    collect(r);
  }
  return status;
}

/* Takes the answer out of secure messaging; what the card sent must be right. */
static void open_answer(const host *h, uint16_t status) {
  uint8_t mac[16];
  uint8_t iv[16];
  const uint8_t words[2] = {(uint8_t)(status >> 8), (uint8_t)status};
  if ((h->level & PSD_SCP_RMAC) == 0)
    return;
  FUZZ_ASSERT(answer_length >= h->mac_size);
  answer_length -= h->mac_size;
  FUZZ_ASSERT(psd_scp03_mac(h->s_rmac, h->key_size, h->chaining, (psd_piece){answer, answer_length},
                            (psd_piece){words, sizeof words}, mac));
  FUZZ_ASSERT(memcmp(mac, answer + answer_length, h->mac_size) == 0);
  if ((h->level & PSD_SCP_RENC) == 0 || answer_length == 0)
    return;
  FUZZ_ASSERT(psd_scp03_iv(h->s_enc, h->key_size, h->counter, true, iv) &&
              psd_aes_cbc_decrypt(h->s_enc, h->key_size, iv, answer, answer_length, answer));
  FUZZ_ASSERT(psd_scp03_unpad(answer, &answer_length));
}

/* A command that the card refused before it looked at its MAC counts on the host's side alone: both go on with what the
 * card counted. */
static void agree(host *h, const psd_scp *scp) {
  memcpy(h->chaining, scp->chaining, sizeof h->chaining);
  h->counter = scp->counter;
}

uint16_t host_send(host *h, rig *r, const host_plan *plan, const uint8_t *data, size_t length) {
  const psd_scp *scp = &r->card->scp;
  uint32_t counted = scp->counter;
  build(h, plan, data, length);
  uint16_t status = send_exact(r, h->command, h->length);
  bool taken = scp->phase == PSD_SCP_OPEN && scp->counter != counted;
  unsigned sw1 = status >> 8;
  answer_length = 0;
  if (status == PSD_SW_OK || (sw1 >= 0x61 && sw1 <= 0x63))
    status = fetch_rest(r, status);
  sw1 = status >> 8;
  if (taken && (status == PSD_SW_OK || sw1 == 0x62 || sw1 == 0x63))
    open_answer(h, status);
  agree(h, scp);
  FUZZ_ASSERT(answer_length <= sizeof r->response);
  memcpy(r->response, answer, answer_length);
  r->length = answer_length;
  return status;
}

void host_put_key(const rig *r, psd_buffer *out, const uint8_t *key, size_t size) {
  static const uint8_t zero[PSD_AES_BLOCK] = {0};
  static const uint8_t ones[PSD_AES_BLOCK] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  psd_transport_keys keys;
  uint8_t clear[32] = {0};
  uint8_t secret[32];
  uint8_t check[PSD_AES_BLOCK];
  size_t padded = (size + PSD_AES_BLOCK - 1) / PSD_AES_BLOCK * PSD_AES_BLOCK;
  memcpy(clear, key, size);
  FUZZ_ASSERT(psd_transport_keys_read(r->card, &keys) &&
              psd_aes_cbc_encrypt(keys.dek, keys.size, zero, clear, padded, secret) &&
              psd_aes_block(key, size, ones, check));
  psd_put_u8(out, 0x88);
  psd_put_u8(out, (uint8_t)(padded + 1));
  psd_put_u8(out, (uint8_t)size);
  psd_put(out, secret, padded);
  psd_put_u8(out, 3);
  psd_put(out, check, 3);
}
