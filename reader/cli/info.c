#include "info.h"
#include "psd/spec/describe.h"
#include "psd/spec/status.h"
#include "show.h"

static const psd_object_id shown[] = {
    PSD_OBJECT_DEVICE_ID,
    PSD_OBJECT_LABEL,
    PSD_OBJECT_VERSION,
    PSD_OBJECT_LIFE_CYCLE,
    PSD_OBJECT_POSTAGE_REGISTERS,
    PSD_OBJECT_CERTIFICATE_REGISTERS,
    PSD_OBJECT_FUNDS,
    PSD_OBJECT_REFILL,
    PSD_OBJECT_LIMITS,
    PSD_OBJECT_CLOCK,
    PSD_OBJECT_WATCHDOG,
    PSD_OBJECT_LICENCE,
    PSD_OBJECT_SERVICE_RATES,
    PSD_OBJECT_CERTIFICATE_POLICY,
    PSD_OBJECT_CERTIFICATE_STATE,
    PSD_OBJECT_PIN_POLICY,
    PSD_OBJECT_PIN_STATUS,
    PSD_OBJECT_KEY_STATUS,
    PSD_OBJECT_SELF_TEST,
    PSD_OBJECT_LOG_HEAD,
};

static psd_result (*const more[])(psd_cli *cli, psd_json *json) = {
    psd_info_certificate, psd_info_inspection, psd_info_operation, psd_info_evidence, psd_info_services};

static bool is_length(const psd_object *object, size_t length) {
  return length >= object->least && length <= object->most;
}

bool psd_info_absent(const psd_cli *cli, psd_result result) {
  return result == PSD_REFUSED && psd_host_status(cli->host) == PSD_SW_REFERENCE_NOT_FOUND;
}

/* Shows one object; one the card does not hold is left out. */
static psd_result show(psd_cli *cli, psd_json *json, psd_object_id id) {
  const psd_object *object = &psd_objects[id];
  uint8_t bytes[256];
  psd_buffer value = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_host_get_data(cli->host, object->tag, &value);
  if (psd_info_absent(cli, result))
    return PSD_OK;
  if (result != PSD_OK)
    return result;
  if (!is_length(object, value.length))
    return psd_host_fail(cli->host, PSD_BAD_ANSWER, "the card's %s has %zu bytes", object->words, value.length);
  if (cli->json)
    psd_show_machine(json, object, psd_cursor_over(bytes, value.length));
  else
    psd_show_people(object, psd_cursor_over(bytes, value.length));
  return PSD_OK;
}

static psd_result show_all(psd_cli *cli) {
  psd_json json = psd_json_on(stdout);
  psd_transport *transport = psd_host_transport(cli->host);
  uint8_t atr[PSD_ATR_MAX];
  size_t length = 0;
  psd_error error;
  psd_result result = psd_transport_atr(transport, atr, &length, &error);
  if (result != PSD_OK)
    return psd_host_fail(cli->host, result, "%s", error.words);
  if (cli->json) {
    psd_json_object(&json, NULL);
    psd_json_string(&json, "reader", psd_transport_name(transport));
    psd_json_hex(&json, "atr", atr, length);
  }
  for (size_t i = 0; i < sizeof shown / sizeof shown[0] && result == PSD_OK; i++)
    result = show(cli, &json, shown[i]);
  for (size_t i = 0; i < sizeof more / sizeof more[0] && result == PSD_OK; i++)
    result = more[i](cli, &json);
  if (cli->json)
    psd_json_end_object(&json);
  return result;
}

int psd_run_info(psd_cli *cli) {
  int status = psd_cli_enter(cli);
  return status == PSD_EXIT_DONE ? psd_cli_leave(cli, show_all(cli)) : status;
}
