/* What a card knows of itself that a service of the certificate meter depends on. */
#include "psd/reader/certificate.h"
#include "psd/spec/status.h"

static bool absent(psd_host *host, psd_result result) {
  return result == PSD_REFUSED && psd_host_status(host) == PSD_SW_REFERENCE_NOT_FOUND;
}

static psd_result look_at_slots(psd_host *host, psd_services *services) {
  const psd_object *object = &psd_objects[PSD_OBJECT_SLOTS];
  uint8_t bytes[PSD_USER_SLOTS * PSD_SIZE_SLOT];
  psd_buffer value = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_host_get_data(host, object->tag, &value);
  for (uint8_t i = 0; i < PSD_USER_SLOTS; i++)
    services->slots[i] = (psd_slot){.slot = i + 1U};
  if (absent(host, result))
    return PSD_OK;
  if (result != PSD_OK)
    return result;
  psd_cursor from = psd_cursor_over(value.data, value.length);
  while (from.left > 0) {
    psd_slot slot;
    if (!psd_take_message(&from, PSD_MESSAGE_SLOT, &slot) || slot.slot < 1 || slot.slot > PSD_USER_SLOTS)
      return psd_host_fail(host, PSD_BAD_ANSWER, "the card's %s cannot be read", object->words);
    services->slots[slot.slot - 1] = slot;
  }
  return PSD_OK;
}

psd_result psd_services_look(psd_host *host, psd_services *services) {
  *services = (psd_services){.rated = false};
  psd_result result = psd_host_meter_look(host, &services->meter);
  if (result == PSD_OK)
    result = psd_host_get_object(host, PSD_OBJECT_CERTIFICATE_STATE, &services->state);
  if (absent(host, result)) /* a card of before there were services */
    result = PSD_OK;
  if (result == PSD_OK)
    result = look_at_slots(host, services);
  if (result != PSD_OK)
    return result;
  result = psd_host_get_object(host, PSD_OBJECT_SERVICE_RATES, &services->prices);
  services->rated = result == PSD_OK;
  return absent(host, result) ? PSD_OK : result;
}

uint64_t psd_services_available(const psd_services *services) {
  const psd_host_meter *meter = &services->meter;
  return meter->funds.mode == PSD_FUNDS_SEPARATE ? meter->certificate.descending : psd_host_meter_available(meter);
}

uint8_t psd_services_slot(const psd_services *services, psd_purpose purpose) {
  for (uint8_t i = 0; i < PSD_USER_SLOTS; i++)
    if (services->slots[i].state == PSD_SLOT_ACTIVE && services->slots[i].purpose == purpose)
      return (uint8_t)(i + 1U);
  return 0;
}

uint8_t psd_services_empty(const psd_services *services) {
  for (uint8_t i = 0; i < PSD_USER_SLOTS; i++)
    if (services->slots[i].state == PSD_SLOT_EMPTY)
      return (uint8_t)(i + 1U);
  return 0;
}
