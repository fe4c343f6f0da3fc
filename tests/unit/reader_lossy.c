#include "reader_lossy.h"

#include "check.h"
#include "psd/reader/card.h"

#include <stdlib.h>
#include <string.h>

/* The way and the transport to the card. */
typedef struct lossy_device {
  lossy *way;
  psd_transport *inner;
} lossy_device;

static psd_result lossy_connect(void *device, psd_error *error) {
  lossy_device *of = device;
  if (of->way->absent > 0) {
    of->way->absent--;
    return psd_error_set(error, PSD_NO_CARD, "no card is there");
  }
  psd_result result = psd_transport_connect(of->inner, error);
  if (result == PSD_OK && of->way->armed && of->way->meanwhile != NULL)
    of->way->meanwhile(of->way->r);
  return result;
}

static psd_result lossy_reset(void *device, psd_error *error) {
  return psd_transport_reset(((lossy_device *)device)->inner, error);
}

static psd_result lossy_atr(void *device, uint8_t atr[PSD_ATR_MAX], size_t *length, psd_error *error) {
  return psd_transport_atr(((lossy_device *)device)->inner, atr, length, error);
}

static bool loses(lossy *way) {
  unsigned at = way->seen++;
  bool lost = way->armed && (at == way->at || (way->again > 0 && at == way->at + way->again));
  way->lost += lost ? 1 : 0;
  return lost;
}

static psd_result lose(lossy_device *of, uint8_t *response, size_t *response_length, psd_error *error) {
  switch (of->way->kind) {
  case LOSSY_RESET:
    psd_card_reset(of->way->r->card);
    return psd_error_set(error, PSD_RESET, "another program has reset the card");
  case LOSSY_GONE:
    psd_card_power_off(of->way->r->card);
    return psd_error_set(error, PSD_LOST, "the card was taken out");
  case LOSSY_LATE:
    return psd_error_set(error, PSD_TIMEOUT, "the card did not answer in time");
  case LOSSY_WORDS:
    memcpy(response, "Hello\x90\x00", 7);
    *response_length = 7;
    return PSD_OK;
  case LOSSY_REST:
    memcpy(response, "\x61\x10", 2);
    *response_length = 2;
    return PSD_OK;
  default:
    memcpy(response, "\x65\x81", 2);
    *response_length = 2;
    return PSD_OK;
  }
}

static psd_result lossy_transmit(void *device, const uint8_t *command, size_t length, uint8_t *response,
                                 size_t capacity, size_t *response_length, psd_error *error) {
  lossy_device *of = device;
  bool lost = loses(of->way);
  psd_result result = PSD_OK;
  if (!lost || of->way->after)
    result = psd_transport_transmit(of->inner, command, length, response, capacity, response_length, error);
  return lost ? lose(of, response, response_length, error) : result;
}

static psd_result lossy_begin(void *device, psd_error *error) {
  return psd_transport_begin(((lossy_device *)device)->inner, error);
}

static psd_result lossy_end(void *device, psd_error *error) {
  return psd_transport_end(((lossy_device *)device)->inner, error);
}

static bool lossy_short_only(void *device) {
  return psd_transport_short_only(((lossy_device *)device)->inner);
}

static void lossy_close(void *device) {
  psd_transport_close(((lossy_device *)device)->inner);
  free(device);
}

psd_host *lossy_host(lossy *way) {
  static const psd_transport_table table = {
      .connect = lossy_connect,
      .reset = lossy_reset,
      .atr = lossy_atr,
      .transmit = lossy_transmit,
      .begin = lossy_begin,
      .end = lossy_end,
      .short_only = lossy_short_only,
      .close = lossy_close,
  };
  lossy_device *device = calloc(1, sizeof *device);
  psd_host *host = NULL;
  psd_error error;
  CU_ASSERT_PTR_NOT_NULL_FATAL(device);
  device->way = way;
  CU_ASSERT_EQUAL_FATAL(psd_transport_card(way->r->card, &device->inner, &error), PSD_OK);
  psd_transport *transport = psd_transport_new(&table, device, "lossy");
  CU_ASSERT_PTR_NOT_NULL_FATAL(transport);
  CU_ASSERT_EQUAL_FATAL(psd_host_open(transport, &host, &error), PSD_OK);
  return host;
}

void lossy_arm(lossy *way, lossy_kind kind, bool after, unsigned at, unsigned again) {
  way->kind = kind;
  way->after = after;
  way->at = at;
  way->again = again;
  way->seen = 0;
  way->lost = 0;
  way->armed = true;
}
