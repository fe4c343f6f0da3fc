/* The certificate authority's and the creditor's desk in the meter server (VM figures 5, 6, 8, 9; docs/authority.md):
 * requests that are vetted, certificates, revocations and what they cost, lines of credit and their settlement. The
 * keys are the key management system's: what is signed comes from there.
 *
 * Every function works inside the transaction that is open on `db`, and may be called again after a conflict. */
#ifndef PSD_AUTHORITY_H
#define PSD_AUTHORITY_H

#include "psd/proof/proof.h"
#include "store/certificates.h"
#include "store/money.h"

/* Bytes of the longest paper that is kept: an application, a signed request, command or confirmation, a payment. */
#define PSD_CA_PAPER_MAX 8192U

/* The authority's own certificates, as psd-server ca init found them in the key management system. */
typedef enum psd_ca_kind { PSD_CA_ROOT, PSD_CA_ISSUER, PSD_CA_CREDITOR } psd_ca_kind; /* KMS_AUTHORITY.kind */
typedef struct psd_ca_authority {
  psd_ca_kind kind;
  uint64_t time; /* when it was found */
  uint8_t der[PSD_CERTIFICATE_MAX];
  size_t length;
} psd_ca_authority;
/* The same again, signed anew perhaps, is EXISTS: the first one is kept. REFUSED for what is no certificate. */
psd_db_result psd_ca_authority_add(psd_db *db, const psd_ca_authority *authority);
typedef bool psd_ca_authority_visitor(void *user, const psd_ca_authority *authority);
psd_db_result psd_ca_authority_list(psd_db *db, psd_ca_authority_visitor *visit, void *user);

/* Requests for certificates (504-518). */
typedef struct psd_ca_request {
  int64_t id; /* the server's */
  uint8_t device[8];
  uint32_t number; /* the card's */
  uint8_t slot, purpose, algorithm;
  bool renewal;
  int64_t user_id;
  uint64_t time, decided;
  psd_authority_status status;
  uint32_t certificate; /* serial number it has or shall have; 0 for not decided */
  char organization[PSD_NAME_MAX + 1], name[PSD_NAME_MAX + 1], why[129]; /* why: of a rejection */
  uint8_t sealed[PSD_SEALED_REQUEST_MAX];
  size_t sealed_length;
  uint8_t grant[PSD_GRANT_MAX];
  size_t grant_length; /* 0 until it was issued */
} psd_ca_request;

/* How identity is vetted (514). */
typedef enum psd_ca_vetting {
  PSD_CA_BY_OPERATOR, /* psd-server ca accept, ca reject */
  PSD_CA_BY_USER,     /* accepted at once if the name asked for is that of the user who is signed on, or of his account,
                         and the organization, if any, is his account, which is not suspended; else the operator looks
                         at it */
} psd_ca_vetting;

/* A sealed request has come, and was opened: keeps it, and decides it if the vetting does. The same once more is found
 * again, whatever became of it: `request` is filled in. EXISTS for another with the same number. A newer one of the
 * same slot makes the older ones void, which are rejected then, unless they were issued. REFUSED for a PSD that is
 * revoked or out of service, and for what cannot be. `user` signs on; NULL for nobody. */
psd_db_result psd_ca_requested(psd_db *db, psd_ca_request *request, psd_ca_vetting vetting, const char *user);
psd_db_result psd_ca_request_find(psd_db *db, const uint8_t device[8], uint32_t number, psd_ca_request *request);
psd_db_result psd_ca_request_get(psd_db *db, int64_t id, psd_ca_request *request);
/* The operator's. REFUSED for one that is decided, and for a PSD that is revoked. Accepting takes a serial number. */
psd_db_result psd_ca_accept(psd_db *db, int64_t id, uint64_t time);
psd_db_result psd_ca_reject(psd_db *db, int64_t id, const char *why, uint64_t time);
typedef bool psd_ca_request_visitor(void *user, const psd_ca_request *request);
psd_db_result psd_ca_request_list(psd_db *db, bool open_only, psd_ca_request_visitor *visit, void *user);
/* The certificate was made: keeps it and the grant. The same again is DONE; another is EXISTS: the first one counts,
 * get it. REFUSED for one that is not accepted (any more), or whose grant is another's. */
psd_db_result psd_ca_issued(psd_db *db, int64_t id, const uint8_t *grant, size_t length, uint64_t time);

