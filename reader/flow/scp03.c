/* The session itself: keys, cryptograms, wrapping. Paragraphs are those of GlobalPlatform Amendment D v1.2. */
#include "psd/reader/scp03.h"

#include "aes.h"
#include "psd/spec/status.h"

#include <openssl/crypto.h>
#include <string.h>

#define PROTOCOL 0x03U
#define CLA_SECURED 0x04U
#define PADDING 0x80U

/* i parameter (5.1, table 5-1). */
#define OPTION_S16 0x01U
#define OPTION_PSEUDO_RANDOM 0x10U
#define OPTION_R_MAC 0x20U
#define OPTION_R_ENC 0x40U

/* Parts of the security level. */
#define WITH_C_ENC 0x02U
#define WITH_R_MAC 0x10U
#define WITH_R_ENC 0x20U

/* Data derivation constants (4.1.5, table 4-1). */
enum derivation {
  CARD_CRYPTOGRAM = 0x00,
  HOST_CRYPTOGRAM = 0x01,
  S_ENC = 0x04,
  S_MAC = 0x06,
  S_RMAC = 0x07,
};

#define SEQUENCE_SIZE 3U

static psd_result crypto_failed(psd_error *error) {
  return psd_error_set(error, PSD_SYSTEM, "the cryptographic library failed");
}

void psd_host_scp03_wipe(psd_host_scp03 *session) {
  OPENSSL_cleanse(session, sizeof *session);
}

/* SP 800-108 in counter mode with CMAC as 4.1.5 lays it out: label (11 zeroes and the constant), separator, length in
 * bits, counter, context. */
static bool derive(const uint8_t *key, size_t key_size, enum derivation constant, psd_cursor context, uint8_t *out,
                   size_t length) {
  uint8_t label[16] = {0};
  uint8_t block[PSD_HOST_BLOCK];
  label[11] = (uint8_t)constant;
  label[13] = (uint8_t)(length * 8 >> 8);
  label[14] = (uint8_t)(length * 8);
  bool ok = true;
  for (size_t done = 0; ok && done < length; done += PSD_HOST_BLOCK) {
    label[15]++;
    psd_cursor pieces[] = {psd_cursor_over(label, sizeof label), context};
    ok = psd_host_cmac(key, key_size, pieces, 2, block);
    memcpy(out + done, block, length - done < PSD_HOST_BLOCK ? length - done : PSD_HOST_BLOCK);
  }
  OPENSSL_cleanse(block, sizeof block);
  return ok;
}

/* The answer to INITIALIZE UPDATE taken apart (7.1.1.6). */
typedef struct update_answer {
  psd_key_diversification head;
  const uint8_t *challenge;
  const uint8_t *cryptogram;
} update_answer;

static psd_result parse_answer(psd_cursor bytes, size_t size, uint8_t key_version, update_answer *answer,
                               psd_error *error) {
  size_t length = bytes.left;
  if (!psd_take_message(&bytes, PSD_MESSAGE_KEY_DIVERSIFICATION, &answer->head))
    return psd_error_set(error, PSD_BAD_ANSWER, "INITIALIZE UPDATE was answered with %zu bytes, too few", length);
  unsigned options = (unsigned)answer->head.options;
  if (answer->head.protocol != PROTOCOL)
    return psd_error_set(error, PSD_BAD_ANSWER, "the card speaks secure channel protocol %02X, not 03",
                         (unsigned)answer->head.protocol);
  if (((options & OPTION_S16) != 0) != (size == 16))
    return psd_error_set(error, PSD_BAD_ANSWER, "the card (i = %02X) is not in mode S%zu", options, size);
  if (key_version != 0 && answer->head.version != key_version)
    return psd_error_set(error, PSD_BAD_ANSWER, "the card answered with key version %u, not %u",
                         (unsigned)answer->head.version, key_version);
  answer->challenge = psd_take(&bytes, size);
  answer->cryptogram = psd_take(&bytes, size);
  if ((options & OPTION_PSEUDO_RANDOM) != 0)
    psd_take(&bytes, SEQUENCE_SIZE);
  if (!psd_cursor_done(&bytes))
    return psd_error_set(error, PSD_BAD_ANSWER, "INITIALIZE UPDATE was answered with %zu bytes, which i = %02X is not",
                         length, options);
  return PSD_OK;
}

