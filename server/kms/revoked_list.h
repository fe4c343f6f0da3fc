/* Certificates that were revoked, as a file says: a line for each, serial,time,reason. */
#ifndef PSD_KMS_REVOKED_LIST_H
#define PSD_KMS_REVOKED_LIST_H

#include "crypto/x509.h"
#include "kms/log.h"

/* More than that many in one file are refused. */
#define PSD_KMS_REVOKED_MOST 1000000U

typedef struct psd_kms_revoked_list {
  psd_x509_revoked *list; /* to be freed */
  size_t count;
} psd_kms_revoked_list;

/* Reads a file: decimal serial number, seconds since 1970 not after `now`, reason as RFC 5280 names it (5.3.1); a first
 * line that says "serial,time,reason" is no entry. False with the number of the line in `why`. */
bool psd_kms_revoked_read(const char *path, uint64_t now, psd_kms_revoked_list *revoked, char why[PSD_KMS_WHY_MAX]);

#endif
