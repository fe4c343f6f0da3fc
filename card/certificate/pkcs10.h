/* Certificate requests (PKCS#10, RFC 2986), made on the card: VM 508, 510. */
#ifndef PSD_CERTIFICATE_PKCS10_H
#define PSD_CERTIFICATE_PKCS10_H

#include "certificate/key.h"
#include "psd/spec/cursor.h"

/* Appends CertificationRequest for the key, signed with it: subject { O if given, CN }, no attributes. 9000; 6A84 if it
 * does not fit; 6400. */
uint16_t psd_pkcs10_put(psd_card *card, const psd_key *key, psd_cursor organization, psd_cursor name, psd_buffer *out);

#endif
