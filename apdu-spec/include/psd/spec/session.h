/* The conversation of card, Host, meter server and key management system: what session.def has, and the sizes of its
 * messages (docs/handshake.md). */
#ifndef PSD_SPEC_SESSION_H
#define PSD_SPEC_SESSION_H

#include "psd/spec/messages.h"

#define PSD_SUITE(NAME, bit, name, words) PSD_SUITE_##NAME = (bit),
typedef enum psd_suite {
#include "session.def"
} psd_suite;

#define PSD_FRAME(NAME, value, name, words) PSD_FRAME_##NAME = (value),
typedef enum psd_frame_type {
#include "session.def"
} psd_frame_type;

#define PSD_SIGNAL(NAME, value, step, words) PSD_SIGNAL_##NAME = (value),
typedef enum psd_signal {
  PSD_SIGNAL_NONE = 0,
#include "session.def"
} psd_signal;

#define PSD_STEP(number, NAME, words) PSD_STEP_##NAME = (number),
typedef enum psd_step {
  PSD_STEP_NONE = 0,
#include "session.def"
} psd_step;

#define PSD_ACTION(NAME, value, words) PSD_ACTION_##NAME = (value),
enum psd_actions {
#include "session.def"
};

#define PSD_OPERATION(NAME, value, name, words) PSD_OPERATION_##NAME = (value),
typedef enum psd_operation_state {
#include "session.def"
} psd_operation_state;

#define PSD_ROLE(NAME, value, name, words) PSD_ROLE_##NAME = (value),
typedef enum psd_role {
#include "session.def"
} psd_role;

#define PSD_KEY_LABEL(NAME, text) PSD_KEY_LABEL_##NAME,
typedef enum psd_key_label {
#include "session.def"
  PSD_KEY_LABEL_COUNT
} psd_key_label;

/* What the Host may ask in a session (HOST_REQUEST). */
typedef enum psd_host_operation {
  PSD_HOST_REGISTER = 1,
  PSD_HOST_NEW_PASSWORD = 2,
  PSD_HOST_DONE = 3,
  PSD_HOST_REFILL = 4,
  PSD_HOST_WITHDRAW = 5,
  PSD_HOST_CERTIFY = 6, /* content: a sealed certificate request */
  PSD_HOST_NEWS = 7,    /* NEWS_WISH */
  PSD_HOST_REVOKE = 8,  /* a revocation request, CMS */
  PSD_HOST_CONFIRM = 9, /* a revocation confirmation, CMS */
  PSD_HOST_CREDIT = 10, /* CREDIT_APPLICATION and what follows it */
} psd_host_operation;

/* Register groups: P1 of commands about funds. */
typedef enum psd_group { PSD_GROUP_POSTAGE = 0, PSD_GROUP_CERTIFICATE = 1 } psd_group;

/* P1 of GET LAST, SET LIMITS, LOAD CERTIFICATE. */
typedef enum psd_last {
  PSD_LAST_EVIDENCE = 0,
  PSD_LAST_FUNDS = 1,
  PSD_LAST_SERVICE = 2, /* answer of the last certificate service */
  PSD_LAST_KEY = 3,     /* enciphered private key that came with it */
} psd_last;

/* authority_item.kind */
typedef enum psd_authority_kind {
  PSD_AUTHORITY_CERTIFICATE = 1,
  PSD_AUTHORITY_REVOCATION = 2,
  PSD_AUTHORITY_CREDIT = 3,
} psd_authority_kind;

/* kms_authority.kind */
typedef enum psd_authority_own {
  PSD_AUTHORITY_ROOT = 0,
  PSD_AUTHORITY_CA = 1,
  PSD_AUTHORITY_CREDITOR = 2,
} psd_authority_own;
typedef enum psd_limits_slot { PSD_SLOT_LIMITS = 0, PSD_SLOT_CREDIT_LIMIT = 1 } psd_limits_slot;
typedef enum psd_certificate_slot { PSD_SLOT_PSD_CERTIFICATE = 0 } psd_certificate_slot;

/* Kinds of signature of an audit response. */
typedef enum psd_signature_kind {
  PSD_SIGNATURE_HMAC = 1,  /* 32 bytes */
  PSD_SIGNATURE_ECDSA = 2, /* 64 bytes, r || s */
  PSD_SIGNATURE_TDES = 3,  /* 8 bytes: triple-DES MAC, suite classic */
} psd_signature_kind;

