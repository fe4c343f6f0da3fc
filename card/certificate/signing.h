/* The key of a slot about to sign: what every signature of a user's key needs. */
#ifndef PSD_CERTIFICATE_SIGNING_H
#define PSD_CERTIFICATE_SIGNING_H

#include "certificate/cms.h"
#include "certificate/slot.h"

/* Room for what is read; the cursors and pieces that come of it point into it. */
typedef struct psd_signing {
  psd_slot slot; /* with one use more */
  psd_key key;
  uint8_t certificate[PSD_USER_CERTIFICATE_MAX]; /* of the slot */
  size_t certificate_length;
  uint8_t device[PSD_SIZE_DEVICE_ID];
  uint8_t encoded[PSD_SIZE_SLOT];
} psd_signing;

/* Fetches all that belongs to a slot whose key may be used now for this purpose (psd_slot_usable). Statuses as there.
 * Whatever it returns, psd_signing_end ends it. */
uint16_t psd_signing_begin(const psd_card *card, uint8_t number, psd_purpose purpose, psd_signing *signing);
/* The same for a slot that was read, and judged, already. */
uint16_t psd_signing_fetch(const psd_card *card, const psd_slot *slot, psd_signing *signing);
/* Adds the slot, with one use more, to what is committed. */
void psd_signing_put(psd_change *change, psd_signing *signing);
/* Wipes the secret. */
void psd_signing_end(psd_signing *signing);

#endif
