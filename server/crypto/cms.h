/* CMS SignedData (RFC 5652), signed with P-256 keys. */
#ifndef PSD_SERVER_CMS_H
#define PSD_SERVER_CMS_H

#include "crypto/evp.h"

/* Bytes of the longest that is made here. */
#define PSD_CMS_MAX 2048U

/* What shall be signed. */
typedef struct psd_cms_wanted {
  const char *type; /* of the content: an object identifier in dots */
  psd_part content;
  psd_part certificate; /* X.509 in DER, of the pair's key: names the signer, by issuer and serial number */
  uint64_t time;        /* signingTime, seconds since 1970 */
} psd_cms_wanted;

/* Writes a ContentInfo in DER: SignedData version 3 with the content, no certificates, and the signed attributes
 * contentType, messageDigest and signingTime (RFC 5652, 5.3). False, too, if it has more than PSD_CMS_MAX bytes. */
bool psd_cms_sign(const psd_cms_wanted *wanted, const psd_pair *pair, uint8_t der[PSD_CMS_MAX], size_t *length);

#endif