static bool derive_session(psd_host_scp03 *session, const psd_host_keys *keys, psd_cursor context,
                           uint8_t card_cryptogram[PSD_HOST_BLOCK]) {
  size_t size = keys->size;
  return derive(keys->enc, size, S_ENC, context, session->s_enc, size) &&
         derive(keys->mac, size, S_MAC, context, session->s_mac, size) &&
         derive(keys->mac, size, S_RMAC, context, session->s_rmac, size) &&
         derive(session->s_mac, size, CARD_CRYPTOGRAM, context, card_cryptogram, session->mac_size) &&
         derive(session->s_mac, size, HOST_CRYPTOGRAM, context, session->host_cryptogram, session->mac_size);
}

static psd_result start(psd_host_scp03 *session, const psd_host_keys *keys, const uint8_t *challenge, size_t size,
                        psd_cursor bytes, psd_error *error) {
  update_answer answer;
  psd_result result = parse_answer(bytes, size, keys->version, &answer, error);
  if (result != PSD_OK)
    return result;
  session->key_size = keys->size;
  session->mac_size = size;
  session->options = (uint8_t)answer.head.options;
  uint8_t context[32];
  uint8_t expected[PSD_HOST_BLOCK];
  memcpy(context, challenge, size);
  memcpy(context + size, answer.challenge, size);
  if (!derive_session(session, keys, psd_cursor_over(context, 2 * size), expected))
    result = crypto_failed(error);
  else if (CRYPTO_memcmp(expected, answer.cryptogram, size) != 0)
    result = psd_error_set(error, PSD_REFUSED, "the card does not hold these keys: its cryptogram is wrong");
  OPENSSL_cleanse(expected, sizeof expected);
  return result;
}

static bool key_size_known(size_t size) {
  return size == 16 || size == 24 || size == 32;
}

psd_result psd_host_scp03_start(psd_host_scp03 *session, const psd_host_keys *keys, const uint8_t *challenge,
                                size_t challenge_size, psd_cursor answer, psd_error *error) {
  *session = (psd_host_scp03){0};
  if (!key_size_known(keys->size) || (challenge_size != 8 && challenge_size != 16))
    return psd_error_set(error, PSD_BAD_INPUT, "SCP03 has keys of 16, 24 or 32 bytes and challenges of 8 or 16");
  psd_result result = start(session, keys, challenge, challenge_size, answer, error);
  if (result != PSD_OK)
    psd_host_scp03_wipe(session);
  return result;
}

static bool level_known(unsigned level) {
  return level == PSD_LEVEL_C_MAC || level == PSD_LEVEL_C_MAC_C_ENC || level == PSD_LEVEL_C_MAC_R_MAC ||
         level == PSD_LEVEL_C_MAC_C_ENC_R_MAC || level == PSD_LEVEL_ALL;
}

/* Makes the next chaining value: the MAC over the last one, header, Lc as it will be sent, and data (6.2.4). The
 * channel in the class byte counts as zero. */
static bool chain_command(psd_host_scp03 *session, const psd_apdu *command, size_t nc) {
  uint8_t bytes[7];
  psd_buffer head = psd_buffer_over(bytes, sizeof bytes);
  psd_put_u8(&head, command->cla);
  psd_put_u8(&head, command->ins);
  psd_put_u8(&head, command->p1);
  psd_put_u8(&head, command->p2);
  if (command->extended)
    psd_put_u8(&head, 0);
  psd_put_uint(&head, nc, command->extended ? 2 : 1);
  psd_cursor pieces[] = {psd_cursor_over(session->chaining, sizeof session->chaining),
                         psd_cursor_over(bytes, head.length), psd_cursor_over(command->data, command->nc)};
  uint8_t mac[PSD_HOST_BLOCK];
  if (!psd_host_cmac(session->s_mac, session->key_size, pieces, 3, mac))
    return false;
  memcpy(session->chaining, mac, sizeof mac);
  return true;
}

