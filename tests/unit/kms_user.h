/* A user of the bench's PSD: his key, what his card would seal and sign, and what OpenSSL says of the certificates that
 * he gets. Nothing of server/kms takes part in making it. */
#ifndef PSD_KMS_USER_H
#define PSD_KMS_USER_H

#include <openssl/x509v3.h>

#include "kms_support.h"
#include "proof_bench.h"

#define USER_DAY UINT64_C(86400)

typedef struct user {
  bench on;
  psd_kms_manufactured made;
  psd_pair *pair; /* the PSD's own */
  EVP_PKEY *key;  /* the user's, P-256 */
  X509 *root, *ca, *creditor;
  uint32_t next; /* serial number of the next certificate */
} user;
/* A key management system, a PSD, and a user with a key. */
void user_begin(user *of);
void user_end(user *of);

/* PKCS#10 of a key; the organization may be NULL. */
proof_der user_pkcs10(EVP_PKEY *key, const char *organization, const char *name);
/* Signs a request that was made in part. */
proof_der user_pkcs10_of(X509_REQ *request, EVP_PKEY *key);
/* CERTIFICATE_REQUEST of slot 1, number 7, for that purpose, of P-256. */
psd_certificate_request user_head(const user *of, psd_purpose purpose);
/* WRAPPED_K4 and the sealed request. */
void user_seal(const user *of, const psd_certificate_request *head, const proof_der *pkcs10, psd_buffer *out);

/* What is issued unless something else is said: the next number, a year, and the address http://ca.test. */
psd_kms_issue user_issue(user *of);
#define USER_ADDRESS "http://ca.test"
/* Asks for it. */
psd_signal user_ask(user *of, const psd_kms_issue *wanted, const char *address, const psd_certificate_request *head,
                    const proof_der *pkcs10);
/* The certificate in the grant that was answered; its HMAC, PSD and time are checked. Free it. */
X509 *user_granted(const user *of, const psd_certificate_request *head);
/* All of that: a certificate for the user's key, of O=House, CN=Anna. */
X509 *user_certificate(user *of, psd_purpose purpose);

/* What somebody else made: a user's certificate of that number for his key, in the name of the CA. Free it. */
X509 *user_impostor(const user *of, EVP_PKEY *key, uint64_t number);

/* A certificate of the authority's own (KMS_AUTHORITY): 0 root, 1 CA, 2 creditor. Free it. */
X509 *user_authority(user *of, unsigned kind, uint32_t key);
/* X509_verify_cert, strict, at `time`, from the root alone; `between` and `list` may be NULL. X509_V_OK or why not. */
int user_verify(const user *of, X509 *leaf, X509 *between, X509_CRL *list, int purpose, uint64_t time);

#endif
