#include "psd/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct psd_transport {
  const psd_transport_table *table;
  void *device;
  char *name;
};

psd_result psd_error_set(psd_error *error, psd_result result, const char *format, ...) {
  error->result = result;
  error->status = 0;
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(error->words, sizeof error->words, format, arguments);
  va_end(arguments);
  if (length < 0)
    error->words[0] = '\0';
  return result;
}

bool psd_result_unreachable(psd_result result) {
  switch (result) {
  case PSD_NO_SERVICE:
  case PSD_NO_READER:
  case PSD_NO_CARD:
  case PSD_NO_SERVER:
  case PSD_DENIED:
  case PSD_BUSY:
  case PSD_RESET:
  case PSD_LOST:
  case PSD_TIMEOUT:
    return true;
  case PSD_OK:
  case PSD_REFUSED:
  case PSD_BAD_ANSWER:
  case PSD_BAD_INPUT:
  case PSD_SYSTEM:
    break;
  }
  return false;
}

psd_transport *psd_transport_new(const psd_transport_table *table, void *device, const char *name) {
  psd_transport *transport = malloc(sizeof *transport);
  char *copy = strdup(name);
  if (transport == NULL || copy == NULL) {
    free(transport);
    free(copy);
    table->close(device);
    return NULL;
  }
  *transport = (psd_transport){.table = table, .device = device, .name = copy};
  return transport;
}

psd_result psd_transport_connect(psd_transport *transport, psd_error *error) {
  return transport->table->connect(transport->device, error);
}

psd_result psd_transport_reset(psd_transport *transport, psd_error *error) {
  return transport->table->reset(transport->device, error);
}

psd_result psd_transport_atr(psd_transport *transport, uint8_t atr[PSD_ATR_MAX], size_t *length, psd_error *error) {
  return transport->table->atr(transport->device, atr, length, error);
}

psd_result psd_transport_transmit(psd_transport *transport, const uint8_t *command, size_t length, uint8_t *response,
                                  size_t capacity, size_t *response_length, psd_error *error) {
  psd_result result =
      transport->table->transmit(transport->device, command, length, response, capacity, response_length, error);
  if (result == PSD_OK && *response_length < 2)
    return psd_error_set(error, PSD_BAD_ANSWER, "the card answered %zu bytes, fewer than a status word",
                         *response_length);
  return result;
}

psd_result psd_transport_begin(psd_transport *transport, psd_error *error) {
  return transport->table->begin(transport->device, error);
}

psd_result psd_transport_end(psd_transport *transport, psd_error *error) {
  return transport->table->end(transport->device, error);
}

bool psd_transport_short_only(psd_transport *transport) {
  return transport->table->short_only(transport->device);
}

const char *psd_transport_name(const psd_transport *transport) {
  return transport->name;
}

void psd_transport_close(psd_transport *transport) {
  if (transport == NULL)
    return;
  transport->table->close(transport->device);
  free(transport->name);
  free(transport);
}