/* Certificates of users, postmarks, agents. */
typedef enum psd_ca_by {
  PSD_CA_HOLDER = 1,
  PSD_CA_OPERATOR,
  PSD_CA_INSPECTION,
  PSD_CA_TIMEOUT,
  PSD_CA_UNPAID
} psd_ca_by;
typedef struct psd_ca_certificate {
  uint32_t number;
  uint8_t device[8];
  uint8_t slot, purpose;
  uint64_t from, until, revoked; /* revoked: when; 0 for not */
  psd_reason reason;
  psd_ca_by by;
  uint32_t command;   /* number of the revocation command; 0 for none yet */
  uint64_t refused;   /* when the card had no use for the command; 0 for not */
  uint64_t confirmed; /* when the card's confirmation came (622); 0 for not */
  psd_confirmed paid;
  uint64_t due; /* mills, of it that is not collected yet */
  char name[PSD_NAME_MAX + 1];
  uint8_t der[PSD_USER_CERTIFICATE_MAX];
  size_t length;
} psd_ca_certificate;
psd_db_result psd_ca_certificate_get(psd_db *db, uint32_t number, psd_ca_certificate *certificate);
typedef bool psd_ca_certificate_visitor(void *user, const psd_ca_certificate *certificate);
/* `device` NULL for all. */
psd_db_result psd_ca_certificate_list(psd_db *db, const uint8_t *device, bool revoked_only,
                                      psd_ca_certificate_visitor *visit, void *user);

/* Revokes: the list has it from now on, and a command waits for the card (PSD_ACTION_REVOKE in the meter's `due`).
 * Other certificates of the same key are revoked with it. The first reason stays. A hold (PSD_REASON_HOLD) is none for
 * good: no command waits for the card, another reason may end it, and psd_ca_release undoes it. `request` is the
 * holder's, or nothing; a holder cannot hold: REFUSED. */
psd_db_result psd_ca_revoke(psd_db *db, uint32_t number, psd_reason reason, psd_ca_by by, psd_proof_bytes request,
                            uint64_t time);
/* All of a PSD's; `count`, which may be NULL, gets how many were. */
psd_db_result psd_ca_revoke_device(psd_db *db, const uint8_t device[8], psd_reason reason, psd_ca_by by, uint64_t time,
                                   uint64_t *count);
/* What is held of a PSD's is good again. */
psd_db_result psd_ca_release(psd_db *db, const uint8_t device[8]);
/* What waits for a PSD: the certificate, and the holder's request if it was his. ABSENT for none. Takes a number for
 * the command if it has none. */
psd_db_result psd_ca_command_next(psd_db *db, const uint8_t device[8], psd_ca_certificate *certificate,
                                  uint8_t *request, size_t capacity, size_t *request_length);
/* The same for one certificate, whichever waits first. ABSENT unless it is that PSD's and revoked, and no hold; one
 * that was confirmed already is found as well: the card confirms it anew. */
psd_db_result psd_ca_command_of(psd_db *db, const uint8_t device[8], uint32_t number, psd_ca_certificate *certificate,
                                uint8_t *request, size_t capacity, size_t *request_length);
/* The command was signed (608), and is about to go to the card: kept as evidence. What confirms must answer it. */
psd_db_result psd_ca_commanded(psd_db *db, uint32_t number, psd_proof_bytes command, uint64_t time);
/* The card has refused the command (614: it has no such certificate, or has another since): it is not brought again. A
 * refusal for its number (6985) is none: it gets a higher one, `renumber`. */
psd_db_result psd_ca_command_refused(psd_db *db, uint32_t number, bool renumber, uint64_t time);
/* The card has confirmed (622): kept as evidence; what is due is remembered. The same again is DONE. REFUSED for what
 * fits no revocation. */
psd_db_result psd_ca_confirmed(psd_db *db, const psd_proof_revocation *confirmation, psd_proof_bytes cms,
                               uint64_t time);
/* A refill of `amount` mills of the group that pays was settled, and left `descending` in the register: what was due is
 * collected, all of it or as much as there was. The data center calls it (datacenter/refill.c, audited.c). */
psd_db_result psd_ca_collected(psd_db *db, const uint8_t device[8], uint64_t amount, uint64_t descending);
/* Revokes what VM's forced revocation is for: of PSDs whose inspection is overdue since `overdue` seconds, and of those
 * that owe for longer than `unpaid` seconds. `count` of certificates. */
psd_db_result psd_ca_sweep(psd_db *db, uint64_t overdue, uint64_t unpaid, uint64_t time, uint64_t *count);

/* For list and OCSP: revoked and not expired, PSDs' own certificates too, in the order of their numbers. */
typedef struct psd_ca_entry {
  uint32_t number;
  uint64_t revoked;
  psd_reason reason;
} psd_ca_entry;
typedef bool psd_ca_entry_visitor(void *user, const psd_ca_entry *entry);
psd_db_result psd_ca_revoked_list(psd_db *db, uint64_t time, psd_ca_entry_visitor *visit, void *user);
/* DONE if that number was issued: `revoked` 0 for a good one. ABSENT if not. */
psd_db_result psd_ca_status(psd_db *db, uint32_t number, psd_ca_entry *entry);
/* The next number of a list of revoked certificates. */
psd_db_result psd_ca_list_number(psd_db *db, uint64_t *number);

