/* The authorities: root, certificate authority and creditor, and what they sign (X.509 v3; docs/kms.md, "Certificates";
 * docs/certificates.md). */
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
 *       licence  INTEGER,                  -- licence number
 *       purpose  INTEGER OPTIONAL }        -- certificate.def; absent in a PSD's own certificate */
#define PSD_KMS_METERING_POLICY "1.3.6.1.4.1.32473.7816.1"

/* Seconds that the certificates of the root, and of CA and creditor, hold from the creation of their keys: 30 and 20
 * years. */
#define PSD_KMS_ROOT_SPAN (UINT64_C(10958) * 86400U)
#define PSD_KMS_CA_SPAN (UINT64_C(7305) * 86400U)
/* Seconds that what they sign may hold at most: 3 years; by how many its beginning may differ from now: a day. */
#define PSD_KMS_CERTIFICATE_SPAN (UINT64_C(1096) * 86400U)
#define PSD_KMS_CERTIFICATE_SKEW 86400U
/* And of an OCSP responder: a week. */
#define PSD_KMS_RESPONDER_SPAN (UINT64_C(7) * 86400U)

/* The key of an authority, by its identifier; 0 is the active one. NULL if there is none, or it is not accepted any
 * more. */
const psd_kms_key *psd_kms_authority_key(const psd_keyring *keys, psd_kms_kind kind, uint64_t identifier);
/* The CA key, still accepted, that has signed a certificate; NULL if none has. */
const psd_kms_key *psd_kms_issuer_of(const psd_keyring *keys, psd_part der);
/* The certificate of a key of kind root, ca or creditor whose secret is there; the last two are signed by the active
 * root: false if there is none. It says the same each time, as long as there is the same root; its signature differs.
 */
bool psd_kms_authority_certificate(const psd_keyring *keys, const psd_kms_key *key, uint8_t der[PSD_X509_MAX],
                                   size_t *length);
/* When that certificate ends. */
uint64_t psd_kms_authority_end(const psd_keyring *keys, const psd_kms_key *key);

/* When a certificate is valid. */
typedef struct psd_kms_validity {
  uint64_t from, until; /* seconds since 1970 */
} psd_kms_validity;
/* Whether an authority may sign for that time: from about now, at most `span` seconds, and not beyond its own end. */
bool psd_kms_validity_fits(const psd_keyring *keys, const psd_kms_key *key, psd_kms_validity validity, uint64_t span,
                           uint64_t now);

/* The certificate of a PSD's key, as `wanted` says, signed with a CA key. */
bool psd_kms_psd_certificate(const psd_kms_key *ca, const psd_kms_certify *wanted, const uint8_t point[PSD_POINT],
                             uint8_t der[PSD_X509_MAX], size_t *length);
/* The certificate of a user's key: what was asked for, and what is granted. */
typedef struct psd_kms_user {
  psd_purpose purpose;
  psd_kms_device device;
  uint64_t number, zip, licence;
  psd_kms_validity validity;
  const char *address; /* the authority's; NULL for none */
  const psd_x509_holder *holder;
} psd_kms_user;
bool psd_kms_user_certificate(const psd_kms_key *ca, const psd_kms_user *user, uint8_t der[PSD_X509_MAX],
                              size_t *length);
/* Of an OCSP responder. */
bool psd_kms_responder_certificate(const psd_kms_key *ca, const psd_kms_responder *wanted, uint8_t der[PSD_X509_MAX],
                                   size_t *length);
/* Of a line of credit, whose CreditLine is `line`, for the key of its holder. */
typedef struct psd_kms_line {
  uint64_t number;
  psd_kms_validity validity;
  const psd_x509_holder *holder;
  psd_part line;
} psd_kms_line;
bool psd_kms_credit_certificate(const psd_kms_key *creditor, const psd_kms_line *line, uint8_t der[PSD_X509_MAX],
                                size_t *length);
/* Signs a list of revoked certificates with a CA key whose secret is there; `der` is to be freed. It does not hold
 * beyond the authority's own certificate. */
typedef struct psd_kms_revoked_list_wish {
  const psd_x509_revoked *revoked;
  size_t count;
  uint64_t number;
  psd_kms_validity validity;
} psd_kms_revoked_list_wish;
bool psd_kms_revocation_list(const psd_keyring *keys, const psd_kms_key *ca, const psd_kms_revoked_list_wish *wish,
                             uint8_t **der, size_t *length);
/* True if `der` is a certificate of that key, signed with a CA key of the ring that is still accepted. */
bool psd_kms_certificate_ours(const psd_keyring *keys, psd_part der, const uint8_t point[PSD_POINT]);

#endif
