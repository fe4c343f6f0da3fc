#include "again.h"

#include <string.h>

static bool same(const psd_device_id *one, const psd_device_id *other) {
  return memcmp(one->vendor, other->vendor, sizeof one->vendor) == 0 &&
         memcmp(one->model, other->model, sizeof one->model) == 0 && one->serial == other->serial;
}

psd_result psd_enter_again(psd_host *host, const psd_device_id *device, const psd_secret *pin) {
  psd_device_id found;
  psd_result result = psd_host_reconnect(host);
  if (result == PSD_OK)
    result = psd_host_select_psd(host, NULL);
  if (result == PSD_OK)
    result = psd_host_get_object(host, PSD_OBJECT_DEVICE_ID, &found);
  if (result == PSD_OK && !same(&found, device))
    return psd_host_fail(host, PSD_REFUSED, "another card is there now");
  return result == PSD_OK ? psd_host_verify(host, pin) : result;
}

bool psd_in_touch(psd_result result) {
  return result == PSD_OK || result == PSD_REFUSED || result == PSD_BAD_ANSWER;
}
