/* The certificate of a PSD: X.509 (certificate/x509.h) of its own key pair. */
#ifndef PSD_METER_CERTIFICATE_H
#define PSD_METER_CERTIFICATE_H

#include "context.h"

/* The serial number of one that was checked when it was loaded; false if it is above FFFFFFFF. */
bool psd_certificate_number(psd_cursor der, uint64_t *number);
/* 9000 for a certificate of this PSD's own key by the authority whose key it knows: P-256 both. Issuer, validity and
 * subject are passed over: they are for those to whom the certificate is shown. 6A80 for anything else, and for any
 * where the PSD has no key pair; 6A88 if it knows no authority; 6581; 6400. */
uint16_t psd_certificate_check(psd_card *card, psd_cursor der);

#endif
