/* What the files of certificates share. */
#ifndef PSD_KMS_CERTIFICATE_INTERNAL_H
#define PSD_KMS_CERTIFICATE_INTERNAL_H

#include "kms/certificate.h"

/* What is certified here is worth nothing to any postal service, and says so. */
#define PSD_KMS_ORGANIZATION "SPECIMEN Postal Security Devices"
#define PSD_KMS_NAME_MAX 64U
#define PSD_KMS_POLICY_MAX 40U

/* The name of the authority that has that key; it is of kind root, ca or creditor. */
psd_x509_name psd_kms_authority_name(const psd_kms_key *key, char words[PSD_KMS_NAME_MAX]);

/* MeteringPolicy; lengths fit a byte. */
typedef struct psd_kms_metering {
  psd_kms_device device;
  uint64_t zip, licence;
  unsigned purpose; /* 0 for none */
} psd_kms_metering;
psd_part psd_kms_put_metering(psd_buffer *out, const psd_kms_metering *wish);

#endif
