/* A PSD and its Host in software (docs/handshake.md), with the server's own cryptography: it puts more load on a server
 * than cards can, whose arithmetic is slower than the server's. It checks what a card checks of the server's answers,
 * and keeps no more between two sessions than its funds. */
#ifndef PSD_BENCH_SOFT_H
#define PSD_BENCH_SOFT_H

#include <openssl/evp.h>

#include "meter/keys.h"

/* The ways to sign on. */
typedef enum soft_kind {
  SOFT_FORWARD, /* suite p256 with forward secrecy: the default */
  SOFT_PLAIN,   /* p256 without */
  SOFT_ECDSA,   /* p256 with forward secrecy, the audit signed by the PSD's own key pair */
  SOFT_RSA,
  SOFT_SHARED,
  SOFT_KINDS
} soft_kind;
/* What the rows call it. */
const char *soft_kind_name(soft_kind kind);
/* The suite it needs. */
psd_suite soft_kind_suite(soft_kind kind);

typedef struct soft_psd {
  psd_device_id id;
  uint8_t key[32]; /* K3 */
  psd_vendor_key vendor_key;
  uint8_t shared_key[32];
  uint32_t shared_identifier;
  uint32_t rsa_identifier;
  EVP_PKEY *rsa;  /* NULL without one */
  psd_pair *pair; /* NULL without one */
  /* Its postage funds, of which nothing was ever used, and its last operation with them. */
  uint64_t control_total;
  psd_operation operation;
} soft_psd;

typedef struct soft_session {
  soft_psd *psd;
  soft_kind kind;
  psd_pair *ephemeral;             /* of M1; freed once M2 was taken or the session is ended */
  uint8_t secret[PSD_SESSION_KEY]; /* K_S */
  uint8_t transcript[PSD_HASH];    /* th1, later th2 */
  psd_meter_keys keys;
  uint64_t time;           /* the server's, at the audit: its clock from then on */
  uint8_t audit[PSD_HASH]; /* of the audit response and its signature */
} soft_session;

/* M1, appended to `m1`: `greeting` are the greeting's PSD_SIZE_GREETING bytes. False when something failed; the session
 * is to be ended whatever the functions return. */
bool soft_sign_on(soft_session *session, soft_psd *psd, soft_kind kind, const psd_user *user, const uint8_t *greeting,
                  uint32_t ordinal, psd_buffer *m1);
/* Takes M2, and appends M3. False for an M2 that is not authentic. */
bool soft_audit(soft_session *session, const uint8_t *m2, size_t length, psd_buffer *m3);
/* Takes M4; false if it is not authentic, or is about another audit. The session is open then. */
bool soft_finish(soft_session *session, const uint8_t *m4, size_t length);
/* Appends the PSD's signature under `label` to all that is in `message`. */
bool soft_sign(const soft_session *session, const char *label, psd_buffer *message);

/* Refill (docs/funds.md): the Host's wish, a record appended to `record`. */
bool soft_wish(soft_session *session, uint64_t amount, psd_buffer *record);
/* The PSD's answer to a command of the server: INITIALIZE LOAD, or CREDIT. False for anything else, and for what is not
 * authentic or not about this refill. */
bool soft_command(soft_session *session, const uint8_t *record, size_t length, psd_buffer *answer);
/* Takes the server's answer to the Host; false unless the refill was made, and is what the PSD has. */
bool soft_refilled(soft_session *session, const uint8_t *record, size_t length);

void soft_end(soft_session *session);

#endif
