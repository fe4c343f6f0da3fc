/* X.509 v3 certificates (RFC 5280) of P-256 keys, signed with ECDSA and SHA-256. Functions return true on success. */
#ifndef PSD_SERVER_X509_H
#define PSD_SERVER_X509_H

#include "crypto/evp.h"

/* Bytes of the longest certificate that is made here, in DER; its PEM has room in PSD_X509_PEM_MAX. */
#define PSD_X509_MAX 1900U
#define PSD_X509_PEM_MAX 2800U

/* A distinguished name. What is NULL is left out. */
typedef struct psd_x509_name {
  const char *organization, *common_name, *serial_number; /* UTF-8; at most 64 characters each */
} psd_x509_name;

/* What a certificate says. Everything in it stays its owner's. */
typedef struct psd_x509 {
  uint64_t serial; /* above 0 */
  psd_x509_name issuer, subject;
  uint64_t from, until; /* seconds since 1970-01-01 UTC, up to the year 9999 */
  const uint8_t *point; /* the subject's public key */
  const uint8_t *issuer_point;
  bool authority;      /* signs certificates and revocation lists; else it signs data, and no certificates */
  const char *private; /* identifier of a private extension, in dots; NULL for none */
  psd_part content;    /* of the private extension: DER */
} psd_x509;

/* Signs a certificate with the issuer's pair and writes its DER. Key identifiers are the leftmost 160 bits of the hash
 * of the point (RFC 7093, 2, method 1). */
bool psd_x509_make(const psd_x509 *wanted, const psd_pair *issuer, uint8_t der[PSD_X509_MAX], size_t *length);
/* True if `der` is one certificate, of the key `point`, and signed with the issuer's key. */
bool psd_x509_signed(psd_part der, const uint8_t issuer[PSD_POINT], const uint8_t point[PSD_POINT]);
/* Why a certificate was revoked (RFC 5280, 5.3.1): one of its codes; this one is not said. */
#define PSD_X509_UNSPECIFIED 0U
typedef struct psd_x509_revoked {
  uint64_t serial, time; /* of the certificate; seconds since 1970, when it was revoked */
  unsigned reason;
} psd_x509_revoked;

/* What a list of revoked certificates says. Everything in it stays its owner's. */
typedef struct psd_x509_crl {
  psd_x509_name issuer;
  const uint8_t *issuer_point;
  uint64_t number;      /* above that of the list before */
  uint64_t from, until; /* seconds since 1970: this update and the next */
  const psd_x509_revoked *revoked;
  size_t count;
} psd_x509_crl;

/* Signs a list with the issuer's pair, its entries ordered by serial number. `der` is to be freed. */
bool psd_x509_crl_make(const psd_x509_crl *wanted, const psd_pair *issuer, uint8_t **der, size_t *length);
/* The list as PEM, NUL-terminated; 3 bytes for 2 of the DER, and 100 more, are room enough. */
bool psd_x509_crl_pem(psd_part der, char *pem, size_t capacity);
/* The certificate as PEM (RFC 7468), NUL-terminated. */
bool psd_x509_pem(psd_part der, char pem[PSD_X509_PEM_MAX]);

#endif
