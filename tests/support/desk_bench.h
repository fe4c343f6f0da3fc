/* A session of the meter server, with the desk of its authority behind it: the operations of the real key management
 * system, the real database; a PSD on paper whose users' keys are OpenSSL's. */
#ifndef PSD_DESK_BENCH_H
#define PSD_DESK_BENCH_H

#include "authority/authority.h"
#include "kms/service.h"
#include "proof_bench.h"
#include "session_bench.h"

#define DESK_DAY 86400U

typedef struct desk_bench {
  bench b; /* first */
  psd_keyring *ring;
  psd_kms_service kms;
  EVP_PKEY *user, *stamp;        /* keys of slots 1 and 2 */
  X509 *device;                  /* the PSD's own certificate, as the database has it */
  uint8_t content[PAPER_RECORD]; /* of the last answer, */
  size_t length;
  psd_authority_item item; /* and its head; zeroes without one */
} desk_bench;

/* A registered PSD in operation with a key pair and certificate of its own; vetting by user; session open. */
void desk_open(desk_bench *at);
void desk_close(desk_bench *at);
/* The line is cut; the next call, and its session is open. */
void desk_again(desk_bench *at);
/* The same where the audit announces these actions. */
void desk_again_with(desk_bench *at, unsigned actions);

/* CERTIFICATE_REQUEST, sealed: number, slot (1 user, 2 postmark), name. */
proof_der desk_request(const desk_bench *at, uint32_t number, uint8_t slot, const char *name);
/* A request of the Host, and all that it brings about; returns the signal of the answer. */
int desk_ask(desk_bench *at, psd_host_operation operation, const void *content, size_t length);
int desk_ask_der(desk_bench *at, psd_host_operation operation, const proof_der *der);
/* NEWS of a kind and number. */
int desk_news(desk_bench *at, psd_authority_kind kind, uint32_t number);
/* The answer that waits: its signal. */
int desk_answer(desk_bench *at, psd_host_operation operation);
/* Asks for a certificate and gets it, asserted; returns its serial number. */
uint32_t desk_certify(desk_bench *at, uint32_t number, uint8_t slot);
/* The certificate in the grant that was answered; X509_free it. */
X509 *desk_granted(const desk_bench *at);
/* As the database has it. */
psd_ca_certificate desk_certificate(const desk_bench *at, uint32_t number);
X509 *desk_x509(const desk_bench *at, uint32_t number);

/* A revocation request of the holder's (slot 1) about a certificate, signed with `key`. */
proof_der desk_revocation(const desk_bench *at, uint32_t number, EVP_PKEY *key, X509 *certificate);
/* The card's confirmation of a command, CMS, paid with `amount`. */
proof_der desk_confirmation(desk_bench *at, psd_proof_bytes command, uint64_t amount);
/* CREDIT_APPLICATION of slot 1, postmarked by slot 2. */
proof_der desk_application(const desk_bench *at, uint64_t amount, uint32_t user, uint32_t stamp);

/* Inside a transaction that is committed, asserted. */
void desk_begin(const desk_bench *at);
void desk_commit(const desk_bench *at);

#endif
