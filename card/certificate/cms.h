/* SignedData (RFC 5652, 5) with one signer, as the card makes and reads it. */
#ifndef PSD_CERTIFICATE_CMS_H
#define PSD_CERTIFICATE_CMS_H

#include "certificate/x509.h"

/* Bytes of the longest signed attributes, tag and length included. */
#define PSD_CMS_ATTRIBUTES_MAX 320U

/* What shall be signed. */
typedef struct psd_cms {
  psd_oid_id type;          /* of the content */
  psd_piece content;        /* nothing: detached, and its digest is */
  const uint8_t *digest;    /* SHA-256; NULL where the content is here */
  uint64_t time;            /* signingTime; 0: none, as in a TimeStampToken */
  const psd_piece *metered; /* MeteredUse, content of its SET: DER; NULL for none */
  const psd_key *key;
  psd_cursor certificate; /* the signer's, whole: names issuer and serial number, and is hashed */
  bool enclosed;          /* it goes along */
} psd_cms;

/* Appends the ContentInfo. 9000; 6A84 if it does not fit; 6A80 for a certificate that is none; 6400. */
uint16_t psd_cms_put(psd_card *card, const psd_cms *wanted, psd_buffer *out);

/* What was signed, taken apart. */
typedef struct psd_cms_parts {
  psd_oid_id type;
  bool attached;                           /* the content is here: */
  psd_cursor content;                      /* of the OCTET STRING; nothing if detached */
  psd_cursor certificate;                  /* the first that is enclosed, whole; nothing if none */
  psd_cursor issuer, serial;               /* of the signer, tags and lengths included */
  psd_cursor attributes;                   /* content of signedAttrs; nothing if there are none */
  uint8_t message_digest[PSD_SHA256_SIZE]; /* of the attributes */
  psd_cursor certificate_hash;             /* SHA-256 of the signer's certificate, of the attributes; or nothing */
  psd_algorithm signed_with;
  psd_cursor signature;
} psd_cms_parts;

/* False for what is no SignedData of one of our content types with one signer, SHA-256, and no attributes but those
 * that the card writes: each byte has but one form. */
bool psd_cms_parse(psd_cursor der, psd_cms_parts *parts);
/* The digest that the signature is over: of the signed attributes (whose message digest must be that of the content,
 * or for detached data `digest`, NULL otherwise), or of the content where there are none. False if they do not fit. */
bool psd_cms_signed_digest(const psd_cms_parts *parts, const uint8_t *digest, uint8_t out[PSD_SHA256_SIZE]);

#endif
