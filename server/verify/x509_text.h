/* Files of PEM, block by block, and the times in them. */
#ifndef PSD_VERIFY_X509_TEXT_H
#define PSD_VERIFY_X509_TEXT_H

#include <openssl/bio.h>
#include <openssl/x509.h>

#include "verify/folder.h"

/* Reads the next block of its kind; `more` is false when there was none, or a damaged one. */
typedef bool psd_block_reader(psd_site_reading *reading, BIO *text, bool *more);
/* All blocks of the file: at least one. `what` they are, for the words. The file is never in memory as a whole. */
bool psd_each_block(psd_site_reading *reading, const char *what, psd_block_reader *read);

/* Seconds since 1970; what is before is 0. False for no time. */
bool psd_asn1_seconds(const ASN1_TIME *time, uint64_t *seconds);

#endif
