/* What a Host asks a PSD about funds without a meter server (docs/funds.md). */
#include "psd/reader/command.h"

psd_result psd_host_get_last(psd_host *host, psd_last which, psd_buffer *answer) {
  return psd_host_command(host, PSD_COMMAND_GET_LAST, (uint8_t)which, 0, NULL, 0, PSD_NE_ALL, answer);
}