/* Credit (figures 8 and 9). */
typedef struct psd_credit_row {
  int64_t id; /* of the application */
  uint8_t device[8];
  int64_t account;
  uint64_t asked, amount, time, decided; /* mills; amount is what is granted */
  psd_authority_status status;
  bool blocked;                           /* a fork was presented: nothing more is settled */
  uint32_t holder, certificate;           /* serial numbers: of the user's certificate, of the line of credit */
  uint64_t from, until, revoked, settled; /* settled: mills paid out so far */
  char name[PSD_NAME_MAX + 1], use[PSD_NAME_MAX + 1], why[129];
  uint8_t hash[32]; /* SHA-256 of the line-of-credit certificate */
  uint8_t der[PSD_USER_CERTIFICATE_MAX];
  size_t length; /* 0 until it was issued */
} psd_credit_row;
/* No line of credit is above: a billion, in mills. */
#define PSD_CREDIT_MOST UINT64_C(1000000000000)
/* An application that verifies (802): kept, and decided (804): rejected if the holder's certificate is not that PSD's,
 * not a user's, revoked or not valid; granted at once up to `most` mills a holder, who is known by account and name, of
 * an account that is not suspended; more is the operator's to decide. Of `line` device, holder, asked, use and time are
 * taken; the rest is filled in. `application` is what came from the Host, whole: the same again is found again. REFUSED
 * for a PSD without an account, and for what cannot be. */
psd_db_result psd_credit_applied(psd_db *db, psd_credit_row *line, psd_proof_bytes application, uint64_t most);
psd_db_result psd_credit_get(psd_db *db, int64_t id, psd_credit_row *line);
/* The last application of a meter. */
psd_db_result psd_credit_last(psd_db *db, const uint8_t device[8], psd_credit_row *line);
/* The application, whole: CREDIT_APPLICATION, signature, postmark, request. REFUSED for one longer than `capacity`. */
psd_db_result psd_credit_papers(psd_db *db, int64_t id, uint8_t *application, size_t capacity, size_t *length);
/* The operator's. REFUSED for one that is decided, for more than was asked for, or if the holder's certificate is not
 * good any more. Approving takes a serial number. */
psd_db_result psd_credit_approve(psd_db *db, int64_t id, uint64_t amount, uint64_t time);
psd_db_result psd_credit_reject(psd_db *db, int64_t id, const char *why, uint64_t time);
/* The certificate was made (808): keeps it. The same again is DONE; another is EXISTS: the first one counts, get it.
 * REFUSED for one that is not approved, or was revoked, or would be over at `time`. */
psd_db_result psd_credit_issued(psd_db *db, int64_t id, psd_proof_bytes der, uint64_t from, uint64_t until,
                                uint64_t time);
/* Nothing more is settled, whenever it was paid. REFUSED for one that was not approved; the same again is DONE. */
psd_db_result psd_credit_revoke(psd_db *db, int64_t id, uint64_t time);
typedef bool psd_credit_visitor(void *user, const psd_credit_row *line);
psd_db_result psd_credit_list(psd_db *db, bool open_only, psd_credit_visitor *visit, void *user);

/* How a payment that was presented ended. */
typedef enum psd_settlement {
  PSD_SETTLED,
  PSD_SETTLED_BEFORE, /* the same payment was paid already */
  PSD_SETTLE_UNKNOWN, /* no such line of credit */
  PSD_SETTLE_REVOKED, /* revoked, blocked, not valid at the payment's time; or the holder's certificate is revoked */
  PSD_SETTLE_EXPIRED, /* presented after the payment's expiry */
  PSD_SETTLE_FORKED,  /* another payment with the same sequence number, or one that does not chain: blocks the line */
  PSD_SETTLE_LIMIT,   /* more than the line of credit */
} psd_settlement;
/* `payment` was checked with psd_proof_check_payment. Pays once: a row of the payment, and a movement of the ledger,
 * from what the holder's account owes to the payee. REFUSED for the initial payment certificate (812), which pays
 * nothing. */
psd_db_result psd_credit_settle(psd_db *db, const psd_proof_payment *payment, psd_proof_bytes cms, uint64_t time,
                                psd_settlement *settlement);

/* What was settled, by line. */
typedef struct psd_credit_payment {
  uint32_t sequence;
  uint64_t amount, remaining, made, time; /* made by the card; settled */
  char payee[PSD_PAYEE_MAX + 1];
} psd_credit_payment;
typedef bool psd_credit_payment_visitor(void *user, const psd_credit_payment *payment);
psd_db_result psd_credit_payments(psd_db *db, int64_t line, psd_credit_payment_visitor *visit, void *user);
/* Who was paid, and what he has still to get. */
typedef struct psd_credit_payee {
  int64_t id;
  uint64_t balance;
  char name[PSD_PAYEE_MAX + 1];
} psd_credit_payee;
typedef bool psd_credit_payee_visitor(void *user, const psd_credit_payee *payee);
psd_db_result psd_credit_payees(psd_db *db, psd_credit_payee_visitor *visit, void *user);
/* He has his money. ABSENT for no such payee, or if there is less; EXISTS for a reference that was used for him. */
psd_db_result psd_credit_remit(psd_db *db, const char *payee, uint64_t amount, const char *reference, uint64_t time);

#endif
