/* The certificate meter: services, user's keys, object identifiers (certificate.def, docs/certificates.md). */
#ifndef PSD_SPEC_CERTIFICATE_H
#define PSD_SPEC_CERTIFICATE_H

#include "psd/spec/messages.h"

#define PSD_SERVICE(NAME, value, price, name, words) PSD_SERVICE_##NAME = (value),
typedef enum psd_service {
#include "certificate.def"
  PSD_SERVICES
} psd_service;

#define PSD_PURPOSE(NAME, value, name, words) PSD_PURPOSE_##NAME = (value),
typedef enum psd_purpose {
#include "certificate.def"
  PSD_PURPOSES
} psd_purpose;

#define PSD_ALGORITHM(NAME, value, name, words) PSD_ALGORITHM_##NAME = (value),
typedef enum psd_algorithm {
#include "certificate.def"
  PSD_ALGORITHMS
} psd_algorithm;

#define PSD_SLOT_STATE(NAME, value, name, words) PSD_SLOT_##NAME = (value),
typedef enum psd_slot_state {
#include "certificate.def"
  PSD_SLOT_STATES
} psd_slot_state;

#define PSD_REASON(NAME, value, name, words) PSD_REASON_##NAME = (value),
typedef enum psd_reason {
#include "certificate.def"
} psd_reason;

#define PSD_AUTHORITY_STATUS(NAME, value, name, words) PSD_AUTHORITY_##NAME = (value),
typedef enum psd_authority_status {
#include "certificate.def"
} psd_authority_status;

#define PSD_CONFIRMED(NAME, value, name, words) PSD_CONFIRMED_##NAME = (value),
typedef enum psd_confirmed {
#include "certificate.def"
} psd_confirmed;

#define PSD_VERDICT(NAME, value, figure, name, words) PSD_VERDICT_##NAME = (value),
typedef enum psd_verdict_reason {
#include "certificate.def"
} psd_verdict_reason;

#define PSD_DIGEST(NAME, value, size, name, oid) PSD_DIGEST_##NAME = (value),
typedef enum psd_digest {
#include "certificate.def"
} psd_digest;

#define PSD_OID(NAME, dotted, bytes) PSD_OID_##NAME,
typedef enum psd_oid_id {
#include "certificate.def"
  PSD_OID_COUNT
} psd_oid_id;

/* Slots for user's keys: P1 of the commands, 1 to this. */
#define PSD_USER_SLOTS 8U
/* Bytes of the longest certificate that a slot takes, and of one that an agent issues: signed data that carries it, its
 * own signature and attributes still fits one answer of the card. */
#define PSD_USER_CERTIFICATE_MAX 1280U
/* Characters of a name: RFC 5280, appendix A.1, ub-common-name. Bytes of UTF-8 here. */
#define PSD_NAME_MAX 64U
#define PSD_PAYEE_MAX 64U
/* Bytes of the nonce of a postmark (RFC 3161, 2.4.1: an INTEGER of any size): its content octets. */
#define PSD_NONCE_MAX 32U
#define PSD_DIGEST_MAX 64U
#define PSD_AGENT_DAYS_MOST 3650U

/* Longest PKCS#10, sealed or not: RSA-2048. */
#define PSD_PKCS10_MAX 800U
#define PSD_SEALED_REQUEST_MAX (PSD_SIZE_CERTIFICATE_REQUEST + PSD_PKCS10_MAX + 16U)
#define PSD_GRANT_MAX (PSD_SIZE_CERTIFICATE_GRANT + PSD_USER_CERTIFICATE_MAX + 32U)

/* REVOKED_ENTRYs of one KMS_LIST: the list that is made of them fits a frame. */
#define PSD_REVOKED_MOST 1500U
/* Bytes of the longest address (URL) of an authority that certificates bear: a certificate of RSA-2048 with the longest
 * names and that address still fits PSD_USER_CERTIFICATE_MAX. */
#define PSD_ADDRESS_MAX 80U

/* The certificate communications key (256): HKDF-Expand(K3, label || DEVICE_ID, 32), one a direction. */
#define PSD_COMMUNICATIONS_REQUEST "psd certificate request" /* AES-256-GCM, card to authority */
#define PSD_COMMUNICATIONS_GRANT "psd certificate grant"     /* HMAC-SHA-256, authority to card */

/* P2 of REQUEST CERTIFICATE. */
typedef enum psd_request_key { PSD_REQUEST_NEW_KEY = 0, PSD_REQUEST_KEPT_KEY = 1 } psd_request_key;
/* P2 of SIGN MESSAGE and POSTMARK: the certificate goes along. */
#define PSD_WITH_CERTIFICATE 0x01U
/* P2 of READ CERTIFICATE. */
typedef enum psd_reading {
  PSD_READ_CERTIFICATE = 0,  /* of the slot, X.509 */
  PSD_READ_PUBLIC_KEY = 1,   /* SubjectPublicKeyInfo */
  PSD_READ_CREDIT = 2,       /* line-of-credit certificate, X.509 */
  PSD_READ_PAYMENT = 3,      /* the last payment certificate, CMS */
  PSD_READ_CREDIT_STATE = 4, /* CREDIT_STATE */
  PSD_READINGS
} psd_reading;
/* P1 of HASH. */
typedef enum psd_hashing { PSD_HASH_BEGIN = 0, PSD_HASH_GO_ON = 1 } psd_hashing;
/* Bits of agent_wish.usage. */
enum psd_agent_usage { PSD_AGENT_SIGNS = 1, PSD_AGENT_ENCIPHERS = 2 };

typedef struct psd_oid {
  const uint8_t *bytes; /* content of its DER */
  uint8_t size;
  const char *dotted;
} psd_oid;
extern const psd_oid psd_oids[PSD_OID_COUNT];

typedef struct psd_digest_row {
  psd_digest digest;
  uint8_t size; /* bytes */
  psd_oid_id oid;
  const char *name;
} psd_digest_row;
/* NULL for a number, or a name, that is none. */
const psd_digest_row *psd_digest_of(uint64_t digest);
const psd_digest_row *psd_digest_named(const char *name);

/* The price of a service in a table; 0 for a number that is none. */
uint64_t psd_service_price(const psd_service_rates *rates, psd_service service);

/* A row of services, purposes, algorithms, states, reasons … */
typedef struct psd_named {
  uint8_t value;
  const char *name, *words;
} psd_named;
/* By value; a row of NULLs if there is none. By name; NULL if there is none. */
const psd_named *psd_service_row(uint64_t service);
const psd_named *psd_purpose_row(uint64_t purpose);
const psd_named *psd_purpose_named(const char *name);
const psd_named *psd_algorithm_row(uint64_t algorithm);
const psd_named *psd_algorithm_named(const char *name);
const psd_named *psd_slot_state_row(uint64_t state);
const psd_named *psd_reason_row(uint64_t reason);
const psd_named *psd_reason_named(const char *name);
const psd_named *psd_authority_status_row(uint64_t status);
const psd_named *psd_confirmed_row(uint64_t confirmed);
const psd_named *psd_verdict_row(uint64_t verdict);
/* The step of figure 4 at which a verdict is spoken: 412, 418 or 420; 0 for none. */
unsigned psd_verdict_step(uint64_t verdict);

#endif
