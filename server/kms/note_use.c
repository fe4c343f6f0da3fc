#include "kms/operations.h"

psd_signal psd_kms_note_use(psd_kms_service *service, const psd_kms_use *use) {
  psd_kms_event event = {.event = use->event,
                         .time = service->now(),
                         .kind = use->key != NULL ? use->key->kind : 0,
                         .key = use->key != NULL ? use->key->identifier : 0,
                         .from = use->key != NULL ? use->key->state : PSD_KMS_STATE_NONE,
                         .to = use->key != NULL ? use->key->state : PSD_KMS_STATE_NONE,
                         .about_device = use->device != NULL,
                         .sequence = (uint32_t)use->number,
                         .amount = use->amount};
  if (use->device != NULL)
    event.device = *use->device;
  if (!psd_hash(&use->made, 1, event.digest))
    return PSD_SIGNAL_INTERNAL;
  return psd_kms_note(&service->events, &event) ? PSD_SIGNAL_NONE : PSD_SIGNAL_BUSY;
}
