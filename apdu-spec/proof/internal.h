/* What the files of this folder share. */
#ifndef PSD_PROOF_INTERNAL_H
#define PSD_PROOF_INTERNAL_H

#include <openssl/asn1t.h>
#include <openssl/x509v3.h>

#include "psd/proof/proof.h"

/* Writes one line for a person, and returns the result, so that a refusal is one statement. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
psd_proof_result
psd_proof_say(char why[PSD_PROOF_WHY_MAX], psd_proof_result result, const char *format, ...);

/* der.c: DER over OpenSSL's templates. */
/* A new object of all of the bytes; NULL unless its encoding is these very bytes. ASN1_item_free it. */
void *psd_proof_parse(psd_proof_bytes der, const ASN1_ITEM *item);
/* Appends the encoding; false if it does not fit. */
bool psd_proof_append(const void *object, const ASN1_ITEM *item, psd_buffer *out);
psd_proof_bytes psd_proof_bytes_of(const ASN1_STRING *string);
bool psd_proof_is(const ASN1_OBJECT *object, psd_oid_id oid);
bool psd_proof_sha256(psd_proof_bytes bytes, uint8_t hash[32]);
/* YYYYMMDDHHMMSSZ, as seconds since 1970; any other form is refused. */
bool psd_proof_time_in(const ASN1_GENERALIZEDTIME *time, uint64_t *seconds);
bool psd_proof_time_out(uint64_t seconds, ASN1_GENERALIZEDTIME *time);
/* A validity's or a signing time. */
bool psd_proof_x509_time(const ASN1_TIME *time, uint64_t *seconds);
/* UTF-8 without control characters, `least` to `capacity` - 1 bytes, NUL-terminated in `out`. */
bool psd_proof_text_in(const ASN1_STRING *string, size_t least, char *out, size_t capacity);
/* An OCTET STRING of `length` bytes. */
bool psd_proof_octets_in(const ASN1_OCTET_STRING *string, uint8_t *out, size_t length);

/* certificate.c */
/* The whole DER is one certificate; X509_free it. */
X509 *psd_proof_x509(psd_proof_bytes der);
/* Fills in what it says; false if an extension of ours cannot be read. */
bool psd_proof_signer_of(X509 *certificate, psd_proof_signer *signer, uint64_t *purpose);
/* True for the certificate of an agent: a CA with MeteringPolicy. */
bool psd_proof_is_metered(const X509 *certificate);
/* The content of the one extension with this identifier, parsed; NULL if there is none, or several. */
void *psd_proof_extension(const X509 *certificate, psd_oid_id oid, const ASN1_ITEM *item, bool *there);

/* chain.c */
typedef enum psd_proof_use {
  PSD_PROOF_FOR_POSTMARK,
  PSD_PROOF_FOR_MESSAGE,
  PSD_PROOF_FOR_PAYMENT,
  PSD_PROOF_FOR_DEVICE, /* a PSD's own */
} psd_proof_use;
/* Is this certificate trusted, for this, at this time? */
psd_proof_result psd_proof_chain(const psd_trust *trust, X509 *leaf, psd_proof_use use, uint64_t time,
                                 char why[PSD_PROOF_WHY_MAX]);

struct psd_trust {
  X509_STORE *store;
  STACK_OF(X509) * chain;
  STACK_OF(X509_CRL) * lists;
  uint64_t now;
  bool rooted; /* has an anchor */
};

/* signed.c: SignedData with one signer, as the meter makes it (docs/certificates.md, figures 3). */
typedef struct psd_proof_signed psd_proof_signed;
/* NULL for what is none. `type` is that of its content; `version` what it must say. */
psd_proof_signed *psd_proof_signed_read(psd_proof_bytes der, psd_oid_id type);
void psd_proof_signed_free(psd_proof_signed *data);
/* What is enclosed; {NULL, 0} where it is detached. */
psd_proof_bytes psd_proof_signed_content(const psd_proof_signed *data);
bool psd_proof_signed_detached(const psd_proof_signed *data);
bool psd_proof_signed_bare(const psd_proof_signed *data); /* no signed attributes */
/* The signer's certificate: the one enclosed; NULL if there is none, or it is another's. Stays `data`'s. */
X509 *psd_proof_signed_certificate(const psd_proof_signed *data);
/* Names the signer this certificate? */
bool psd_proof_signed_by(const psd_proof_signed *data, const X509 *certificate);
/* Is no certificate enclosed, or this one? */
bool psd_proof_signed_encloses(const psd_proof_signed *data, const X509 *certificate);
/* The enclosed certificate, or of the trust's the one that the signer names; NULL if there is none. */
X509 *psd_proof_signed_find(const psd_proof_signed *data, const psd_trust *trust);
/* Does the message digest fit? `digest` is that of the content where it is detached. */
bool psd_proof_signed_fits(const psd_proof_signed *data, const uint8_t digest[32]);
/* Does the signature hold, and, where it is said which certificate it is of, is it this one? */
bool psd_proof_signed_holds(const psd_proof_signed *data, X509 *certificate);
/* A single-valued signed attribute of this ASN.1 type; NULL for none. */
const ASN1_TYPE *psd_proof_signed_attribute(const psd_proof_signed *data, psd_oid_id oid);
bool psd_proof_signed_time(const psd_proof_signed *data, uint64_t *seconds);

/* contents.c */
typedef struct psd_proof_policy {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  uint64_t zip, licence, purpose; /* purpose 0: a PSD's own certificate */
} psd_proof_policy;
/* False for one that is damaged; `there` says whether there is one. */
bool psd_proof_policy_of(const X509 *certificate, psd_proof_policy *policy, bool *there);
bool psd_proof_line_of(const X509 *certificate, psd_proof_credit *credit, uint8_t device[PSD_SIZE_DEVICE_ID],
                       bool *there);
bool psd_proof_metered_use_in(psd_proof_bytes der, uint8_t device[PSD_SIZE_DEVICE_ID], uint64_t *number,
                              uint64_t *charge);
/* `holder` and `certificate` are to be compared with the line of credit; X509_NAME_free the holder. */
bool psd_proof_payment_in(psd_proof_bytes der, psd_proof_payment *payment, uint8_t credit[32], uint64_t *certificate,
                          X509_NAME **holder);
bool psd_proof_request_in(psd_proof_bytes der, psd_proof_revocation *revocation);
bool psd_proof_command_in(psd_proof_bytes der, psd_proof_revocation *revocation);
bool psd_proof_confirmation_in(psd_proof_bytes der, psd_proof_revocation *revocation);

#endif
