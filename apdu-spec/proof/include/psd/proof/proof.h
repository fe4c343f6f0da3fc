/* What the certificate meter makes, checked by whoever holds it: postmarks, signatures, payments, revocations
 * (docs/certificates.md). Over OpenSSL; needs no card and no network. For the Host, the server and verification sites.
 *
 * Every function takes all of the object or refuses it, and says in one line what is wrong. */
#ifndef PSD_PROOF_H
#define PSD_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "psd/spec/certificate.h"
#include "psd/spec/cursor.h"
#include "psd/spec/text.h"

#define PSD_PROOF_WHY_MAX 256U

/* Bytes that stay their owner's. */
typedef struct psd_proof_bytes {
  const uint8_t *data;
  size_t length;
} psd_proof_bytes;

/* Whom to believe: root certificates, CA certificates between, revocation lists. */
typedef struct psd_trust psd_trust;
psd_trust *psd_trust_new(void);
void psd_trust_free(psd_trust *trust);
/* Adds what is in a file (PEM, or DER of one): certificates as anchors, or as what may stand between; and lists. A file
 * may have several. False, and why. */
bool psd_trust_add_roots(psd_trust *trust, const char *path, char why[PSD_PROOF_WHY_MAX]);
bool psd_trust_add_chain(psd_trust *trust, const char *path, char why[PSD_PROOF_WHY_MAX]);
bool psd_trust_add_lists(psd_trust *trust, const char *path, char why[PSD_PROOF_WHY_MAX]);
/* Certificates of authorities: those that sign themselves as anchors, the others as what may stand between. */
bool psd_trust_add_authorities(psd_trust *trust, const char *path, char why[PSD_PROOF_WHY_MAX]);
/* Is there an anchor? Without one nothing is trusted. */
bool psd_trust_has_root(const psd_trust *trust);
/* The same of DER in memory. */
bool psd_trust_add_root_der(psd_trust *trust, psd_proof_bytes der);
bool psd_trust_add_chain_der(psd_trust *trust, psd_proof_bytes der);
bool psd_trust_add_list_der(psd_trust *trust, psd_proof_bytes der);
/* Lists that are out of date at this time, seconds since 1970, are as if they were not there; 0, as at the beginning:
 * as of the time of what is checked. With any list at all, one of the issuers of a certificate must have given one that
 * counts, if he may sign lists. What was signed before the certificate was revoked still holds, unless the reason is
 * that the key may be known, or none is given (RFC 3161, 4). */
void psd_trust_set_now(psd_trust *trust, uint64_t now);

/* How it ended. */
typedef enum psd_proof_result {
  PSD_PROOF_HOLDS,
  PSD_PROOF_UNREADABLE,  /* it is no such object */
  PSD_PROOF_CERTIFICATE, /* its certificate is not trusted, not for this, not valid at its time, revoked (412) */
  PSD_PROOF_MESSAGE,     /* it is of something else (418) */
  PSD_PROOF_SIGNATURE,   /* its signature does not hold (418) */
  PSD_PROOF_TERMS,       /* a payment's: payee, expiry, amounts, or the line of credit */
  PSD_PROOF_FAILED,      /* memory or library */
} psd_proof_result;
/* One word, for --json and for tests. */
const char *psd_proof_name(psd_proof_result result);

/* Who has signed. */
typedef struct psd_proof_signer {
  char name[128]; /* subject, RFC 2253; cut off if it is longer */
  char organization[PSD_NAME_MAX + 1], common_name[PSD_NAME_MAX + 1];
  uint64_t number;      /* serial number of the certificate; 0 for a longer one */
  uint64_t from, until; /* its validity */
  uint8_t device[PSD_SIZE_DEVICE_ID];
  bool metered; /* MeteringPolicy or CreditLine names the device */
} psd_proof_signer;

/* A postmark: a TimeStampToken, or a TimeStampResp that has one. */
typedef struct psd_proof_postmark {
  psd_proof_signer signer;
  uint64_t number, time;
  uint32_t tariff; /* version of the rate table */
  psd_digest digest;
  uint8_t imprint[PSD_DIGEST_MAX];
} psd_proof_postmark;
/* Takes it apart; what follows says of which message it is. */
psd_proof_result psd_proof_read_postmark(psd_proof_bytes token, psd_proof_postmark *postmark,
                                         char why[PSD_PROOF_WHY_MAX]);
/* `digest` is the message's, of the function that the postmark names; `time` is when the chain must be valid: that of
 * the postmark for 0. */
psd_proof_result psd_proof_check_postmark(const psd_trust *trust, psd_proof_bytes token, const uint8_t *digest,
                                          size_t digest_length, uint64_t time, psd_proof_postmark *postmark,
                                          char why[PSD_PROOF_WHY_MAX]);

