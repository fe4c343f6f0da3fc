/* What the files that take a certificate apart share. */
#ifndef PSD_CERTIFICATE_X509_PARTS_H
#define PSD_CERTIFICATE_X509_PARTS_H

#include "certificate/x509.h"

/* True for a Name that is well formed, of any attributes. */
bool psd_certificate_name_valid(psd_cursor name);
/* Takes Extensions apart (RFC 5280, 4.2). False as psd_certificate_parse says. */
bool psd_certificate_extensions(psd_cursor extensions, psd_certificate *certificate);

#endif
