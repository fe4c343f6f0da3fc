#include "pcsc.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* The longest command that fits T=0: header, Lc, 255 bytes. */
#define T0_MAX 260U

typedef struct pcsc_device {
  const psd_pcsc *pcsc;
  SCARDCONTEXT context;
  SCARDHANDLE card;
  DWORD protocol;
  bool connected;
  char name[MAX_READERNAME];
} pcsc_device;

const psd_pcsc psd_pcsc_system = {
    .establish_context = SCardEstablishContext,
    .release_context = SCardReleaseContext,
    .list_readers = SCardListReaders,
    .get_status_change = SCardGetStatusChange,
    .connect = SCardConnect,
    .reconnect = SCardReconnect,
    .disconnect = SCardDisconnect,
    .begin_transaction = SCardBeginTransaction,
    .end_transaction = SCardEndTransaction,
    .status = SCardStatus,
    .transmit = SCardTransmit,
};

/* pcsc-lite may report success with a protocol nobody asked for. */
static psd_result check_protocol(const pcsc_device *slot, psd_error *error) {
  switch (slot->protocol) {
  case SCARD_PROTOCOL_T0:
  case SCARD_PROTOCOL_T1:
  case SCARD_PROTOCOL_RAW:
    return PSD_OK;
  default:
    return psd_error_set(error, PSD_NO_CARD, "reader %s chose protocol %lu, which is not T=0, T=1 or raw", slot->name,
                         (unsigned long)slot->protocol);
  }
}

static psd_result reconnect(pcsc_device *slot, DWORD disposition, psd_error *error) {
  LONG code = slot->pcsc->reconnect(slot->card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, disposition,
                                    &slot->protocol);
  if (code != SCARD_S_SUCCESS)
    return psd_pcsc_error(code, "reconnecting to the card", error);
  return check_protocol(slot, error);
}

/* What a failed call means. After a reset by somebody else the connection is mended first; what the card knew is gone
 * all the same. */
static psd_result failed(pcsc_device *slot, LONG code, const char *what, psd_error *error) {
  if (code == (LONG)SCARD_W_RESET_CARD) {
    psd_result result = reconnect(slot, SCARD_LEAVE_CARD, error);
    if (result != PSD_OK)
      return result;
  }
  return psd_pcsc_error(code, what, error);
}

static psd_result not_connected(const pcsc_device *slot, psd_error *error) {
  return psd_error_set(error, PSD_LOST, "not connected to the card in reader %s", slot->name);
}

static psd_result pcsc_connect(void *device, psd_error *error) {
  pcsc_device *slot = device;
  if (slot->connected)
    return reconnect(slot, SCARD_LEAVE_CARD, error);
  LONG code = slot->pcsc->connect(slot->context, slot->name, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
                                  &slot->card, &slot->protocol);
  if (code != SCARD_S_SUCCESS)
    return psd_pcsc_error(code, "connecting to the card", error);
  slot->connected = true;
  return check_protocol(slot, error);
}

static psd_result pcsc_reset(void *device, psd_error *error) {
  pcsc_device *slot = device;
  return slot->connected ? reconnect(slot, SCARD_RESET_CARD, error) : not_connected(slot, error);
}

static psd_result pcsc_atr(void *device, uint8_t atr[PSD_ATR_MAX], size_t *length, psd_error *error) {
  pcsc_device *slot = device;
  if (!slot->connected)
    return not_connected(slot, error);
  char name[MAX_READERNAME];
  DWORD name_length = sizeof name;
  DWORD state = 0;
  DWORD protocol = 0;
  DWORD atr_length = PSD_ATR_MAX;
  LONG code = slot->pcsc->status(slot->card, name, &name_length, &state, &protocol, atr, &atr_length);
  if (code != SCARD_S_SUCCESS)
    return failed(slot, code, "asking for the answer to reset", error);
  *length = atr_length;
  if (atr_length == 0 || atr_length > PSD_ATR_MAX)
    return psd_error_set(error, PSD_BAD_ANSWER, "the card has no answer to reset");
  return PSD_OK;
}

/* T=0 knows no Le beside data and no case 1 (ISO/IEC 7816-3:2006, 12.2.2 and 12.2.4): the answer then waits for GET
 * RESPONSE, and P3 is zero. Returns the length of what goes to `tpdu`; 0 for a command T=0 cannot carry. */
static size_t to_t0(const uint8_t *command, size_t length, uint8_t tpdu[T0_MAX]) {
  size_t kept = length;
  tpdu[4] = 0;
  if (length > 5) {
    kept = 5U + command[4];
    if (command[4] == 0 || (length != kept && length != kept + 1))
      return 0;
  }
  memcpy(tpdu, command, kept);
  return length == 4 ? 5 : kept;
}

