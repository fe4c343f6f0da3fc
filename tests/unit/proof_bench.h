/* A certificate authority and what meters of it make, over OpenSSL's own X509, CMS and its text form of ASN.1: nothing
 * of what is tested takes part. */
#ifndef PSD_TEST_PROOF_BENCH_H
#define PSD_TEST_PROOF_BENCH_H

#include <openssl/x509v3.h>

#include "psd/proof/proof.h"

#define PROOF_MAX 8192U
/* 2030-03-17 17:46:40 UTC: when everything is made and checked. */
#define PROOF_NOW UINT64_C(1900000000)
#define PROOF_NOW_TEXT "20300317174640Z"
#define PROOF_DAY UINT64_C(86400)
#define PROOF_DEVICE "5053443100000001"
#define PROOF_OTHER_DEVICE "5053443100000002"

typedef struct proof_der {
  uint8_t data[PROOF_MAX];
  size_t length;
} proof_der;
psd_proof_bytes proof_bytes(const proof_der *der);

/* What a certificate shall be; every text is that of openssl.cnf. */
typedef struct proof_wish {
  const char *organization, *name;
  X509 *issuer; /* NULL: itself */
  EVP_PKEY *issuer_key, *key;
  uint64_t number, from, until; /* 0: a year around PROOF_NOW */
  const char *extensions;       /* a section of lines, and other sections that they name */
} proof_wish;
X509 *proof_certify(const proof_wish *wish);
/* A new key, P-256; RSA of 2048 bits. */
EVP_PKEY *proof_key(void);
EVP_PKEY *proof_rsa_key(void);

/* DER of openssl's text form: "SEQUENCE:a" and its sections, printf-like. */
proof_der proof_asn1(const char *first, const char *sections, ...) __attribute__((format(printf, 2, 3)));

/* What shall be signed. */
typedef struct proof_signing {
  const char *type; /* dotted; NULL for id-data */
  const void *content;
  size_t length;
  X509 *certificate;
  EVP_PKEY *key;
  uint64_t time;                          /* signingTime; 0 for PROOF_NOW */
  const proof_der *metered;               /* MeteredUse; NULL for none */
  bool detached, bare, left_out, unnamed; /* no attributes; without the certificate; no signingCertificateV2 */
} proof_signing;
proof_der proof_sign(const proof_signing *wanted);
proof_der proof_of(X509 *certificate);
proof_der proof_list(X509 *issuer, EVP_PKEY *key, uint64_t from, uint64_t until, X509 *revoked, uint64_t when,
                     int reason); /* reason -1: none given */

/* Root, CA, creditor, and a holder of each kind. */
typedef struct proof_world {
  EVP_PKEY *root_key, *ca_key, *creditor_key, *key, *agent_key;
  X509 *root, *ca, *creditor, *user, *postmark, *agent, *employee, *line, *device;
  psd_trust *trust; /* root; CA, creditor and agent between */
} proof_world;
void proof_world_make(proof_world *world);
/* The same around another time. */
void proof_world_make_at(proof_world *world, uint64_t now);
void proof_world_free(proof_world *world);
/* The extensions of each kind, to be varied. */
extern const char proof_user[], proof_postmark[], proof_agent[], proof_employee[], proof_line[], proof_device[];

/* TSTInfo of a digest, made at `time`, text as in GeneralizedTime. */
proof_der proof_tst(const uint8_t digest[32], const char *time);

/* Flips every byte in turn, and takes the last one away, and adds one: counts what still holds. */
typedef psd_proof_result proof_checker(void *user, psd_proof_bytes der);
size_t proof_altered(const proof_der *good, proof_checker *check, void *user);

#endif
