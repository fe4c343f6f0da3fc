/* EnvelopedData (RFC 5652, 6; VM 354): a user's key pair on its way to its receiver. */
#ifndef PSD_CERTIFICATE_ENVELOPE_H
#define PSD_CERTIFICATE_ENVELOPE_H

#include "certificate/x509.h"

/* Bytes of the longest envelope: what one record of the store, and one answer of the card, has room for. */
#define PSD_ENVELOPE_MAX PSD_STORE_VALUE_MAX

/* Appends the ContentInfo: PKCS#8 PrivateKeyInfo of `key`, AES-256-CBC, for the key of `receiver` (P-256 or RSA). 9000;
 * 6A80 for a receiver with another key; 6A84 if it does not fit; 6400 (FAULTED if the generator or an algorithm
 * failed). */
uint16_t psd_envelope_put(psd_card *card, const psd_key *key, const psd_certificate *receiver, psd_buffer *out);

#endif
