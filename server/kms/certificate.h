/* The certificate authority: its own certificate, and those of PSDs (X.509 v3; docs/kms.md, "Certificates"). */
#ifndef PSD_KMS_CERTIFICATE_H
#define PSD_KMS_CERTIFICATE_H

#include "crypto/x509.h"
#include "kms/derive.h"

/* A private extension that says which meter a certificate is of. Its arc is the enterprise number for examples (RFC
 * 5612): a specimen has none of its own.
 *
 *     MeteringPolicy ::= SEQUENCE {
 *       device   OCTET STRING (SIZE (8)),  -- DEVICE_ID: vendor, model, serial number
 *       zip      INTEGER,                  -- licensing ZIP
 *       licence  INTEGER }                 -- licence number */
#define PSD_KMS_METERING_POLICY "1.3.6.1.4.1.32473.7816.1"

/* Seconds that the authority's certificate holds, from the creation of its key: 20 years. */
#define PSD_KMS_CA_SPAN (UINT64_C(7305) * 86400U)
/* Seconds that a PSD's certificate may hold at most: 3 years; by how many its beginning may differ from now: a day. */
#define PSD_KMS_CERTIFICATE_SPAN (UINT64_C(1096) * 86400U)
#define PSD_KMS_CERTIFICATE_SKEW 86400U

/* The self-signed certificate of a CA key whose secret is there. It says the same each time; its signature differs. */
bool psd_kms_ca_certificate(const psd_kms_key *ca, uint8_t der[PSD_X509_MAX], size_t *length);
/* The certificate of a PSD's key, as `wanted` says, signed with a CA key. */
bool psd_kms_psd_certificate(const psd_kms_key *ca, const psd_kms_certify *wanted, const uint8_t point[PSD_POINT],
                             uint8_t der[PSD_X509_MAX], size_t *length);
/* Signs a list of revoked certificates with a CA key whose secret is there; `der` is to be freed. It holds from `from`
 * to `until`, and not beyond the authority's own certificate. */
bool psd_kms_revocation_list(const psd_kms_key *ca, const psd_x509_revoked *revoked, size_t count, uint64_t number,
                             uint64_t from, uint64_t until, uint8_t **der, size_t *length);
/* True if `der` is a certificate of that key, signed with a CA key of the ring that is still accepted. */
bool psd_kms_certificate_ours(const psd_keyring *keys, psd_part der, const uint8_t point[PSD_POINT]);

#endif
