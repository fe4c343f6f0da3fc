/* A card on the bench whose certificate meter is in use: slots with certificates, the commands that are charged, and
 * what the authority and a creditor bring to it, over OpenSSL. */
#ifndef PSD_TEST_SERVICES_H
#define PSD_TEST_SERVICES_H

#include "authority.h"

/* Slots of services_begin, P-256; and of services_add_rsa. */
#define SERVICES_USER 1U
#define SERVICES_POSTMARK 2U
#define SERVICES_RSA_USER 3U
#define SERVICES_RSA_POSTMARK 4U
/* Prices of the bench's rate table (rates.c). */
#define SERVICES_SIGNING 50U
#define SERVICES_STAMPING 10U
#define SERVICES_VERIFYING 5U
#define SERVICES_REVOKING 400U
#define SERVICES_PAYING 20U
/* Mills of the line of credit that services_credit certifies. */
#define SERVICES_LINE UINT64_C(100000)

typedef struct services_bytes {
  uint8_t data[AUTHORITY_ANSWER_MAX];
  size_t length;
} services_bytes;
psd_piece services_piece(const services_bytes *bytes);

typedef struct services {
  rig *r;
  rig bench; /* of services_begin */
  authority a;
  X509 *device; /* the PSD's own certificate */
  EVP_PKEY *creditor;
  X509 *creditor_certificate;
  uint64_t calls;
  /* The last command that was sent, for services_again. */
  psd_command_id last;
  uint8_t p1, p2;
  services_bytes data;
} services;

/* A card with users' keys in SERVICES_USER and SERVICES_POSTMARK. services_end ends it. */
void services_begin(services *s);
void services_add_rsa(services *s);
void services_end(services *s);
/* The same for a card in operation on another bench; then services_free. */
void services_equip(services *s, rig *r);
void services_free(services *s);
/* After a reset: the PSD is selected and the PIN verified. */
void services_enter(services *s);

/* The answer that was given last. */
services_bytes services_keep(const services *s);
bool services_same(const services *s, const services_bytes *as);
/* The last command byte for byte. */
uint16_t services_again(services *s);
/* What a command that is refused leaves alone. */
typedef struct services_mark {
  psd_core core;
  uint64_t operations; /* on the memory */
} services_mark;
services_mark services_look(const services *s);
bool services_core_is(const services *s, const psd_core *core);
bool services_untouched(const services *s, const services_mark *mark);

/* The commands; each call is a new one. */
uint16_t services_send(services *s, psd_command_id id, uint8_t p1, uint8_t p2, const void *data, size_t length);
/* HASH of a message. */
uint16_t services_hash(services *s, const void *message, size_t length);
/* `function` 0: what HASH has worked out. */
uint16_t services_sign(services *s, uint8_t slot, bool enclosed, psd_digest function, const uint8_t *digest);
uint16_t services_stamp(services *s, uint8_t slot, bool enclosed, psd_digest function, const uint8_t *digest,
                        psd_piece nonce);
uint16_t services_validate(services *s, psd_digest function, const uint8_t *digest, psd_piece token);
/* The VERDICT in the last answer. */
psd_verdict services_verdict(const services *s);
uint16_t services_ask_revocation(services *s, uint8_t slot, psd_reason reason);
uint16_t services_revoke(services *s, psd_piece command);
uint16_t services_accept(services *s, uint8_t slot, psd_piece certificate);
uint16_t services_pay(services *s, uint8_t slot, uint64_t amount, uint64_t expiry, const char *payee);
psd_slot services_slot(const services *s, uint8_t number);
/* Writes it, as if it had got there. */
void services_put_slot(services *s, const psd_slot *slot);
psd_credit_state services_credit_state(const services *s, uint8_t number);

/* What a revocation command says; zeroes stand for: the device and the next number, charged, without a request. */
typedef struct services_command {
  uint64_t certificate, number;
  psd_reason reason;
  bool free;              /* not charged */
  uint32_t serial;        /* of the device: added to what is right */
  const uint8_t *request; /* SHA-256 */
  const EVP_PKEY *signer; /* another key */
  bool attributes;        /* with signed attributes */
  psd_oid_id type;        /* another content type; 0 for its own */
} services_command;
services_bytes services_make_command(services *s, const services_command *wanted);

/* A line-of-credit certificate; zeroes stand for what is right. */
typedef struct services_credit {
  uint8_t slot; /* of the holder's key; 0 for SERVICES_USER */
  uint64_t number, amount;
  uint32_t serial;      /* of the device: added to what is right */
  uint64_t certificate; /* added to the number of the slot's */
  int64_t from, until;  /* seconds added to the validity's ends */
  EVP_PKEY *subject;    /* another key */
  bool no_line;         /* without CreditLine */
  unsigned padding;
  unsigned name; /* bytes added to the holder's */
} services_credit;
services_bytes services_make_credit(services *s, const services_credit *wanted);

/* Adds an extension, named and worded as in openssl.cnf; the key identifiers. `issuer` NULL: itself. */
void services_extend(X509 *certificate, X509 *issuer, const char *name, const char *value);
void services_identify(X509 *certificate, X509 *issuer);

#endif