/* The version of the rate table that a policy is the tariff of: the content of its object identifier's DER. False for a
 * policy that is none. */
bool psd_proof_tariff(const uint8_t *oid, size_t length, uint32_t *tariff);

/* A detached signature of a message; `digest` its SHA-256. The signer's certificate is enclosed, or among the trust's
 * that stand between. `time` is when it must be valid: the signing time for 0. */
typedef struct psd_proof_signature {
  psd_proof_signer signer;
  uint64_t time;           /* signingTime */
  bool metered;            /* MeteredUse was there: */
  uint64_t number, charge; /* piece count, mills */
} psd_proof_signature;
psd_proof_result psd_proof_check_signature(const psd_trust *trust, psd_proof_bytes cms, const uint8_t digest[32],
                                           uint64_t time, psd_proof_signature *signature, char why[PSD_PROOF_WHY_MAX]);

/* Payment, and the line of credit below it. */
typedef struct psd_proof_credit {
  psd_proof_signer holder;
  uint64_t amount;      /* mills */
  uint64_t certificate; /* serial number of the holder's user certificate */
  char use[PSD_NAME_MAX + 1];
  uint8_t hash[32]; /* SHA-256 of the certificate */
} psd_proof_credit;
psd_proof_result psd_proof_check_credit(const psd_trust *trust, psd_proof_bytes der, uint64_t time,
                                        psd_proof_credit *credit, char why[PSD_PROOF_WHY_MAX]);
typedef struct psd_proof_payment {
  psd_proof_credit credit;
  uint8_t device[PSD_SIZE_DEVICE_ID];
  uint64_t amount, remaining, time, expiry, sequence;
  char payee[PSD_PAYEE_MAX + 1];
  uint8_t previous[32], hash[32]; /* hash: SHA-256 of the payment certificate itself */
} psd_proof_payment;
/* What the merchant checks off line; `payee` NULL for a creditor, who asks for no name. `time` is now. The payment that
 * opens a line (sequence 0, VM 812) holds too, but for a payee. */
psd_proof_result psd_proof_check_payment(const psd_trust *trust, psd_proof_bytes cms, const char *payee, uint64_t time,
                                         psd_proof_payment *payment, char why[PSD_PROOF_WHY_MAX]);

/* Revocation (VM figure 6): content of the three, and who signed. `certificate` is that of the signer where it is not
 * enclosed (the holder's; the CA's). The chain of the signer is the caller's to check for request and command: he
 * brings the certificate. */
typedef struct psd_proof_revocation {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  uint64_t certificate, number, time;
  psd_reason reason;
  bool charge;             /* command */
  bool answers;            /* a command: there was a request; a confirmation: always */
  uint8_t answered[32];    /* its SHA-256 */
  psd_confirmed confirmed; /* confirmation */
  uint64_t amount;         /* mills */
} psd_proof_revocation;
psd_proof_result psd_proof_check_request(psd_proof_bytes cms, psd_proof_bytes certificate,
                                         psd_proof_revocation *revocation, char why[PSD_PROOF_WHY_MAX]);
psd_proof_result psd_proof_check_command(psd_proof_bytes cms, psd_proof_bytes certificate,
                                         psd_proof_revocation *revocation, char why[PSD_PROOF_WHY_MAX]);
psd_proof_result psd_proof_check_confirmation(const psd_trust *trust, psd_proof_bytes cms,
                                              psd_proof_revocation *revocation, char why[PSD_PROOF_WHY_MAX]);

/* A request for a line of credit (VM 802). */
typedef struct psd_proof_credit_request {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  uint64_t certificate, amount, time;
  char use[PSD_NAME_MAX + 1];
} psd_proof_credit_request;
/* Appends the DER; reads it. */
bool psd_proof_put_credit_request(const psd_proof_credit_request *request, const uint8_t nonce[8], psd_buffer *out);
bool psd_proof_read_credit_request(psd_proof_bytes der, psd_proof_credit_request *request);
/* Appends the DER of a RevocationCommand, for who signs it. `request` is SHA-256 of what it answers, or NULL. */
bool psd_proof_put_command(const psd_proof_revocation *command, const uint8_t *request, psd_buffer *out);
/* CreditLine, for who certifies it; MeteringPolicy is read by psd_proof_signer. */
bool psd_proof_put_credit_line(const psd_proof_credit *credit, const uint8_t device[PSD_SIZE_DEVICE_ID],
                               psd_buffer *out);

/* Certificate and request, for vetting. */
bool psd_proof_read_certificate(psd_proof_bytes der, psd_proof_signer *signer);
/* A PKCS#10 that is signed with its own key; its subject. */
bool psd_proof_read_request(psd_proof_bytes der, psd_proof_signer *subject, char why[PSD_PROOF_WHY_MAX]);

#endif
