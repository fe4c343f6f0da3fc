/* Lines of credit, and the payment certificates below them (VM figures 7 to 9; docs/certificates.md). */
#ifndef PSD_CERTIFICATE_CREDIT_H
#define PSD_CERTIFICATE_CREDIT_H

#include "certificate/signing.h"

/* CreditLine. */
typedef struct psd_credit_terms {
  uint64_t amount;   /* mills */
  psd_cursor device; /* PSD_SIZE_DEVICE_ID bytes */
  uint64_t certificate;
  psd_cursor use; /* UTF-8 */
} psd_credit_terms;

/* A line-of-credit certificate, taken apart; `der` must stay. */
typedef struct psd_credit {
  psd_cursor der;
  psd_certificate certificate;
  psd_credit_terms line;
} psd_credit;

/* False for a certificate that is none, or has no CreditLine. */
bool psd_credit_parse(psd_cursor der, psd_credit *credit);

/* What a payment says beside what its line of credit does. */
typedef struct psd_payment {
  uint64_t amount;
  psd_cursor payee;
  uint64_t expiry;
} psd_payment;

/* The next payment certificate (VM 908, 910): appends it, signed with the slot's key, and makes `state` what it is
 * after it: `amount` less remains. `state->sequence` is already the new one; the amount was judged. 9000; 6A84 if it,
 * or of the first one (amount 0) any that follows, does not fit; 6400. */
uint16_t psd_payment_put(psd_card *card, const psd_signing *signing, const psd_credit *credit,
                         const psd_payment *payment, psd_credit_state *state, psd_buffer *out);
/* Adds CREDIT_STATE to what is committed; `encoded` must stay until then. */
void psd_credit_state_put(psd_change *change, const psd_credit_state *state, uint8_t encoded[PSD_SIZE_CREDIT_STATE]);

#endif
