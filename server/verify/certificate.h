/* One certificate of a PSD: the little that finds it, taken when the folder is read, and all the rest, which OpenSSL
 * says when the certificate is used for the first time. */
#ifndef PSD_VERIFY_CERTIFICATE_H
#define PSD_VERIFY_CERTIFICATE_H

#include "verify/site.h"

/* The extension that says which meter a certificate is of (docs/kms.md, "Certificates"). */
#define PSD_METERING_POLICY "1.3.6.1.4.1.32473.7816.1"

/* What finds a certificate: device, serial number (UINT64_MAX if it has more than 8 bytes or is negative) and key,
 * which is looked at no closer. False if it is no certificate of a PSD with a P-256 key. Allocates nothing; `der` need
 * not be trusted. */
bool psd_certificate_look(const uint8_t *der, size_t length, uint8_t device[PSD_SIZE_DEVICE_ID], uint64_t *number,
                          uint8_t point[PSD_POINT]);
/* The device in the content of a MeteringPolicy of a PSD's own certificate; false if it is none, or has a purpose: the
 * certificates of a meter's users name the meter too. */
bool psd_metering_policy_device(psd_part content, uint8_t device[PSD_SIZE_DEVICE_ID]);

/* Fills what is known of a row only when it was judged: its chain, its times, whether it is revoked. The first time it
 * takes as long as two signatures, later none. Thread-safe. */
void psd_certificate_judge(const psd_site *site, const psd_certificate *row);

#endif
