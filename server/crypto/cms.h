/* CMS SignedData (RFC 5652), signed with P-256 keys. */
#ifndef PSD_SERVER_CMS_H
#define PSD_SERVER_CMS_H

#include "crypto/evp.h"

/* Bytes of the longest that is made here. */
#define PSD_CMS_MAX 2048U

/* Signs `content`, of the type `type` (an object identifier in dots), and writes a ContentInfo in DER: version 3, no
 * signed attributes, no certificates; the signer is named by issuer and serial number of `certificate`, X.509 of the
 * pair's key. False, too, if it has more than PSD_CMS_MAX bytes. */
bool psd_cms_sign(const char *type, psd_part content, psd_part certificate, const psd_pair *pair,
                  uint8_t der[PSD_CMS_MAX], size_t *length);

#endif
