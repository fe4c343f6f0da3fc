/* From one command that is meant to the commands and answers that cross the wire. */
#include "host_state.h"

#include "psd/spec/status.h"

#include <openssl/crypto.h>
#include <string.h>

#define SHORT_NC 255U

/* The class byte with its channel (ISO/IEC 7816-4:2005, 5.1.1, tables 2 and 3). */
static uint8_t on_channel(uint8_t cla, uint8_t channel) {
  if (channel < 4)
    return (uint8_t)(cla | channel);
  uint8_t secured = (cla & 0x0C) != 0 ? 0x20 : 0;
  return (uint8_t)((cla & 0x90) | 0x40 | secured | (channel - 4));
}

/* One command, one answer; its data are appended to `into`. */
static psd_result step(psd_host *host, const psd_apdu *apdu, psd_buffer *into) {
  psd_apdu sent = *apdu;
  sent.cla = on_channel(apdu->cla, host->channel);
  psd_buffer command = psd_buffer_over(host->command, sizeof host->command);
  psd_put_apdu(&command, &sent);
  size_t length = 0;
  psd_result result = psd_transport_transmit(host->transport, command.data, command.length, host->received,
                                             sizeof host->received, &length, &host->error);
  OPENSSL_cleanse(command.data, command.length);
  if (result == PSD_RESET)
    psd_host_forget(host);
  if (result != PSD_OK)
    return result;
  host->status = (uint16_t)(host->received[length - 2] << 8 | host->received[length - 1]);
  psd_put(into, host->received, length - 2);
  OPENSSL_cleanse(host->received, length);
  if (into->overflow)
    return psd_host_fail(host, PSD_BAD_ANSWER, "the card answers without end");
  return PSD_OK;
}

/* Data that do not fit one short command go in a chain (5.1.1.1); all but the last must be answered 9000. */
static psd_result send_chain(psd_host *host, const psd_apdu *apdu, psd_buffer *into) {
  psd_apdu piece = *apdu;
  while (piece.nc > SHORT_NC) {
    psd_apdu part = piece;
    part.cla |= 0x10;
    part.nc = SHORT_NC;
    part.ne = 0;
    psd_result result = step(host, &part, into);
    if (result != PSD_OK || host->status != PSD_SW_OK)
      return result;
    piece.data += SHORT_NC;
    piece.nc -= SHORT_NC;
  }
  return step(host, &piece, into);
}

static psd_result send_sized(psd_host *host, const psd_apdu *apdu, psd_buffer *into) {
  psd_apdu sized = *apdu;
  if (!host->extended && sized.ne > PSD_NE_SHORT)
    sized.ne = PSD_NE_SHORT;
  if (host->extended || sized.nc <= SHORT_NC)
    return step(host, &sized, into);
  if (host->chaining && (sized.cla & 0x0C) == 0)
    return send_chain(host, &sized, into);
  return psd_host_fail(host, PSD_BAD_INPUT, "the card takes 255 bytes of data in a command, not %zu", sized.nc);
}

/* The status word of GET RESPONSE is that of the command once the last byte is there. One that comes without a byte is
 * of GET RESPONSE itself: the command was carried out, and must not pass for refused. */
static psd_result fetch_rest(psd_host *host, psd_buffer *into) {
  const psd_command *row = &psd_commands[PSD_COMMAND_GET_RESPONSE];
  while ((host->status & 0xFF00) == PSD_SW_MORE_DATA) {
    size_t waiting = host->status & 0xFFU;
    size_t before = into->length;
    psd_apdu get = {.ins = row->ins, .ne = waiting == 0 ? PSD_NE_SHORT : waiting};
    psd_result result = step(host, &get, into);
    if (result != PSD_OK)
      return result;
    if (into->length == before)
      return psd_host_fail(host, PSD_BAD_ANSWER, "the card promises more data and sends none: %04X", host->status);
  }
  return PSD_OK;
}

psd_result psd_host_exchange(psd_host *host, const psd_apdu *command, size_t *length) {
  psd_buffer into = psd_buffer_over(host->collected, sizeof host->collected);
  psd_result result = send_sized(host, command, &into);
  bool repeat = (host->status & 0xFF00) == PSD_SW_EXACT_LENGTH && (command->cla & 0x0C) == 0;
  if (result == PSD_OK && repeat) {
    psd_apdu exact = *command;
    exact.ne = (host->status & 0xFFU) == 0 ? PSD_NE_SHORT : host->status & 0xFFU;
    into.length = 0;
    result = send_sized(host, &exact, &into);
  }
  if (result == PSD_OK)
    result = fetch_rest(host, &into);
  *length = into.length;
  return result;
}
