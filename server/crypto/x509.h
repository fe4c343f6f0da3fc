/* X.509 v3 certificates and lists of revoked ones (RFC 5280), signed with P-256 keys, ECDSA and SHA-256; PKCS#10
 * requests (RFC 2986). Functions return true on success. */
#ifndef PSD_SERVER_X509_H
#define PSD_SERVER_X509_H

#include "crypto/evp.h"
#include "psd/spec/certificate.h"

/* Bytes of the longest certificate that is made here, in DER; its PEM has room in PSD_X509_PEM_MAX. */
#define PSD_X509_MAX 1900U
#define PSD_X509_PEM_MAX 2800U

/* A distinguished name. What is NULL is left out. */
typedef struct psd_x509_name {
  const char *organization, *common_name, *serial_number; /* UTF-8; at most 64 characters each */
} psd_x509_name;

/* Bits of keyUsage (RFC 5280, 4.2.1.3). */
enum psd_x509_usage {
  PSD_X509_SIGNS = 1,     /* digitalSignature */
  PSD_X509_STANDS = 2,    /* nonRepudiation: its holder stands by what it signs */
  PSD_X509_CERTIFIES = 4, /* keyCertSign */
  PSD_X509_LISTS = 8,     /* cRLSign */
};

/* Bits of extendedKeyUsage (4.2.1.12). */
enum psd_x509_purpose {
  PSD_X509_MAIL = 1,     /* emailProtection */
  PSD_X509_CLIENT = 2,   /* clientAuth */
  PSD_X509_STAMPS = 4,   /* timeStamping, which is critical and alone (RFC 3161, 2.3) */
  PSD_X509_ANSWERS = 8,  /* OCSPSigning, with id-pkix-ocsp-nocheck (RFC 6960, 4.2.2.2) */
  PSD_X509_PAYMENTS = 16 /* our own (certificate.def) */
};

/* What a certificate says. Everything in it stays its owner's. */
typedef struct psd_x509 {
  uint64_t serial; /* above 0 */
  psd_x509_name issuer, subject;
  psd_part subject_der;        /* Name, as it is, in place of `subject`; no data for none */
  uint64_t from, until;        /* seconds since 1970-01-01 UTC, up to the year 9999 */
  const uint8_t *point;        /* the subject's public key, of P-256 */
  psd_part key;                /* SubjectPublicKeyInfo, in place of `point`; no data for none */
  const uint8_t *issuer_point; /* the same point: it is self-signed, and names no key of an authority */
  bool authority;              /* CA:TRUE */
  bool limited;                /* and its path has a length: */
  unsigned path_length;        /* CAs below it at most */
  unsigned usage;              /* 0: an authority's, keyCertSign and cRLSign; else digitalSignature */
  unsigned purposes;
  bool constrained; /* what is below has the O of the subject: name constraints, critical */
  const char
      *address; /* an authority's URL, without a slash at its end: there are list, OCSP and its certificate; NULL */
  uint64_t issuer_key; /* number of the issuer's key, in these addresses */
  const char *private; /* identifier of a private extension, in dots; NULL for none */
  psd_part content;    /* of the private extension: DER */
} psd_x509;

/* Signs a certificate with the issuer's pair and writes its DER. Key identifiers are the leftmost 160 bits of the hash
 * of the key's BIT STRING (RFC 7093, 2, method 1). False, too, if it has more than PSD_X509_MAX bytes. */
bool psd_x509_make(const psd_x509 *wanted, const psd_pair *issuer, uint8_t der[PSD_X509_MAX], size_t *length);
/* True if `der` is one certificate, of the key `point`, and signed with the issuer's key. */
bool psd_x509_signed(psd_part der, const uint8_t issuer[PSD_POINT], const uint8_t point[PSD_POINT]);
/* The same, whichever key it is of. */
bool psd_x509_issued(psd_part der, const uint8_t issuer[PSD_POINT]);

/* What is taken out of a certificate or a request: DER. */
#define PSD_X509_SUBJECT_MAX 320U
#define PSD_X509_KEY_MAX 600U
typedef struct psd_x509_holder {
  uint8_t subject[PSD_X509_SUBJECT_MAX], key[PSD_X509_KEY_MAX]; /* Name; SubjectPublicKeyInfo */
  size_t subject_length, key_length;
} psd_x509_holder;
/* Of a certificate. False if it is none, or longer than there is room. */
bool psd_x509_holder_of(psd_part der, psd_x509_holder *holder);
/* Of a certificate request, all of `der`: signed with the key in it, which is of that algorithm (P-256, or RSA of 2048
 * bits with the exponent 65537); its subject { O if any, CN }, each of 1 to 64 bytes of UTF-8 without control
 * characters, PrintableString where it can be and UTF8String else; no attributes. Anything else is false. */
bool psd_x509_request_take(psd_part der, psd_algorithm algorithm, psd_x509_holder *holder, bool *organization);

/* Why a certificate was revoked: one of the codes of RFC 5280, 5.3.1. */
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
