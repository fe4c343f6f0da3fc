#include "host_state.h"
#include "psd/reader/command.h"

/* P1 and P2 of SELECT (ISO/IEC 7816-4:2005, 7.1.1, tables 39 and 40). */
enum { BY_FILE = 0x02, BY_AID = 0x04, FIRST_FCI = 0x00, NO_ANSWER = 0x0C };
enum { CHANNEL_OPEN = 0x00, CHANNEL_CLOSE = 0x80 };

psd_result psd_host_select(psd_host *host, uint8_t p1, uint8_t p2, const void *data, size_t length, psd_buffer *fci) {
  size_t ne = (p2 & 0x0C) == NO_ANSWER ? 0 : PSD_NE_SHORT;
  psd_result result = psd_host_command(host, PSD_COMMAND_SELECT, p1, p2, data, length, ne, fci);
  if (result == PSD_OK && p1 == BY_AID) /* an application that is selected begins anew */
    psd_host_end_session(host);
  return result;
}

psd_result psd_host_select_psd(psd_host *host, psd_buffer *fci) {
  uint8_t p2 = fci != NULL ? FIRST_FCI : NO_ANSWER;
  return psd_host_select(host, BY_AID, p2, PSD_AID_PSD, PSD_AID_PSD_SIZE, fci);
}

psd_result psd_host_select_file(psd_host *host, psd_file_id file) {
  uint8_t identifier[2] = {(uint8_t)(psd_files[file].identifier >> 8), (uint8_t)psd_files[file].identifier};
  return psd_host_select(host, BY_FILE, NO_ANSWER, identifier, sizeof identifier, NULL);
}

psd_result psd_host_manage_channel_open(psd_host *host, uint8_t *channel) {
  uint8_t number[1];
  psd_buffer answer = psd_buffer_over(number, sizeof number);
  psd_result result = psd_host_command(host, PSD_COMMAND_MANAGE_CHANNEL, CHANNEL_OPEN, 0, NULL, 0, 1, &answer);
  if (result != PSD_OK)
    return result;
  if (answer.length != 1 || number[0] < 1 || number[0] > 19)
    return psd_host_fail(host, PSD_BAD_ANSWER, "the card opened a logical channel without a number");
  *channel = number[0];
  return PSD_OK;
}

psd_result psd_host_manage_channel_close(psd_host *host, uint8_t channel) {
  return psd_host_command(host, PSD_COMMAND_MANAGE_CHANNEL, CHANNEL_CLOSE, channel, NULL, 0, 0, NULL);
}
