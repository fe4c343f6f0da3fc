/* What certificates and lists of revoked ones share. */
#ifndef PSD_SERVER_X509_INTERNAL_H
#define PSD_SERVER_X509_INTERNAL_H

#include <openssl/x509v3.h>

#include "crypto/x509.h"

/* What a certificate may be used for, and where to ask about it: the extensions of x509_extensions.c. */
bool psd_x509_add_limits(X509 *made, const psd_x509 *wanted);
bool psd_x509_add_addresses(X509 *made, const psd_x509 *wanted);

/* The certificate that is all of `der`; NULL for anything else. Free with X509_free. */
X509 *psd_x509_take(psd_part der);

/* In OpenSSL's form; NULL on failure. Free with X509_NAME_free and AUTHORITY_KEYID_free. */
X509_NAME *psd_x509_name_of(const psd_x509_name *wanted);
AUTHORITY_KEYID *psd_x509_authority_of(const uint8_t point[PSD_POINT]);

#endif
