/* The certificate authority of a card on the bench, over OpenSSL: opens what the card has sealed, vets nothing, and
 * grants what a test wants, right or wrong (docs/certificates.md, "Figure 5"). */
#ifndef PSD_TEST_AUTHORITY_H
#define PSD_TEST_AUTHORITY_H

#include "psd/spec/certificate.h"
#include "rig.h"

#include <openssl/x509.h>

#define AUTHORITY_ANSWER_MAX 2048U
#define AUTHORITY_FUNDS UINT64_C(1000000) /* mills in the certificate registers of authority_begin's card */
#define AUTHORITY_DAYS 365U               /* that a certificate is valid, from a day before now */

typedef struct authority {
  rig *r;
  EVP_PKEY *key;
  X509 *certificate; /* of its own key: signed by itself */
  uint8_t k3[32];
  psd_device_id device; /* the card's identity */
  uint32_t next;        /* serial number of the next certificate */
  uint64_t calls;       /* SERVICE_CALLs made up */
} authority;

/* A bench with a card in operation that has what evidence needs (evidence.h, with its table of service rates: request
 * 101, activation 200 …), funds, K3, and this authority's key. The PSD is selected and the PIN verified.
 * authority_end takes the card away too. */
void authority_begin(authority *a, rig *r);
/* The same for a card that has an identity and is not reset: K3 and this authority's key. Then authority_free. */
void authority_equip(authority *a, rig *r);
void authority_end(authority *a);
void authority_free(authority *a);
/* The card with other certificate registers, and the PSD selected and the PIN verified again. */
void authority_funds(authority *a, uint64_t descending);
/* The same with another core. */
void authority_core(authority *a, const psd_core *core);
/* The bench's clock, and with it the card's, goes on. */
void authority_wait(authority *a, uint64_t seconds);

/* The row's command with these P1, P2 and data, in extended form; the answer in r->response. */
uint16_t authority_send(rig *r, psd_command_id id, uint8_t p1, uint8_t p2, const void *data, size_t length);

/* What a command that is refused, or repeated, leaves alone. */
typedef struct authority_mark {
  psd_core core;
  uint64_t operations; /* on the memory */
} authority_mark;
authority_mark authority_look(const authority *a);
/* True if nothing was changed or written since. */
bool authority_untouched(const authority *a, const authority_mark *mark);
/* The record of a slot; asserted that it is not empty. */
psd_slot authority_slot(const authority *a, uint8_t number);

/* REQUEST CERTIFICATE. A `call` of 0 is a new one each time. Zeroes besides: a new key, user, P-256, no organization
 * (agents: "Specimen Ltd"), "Alice". */
typedef struct authority_wish {
  uint8_t slot;
  bool kept;
  psd_purpose purpose;
  psd_algorithm algorithm;
  const char *organization, *name;
  uint64_t call;
} authority_wish;
uint16_t authority_ask(authority *a, const authority_wish *wish);

/* Opens a sealed request: its head and its PKCS#10, whose signature is right. NULL for anything else. X509_REQ_free it.
 */
X509_REQ *authority_open(const authority *a, const uint8_t *sealed, size_t length, psd_certificate_request *head);

/* What is wrong with a grant; zeroes: nothing. */
typedef struct authority_fault {
  uint64_t number;        /* serial number of the certificate; 0: the next. */
  int64_t from, until;    /* seconds that are added to the validity's ends */
  EVP_PKEY *signer;       /* another authority */
  EVP_PKEY *subject;      /* another key */
  psd_purpose purpose;    /* a certificate of another purpose */
  const char *permitted;  /* an agent's constraint is another organization */
  bool unconstrained;     /* an agent has none */
  bool long_path;         /* an agent's path length is 1 */
  bool stamps_uncritical; /* extended key usage of a postmark key that is not critical */
  unsigned padding;       /* bytes of an extension that makes it longer */
  uint8_t slot;           /* of the head: added to what is right */
  uint32_t request, serial;
  bool other_key; /* the HMAC is under the key of the other direction */
} authority_fault;
/* A CA certificate of this key, signed with it. X509_free it. */
X509 *authority_of(EVP_PKEY *key);
/* The certificate for an opened request. X509_free it. */
X509 *authority_certify(authority *a, const psd_certificate_request *head, X509_REQ *request,
                        const authority_fault *fault);
/* CERTIFICATE_GRANT || certificate || HMAC; returns its length. */
size_t authority_grant(const authority *a, const psd_certificate_request *head, const X509 *certificate,
                       const authority_fault *fault, uint8_t out[AUTHORITY_ANSWER_MAX]);
/* All of it for the sealed request that is the card's last answer. */
size_t authority_answer(authority *a, const authority_fault *fault, uint8_t out[AUTHORITY_ANSWER_MAX]);
uint16_t authority_install(authority *a, uint8_t slot, const uint8_t *grant, size_t length);

/* Makes a slot active, asserted: key made on the card, certificate asked for, granted and installed. RSA keys are made
 * by OpenSSL once a program, and entered, as that takes the card long. */
void authority_activate(authority *a, uint8_t slot, psd_purpose purpose, psd_algorithm algorithm);
/* The certificate that is in a slot. X509_free it. */
X509 *authority_installed(authority *a, uint8_t slot);
/* Enters the RSA key, or the P-256 key, of this program: IMPORT KEY. The card's policy allows it afterwards. */
uint16_t authority_import(authority *a, uint8_t slot, psd_purpose purpose, psd_algorithm algorithm);

#endif