/* Adds the MAC to the command whose data are at the end of `out`. */
static psd_result add_mac(psd_host_scp03 *session, psd_apdu *command, psd_buffer *out, psd_error *error) {
  size_t nc = command->nc + session->mac_size;
  command->extended = command->extended || nc > 255 || command->ne > 256;
  if (nc > 65535)
    return psd_error_set(error, PSD_BAD_INPUT, "%zu bytes do not fit a secured command", command->nc);
  if (!chain_command(session, command, nc))
    return crypto_failed(error);
  psd_put(out, session->chaining, session->mac_size);
  if (out->overflow)
    return psd_error_set(error, PSD_BAD_INPUT, "%zu bytes do not fit a secured command", command->nc);
  command->data = out->data + out->length - nc;
  command->nc = nc;
  return PSD_OK;
}

psd_result psd_host_scp03_authenticate(psd_host_scp03 *session, psd_security_level level, psd_apdu *command,
                                       psd_buffer *out, psd_error *error) {
  unsigned offered = session->options & (OPTION_R_MAC | OPTION_R_ENC);
  bool too_much = ((level & WITH_R_MAC) != 0 && (offered & OPTION_R_MAC) == 0) ||
                  ((level & WITH_R_ENC) != 0 && (offered & OPTION_R_ENC) == 0);
  if (!level_known(level) || too_much)
    return psd_error_set(error, PSD_BAD_INPUT, "security level %02X is none that the card (i = %02X) offers",
                         (unsigned)level, session->options);
  *command = (psd_apdu){
      .cla = 0x80 | CLA_SECURED, .ins = psd_commands[PSD_COMMAND_EXTERNAL_AUTHENTICATE].ins, .p1 = (uint8_t)level};
  command->data = out->data + out->length;
  command->nc = session->mac_size;
  psd_put(out, session->host_cryptogram, session->mac_size);
  if (out->overflow)
    return psd_error_set(error, PSD_BAD_INPUT, "no room for EXTERNAL AUTHENTICATE");
  psd_result result = add_mac(session, command, out, error);
  if (result == PSD_OK)
    session->level = (uint8_t)level;
  return result;
}

/* The initial vector of this command, or of its answer (6.2.6, 6.2.7): the enciphered counter. */
static bool initial_vector(const psd_host_scp03 *session, uint8_t first, uint8_t iv[PSD_HOST_BLOCK]) {
  uint8_t block[PSD_HOST_BLOCK] = {0};
  block[0] = first;
  for (size_t i = 0; i < 8; i++)
    block[15 - i] = (uint8_t)(session->counter >> (8 * i));
  return psd_host_aes_block(session->s_enc, session->key_size, block, iv);
}

/* Pads and enciphers what is in `out` from `from` on. */
static bool encipher(const psd_host_scp03 *session, psd_buffer *out, size_t from) {
  uint8_t iv[PSD_HOST_BLOCK];
  psd_put_u8(out, PADDING);
  while ((out->length - from) % PSD_HOST_BLOCK != 0 && !out->overflow)
    psd_put_u8(out, 0);
  uint8_t *at = out->data + from;
  return !out->overflow && initial_vector(session, 0x00, iv) &&
         psd_host_aes_cbc(true, session->s_enc, session->key_size, iv, at, out->length - from, at);
}

