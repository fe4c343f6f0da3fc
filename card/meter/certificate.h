/* The certificate of a PSD: X.509 in DER (RFC 5280), taken apart as far as the card must know it. */
#ifndef PSD_METER_CERTIFICATE_H
#define PSD_METER_CERTIFICATE_H

#include "context.h"

/* Where its parts lie; the bytes stay the certificate's. */
typedef struct psd_certificate {
  psd_piece text;       /* tbsCertificate, tag and length included: what is signed */
  const uint8_t *point; /* the subject's public key, PSD_P256_POINT bytes; not checked to lie on the curve */
  uint8_t signature[PSD_P256_SIGNATURE];
} psd_certificate;

/* False for what is no certificate of a P-256 key, signed with ECDSA and SHA-256. Issuer, validity and subject are
 * passed over: they are for those to whom the certificate is shown. */
bool psd_certificate_parse(psd_cursor der, psd_certificate *certificate);
/* The serial number of one that was checked when it was loaded; false if it is above FFFFFFFF. */
bool psd_certificate_number(psd_cursor der, uint64_t *number);
/* 9000 for a certificate of this PSD's own key by the authority whose key it knows. 6A80 for anything else, and for any
 * where the PSD has no key pair; 6A88 if it knows no authority; 6581; 6400. */
uint16_t psd_certificate_check(psd_card *card, psd_cursor der);

#endif
