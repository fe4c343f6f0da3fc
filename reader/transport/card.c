#include "psd/reader/card.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* The card writes into memory of its own, so that the caller's may be smaller. */
typedef struct card_device {
  psd_card *card;
  uint8_t response[PSD_CARD_RESPONSE_MAX];
} card_device;

static psd_result card_connect(void *device, psd_error *error) {
  (void)error;
  card_device *slot = device;
  if (!psd_card_is_on(slot->card))
    psd_card_power_on(slot->card);
  return PSD_OK;
}

static psd_result card_reset(void *device, psd_error *error) {
  (void)error;
  card_device *slot = device;
  psd_card_reset(slot->card);
  return PSD_OK;
}

static psd_result card_atr(void *device, uint8_t atr[PSD_ATR_MAX], size_t *length, psd_error *error) {
  const card_device *slot = device;
  const uint8_t *bytes = psd_card_atr(slot->card, length);
  if (*length == 0 || *length > PSD_ATR_MAX)
    return psd_error_set(error, PSD_NO_CARD, "the card is switched off");
  memcpy(atr, bytes, *length);
  return PSD_OK;
}

static psd_result card_transmit(void *device, const uint8_t *command, size_t length, uint8_t *response, size_t capacity,
                                size_t *response_length, psd_error *error) {
  card_device *slot = device;
  *response_length = psd_card_transmit(slot->card, command, length, slot->response);
  if (*response_length == 0)
    return psd_error_set(error, PSD_LOST, "the card is switched off");
  psd_result result = PSD_OK;
  if (*response_length > capacity)
    result = psd_error_set(error, PSD_BAD_ANSWER, "the card answered %zu bytes where %zu is the most", *response_length,
                           capacity);
  else
    memcpy(response, slot->response, *response_length);
  OPENSSL_cleanse(slot->response, *response_length);
  return result;
}

static psd_result card_transaction(void *device, psd_error *error) {
  (void)device;
  (void)error;
  return PSD_OK;
}

static bool card_short_only(void *device) {
  (void)device;
  return false;
}

static void card_close(void *device) {
  card_device *slot = device;
  psd_card_power_off(slot->card);
  free(slot);
}

static const psd_transport_table card_table = {
    .connect = card_connect,
    .reset = card_reset,
    .atr = card_atr,
    .transmit = card_transmit,
    .begin = card_transaction,
    .end = card_transaction,
    .short_only = card_short_only,
    .close = card_close,
};

psd_result psd_transport_card(psd_card *card, psd_transport **transport, psd_error *error) {
  card_device *slot = calloc(1, sizeof *slot);
  *transport = NULL;
  if (slot != NULL) {
    slot->card = card;
    *transport = psd_transport_new(&card_table, slot, "in-process card");
  }
  return *transport != NULL ? PSD_OK : psd_error_set(error, PSD_SYSTEM, "out of memory");
}
