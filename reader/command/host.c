#include "host_state.h"

#include "psd/reader/command.h"
#include "psd/spec/describe.h"
#include "psd/spec/status.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Bits of the third software function table (ISO/IEC 7816-4:2005, 8.1.1.2.7, table 88). */
#define HAS_CHAINING 0x80U
#define HAS_EXTENDED 0x40U

/* How often a transaction is begun again because other programs keep resetting the card. */
#define RESETS_MAX 5

psd_result psd_host_fail(psd_host *host, psd_result result, const char *format, ...) {
  char words[PSD_ERROR_WORDS];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(words, sizeof words, format, arguments);
  va_end(arguments);
  if (length < 0)
    words[0] = '\0';
  return psd_error_set(&host->error, result, "%s", words);
}

/* The historical bytes: what follows the interface bytes that T0 and each TDi announce (ISO/IEC 7816-3:2006, 8.2). */
static psd_cursor historical_bytes(psd_cursor atr) {
  psd_take_u8(&atr);
  unsigned t0 = psd_take_u8(&atr);
  unsigned present = t0 >> 4;
  while (present != 0 && !atr.failed) {
    for (unsigned bit = 1; bit < 8; bit <<= 1)
      if ((present & bit) != 0)
        psd_take_u8(&atr);
    present = (present & 8) != 0 ? psd_take_u8(&atr) >> 4U : 0;
  }
  const uint8_t *bytes = psd_take(&atr, t0 & 0x0F);
  return psd_cursor_over(bytes, bytes != NULL ? t0 & 0x0FU : 0);
}

/* The third byte of card capabilities, compact tag 73; 0 when the card does not tell. */
static unsigned capabilities(psd_cursor atr) {
  psd_cursor historical = historical_bytes(atr);
  unsigned category = psd_take_u8(&historical);
  while ((category == 0x80 || category == 0x00) && historical.left > 0) {
    unsigned head = psd_take_u8(&historical);
    const uint8_t *value = psd_take(&historical, head & 0x0F);
    if (value != NULL && head == 0x73)
      return value[2];
  }
  return 0;
}

static psd_result learn_capabilities(psd_host *host, psd_error *error) {
  uint8_t atr[PSD_ATR_MAX];
  size_t length = 0;
  psd_result result = psd_transport_atr(host->transport, atr, &length, error);
  if (result != PSD_OK)
    return result;
  unsigned bits = capabilities(psd_cursor_over(atr, length));
  host->chaining = (bits & HAS_CHAINING) != 0;
  host->extended = (bits & HAS_EXTENDED) != 0 && !psd_transport_short_only(host->transport);
  return PSD_OK;
}

psd_result psd_host_open(psd_transport *transport, psd_host **host, psd_error *error) {
  *host = NULL;
  psd_host *made = calloc(1, sizeof *made);
  if (made == NULL) {
    psd_transport_close(transport);
    return psd_error_set(error, PSD_SYSTEM, "out of memory");
  }
  made->transport = transport;
  psd_result result = psd_transport_connect(transport, error);
  if (result == PSD_OK)
    result = learn_capabilities(made, error);
  if (result != PSD_OK) {
    psd_transport_close(transport);
    free(made);
    return result;
  }
  *host = made;
  return PSD_OK;
}

/* What fails here fails silently: the caller is leaving. */
static void leave_card(psd_host *host) {
  static const uint8_t master_file[2] = {0x3F, 0x00};
  host->secured = false;
  if (host->channel == 0 && !host->entered)
    return;
  bool held = psd_host_begin(host) == PSD_OK;
  if (host->channel != 0) {
    uint8_t channel = host->channel;
    host->channel = 0;
    (void)psd_host_manage_channel_close(host, channel);
  } else {
    (void)psd_host_select(host, 0x00, 0x0C, master_file, sizeof master_file, NULL);
  }
  if (held)
    (void)psd_host_end(host, PSD_OK);
}

void psd_host_close(psd_host *host) {
  if (host == NULL)
    return;
  leave_card(host);
  psd_transport_close(host->transport);
  OPENSSL_cleanse(host, sizeof *host);
  free(host);
}

const psd_error *psd_host_error(const psd_host *host) {
  return &host->error;
}

uint16_t psd_host_status(const psd_host *host) {
  return host->status;
}

psd_transport *psd_host_transport(psd_host *host) {
  return host->transport;
}

uint8_t psd_host_channel(const psd_host *host) {
  return host->channel;
}

void psd_host_forget(psd_host *host) {
  psd_host_end_session(host);
  host->channel = 0;
  host->entered = false;
}

/* A reset before a transaction does no harm: nothing of it has happened yet. */
psd_result psd_host_begin(psd_host *host) {
  psd_result result = psd_transport_begin(host->transport, &host->error);
  for (int i = 0; i < RESETS_MAX && result == PSD_RESET; i++) {
    psd_host_forget(host);
    result = psd_transport_begin(host->transport, &host->error);
  }
  return result;
}

psd_result psd_host_end(psd_host *host, psd_result result) {
  psd_error of_ending;
  psd_result ended = psd_transport_end(host->transport, &of_ending);
  if (result != PSD_OK)
    return result;
  if (ended != PSD_OK)
    host->error = of_ending;
  return ended;
}