static psd_result transmit_over(pcsc_device *slot, const SCARD_IO_REQUEST *pci, const uint8_t *command, size_t length,
                                uint8_t *response, size_t capacity, size_t *response_length, psd_error *error) {
  DWORD received = (DWORD)capacity;
  LONG code = slot->pcsc->transmit(slot->card, pci, command, (DWORD)length, NULL, response, &received);
  if (code != SCARD_S_SUCCESS)
    return failed(slot, code, "talking to the card", error);
  if (received > capacity)
    return psd_error_set(error, PSD_BAD_ANSWER, "the card answered %lu bytes where %zu is the most",
                         (unsigned long)received, capacity);
  *response_length = received;
  return PSD_OK;
}

static psd_result pcsc_transmit(void *device, const uint8_t *command, size_t length, uint8_t *response, size_t capacity,
                                size_t *response_length, psd_error *error) {
  pcsc_device *slot = device;
  if (!slot->connected)
    return not_connected(slot, error);
  if (slot->protocol != SCARD_PROTOCOL_T0)
    return transmit_over(slot, slot->protocol == SCARD_PROTOCOL_T1 ? SCARD_PCI_T1 : SCARD_PCI_RAW, command, length,
                         response, capacity, response_length, error);
  uint8_t tpdu[T0_MAX];
  size_t sent = to_t0(command, length, tpdu);
  if (sent == 0)
    return psd_error_set(error, PSD_BAD_INPUT, "the card speaks T=0, which carries no command of %zu bytes", length);
  psd_result result = transmit_over(slot, SCARD_PCI_T0, tpdu, sent, response, capacity, response_length, error);
  OPENSSL_cleanse(tpdu, sizeof tpdu);
  return result;
}

static psd_result pcsc_begin(void *device, psd_error *error) {
  pcsc_device *slot = device;
  if (!slot->connected)
    return not_connected(slot, error);
  LONG code = slot->pcsc->begin_transaction(slot->card);
  return code == SCARD_S_SUCCESS ? PSD_OK : failed(slot, code, "asking for the card", error);
}

static psd_result pcsc_end(void *device, psd_error *error) {
  pcsc_device *slot = device;
  if (!slot->connected)
    return not_connected(slot, error);
  LONG code = slot->pcsc->end_transaction(slot->card, SCARD_LEAVE_CARD);
  return code == SCARD_S_SUCCESS ? PSD_OK : failed(slot, code, "giving the card back", error);
}

static bool pcsc_short_only(void *device) {
  const pcsc_device *slot = device;
  return slot->protocol == SCARD_PROTOCOL_T0;
}

static void pcsc_close(void *device) {
  pcsc_device *slot = device;
  if (slot->connected)
    (void)slot->pcsc->disconnect(slot->card, SCARD_LEAVE_CARD);
  (void)slot->pcsc->release_context(slot->context);
  free(slot);
}

static const psd_transport_table pcsc_table = {
    .connect = pcsc_connect,
    .reset = pcsc_reset,
    .atr = pcsc_atr,
    .transmit = pcsc_transmit,
    .begin = pcsc_begin,
    .end = pcsc_end,
    .short_only = pcsc_short_only,
    .close = pcsc_close,
};

static psd_result make_transport(const psd_pcsc *pcsc, SCARDCONTEXT context, const char *name,
                                 psd_transport **transport, psd_error *error) {
  pcsc_device *slot = calloc(1, sizeof *slot);
  size_t length = strlen(name);
  if (slot == NULL || length >= sizeof slot->name) {
    free(slot);
    (void)pcsc->release_context(context);
    return psd_error_set(error, PSD_SYSTEM, "out of memory");
  }
  slot->pcsc = pcsc;
  slot->context = context;
  memcpy(slot->name, name, length + 1);
  *transport = psd_transport_new(&pcsc_table, slot, name);
  return *transport != NULL ? PSD_OK : psd_error_set(error, PSD_SYSTEM, "out of memory");
}

psd_result psd_pcsc_transport(const psd_pcsc *pcsc, const char *name, unsigned wait_ms, psd_transport **transport,
                              psd_error *error) {
  SCARDCONTEXT context;
  *transport = NULL;
  LONG code = pcsc->establish_context(SCARD_SCOPE_SYSTEM, NULL, NULL, &context);
  if (code != SCARD_S_SUCCESS)
    return psd_pcsc_error(code, "reaching pcscd", error);
  psd_pcsc_readers readers;
  const char *found = NULL;
  psd_result result = psd_pcsc_find(pcsc, context, name, wait_ms, &readers, &found, error);
  if (result != PSD_OK) {
    (void)pcsc->release_context(context);
    return result;
  }
  return make_transport(pcsc, context, found, transport, error);
}

psd_result psd_transport_pcsc(const char *name, unsigned wait_ms, psd_transport **transport, psd_error *error) {
  return psd_pcsc_transport(&psd_pcsc_system, name, wait_ms, transport, error);
}
