/* The certificate communications key (VM 256): between this card and the authority, derived from K3. */
#ifndef PSD_CERTIFICATE_COMMUNICATIONS_H
#define PSD_CERTIFICATE_COMMUNICATIONS_H

#include "context.h"

#define PSD_COMMUNICATIONS_KEY 32U

/* HKDF-Expand(K3, label || DEVICE_ID, 32), label PSD_COMMUNICATIONS_REQUEST or …_GRANT. The caller wipes it. 9000; 6A88
 * without K3 or identity; 6581; 6400. */
uint16_t psd_communications_key(const psd_card *card, const char *label, uint8_t key[PSD_COMMUNICATIONS_KEY]);
/* The identity of this card: what a message to the authority names it by. 9000; 6A88; 6581. */
uint16_t psd_communications_identity(const psd_card *card, psd_device_id *identity);
/* Whether a message that names this device is for this card. */
bool psd_communications_ours(const psd_device_id *identity, const uint8_t vendor[2], const uint8_t model[2],
                             uint64_t serial);
/* Whether the card can confirm what the authority commands (VM 620, 624): it has a key pair of its own, and the
 * certificate for it. A certificate that could not be revoked is none to ask for. */
bool psd_communications_confirmable(const psd_card *card);

#endif
