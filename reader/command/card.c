/* Commands about the card itself: self-tests, random numbers, personalisation. */
#include "host_state.h"
#include "psd/reader/command.h"

/* CLA bit of GlobalPlatform's secure messaging (Card Specification v2.3.1, 11.1.4). */
#define CLA_SECURED 0x04U
/* P1 of STORE DATA (11.11.2.1): data in BER-TLV; the last block. */
#define BER_TLV 0x10U
#define LAST_BLOCK 0x80U
/* P2 of PUT KEY (11.8.2.2): several keys, the first has identifier 1. */
#define SEVERAL_KEYS 0x81U

psd_result psd_host_self_test(psd_host *host, psd_self_test *result) {
  uint8_t bytes[PSD_SIZE_SELF_TEST];
  psd_buffer answer = psd_buffer_over(bytes, sizeof bytes);
  psd_result sent = psd_host_command(host, PSD_COMMAND_SELF_TEST, 0, 0, NULL, 0, PSD_NE_SHORT, &answer);
  if (sent == PSD_OK && !psd_parse_message(bytes, answer.length, PSD_MESSAGE_SELF_TEST, result))
    return psd_host_fail(host, PSD_BAD_ANSWER, "the result of the self-tests has %zu bytes", answer.length);
  return sent;
}

psd_result psd_host_get_challenge(psd_host *host, uint8_t *challenge, size_t length) {
  if (length < 1 || length > PSD_NE_SHORT)
    return psd_host_fail(host, PSD_BAD_INPUT, "a challenge has 1 to %u bytes, not %zu", PSD_NE_SHORT, length);
  psd_buffer answer = psd_buffer_over(challenge, length);
  psd_result result = psd_host_command(host, PSD_COMMAND_GET_CHALLENGE, 0, 0, NULL, 0, length, &answer);
  if (result == PSD_OK && answer.length != length)
    return psd_host_fail(host, PSD_BAD_ANSWER, "the card answered a challenge of %zu bytes, not %zu", answer.length,
                         length);
  return result;
}

psd_result psd_host_initialize_update(psd_host *host, uint8_t key_version, const uint8_t *challenge, size_t length,
                                      psd_buffer *answer) {
  return psd_host_command(host, PSD_COMMAND_INITIALIZE_UPDATE, key_version, 0, challenge, length, PSD_NE_SHORT, answer);
}

psd_result psd_host_external_authenticate(psd_host *host, uint8_t level, const void *data, size_t length) {
  psd_apdu command = {
      .cla = 0x80 | CLA_SECURED,
      .ins = psd_commands[PSD_COMMAND_EXTERNAL_AUTHENTICATE].ins,
      .p1 = level,
      .data = data,
      .nc = length,
  };
  return psd_host_send_clear(host, &command, NULL);
}

psd_result psd_host_store_data(psd_host *host, bool last, uint8_t number, const void *list, size_t length) {
  uint8_t p1 = (uint8_t)(BER_TLV | (last ? LAST_BLOCK : 0));
  return psd_host_command(host, PSD_COMMAND_STORE_DATA, p1, number, list, length, 0, NULL);
}

psd_result psd_host_put_key(psd_host *host, uint8_t replaced, const void *data, size_t length, psd_buffer *answer) {
  return psd_host_command(host, PSD_COMMAND_PUT_KEY, replaced, SEVERAL_KEYS, data, length, PSD_NE_SHORT, answer);
}
