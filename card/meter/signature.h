/* The PSD's own signature under what it says (EP step 232), of its key pair where it has made one, else an HMAC under
 * K3; and those of others, under what it is given. */
#ifndef PSD_METER_SIGNATURE_H
#define PSD_METER_SIGNATURE_H

#include "context.h"
#include "psd/spec/session.h"

/* With what the PSD signs. The caller wipes it. */
typedef struct psd_signer {
  bool pair; /* it has made a key pair: */
  uint8_t secret[PSD_P256_SECRET];
} psd_signer;

/* 9000 or 6581. */
uint16_t psd_signer_fetch(const psd_card *card, psd_signer *signer);
/* The kind of what psd_sign appends. */
psd_signature_kind psd_signer_kind(const psd_signer *signer);
/* Appends the signature over label || message: 64 bytes of ECDSA, or 32 of the HMAC. 9000; 6A88 without K3; 6581; 6400,
 * and FAULTED if it was the generator that failed. */
uint16_t psd_sign(psd_card *card, const psd_signer *signer, const char *label, psd_piece message, psd_buffer *out);
/* Whether the `issuer` whose public key the PSD knows (an object of format PUBLIC_KEY) has signed label || message,
 * with ECDSA. 9000; 6300 if not; 6A88 without the key; 6581; 6400. */
uint16_t psd_issuer_check(psd_card *card, psd_object_id issuer, const char *label, psd_piece message,
                          const uint8_t signature[PSD_P256_SIGNATURE]);

#endif
