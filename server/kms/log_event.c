#include "kms/log_event.h"

#include <string.h>

bool psd_kms_note(psd_kms_events *events, const psd_kms_event *event) {
  if (events->count == PSD_KMS_EVENTS_MAX)
    return false;
  events->list[events->count++] = *event;
  return true;
}

psd_kms_record psd_kms_record_of(const psd_kms_event *event) {
  psd_kms_record record = {.time = event->time, .event = event->event, .kind = event->kind, .key = event->key};
  psd_device_id device = {.serial = 0};
  record.from = event->from;
  record.to = event->to;
  record.sequence = event->sequence;
  record.amount = event->amount;
  memcpy(record.digest, event->digest, sizeof record.digest);
  memset(record.vendor, ' ', sizeof record.vendor);
  memset(record.model, ' ', sizeof record.model);
  if (event->about_device &&
      psd_parse_message(event->device.bytes, sizeof event->device.bytes, PSD_MESSAGE_DEVICE_ID, &device)) {
    memcpy(record.vendor, device.vendor, sizeof record.vendor);
    memcpy(record.model, device.model, sizeof record.model);
    record.serial = device.serial;
  }
  return record;
}

bool psd_kms_same_event(const psd_kms_record *a, const psd_kms_record *b) {
  return a->time == b->time && a->event == b->event && a->kind == b->kind && a->key == b->key && a->from == b->from &&
         a->to == b->to && a->sequence == b->sequence && a->amount == b->amount && a->serial == b->serial &&
         memcmp(a->vendor, b->vendor, sizeof a->vendor) == 0 && memcmp(a->model, b->model, sizeof a->model) == 0 &&
         psd_secret_equal(a->digest, b->digest, sizeof a->digest);
}
