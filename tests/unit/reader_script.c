#include "reader_script.h"

static psd_result script_connect(void *device, psd_error *error) {
  (void)device;
  (void)error;
  return PSD_OK;
}

static psd_result script_atr(void *device, uint8_t atr[PSD_ATR_MAX], size_t *length, psd_error *error) {
  (void)error;
  *length = psd_check_hex(((script *)device)->atr, atr, PSD_ATR_MAX);
  return PSD_OK;
}

static psd_result script_transmit(void *device, const uint8_t *command, size_t length, uint8_t *response,
                                  size_t capacity, size_t *response_length, psd_error *error) {
  script *card = device;
  if (card->result != PSD_OK)
    return psd_error_set(error, card->result, "as the script has it");
  size_t at = card->at++;
  if (card->make != NULL) {
    *response_length = card->make(response, capacity);
    return PSD_OK;
  }
  if (card->again && at >= card->count)
    at = card->count - 1;
  CU_ASSERT_FATAL(at < card->count);
  if (card->lines[at].command != NULL)
    psd_check_bytes(command, length, card->lines[at].command, "command");
  *response_length = psd_check_hex(card->lines[at].answer, response, capacity);
  return PSD_OK;
}

static psd_result script_begin(void *device, psd_error *error) {
  (void)error;
  ((script *)device)->begun++;
  return PSD_OK;
}

static psd_result script_end(void *device, psd_error *error) {
  (void)error;
  ((script *)device)->ended++;
  return PSD_OK;
}

static bool script_short_only(void *device) {
  return ((script *)device)->short_only;
}

static void script_close(void *device) {
  ((script *)device)->closed++;
}

psd_transport *script_transport(script *card) {
  static const psd_transport_table table = {
      .connect = script_connect,
      .reset = script_connect,
      .atr = script_atr,
      .transmit = script_transmit,
      .begin = script_begin,
      .end = script_end,
      .short_only = script_short_only,
      .close = script_close,
  };
  psd_transport *transport = psd_transport_new(&table, card, "script");
  CU_ASSERT_PTR_NOT_NULL_FATAL(transport);
  return transport;
}

psd_host *script_host(script *card) {
  psd_host *host = NULL;
  psd_error error;
  CU_ASSERT_EQUAL_FATAL(psd_host_open(script_transport(card), &host, &error), PSD_OK);
  return host;
}