psd_result psd_host_scp03_wrap(psd_host_scp03 *session, const psd_apdu *plain, psd_apdu *wrapped, psd_buffer *out,
                               psd_error *error) {
  size_t from = out->length;
  session->counter++; /* whether or not there is something to encipher */
  psd_put(out, plain->data, plain->nc);
  if (plain->nc > 0 && (session->level & WITH_C_ENC) != 0 && !encipher(session, out, from))
    return psd_error_set(error, PSD_SYSTEM, "the command could not be enciphered");
  if (out->overflow)
    return psd_error_set(error, PSD_BAD_INPUT, "%zu bytes do not fit a secured command", plain->nc);
  *wrapped = *plain;
  wrapped->cla |= CLA_SECURED;
  wrapped->data = out->data + from;
  wrapped->nc = out->length - from;
  return add_mac(session, wrapped, out, error);
}

/* Deciphers and takes the padding off. */
static psd_result decipher(const psd_host_scp03 *session, psd_cursor data, psd_buffer *out, psd_error *error) {
  uint8_t iv[PSD_HOST_BLOCK];
  size_t from = out->length;
  uint8_t *room = data.left % PSD_HOST_BLOCK == 0 ? psd_put_room(out, data.left) : NULL;
  if (room == NULL)
    return psd_error_set(error, PSD_BAD_ANSWER, "the card's answer has %zu bytes, which is no enciphered text",
                         data.left);
  if (!initial_vector(session, 0x80, iv) ||
      !psd_host_aes_cbc(false, session->s_enc, session->key_size, iv, data.at, data.left, room))
    return crypto_failed(error);
  while (out->length > from && out->data[out->length - 1] == 0)
    out->length--;
  if (out->length == from || out->data[out->length - 1] != PADDING)
    return psd_error_set(error, PSD_BAD_ANSWER, "the card's answer was not enciphered with the session's key");
  out->length--;
  return PSD_OK;
}

/* The MAC of an answer is over the chaining value of its command, the data and the status word (6.2.5). */
static psd_result check_mac(const psd_host_scp03 *session, psd_cursor data, psd_cursor mac, uint16_t status,
                            psd_error *error) {
  uint8_t word[2] = {(uint8_t)(status >> 8), (uint8_t)status};
  psd_cursor pieces[] = {psd_cursor_over(session->chaining, sizeof session->chaining), data,
                         psd_cursor_over(word, sizeof word)};
  uint8_t expected[PSD_HOST_BLOCK];
  if (!psd_host_cmac(session->s_rmac, session->key_size, pieces, 3, expected))
    return crypto_failed(error);
  bool same = CRYPTO_memcmp(expected, mac.at, session->mac_size) == 0;
  OPENSSL_cleanse(expected, sizeof expected);
  return same ? PSD_OK : psd_error_set(error, PSD_BAD_ANSWER, "the card's answer was altered: its MAC is wrong");
}

psd_result psd_host_scp03_unwrap(psd_host_scp03 *session, psd_cursor answer, uint16_t status, psd_buffer *out,
                                 psd_error *error) {
  if (!psd_status_carries_data(status) && answer.left > 0)
    return psd_error_set(error, PSD_BAD_ANSWER, "the card answered %04X with data that nothing protects", status);
  if (!psd_status_carries_data(status))
    return PSD_OK;
  if ((session->level & WITH_R_MAC) != 0) {
    size_t length = answer.left < session->mac_size ? 0 : answer.left - session->mac_size;
    psd_cursor data = psd_cursor_over(psd_take(&answer, length), length);
    if (answer.left < session->mac_size)
      return psd_error_set(error, PSD_BAD_ANSWER, "the card's answer has no MAC");
    psd_result result = check_mac(session, data, answer, status, error);
    if (result != PSD_OK)
      return result;
    answer = data;
  }
  if ((session->level & WITH_R_ENC) != 0 && answer.left > 0)
    return decipher(session, answer, out, error);
  psd_put(out, answer.at, answer.left);
  return PSD_OK;
}