psd_result psd_host_reconnect(psd_host *host) {
  psd_host_forget(host);
  psd_result result = psd_transport_connect(host->transport, &host->error);
  if (result == PSD_OK)
    result = learn_capabilities(host, &host->error);
  return result == PSD_OK ? psd_host_begin(host) : result;
}

psd_result psd_host_open_channel(psd_host *host) {
  uint8_t channel = 0;
  psd_result result = psd_host_manage_channel_open(host, &channel);
  if (result == PSD_OK)
    host->channel = channel;
  return result;
}

/* PSD_OK for 9000 and warnings; otherwise the refusal in words. */
static psd_result judge(psd_host *host, const psd_apdu *command) {
  if (host->status == PSD_SW_OK || (host->status & 0xFF00) == 0x6200)
    return PSD_OK;
  char words[PSD_ERROR_WORDS];
  psd_text text = psd_text_over(words, sizeof words);
  psd_cla cla = psd_decode_cla(command->cla);
  const psd_command *row = psd_command_of(cla.class, command->ins);
  if (row != NULL)
    psd_say(&text, "%s: ", row->name);
  else
    psd_say(&text, "command %02X %02X: ", command->cla, command->ins);
  psd_describe_status(&text, host->status);
  psd_error_set(&host->error, PSD_REFUSED, "%s", words);
  host->error.status = host->status;
  return PSD_REFUSED;
}

/* Hands `length` collected bytes to the caller. */
static psd_result deliver(psd_host *host, size_t length, psd_buffer *answer) {
  if (answer != NULL)
    psd_put(answer, host->collected, length);
  OPENSSL_cleanse(host->collected, length);
  if (answer != NULL && answer->overflow)
    return psd_host_fail(host, PSD_BAD_ANSWER, "the card answered %zu bytes, more than there can be", length);
  return PSD_OK;
}

psd_result psd_host_send_clear(psd_host *host, const psd_apdu *command, psd_buffer *answer) {
  size_t length = 0;
  psd_result result = psd_host_exchange(host, command, &length);
  if (result == PSD_OK)
    result = deliver(host, length, answer);
  return result == PSD_OK ? judge(host, command) : result;
}

void psd_host_end_session(psd_host *host) {
  psd_host_scp03_wipe(&host->session);
  host->secured = false;
}

/* An answer is opened where the collected bytes are, then handed on. */
static psd_result receive_secured(psd_host *host, size_t length, psd_buffer *answer) {
  psd_buffer opened = psd_buffer_over(host->wrapped, sizeof host->wrapped);
  psd_result result = psd_host_scp03_unwrap(&host->session, psd_cursor_over(host->collected, length), host->status,
                                            &opened, &host->error);
  OPENSSL_cleanse(host->collected, length);
  if (result == PSD_OK && answer != NULL)
    psd_put(answer, opened.data, opened.length);
  OPENSSL_cleanse(opened.data, opened.length);
  if (result == PSD_OK && answer != NULL && answer->overflow)
    return psd_host_fail(host, PSD_BAD_ANSWER, "the card answered more than there can be");
  return result;
}

static psd_result send_secured(psd_host *host, const psd_apdu *command, psd_buffer *answer) {
  psd_apdu wrapped;
  psd_buffer room = psd_buffer_over(host->wrapped, sizeof host->wrapped);
  psd_result result = psd_host_scp03_wrap(&host->session, command, &wrapped, &room, &host->error);
  size_t length = 0;
  if (result == PSD_OK)
    result = psd_host_exchange(host, &wrapped, &length);
  OPENSSL_cleanse(room.data, room.length);
  if (result == PSD_OK)
    result = receive_secured(host, length, answer);
  if (result != PSD_OK)
    psd_host_end_session(host); /* the two ends no longer agree on counter and chaining value */
  return result == PSD_OK ? judge(host, command) : result;
}

psd_result psd_host_send(psd_host *host, const psd_apdu *command, psd_buffer *answer) {
  return host->secured ? send_secured(host, command, answer) : psd_host_send_clear(host, command, answer);
}

psd_result psd_host_command(psd_host *host, psd_command_id id, uint8_t p1, uint8_t p2, const void *data, size_t nc,
                            size_t ne, psd_buffer *answer) {
  const psd_command *row = &psd_commands[id];
  psd_apdu command = {
      .cla = row->class == PSD_CLASS_GP ? 0x80 : 0x00,
      .ins = row->ins,
      .p1 = row->p1.any ? p1 : row->p1.value,
      .p2 = row->p2.any ? p2 : row->p2.value,
      .data = nc > 0 ? data : NULL,
      .nc = nc,
      .ne = ne,
  };
  if (nc > 0 && (nc < row->least || nc > row->most))
    return psd_host_fail(host, PSD_BAD_INPUT, "%s takes %u to %u bytes of data, not %zu", row->name, row->least,
                         row->most, nc);
  return (row->flags & PSD_FLAG_CLEAR) != 0 ? psd_host_send_clear(host, &command, answer)
                                            : psd_host_send(host, &command, answer);
}
