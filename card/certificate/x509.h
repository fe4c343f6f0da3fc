/* Certificates (RFC 5280) of users, agents, receivers and lines of credit, taken apart and checked. What is found stays
 * in the bytes they lie in. */
#ifndef PSD_CERTIFICATE_X509_H
#define PSD_CERTIFICATE_X509_H

#include "certificate/key.h"
#include "psd/spec/tlv.h"

typedef struct psd_certificate {
  psd_cursor text;            /* tbsCertificate, tag and length included: what is signed */
  psd_cursor issuer, subject; /* Names, tag and length included */
  psd_cursor serial;          /* INTEGER, tag and length included */
  uint64_t number;            /* its value; 0 for one above FFFFFFFFFFFFFFFF */
  uint64_t from, until;
  psd_cursor public_info;    /* SubjectPublicKeyInfo, tag and length included */
  psd_algorithm algorithm;   /* of the key, RSA2048 for RSA of 2048 and 3072 bits; 0 for one that the card cannot reckon
                                with */
  const uint8_t *point;      /* of P-256; not checked to lie on the curve */
  psd_rsa_public rsa;        /* of RSA */
  psd_cursor key_identifier; /* SKI, or nothing */
  bool authority;            /* basicConstraints: cA */
  bool ends;                 /* basicConstraints: a path length, and it is 0 */
  bool stamps;               /* extendedKeyUsage: timeStamping alone, critical */
  bool certifies, signs;     /* keyUsage: keyCertSign; digitalSignature; both if there is none */
  psd_cursor permitted;      /* Name, tag and length included, of name constraints with one permitted subtree, a
                                directory name, and no excluded one; nothing otherwise */
  psd_cursor credit;         /* content of CreditLine, or nothing */
  psd_algorithm signed_with; /* 0 for another than ecdsa-with-SHA256 and sha256WithRSAEncryption */
  psd_cursor signature;      /* content of the BIT STRING, without the count of unused bits */
} psd_certificate;

/* False for what is no certificate of version 1 or 3 in DER, or has bytes behind it, the same extension twice, or a
 * critical one that is not looked at here. */
bool psd_certificate_parse(psd_cursor der, psd_certificate *certificate);
/* Whether `issuer`'s P-256 key has signed it. 9000; 6300 if not; 6400. */
uint16_t psd_certificate_issued_by(psd_card *card, const psd_certificate *certificate,
                                   const uint8_t issuer[PSD_P256_POINT]);
/* The same for the certificate authority that the card knows (CA_KEY). 6A88 too, if it knows none; 6581. */
uint16_t psd_certificate_by_authority(psd_card *card, const psd_certificate *certificate);
/* Whether a key is that of the certificate. */
bool psd_certificate_is_of(const psd_certificate *certificate, const psd_key *key);
/* The attribute of a Name (O or CN), its first value; nothing if it has none. */
psd_cursor psd_certificate_name_part(psd_cursor name, psd_oid_id attribute);

/* Whether a signature (as psd_key_sign makes it) over a digest holds under the key of a certificate. 9000; 6300; 6400.
 */
uint16_t psd_certificate_verify(psd_card *card, const psd_certificate *signer, psd_algorithm signed_with,
                                const uint8_t digest[PSD_SHA256_SIZE], psd_cursor signature);

/* Name { O, CN }; an empty organization is left out. */
void psd_certificate_put_name(psd_buffer *out, psd_cursor organization, psd_cursor name);

#endif
