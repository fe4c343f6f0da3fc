/* The commands of evidence of postage (docs/evidence.md). */
#include "psd/reader/command.h"

psd_result psd_host_create_indicium(psd_host *host, psd_evidence_kind kind, const psd_indicium_wish *wish,
                                    psd_buffer *answer) {
  uint8_t bytes[PSD_SIZE_INDICIUM_WISH];
  psd_buffer data = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&data, PSD_MESSAGE_INDICIUM_WISH, wish);
  if (data.overflow)
    return psd_host_fail(host, PSD_BAD_INPUT, "what is asked for does not fit CREATE INDICIUM");
  return psd_host_command(host, PSD_COMMAND_CREATE_INDICIUM, (uint8_t)kind, 0, bytes, data.length, PSD_NE_SHORT,
                          answer);
}

psd_result psd_host_withdrawal_indicium(psd_host *host, psd_profile_id profile, psd_buffer *answer) {
  return psd_host_command(host, PSD_COMMAND_WITHDRAWAL_INDICIUM, (uint8_t)profile, 0, NULL, 0, PSD_NE_SHORT, answer);
}

psd_result psd_host_last_evidence(psd_host *host, psd_buffer *answer) {
  return psd_host_get_last(host, PSD_LAST_EVIDENCE, answer);
}

psd_result psd_host_load_rates(psd_host *host, const void *table, size_t length) {
  return psd_host_command(host, PSD_COMMAND_LOAD_RATES, 0, 0, table, length, 0, NULL);
}

psd_result psd_host_registration_tokens(psd_host *host, psd_registration_tokens *tokens) {
  uint8_t bytes[PSD_SIZE_REGISTRATION_TOKENS];
  psd_buffer answer = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_host_command(host, PSD_COMMAND_REGISTRATION_TOKENS, 0, 0, NULL, 0, PSD_NE_SHORT, &answer);
  if (result == PSD_OK && !psd_parse_message(bytes, answer.length, PSD_MESSAGE_REGISTRATION_TOKENS, tokens))
    return psd_host_fail(host, PSD_BAD_ANSWER, "the card's registration tokens have %zu bytes, not %zu", answer.length,
                         sizeof bytes);
  return result;
}
