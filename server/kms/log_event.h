/* What the log will tell: an event before it has its place in the chain. */
#ifndef PSD_KMS_LOG_EVENT_H
#define PSD_KMS_LOG_EVENT_H

#include "kms/derive.h"

#define PSD_KMS_EVENTS_MAX 64U

typedef struct psd_kms_event {
  psd_kms_event_id event;
  uint64_t time;
  unsigned kind; /* 0 where it is about no key */
  uint32_t key;
  psd_kms_state from, to;
  bool about_device;
  psd_kms_device device;
  uint32_t sequence; /* of an authorized refill or withdrawal; the number of an order or a certificate; else 0, or as
                      * KMS_RECORD has it of other events */
  uint64_t amount;   /* mills; of an authorized refill or withdrawal, or of a line of credit, else 0 */
  uint8_t digest[PSD_HASH]; /* SHA-256 of what was signed or written, else zeroes */
} psd_kms_event;

typedef struct psd_kms_events {
  psd_kms_event list[PSD_KMS_EVENTS_MAX];
  size_t count;
} psd_kms_events;

/* False when there are PSD_KMS_EVENTS_MAX already. */
bool psd_kms_note(psd_kms_events *events, const psd_kms_event *event);
/* The record of an event; index and hash of the predecessor are left to the log. */
psd_kms_record psd_kms_record_of(const psd_kms_event *event);
/* True if both say the same, index and predecessor apart. */
bool psd_kms_same_event(const psd_kms_record *a, const psd_kms_record *b);

#endif
