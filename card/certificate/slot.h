/* Slots with the keys of users (VM 246, 254; docs/certificates.md, "Keys and slots"). Slots are numbered from 1, as P1
 * has them. */
#ifndef PSD_CERTIFICATE_SLOT_H
#define PSD_CERTIFICATE_SLOT_H

#include "meter/change.h"
#include "psd/spec/certificate.h"

/* Whether there is such a slot. */
bool psd_slot_valid(uint8_t number);
/* 9000; 6A86 for a number that is no slot; 6A88 for one that is empty; 6581. */
uint16_t psd_slot_read(const psd_card *card, uint8_t number, psd_slot *slot);
/* The same, where its key may be used now (docs/certificates.md, "What is charged"): purpose, state active, clock set
 * and within the validity. 6985 otherwise. */
uint16_t psd_slot_usable(const psd_card *card, uint8_t number, psd_purpose purpose, psd_slot *slot);
/* Adds the slot's record to a change; `encoded` must stay until the commit. */
void psd_slot_put(psd_change *change, const psd_slot *slot, uint8_t encoded[PSD_SIZE_SLOT]);

/* Number of the record of a kind for a slot. */
typedef enum psd_slot_record {
  PSD_SLOT_STATE = 132, /* SLOT */
  PSD_SLOT_SECRET = 140,
  PSD_SLOT_PUBLIC = 148,
  PSD_SLOT_CERTIFICATE = 156,
  PSD_SLOT_CREDIT = 164,
  PSD_SLOT_PAYMENT = 172,
  PSD_SLOT_CREDIT_STATE = 180,
} psd_slot_record;
static inline uint16_t psd_slot_record_of(psd_slot_record kind, uint8_t number) {
  return (uint16_t)(kind + number - 1U);
}

/* The certificate of a slot, up to PSD_USER_CERTIFICATE_MAX bytes. 9000; 6A88 without; 6581. */
uint16_t psd_slot_certificate(const psd_card *card, uint8_t number, uint8_t *der, size_t *length);

#endif
