#include "host_state.h"
#include "psd/reader/command.h"

#include <openssl/crypto.h>
#include <string.h>

/* The application's own PIN, number 1 (ISO/IEC 7816-4:2005, 7.5.1, table 65); the table has the same in its rows. */
#define PIN_REFERENCE 0x81U
#define PADDING 0xFF

static bool usable(const psd_secret *secret) {
  const psd_command *row = &psd_commands[PSD_COMMAND_VERIFY];
  return secret->length >= row->least && secret->length <= row->most;
}

static psd_result unusable(psd_host *host, const char *what) {
  const psd_command *row = &psd_commands[PSD_COMMAND_VERIFY];
  return psd_host_fail(host, PSD_BAD_INPUT, "%s has %u to %u characters", what, row->least, row->most);
}

psd_result psd_host_verify(psd_host *host, const psd_secret *pin) {
  if (!usable(pin))
    return unusable(host, "a PIN");
  psd_result result = psd_host_command(host, PSD_COMMAND_VERIFY, 0, PIN_REFERENCE, pin->bytes, pin->length, 0, NULL);
  host->entered = host->entered || result == PSD_OK;
  return result;
}

psd_result psd_host_pin_verified(psd_host *host) {
  return psd_host_command(host, PSD_COMMAND_VERIFY, 0, PIN_REFERENCE, NULL, 0, 0, NULL);
}

/* Two secrets in one command have a fixed place each: padded with FF to their full length. */
static psd_result send_pair(psd_host *host, psd_command_id command, const psd_secret *first, const psd_secret *second) {
  uint8_t data[2][sizeof first->bytes];
  memset(data, PADDING, sizeof data);
  memcpy(data[0], first->bytes, first->length);
  memcpy(data[1], second->bytes, second->length);
  psd_result result = psd_host_command(host, command, 0, PIN_REFERENCE, data, sizeof data, 0, NULL);
  OPENSSL_cleanse(data, sizeof data);
  return result;
}

psd_result psd_host_change_pin(psd_host *host, const psd_secret *pin, const psd_secret *next) {
  if (!usable(pin) || !usable(next))
    return unusable(host, "a PIN");
  return send_pair(host, PSD_COMMAND_CHANGE_REFERENCE_DATA, pin, next);
}

psd_result psd_host_unblock_pin(psd_host *host, const psd_secret *puk, const psd_secret *next) {
  if (!usable(puk) || !usable(next))
    return unusable(host, "a PUK or PIN");
  return send_pair(host, PSD_COMMAND_RESET_RETRY_COUNTER, puk, next);
}
