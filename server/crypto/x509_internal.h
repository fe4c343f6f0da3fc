/* What certificates and lists of revoked ones share. */
#ifndef PSD_SERVER_X509_INTERNAL_H
#define PSD_SERVER_X509_INTERNAL_H

#include <openssl/x509v3.h>

#include "crypto/x509.h"

/* In OpenSSL's form; NULL on failure. Free with X509_NAME_free and AUTHORITY_KEYID_free. */
X509_NAME *psd_x509_name_of(const psd_x509_name *wanted);
AUTHORITY_KEYID *psd_x509_authority_of(const uint8_t point[PSD_POINT]);

#endif