#define PSD_PROTOCOL 1U
#define PSD_SESSION_KEY 32U /* bytes of K_S */
#define PSD_CONTEXT_SIZE 32U
#define PSD_GCM_TAG 16U
#define PSD_TRAFFIC_KEY 44U    /* AES-256 key and 12-byte vector */
#define PSD_AUTHENTICATION 32U /* HMAC-SHA-256 under K3 */
#define PSD_SEALED_USER (PSD_SIZE_USER + PSD_GCM_TAG)
#define PSD_WRAPPED_P256 (65U + PSD_SESSION_KEY + PSD_GCM_TAG)   /* HPKE: enc, ciphertext */
#define PSD_WRAPPED_SHARED (12U + PSD_SESSION_KEY + PSD_GCM_TAG) /* nonce, ciphertext, tag */
#define PSD_WRAPPED_MAX 384U                                     /* RSA-3072 */
#define PSD_SIGN_ON_MAX (PSD_SIZE_SIGN_ON + PSD_WRAPPED_MAX + PSD_SEALED_USER)
#define PSD_SEALED_TERMS (PSD_SIZE_SIGN_ON_TERMS + PSD_GCM_TAG)
#define PSD_M2_SIZE (PSD_SIZE_SIGN_ON_RESPONSE + PSD_SEALED_TERMS)
#define PSD_M3_MAX (PSD_SIZE_AUDIT + 64U + PSD_GCM_TAG)
#define PSD_M4_SIZE (PSD_SIZE_AUDIT_RESULT + PSD_AUTHENTICATION + PSD_GCM_TAG)
#define PSD_FUNDS_REQUEST_MAX (PSD_SIZE_FUNDS_REQUEST + 64U) /* with its signature */
#define PSD_FUNDS_RECEIPT_MAX (PSD_SIZE_FUNDS_RECEIPT + 64U)
#define PSD_AUTHORIZED_FUNDS (PSD_SIZE_FUNDS_AUTHORIZATION + PSD_AUTHENTICATION)
/* Bytes of the longest certificate of a PSD. */
#define PSD_CERTIFICATE_MAX 1900U
/* Bytes of body of the longest frame. */
#define PSD_FRAME_BODY_MAX 61440U

/* What the labels of signatures and MACs begin with; the message follows. */
#define PSD_SIGN_AUDIT "psd audit response"
#define PSD_SIGN_RESULT "psd audit result"
#define PSD_SIGN_VENDOR_KEY "psd vendor key"
#define PSD_SIGN_FUNDS_REQUEST "psd funds request"
#define PSD_SIGN_FUNDS_AUTHORIZATION "psd funds authorization"
#define PSD_SIGN_FUNDS_RECEIPT "psd funds receipt"
#define PSD_SIGN_ORDER "psd order"
/* Suite classic. */
#define PSD_CLASSIC_KEY 24U /* bytes of K_S that are a key; zeroes up to PSD_SESSION_KEY follow */
#define PSD_TDES_MAC 8U
#define PSD_TDES_KEY_LABEL "psd audit triple-DES" /* Expand(K3, label, 24) is the key of the MAC of audits */
/* What the hash begins with that binds a sign-on to its call. */
#define PSD_CALL_LABEL "psd call"
/* HPKE info of suite p256. */
#define PSD_HPKE_INFO "psd sign-on"
/* Domain of the salt of passwords. */
#define PSD_PASSWORD_LABEL "psd password"

typedef struct psd_suite_row {
  psd_suite suite;
  const char *name;
  const char *words;
} psd_suite_row;

typedef struct psd_frame_row {
  psd_frame_type type;
  const char *name;
  const char *words;
} psd_frame_row;

typedef struct psd_signal_row {
  psd_signal signal;
  psd_step step; /* of the seed at which it is found; PSD_STEP_NONE where it may be any */
  const char *name;
  const char *words;
} psd_signal_row;

typedef struct psd_step_row {
  psd_step step;
  const char *words;
} psd_step_row;

typedef struct psd_action_row {
  unsigned action; /* one bit of psd_audit_result.actions */
  const char *name;
  const char *words;
} psd_action_row;

typedef struct psd_operation_row {
  psd_operation_state operation;
  const char *name;
  const char *words;
} psd_operation_row;

extern const psd_suite_row psd_suites[];
extern const size_t psd_suite_count;
extern const psd_signal_row psd_signals[];
extern const size_t psd_signal_count;
extern const psd_action_row psd_actions[];
extern const size_t psd_action_count;
extern const psd_step_row psd_steps[];
extern const size_t psd_step_count;

/* The row of a suite, by its one bit or its name; NULL for what is none. */
const psd_suite_row *psd_suite_of(unsigned bit);
const psd_suite_row *psd_suite_named(const char *name);
/* "p256,rsa" as a set of suites; 0 for what is no list of their names. */
unsigned psd_suites_in(const char *names);
/* The row of a frame type; NULL for a number that is none. */
const psd_frame_row *psd_frame_of(unsigned type);
/* The row of a signal; NULL for a number that is none. */
const psd_signal_row *psd_signal_of(unsigned value);
/* The row of a step of the seed; NULL for a number that is none. */
const psd_step_row *psd_step_of(unsigned number);
/* The text of a key label, without a terminating zero that would count. */
const char *psd_key_label_text(psd_key_label label);
/* The row of an operation with funds; NULL for a number that is none. */
const psd_operation_row *psd_operation_of(unsigned value);
/* The role with this name; 0 for none. */
psd_role psd_role_named(const char *name);
/* Its name; NULL for a number that is none. */
const char *psd_role_name(unsigned role);

/* Appends a frame: its head, and `length` bytes of body. A body longer than PSD_FRAME_BODY_MAX fails as an overflow. */
void psd_put_frame(psd_buffer *out, psd_frame_type type, const void *body, size_t length);
/* Takes a frame's head from the first bytes at `data`. False when fewer than PSD_SIZE_FRAME are there. */
bool psd_peek_frame(const void *data, size_t length, psd_frame *frame);

#endif
